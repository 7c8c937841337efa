//! Every index of jobs and executions: the customer's, and those that planner and history stand on.

use bson::doc;
use sandglass_database::{Database, Index, Result};

use super::{COUNTERS, EXECUTION_LOGS, EXECUTIONS, JOBS, REQUESTS};

/// Creates what is missing.
///
/// # Errors
/// Those of the database; `DuplicateKey` if what is stored contradicts a unique index.
pub async fn ensure(database: &dyn Database) -> Result<()> {
    let wanted = [
        // The customer's.
        (JOBS, Index::on(doc! { "enabled": 1, "next_run_at": 1 })),
        (JOBS, Index::on(doc! { "template_type": 1 })),
        (JOBS, Index::on(doc! { "created_by": 1 })),
        (EXECUTIONS, Index::on(doc! { "job_id": 1, "started_at": -1 })),
        (EXECUTIONS, Index::on(doc! { "status": 1, "started_at": -1 })),
        (EXECUTIONS, Index::on(doc! { "started_at": -1 })),
        // The overlap policy.
        (EXECUTIONS, Index::on(doc! { "overlap_key": 1 }).unique().sparse()),
        // What a dead host held, what waits, what is still to be sent: each one small range.
        (EXECUTIONS, Index::on(doc! { "host": 1 }).sparse()),
        (EXECUTIONS, Index::on(doc! { "retry_at": 1 }).sparse()),
        (EXECUTIONS, Index::on(doc! { "outbox.since": 1 }).sparse()),
        // Pages of a job's history: queued and skipped ones have no `started_at`.
        (EXECUTIONS, Index::on(doc! { "job_id": 1, "_id": -1 })),
        (EXECUTION_LOGS, Index::on(doc! { "execution_id": 1, "first_line": 1 })),
        (COUNTERS, Index::on(doc! { "template_type": 1, "hour": 1 }).sparse()),
        (COUNTERS, Index::on(doc! { "job_id": 1, "hour": 1 }).sparse()),
        (REQUESTS, Index::on(doc! { "expires_at": 1 })),
    ];
    for (collection, index) in wanted {
        database.create_index(collection, index).await?;
    }
    super::access::ensure(database).await
}
