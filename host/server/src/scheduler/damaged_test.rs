//! Documents that somebody else left in the collections, and that are not what they should be.

use std::sync::Arc;

use bson::oid::ObjectId;
use bson::{Bson, doc};
use sandglass_database::Database;
use sandglass_database::memory::Memory;

use super::scene::{Host, job};
use crate::model::Status;
use crate::repository::{ExecutionFilter, Executions, JobFilter, JobOrder, Jobs, Listed, Position, job_to_document};

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_cannot_be_read_keeps_no_other_from_firing_or_from_being_listed() {
    let database: Arc<dyn Database> = Arc::new(Memory::new());
    let good = job();
    let written = job_to_document(&good);
    let with = |field: &str, value: Bson| {
        let mut document = written.clone();
        document.insert("_id", ObjectId::new());
        document.insert(field, value);
        document
    };
    let mut foreign = with("enabled", Bson::Int32(1));
    foreign.remove("shard");
    let damaged = vec![
        foreign,
        with("enabled", Bson::from("yes")),
        with("next_run_at", Bson::from("2024-01-01T00:00:00Z")),
        with("schedule", Bson::Null),
    ];
    database.insert("dynamic_jobs", damaged).await.unwrap();
    let odd = |id: Bson, status: &str| {
        doc! { "_id": id, "job_id": good.id.to_string(), "job_name": "old", "template_type": "scripted", "status": status }
    };
    // The last one of the first page is the one that cannot be read; the second page begins behind it all the same.
    let ids: Vec<_> = (1..=3_u8).map(|n| ObjectId::from_bytes([n; 12])).collect();
    let history = [(ids[2], "success"), (ids[1], "weird"), (ids[0], "failed")];
    database.insert("job_executions", history.map(|(id, status)| odd(id.into(), status)).to_vec()).await.unwrap();

    let host = Host::start_on(database).await;
    let executions = Executions::new(host.database.clone());
    let first = executions.list(&ExecutionFilter::default(), Position::Page(1), 2).await.unwrap();
    assert_eq!(first.executions.iter().map(|execution| execution.id.0).collect::<Vec<_>>(), [ids[2]]);
    let behind = Position::After(first.next.unwrap());
    let second = executions.list(&ExecutionFilter::default(), behind, 2).await.unwrap();
    assert_eq!(second.executions.iter().map(|execution| execution.id.0).collect::<Vec<_>>(), [ids[0]]);

    let created = host.create(good).await;
    let jobs = Jobs::new(host.database.clone());
    let page = jobs.list(&JobFilter::default(), JobOrder::Newest, 1, 20).await.unwrap();
    assert_eq!((page.jobs.len(), page.total), (5, 5));
    let damaged = page.jobs.iter().filter(|listed| matches!(listed, Listed::Damaged(_))).count();
    assert_eq!(damaged, 4, "each stands in the list, as far as it can be read");
    assert_eq!(jobs.next_runs(5).await.unwrap().iter().map(|job| job.id).collect::<Vec<_>>(), [created.id]);
    let id = host.trigger(created.id).await.id;
    host.until_status(id, Status::Success).await;
    host.stop().await;
}
