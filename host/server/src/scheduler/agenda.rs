//! What is to be looked at, and when. Entries are small, because there is one for every job; they carry no state: when
//! one comes up, the job itself says whether it is due, so an entry that an edit has overtaken does no harm.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{DateTime, Duration, Utc};

use crate::model::{ExecutionId, JobId};

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// The next undecided instant of a job.
    Job(JobId),
    /// A retry whose wait is over.
    Retry(ExecutionId),
    /// A deletion that can no longer be taken back.
    Purge(JobId),
}

/// Two heaps: jobs that are decided ahead of their instant, and what has to be looked at exactly when it says.
#[derive(Debug)]
pub struct Agenda {
    lead: Duration,
    ahead: BinaryHeap<Reverse<(i64, JobId)>>,
    exact: BinaryHeap<Reverse<(i64, Item)>>,
}

impl Agenda {
    pub fn new(lead: Duration) -> Self {
        Self { lead, ahead: BinaryHeap::new(), exact: BinaryHeap::new() }
    }

    /// A job whose next instant is `at`: it comes up `lead` before.
    pub fn ahead_of(&mut self, at: DateTime<Utc>, job: JobId) {
        self.ahead.push(Reverse((at.timestamp_millis(), job)));
    }

    /// Something that comes up at `at` itself, not before.
    pub fn exactly(&mut self, at: DateTime<Utc>, item: Item) {
        // Instants are whole milliseconds; a part of one rounds up, so that nothing is early.
        let millis = at.timestamp_millis() + i64::from(!at.timestamp_subsec_nanos().is_multiple_of(1_000_000));
        self.exact.push(Reverse((millis, item)));
    }

    /// Takes what has come up, at most `limit` items, each once.
    pub fn take_due(&mut self, now: DateTime<Utc>, limit: usize) -> Vec<Item> {
        let mut due = Vec::new();
        let present = now.timestamp_millis();
        while due.len() < limit && self.exact.peek().is_some_and(|Reverse((at, _))| *at <= present) {
            due.extend(self.exact.pop().map(|Reverse((_, item))| item));
        }
        let reach = (now + self.lead).timestamp_millis();
        while due.len() < limit && self.ahead.peek().is_some_and(|Reverse((at, _))| *at <= reach) {
            due.extend(self.ahead.pop().map(|Reverse((_, job))| Item::Job(job)));
        }
        due.sort_unstable();
        due.dedup();
        due
    }

    /// When to look again. Jobs come up half a lead later than they could, so that a group gathers.
    pub fn next_look(&self) -> Option<DateTime<Utc>> {
        let gather = self.lead.num_milliseconds() / 2;
        let ahead = self.ahead.peek().map(|Reverse((at, _))| at - gather);
        let exact = self.exact.peek().map(|Reverse((at, _))| *at);
        ahead.into_iter().chain(exact).min().and_then(DateTime::from_timestamp_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_700_000_000_000 + millis).unwrap()
    }

    #[test]
    fn jobs_come_up_ahead_and_everything_else_at_its_time() {
        let mut agenda = Agenda::new(Duration::milliseconds(100));
        let (job, waiting) = (JobId::generate(), JobId::generate());
        agenda.ahead_of(at(1_000), job);
        agenda.exactly(at(1_000), Item::Job(waiting));
        assert_eq!(agenda.next_look(), Some(at(950)));
        assert_eq!(agenda.take_due(at(899), 10), []);
        assert_eq!(agenda.take_due(at(900), 10), [Item::Job(job)]);
        assert_eq!(agenda.next_look(), Some(at(1_000)));
        assert_eq!(agenda.take_due(at(999), 10), []);
        assert_eq!(agenda.take_due(at(1_000), 10), [Item::Job(waiting)]);
    }

    #[test]
    fn an_entry_for_every_job_stays_small() {
        assert!(size_of::<(i64, JobId)>() <= 24);
    }

    #[test]
    fn a_job_that_stands_there_twice_comes_up_once() {
        let mut agenda = Agenda::new(Duration::zero());
        let job = JobId::generate();
        agenda.ahead_of(at(0), job);
        agenda.exactly(at(0), Item::Job(job));
        assert_eq!(agenda.take_due(at(0), 10), [Item::Job(job)]);
        assert_eq!(agenda.next_look(), None);
    }
}
