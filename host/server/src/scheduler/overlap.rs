//! The overlap policies (T8), pure: rules on the keys that a job's active executions hold.
//!
//! The store holds the policy with a unique index over these keys; what is here is its picture in memory, so that
//! collisions are the exception. It may say "active" longer than the store does, never shorter.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::model::job::OverlapPolicy;
use crate::model::{ExecutionId, JobId, Token, Trigger};
use crate::repository::Claim;

/// The place of an active execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// `<job>#0`, `<job>#1` …
    Running(u32),
    /// `<job>#q`
    Waiting,
}

impl Slot {
    pub fn key(self, job: JobId) -> String {
        match self {
            Self::Running(n) => format!("{job}#{n}"),
            Self::Waiting => format!("{job}#q"),
        }
    }

    pub fn of_key(key: &str) -> Option<Self> {
        match key.rsplit_once('#')?.1 {
            "q" => Some(Self::Waiting),
            n => n.parse().ok().map(Self::Running),
        }
    }
}

/// One active execution of a job.
#[derive(Clone)]
pub struct Held {
    pub execution: ExecutionId,
    /// None for a forced run: it stands outside the policy.
    pub slot: Option<Slot>,
    pub token: Token,
    pub scheduled_for: DateTime<Utc>,
    pub trigger: Trigger,
    /// Kept here while it waits for its turn; otherwise the executor has it.
    pub claim: Option<Box<Claim>>,
}

/// Everything active of one job, and what waits for it to end.
#[derive(Default)]
pub struct Active {
    pub held: Vec<Held>,
    /// Retries that are due and found no free key.
    pub retries: Vec<ExecutionId>,
    /// The next decision waits for an end.
    pub parked: bool,
    /// Under `misfire: all`: the replayed run that has to end before `next_run_at` moves on.
    pub replay: Option<(ExecutionId, DateTime<Utc>)>,
}

impl Active {
    pub fn find(&self, execution: ExecutionId) -> Option<&Held> {
        self.held.iter().find(|held| held.execution == execution)
    }

    pub fn waiting(&self) -> Option<&Held> {
        self.held.iter().find(|held| held.slot == Some(Slot::Waiting))
    }

    pub fn running(&self) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(|held| matches!(held.slot, Some(Slot::Running(_))))
    }

    fn is_empty(&self) -> bool {
        self.held.is_empty() && self.retries.is_empty() && !self.parked && self.replay.is_none()
    }
}

/// What the policy says to one more run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It may run with this key.
    Free(Slot),
    /// It waits with the key `#q`. `replace` drops the one that waits there and stops those that run.
    Queue { displaces: Option<ExecutionId>, cancels: Vec<ExecutionId> },
    /// No; this one is in the way.
    Refused(ExecutionId),
}

/// Asks the policy.
pub fn answer(policy: OverlapPolicy, max_concurrent: u32, active: Option<&Active>) -> Answer {
    let Some(active) = active else { return Answer::Free(Slot::Running(0)) };
    let waiting = active.waiting().map(|held| held.execution);
    let first = active.running().next().map(|held| held.execution);
    match (policy, first, waiting) {
        (OverlapPolicy::Allow, _, _) => {
            let free =
                (0..max_concurrent.max(1)).find(|n| active.running().all(|held| held.slot != Some(Slot::Running(*n))));
            match (free, first) {
                (Some(n), _) => Answer::Free(Slot::Running(n)),
                (None, Some(first)) => Answer::Refused(first),
                (None, None) => Answer::Free(Slot::Running(0)),
            }
        }
        (_, None, None) => Answer::Free(Slot::Running(0)),
        (OverlapPolicy::QueueOne, Some(_), None) => Answer::Queue { displaces: None, cancels: Vec::new() },
        (OverlapPolicy::Replace, _, displaces) => {
            Answer::Queue { displaces, cancels: active.running().map(|held| held.execution).collect() }
        }
        (OverlapPolicy::Skip | OverlapPolicy::QueueOne, first, waiting) => match waiting.or(first) {
            Some(holder) => Answer::Refused(holder),
            None => Answer::Free(Slot::Running(0)),
        },
    }
}

/// All active executions, by job.
#[derive(Default)]
pub struct Occupancy {
    jobs: HashMap<JobId, Active>,
    of: HashMap<ExecutionId, JobId>,
}

/// What may go on because something ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// The one that waited can be promoted.
    pub promote: bool,
    /// Each may look for a key again.
    pub retries: Vec<ExecutionId>,
    /// The decision that waited can be made.
    pub decide: bool,
}

impl Occupancy {
    pub fn of(&self, job: JobId) -> Option<&Active> {
        self.jobs.get(&job)
    }

    /// All that is active, of every job.
    pub fn all(&self) -> impl Iterator<Item = &Held> {
        self.jobs.values().flat_map(|active| &active.held)
    }

    pub fn job_of(&self, execution: ExecutionId) -> Option<JobId> {
        self.of.get(&execution).copied()
    }

    pub fn of_mut(&mut self, job: JobId) -> &mut Active {
        self.jobs.entry(job).or_default()
    }

    pub fn hold(&mut self, job: JobId, held: Held) {
        self.of.insert(held.execution, job);
        let active = self.of_mut(job);
        active.held.retain(|other| other.execution != held.execution);
        active.held.push(held);
    }

    pub fn find_mut(&mut self, execution: ExecutionId) -> Option<&mut Held> {
        let job = self.of.get(&execution)?;
        self.jobs.get_mut(job)?.held.iter_mut().find(|held| held.execution == execution)
    }

    /// Forgets an execution and says what may go on.
    pub fn release(&mut self, execution: ExecutionId) -> Option<(JobId, Freed)> {
        let job = self.of.remove(&execution)?;
        let active = self.jobs.get_mut(&job)?;
        active.held.retain(|held| held.execution != execution);
        Some((job, self.freed(job)))
    }

    /// What may go on as things stand. What is named is no longer noted as waiting.
    pub fn freed(&mut self, job: JobId) -> Freed {
        let Some(active) = self.jobs.get_mut(&job) else { return Freed::default() };
        let idle = active.running().next().is_none();
        let promote = idle && active.waiting().is_some();
        let retries = if promote { Vec::new() } else { std::mem::take(&mut active.retries) };
        let freed = Freed { promote, retries, decide: std::mem::take(&mut active.parked) };
        self.tidy(job);
        freed
    }

    pub fn tidy(&mut self, job: JobId) {
        if self.jobs.get(&job).is_some_and(Active::is_empty) {
            self.jobs.remove(&job);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn active(slots: &[Slot]) -> Active {
        let held = slots.iter().map(|slot| Held {
            execution: ExecutionId::generate(),
            slot: Some(*slot),
            token: Token::FIRST,
            scheduled_for: DateTime::UNIX_EPOCH,
            trigger: Trigger::Schedule,
            claim: None,
        });
        Active { held: held.collect(), ..Active::default() }
    }

    const RUNS: Slot = Slot::Running(0);

    #[test]
    fn t8_without_an_active_run_every_policy_lets_a_run_begin() {
        for policy in [OverlapPolicy::Skip, OverlapPolicy::QueueOne, OverlapPolicy::Allow, OverlapPolicy::Replace] {
            assert_eq!(answer(policy, 1, None), Answer::Free(RUNS));
            assert_eq!(answer(policy, 1, Some(&Active::default())), Answer::Free(RUNS));
        }
    }

    #[test]
    fn t8_skip_refuses_while_anything_is_active() {
        let one = active(&[RUNS]);
        assert_eq!(answer(OverlapPolicy::Skip, 1, Some(&one)), Answer::Refused(one.held[0].execution));
        let other = active(&[Slot::Running(3)]);
        assert!(matches!(answer(OverlapPolicy::Skip, 1, Some(&other)), Answer::Refused(_)));
    }

    #[test]
    fn t8_queue_one_lets_one_wait_and_refuses_the_next() {
        let one = active(&[RUNS]);
        assert_eq!(
            answer(OverlapPolicy::QueueOne, 1, Some(&one)),
            Answer::Queue { displaces: None, cancels: Vec::new() }
        );
        let two = active(&[RUNS, Slot::Waiting]);
        assert_eq!(answer(OverlapPolicy::QueueOne, 1, Some(&two)), Answer::Refused(two.held[1].execution));
    }

    #[test]
    fn t8_nobody_takes_the_key_of_one_that_waits_to_be_promoted() {
        let waiting = active(&[Slot::Waiting]);
        assert!(matches!(answer(OverlapPolicy::QueueOne, 1, Some(&waiting)), Answer::Refused(_)));
        assert!(matches!(answer(OverlapPolicy::Skip, 1, Some(&waiting)), Answer::Refused(_)));
    }

    #[test]
    fn t8_allow_takes_the_first_free_key_up_to_its_number() {
        let two = active(&[RUNS, Slot::Running(2)]);
        assert_eq!(answer(OverlapPolicy::Allow, 3, Some(&two)), Answer::Free(Slot::Running(1)));
        let full = active(&[RUNS, Slot::Running(1)]);
        assert_eq!(answer(OverlapPolicy::Allow, 2, Some(&full)), Answer::Refused(full.held[0].execution));
    }

    #[test]
    fn t8_replace_stops_what_runs_and_drops_what_waits() {
        let two = active(&[RUNS, Slot::Waiting]);
        assert_eq!(
            answer(OverlapPolicy::Replace, 1, Some(&two)),
            Answer::Queue { displaces: Some(two.held[1].execution), cancels: vec![two.held[0].execution] }
        );
    }

    #[test]
    fn t8_an_end_promotes_the_one_that_waits_before_any_retry() {
        let mut occupancy = Occupancy::default();
        let job = JobId::generate();
        for held in active(&[RUNS, Slot::Waiting]).held {
            occupancy.hold(job, held);
        }
        let retry = ExecutionId::generate();
        occupancy.of_mut(job).retries.push(retry);
        let first = occupancy.of(job).unwrap().held[0].execution;
        let (_, freed) = occupancy.release(first).unwrap();
        assert_eq!(freed, Freed { promote: true, retries: vec![], decide: false });
        let second = occupancy.of(job).unwrap().held[0].execution;
        let (_, freed) = occupancy.release(second).unwrap();
        assert_eq!(freed, Freed { promote: false, retries: vec![retry], decide: false });
        assert!(occupancy.of(job).is_none());
    }

    #[test]
    fn keys_read_back_as_the_slots_they_were_made_from() {
        let job = JobId::generate();
        for slot in [Slot::Running(0), Slot::Running(12), Slot::Waiting] {
            assert_eq!(Slot::of_key(&slot.key(job)), Some(slot));
        }
    }
}
