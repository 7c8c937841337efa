//! A command in the writer's queue, and how its caller hears of it.

use tokio::sync::oneshot;

use super::{
    fault::{Attempt, Fault},
    transaction::Transaction,
};
use crate::{Error, Result};

/// A queued command.
pub(super) trait Job: Send {
    /// How many writes it holds; a group is closed when it has enough of them.
    fn weight(&self) -> usize;
    /// Runs one step. A storage fault ends the group.
    fn run(&mut self, tx: &mut Transaction<'_>) -> rusqlite::Result<()>;
    /// Whether another step is to follow in a later group.
    fn has_more(&self) -> bool;
    /// Tells the caller: its outcome if the group was committed, otherwise why not.
    fn answer(self: Box<Self>, committed: Result<()>);
}

/// Work and whoever waits for its outcome.
pub(super) struct Task<W, T> {
    /// Gives nothing while there is more to do.
    work: W,
    weight: usize,
    outcome: Option<Result<T>>,
    /// The work goes back with its outcome: taking a thousand documents apart is not for the writer's thread.
    reply: oneshot::Sender<(Result<T>, W)>,
}

impl<W, T> Task<W, T> {
    pub fn new(weight: usize, work: W) -> (Self, oneshot::Receiver<(Result<T>, W)>) {
        let (reply, answer) = oneshot::channel();
        (Self { work, weight, outcome: None, reply }, answer)
    }
}

impl<T: Send, W: FnMut(&mut Transaction<'_>) -> Attempt<Option<T>> + Send> Job for Task<W, T> {
    fn weight(&self) -> usize {
        self.weight
    }

    fn run(&mut self, tx: &mut Transaction<'_>) -> rusqlite::Result<()> {
        match (self.work)(tx) {
            Ok(done) => self.outcome = done.map(Ok),
            Err(Fault::Refused(error)) => self.outcome = Some(Err(error)),
            Err(Fault::Storage(error)) => return Err(error),
        }
        Ok(())
    }

    fn has_more(&self) -> bool {
        self.outcome.is_none()
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let outcome = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Err(error), _) => Err(error),
            (Ok(()), None) => Err(stopped()),
        };
        // The caller may have gone away; the write is done all the same.
        self.reply.send((outcome, self.work)).ok();
    }
}

pub(super) fn stopped() -> Error {
    Error::Unavailable { message: "the writer has stopped".into() }
}
