//! Who gets the next free slot: priority with ageing, and no job beyond its share (T17). Pure.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::model::{ExecutionId, JobId};

/// One step of priority is worth so much waiting. So the order is fixed at arrival, and nothing waits for ever: a run
/// of priority 0 passes one of priority 9 that came 90 s later.
const STEP_MS: i64 = 10_000;

/// A run that wants a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ready {
    rank: i64,
    arrival: u64,
    execution: ExecutionId,
    job: JobId,
}

#[derive(Debug)]
pub struct Slots {
    free: usize,
    share: usize,
    taken: HashMap<JobId, usize>,
    ready: BinaryHeap<Reverse<Ready>>,
    /// Those whose job has its share already.
    over_share: HashMap<JobId, BinaryHeap<Reverse<Ready>>>,
    arrivals: u64,
}

impl Slots {
    pub fn new(slots: usize, share: usize) -> Self {
        Self {
            free: slots,
            share,
            taken: HashMap::new(),
            ready: BinaryHeap::new(),
            over_share: HashMap::new(),
            arrivals: 0,
        }
    }

    /// Waits from `at_ms` on.
    pub fn want(&mut self, execution: ExecutionId, job: JobId, priority: u8, at_ms: i64) {
        self.arrivals += 1;
        let rank = at_ms - i64::from(priority) * STEP_MS;
        self.ready.push(Reverse(Ready { rank, arrival: self.arrivals, execution, job }));
    }

    /// Gives the next one its slot. The caller may find that it has been withdrawn; then it gives the slot back.
    pub fn take(&mut self) -> Option<(ExecutionId, JobId)> {
        while self.free > 0 {
            let Reverse(next) = self.ready.pop()?;
            let taken = self.taken.entry(next.job).or_default();
            if *taken >= self.share {
                self.over_share.entry(next.job).or_default().push(Reverse(next));
                continue;
            }
            *taken += 1;
            self.free -= 1;
            return Some((next.execution, next.job));
        }
        None
    }

    pub fn give_back(&mut self, job: JobId) {
        self.free += 1;
        if let Some(taken) = self.taken.get_mut(&job) {
            *taken -= 1;
            if *taken == 0 {
                self.taken.remove(&job);
            }
        }
        if let Some(held_back) = self.over_share.get_mut(&job) {
            self.ready.extend(held_back.pop());
            if held_back.is_empty() {
                self.over_share.remove(&job);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(slots: &mut Slots) -> Vec<ExecutionId> {
        let mut order = Vec::new();
        while let Some((execution, job)) = slots.take() {
            order.push(execution);
            slots.give_back(job);
        }
        order
    }

    #[test]
    fn t17_priority_orders_and_age_outweighs_it() {
        let mut slots = Slots::new(1, 1);
        let [low_old, low, high] = [(); 3].map(|()| ExecutionId::generate());
        slots.want(low, JobId::generate(), 0, 100_000);
        slots.want(high, JobId::generate(), 9, 100_000);
        slots.want(low_old, JobId::generate(), 0, 5_000);
        assert_eq!(order(&mut slots), [low_old, high, low]);
    }

    #[test]
    fn t17_one_job_gets_no_more_than_its_share_and_blocks_nobody() {
        let mut slots = Slots::new(4, 2);
        let (greedy, modest) = (JobId::generate(), JobId::generate());
        for _ in 0..5 {
            slots.want(ExecutionId::generate(), greedy, 9, 0);
        }
        slots.want(ExecutionId::generate(), modest, 0, 0);
        let started: Vec<JobId> = std::iter::from_fn(|| slots.take()).map(|(_, job)| job).collect();
        assert_eq!(started, [greedy, greedy, modest]);
        slots.give_back(greedy);
        assert_eq!(slots.take().map(|(_, job)| job), Some(greedy));
        assert_eq!(slots.take(), None);
        for _ in 0..2 {
            slots.give_back(greedy);
            assert!(slots.take().is_some());
        }
        assert_eq!(slots.take(), None);
    }
}
