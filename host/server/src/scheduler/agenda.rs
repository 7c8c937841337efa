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

    /// A job whose next instant is `at`: it comes up between the lead and half of it before.
    pub fn ahead_of(&mut self, at: DateTime<Utc>, job: JobId) {
        self.ahead.push(Reverse((at.timestamp_millis(), job)));
    }

    /// Something that comes up at `at` itself, not before.
    pub fn exactly(&mut self, at: DateTime<Utc>, item: Item) {
        // Instants are whole milliseconds; a part of one rounds up, so that nothing is early.
        let millis = at.timestamp_millis() + i64::from(!at.timestamp_subsec_nanos().is_multiple_of(1_000_000));
        self.exact.push(Reverse((millis, item)));
    }

    /// Takes what has come up, at most `limit` items, each once. Once the first of the jobs has come up, all that are
    /// due within the lead come with it, and none before: an end or a command that wakes the planner in between would
    /// else pay a group of its own for the one job that has just come into reach.
    pub fn take_due(&mut self, now: DateTime<Utc>, limit: usize) -> Vec<Item> {
        let mut due = Vec::new();
        let present = now.timestamp_millis();
        while due.len() < limit && self.exact.peek().is_some_and(|Reverse((at, _))| *at <= present) {
            due.extend(self.exact.pop().map(|Reverse((_, item))| item));
        }
        let reach = if self.jobs_come_up().is_some_and(|at| at <= present) {
            (now + self.lead).timestamp_millis()
        } else {
            i64::MIN
        };
        while due.len() < limit && self.ahead.peek().is_some_and(|Reverse((at, _))| *at <= reach) {
            due.extend(self.ahead.pop().map(|Reverse((_, job))| Item::Job(job)));
        }
        due.sort_unstable();
        due.dedup();
        due
    }

    /// When to look again.
    pub fn next_look(&self) -> Option<DateTime<Utc>> {
        let exact = self.exact.peek().map(|Reverse((at, _))| *at);
        self.jobs_come_up().into_iter().chain(exact).min().and_then(DateTime::from_timestamp_millis)
    }

    /// Half a lead later than the first job could, so that a group gathers.
    fn jobs_come_up(&self) -> Option<i64> {
        self.ahead.peek().map(|Reverse((at, _))| at - self.lead.num_milliseconds() / 2)
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
        assert_eq!(agenda.take_due(at(949), 10), []);
        assert_eq!(agenda.take_due(at(950), 10), [Item::Job(job)]);
        assert_eq!(agenda.next_look(), Some(at(1_000)));
        assert_eq!(agenda.take_due(at(999), 10), []);
        assert_eq!(agenda.take_due(at(1_000), 10), [Item::Job(waiting)]);
    }

    #[test]
    fn with_the_first_job_come_all_that_are_due_within_the_lead() {
        let mut agenda = Agenda::new(Duration::milliseconds(100));
        let jobs: Vec<JobId> = (0..100).map(|_| JobId::generate()).collect();
        for (job, millis) in jobs.iter().zip(1_000..) {
            agenda.ahead_of(at(millis), *job);
        }
        assert_eq!(agenda.take_due(at(949), 1_000), [], "looked at for another reason");
        assert_eq!(agenda.take_due(at(950), 1_000).len(), 51);
        assert_eq!(agenda.next_look(), Some(at(1_001)));
        assert_eq!(agenda.take_due(at(1_001), 1_000).len(), 49);
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
