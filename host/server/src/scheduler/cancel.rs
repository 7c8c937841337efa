//! Stopping an execution that somebody no longer wants (T10).

use chrono::{DateTime, Utc};

use super::group::{Group, Settle};
use super::handle::{CancelOutcome, StoreError};
use super::planner::Planner;
use crate::executor::Halt;
use crate::model::{ExecutionId, Status};
use crate::repository::writes;

impl Planner {
    pub(super) async fn cancel(
        &mut self,
        id: ExecutionId,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<CancelOutcome, StoreError> {
        let why = format!("cancelled by {by}");
        if let Some(claim) = self.occupancy.find_mut(id).and_then(|held| held.claim.take()) {
            return self.settle_now(Settle::of(&claim, Status::Cancelled, None, Some(why), now), now).await;
        }
        match self.starts.cancel(id) {
            Halt::NotBegun(claim) => {
                self.settle_now(Settle::of(&claim, Status::Cancelled, None, Some(why), now), now).await
            }
            Halt::Asked => {
                self.executions.request_cancel(id, now).await?;
                Ok(CancelOutcome::Requested)
            }
            Halt::Unknown if self.occupancy.job_of(id).is_some() => Ok(CancelOutcome::Requested),
            Halt::Unknown => self.cancel_stored(id, why, now).await,
        }
    }

    /// Nobody here holds it: a retry that waits, or history.
    async fn cancel_stored(
        &mut self,
        id: ExecutionId,
        why: String,
        now: DateTime<Utc>,
    ) -> Result<CancelOutcome, StoreError> {
        let Some(execution) = self.executions.get(id).await? else { return Ok(CancelOutcome::NotFound) };
        if execution.status.is_final() {
            return Ok(CancelOutcome::AlreadyEnded(execution.status));
        }
        if execution.host.is_some() {
            self.write_one(writes::request_cancel(id, now)).await?;
            return Ok(CancelOutcome::Requested);
        }
        self.settle_now(Settle::given_up(&execution, None, Status::Cancelled, why, now), now).await
    }

    /// Stored before the answer; if the store does not take it now it is still going to be stored, because the claim
    /// has been taken back.
    async fn settle_now(&mut self, settle: Settle, now: DateTime<Utc>) -> Result<CancelOutcome, StoreError> {
        self.store(Group { settled: vec![settle], ..Group::default() }, now).await?;
        Ok(CancelOutcome::Cancelled)
    }
}
