//! What is found by component and by run.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sandglass_database::Database;
use sandglass_database::embedded::{Embedded, Options};

use super::Audit;
use crate::model::audit::{EffectRecord, Usage, Verdict};
use crate::model::{Digest, ExecutionId, Incarnation, JobId};

fn record(execution: ExecutionId, digest: &[u8], at: DateTime<Utc>, verdict: Verdict) -> EffectRecord {
    EffectRecord {
        execution,
        job: JobId::generate(),
        attempt: 1,
        digest: Digest::of(digest),
        at,
        capability: "documents".into(),
        operation: "delete".into(),
        target: "logs".into(),
        verdict,
        usage: Usage::default(),
        calls: 1,
    }
}

#[tokio::test]
async fn refusals_are_found_by_component_and_writes_by_run() {
    let folder = tempfile::tempdir().unwrap();
    let database: Arc<dyn Database> = Arc::new(Embedded::open(&folder.path().join("d"), Options::default()).unwrap());
    let audit = Audit::start(database, Incarnation::generate());
    audit.prepare().await.unwrap();
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let (one, other) = (ExecutionId::generate(), ExecutionId::generate());
    let denied = || Verdict::Denied { reason: "not-granted".into() };
    let limit = || Verdict::Limit { reason: "file-count".into() };
    for entry in [
        record(one, b"mine", now, Verdict::Started),
        record(one, b"mine", now, denied()),
        record(one, b"mine", now - TimeDelta::days(1), limit()),
        record(one, b"mine", now - TimeDelta::days(40), denied()),
        record(other, b"another", now, denied()),
        record(other, b"another", now, Verdict::Started),
    ] {
        audit.begin(entry).await.unwrap();
    }
    let since = now - TimeDelta::days(30);
    let refusals = audit.refusals(&[Digest::of(b"mine")], since, 10).await.unwrap();
    let verdicts: Vec<_> = refusals.into_iter().map(|record| record.verdict).collect();
    assert_eq!(verdicts, [denied(), limit()], "newest first, of this component and time");
    assert_eq!(audit.refusals(&[Digest::of(b"mine")], since, 1).await.unwrap().len(), 1);
    assert_eq!(audit.refusals(&[], since, 10).await.unwrap(), []);
    assert_eq!(audit.writes_of(&[one], 10).await.unwrap().len(), 1);
    assert_eq!(audit.writes_of(&[one, other], 1).await.unwrap().len(), 1);
}
