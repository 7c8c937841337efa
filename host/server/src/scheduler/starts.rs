//! The executor as the planner sees it: somebody who takes claims and can be asked for them back.

use crate::executor::{Executor, Halt};
use crate::model::ExecutionId;
use crate::repository::Claim;

pub trait Starts: Send + Sync + 'static {
    /// Claims that are stored; each is started at its instant, never before.
    fn submit(&self, claims: Vec<Claim>);
    /// A claim that has not begun.
    fn withdraw(&self, id: ExecutionId) -> Option<Claim>;
    fn cancel(&self, id: ExecutionId) -> Halt;
    /// Whether more claims may be made (T17).
    fn has_room(&self) -> bool;
    /// Sends what stands in the outbox of an ended execution.
    fn deliver(&self, id: ExecutionId);
}

impl Starts for Executor {
    fn submit(&self, claims: Vec<Claim>) {
        Self::submit(self, claims);
    }

    fn withdraw(&self, id: ExecutionId) -> Option<Claim> {
        Self::withdraw(self, id)
    }

    fn cancel(&self, id: ExecutionId) -> Halt {
        Self::cancel(self, id)
    }

    fn has_room(&self) -> bool {
        Self::has_room(self)
    }

    fn deliver(&self, id: ExecutionId) {
        self.resend(id);
    }
}
