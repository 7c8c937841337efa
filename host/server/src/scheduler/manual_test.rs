//! Manual runs that are asked for twice, or in the moment in which another ends.

use sandglass_database::Update;

use super::ManualRun;
use super::scene::{Act, Host, job};
use crate::model::{ExecutionId, Status};
use crate::repository::EXECUTIONS;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_asked_for_again_under_the_same_id_is_the_same_run_also_after_a_restart() {
    let host = Host::start().await;
    let job = host.create(job()).await;
    let wanted = ManualRun { id: Some(ExecutionId::generate()), ..Host::run_of(job.id) };
    let first = host.scheduler.trigger(wanted.clone()).await.unwrap();
    assert_eq!(Some(first.id), wanted.id);
    host.until_status(first.id, Status::Success).await;
    let again = host.scheduler.trigger(wanted.clone()).await.unwrap();
    assert_eq!((again.id, again.status), (first.id, Status::Success));
    let host = Host::start_on(host.stop().await).await;
    assert_eq!(host.scheduler.trigger(wanted).await.unwrap().id, first.id);
    assert_eq!(host.history(job.id).await.len(), 1);
    assert!(host.runner.seen.lock().is_empty(), "it ran a second time");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t8_a_run_whose_end_is_stored_is_in_nobodys_way_although_the_planner_has_not_heard_of_it() {
    let host = Host::start().await;
    let job = host.create(job()).await;
    host.script(job.id, [Act::UntilStopped, Act::Succeed]);
    let first = host.trigger(job.id).await;
    host.until_status(first.id, Status::Running).await;
    let ended = bson::doc! { "$set": { "status": "success" }, "$unset": { "overlap_key": "", "host": "" } };
    host.database.update(EXECUTIONS, Update::one(bson::doc! { "_id": first.id.0 }, ended)).await.unwrap();
    let second = host.scheduler.trigger(Host::run_of(job.id)).await.unwrap();
    host.until_status(second.id, Status::Success).await;
    host.stop().await;
}
