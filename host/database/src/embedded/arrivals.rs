//! What the writer has been asked to do and has not yet begun: new commands, and those that wait for another turn.
//!
//! It also decides how long an open group is worth holding. Callers that a commit has just answered are likely to
//! come back at once; without a short wait for them, two halves of the callers would take turns, each waiting for
//! the commit of the other. A lone caller never waits.

use std::{collections::VecDeque, sync::mpsc::Receiver, time::Duration};

use super::job::Job;

/// The most that a group waits for one more command.
const PATIENCE: Duration = Duration::from_micros(500);

pub(super) struct Arrivals {
    incoming: Receiver<Box<dyn Job>>,
    /// Taken from the channel while the group before was being committed.
    ahead: VecDeque<Box<dyn Job>>,
    /// Commands that have done a part of their work.
    longer: VecDeque<Box<dyn Job>>,
    /// Callers that are believed to be about: those just answered and those that were waiting then.
    callers: usize,
    patience: Duration,
}

impl Arrivals {
    pub fn new(incoming: Receiver<Box<dyn Job>>) -> Self {
        let (ahead, longer) = (VecDeque::new(), VecDeque::new());
        Self { incoming, ahead, longer, callers: 0, patience: Duration::ZERO }
    }

    /// The first command of a group; `None` once nothing can come any more.
    pub fn first(&mut self) -> Option<Box<dyn Job>> {
        self.waiting().or_else(|| self.longer.pop_front()).or_else(|| self.incoming.recv().ok())
    }

    /// One more command for a group that holds so many.
    pub fn another(&mut self, commands: usize) -> Option<Box<dyn Job>> {
        self.waiting().or_else(|| {
            let is_awaited = commands < self.callers && !self.patience.is_zero();
            if is_awaited { self.incoming.recv_timeout(self.patience).ok() } else { None }
        })
    }

    /// A command whose work goes on: each group takes one of them, after what is new.
    pub fn longer(&mut self) -> Option<Box<dyn Job>> {
        self.longer.pop_front()
    }

    /// Whether a new command waits.
    pub fn is_awaited(&mut self) -> bool {
        self.ahead.extend(self.incoming.try_iter());
        !self.ahead.is_empty()
    }

    pub fn goes_on(&mut self, job: Box<dyn Job>) {
        self.longer.push_back(job);
    }

    /// To be called after a commit of so many commands, before their callers are answered.
    pub fn committed(&mut self, commands: usize, took: Duration) {
        self.ahead.extend(self.incoming.try_iter());
        self.callers = commands + self.ahead.len();
        // A small part of what the commit costs, so that a vain wait costs little.
        self.patience = (took / 8).min(PATIENCE);
    }

    /// Everything that waits.
    pub fn drain(&mut self) -> impl Iterator<Item = Box<dyn Job>> {
        self.ahead.drain(..).chain(self.longer.drain(..)).chain(self.incoming.try_iter())
    }

    fn waiting(&mut self) -> Option<Box<dyn Job>> {
        self.ahead.pop_front().or_else(|| self.incoming.try_recv().ok())
    }
}
