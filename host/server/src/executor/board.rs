//! What the executor holds: claims that wait for their instant or for a slot, and runs that are on. Pure.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::slots::Slots;
use super::watch::Watch;
use crate::model::{ExecutionId, JobId, Trigger};
use crate::repository::Claim;

/// An attempt that is on.
pub struct Running {
    pub claim: Claim,
    pub started_at: DateTime<Utc>,
    pub watch: Arc<Watch>,
    pub cancel: CancellationToken,
    /// A person or the planner asked for it; a drain does not.
    pub cancel_requested: AtomicBool,
    /// Whether the store says `running`.
    pub marked: AtomicBool,
    pub stored_lines: AtomicU64,
}

/// In place of an instant: it has passed.
const AT_ONCE: DateTime<Utc> = DateTime::<Utc>::MIN_UTC;
/// The thread that waits for instants looks at the clock each second, so it is never late by so much itself.
const OVERSLEPT: TimeDelta = TimeDelta::milliseconds(1_500);

pub struct Board {
    ahead: BinaryHeap<Reverse<(DateTime<Utc>, ExecutionId)>>,
    slots: Slots,
    waiting: HashMap<ExecutionId, Claim>,
    /// Those of them that want a slot by now. The queue for slots itself keeps withdrawn ones until their turn comes.
    due: HashSet<ExecutionId>,
    pub running: HashMap<ExecutionId, Arc<Running>>,
    /// Nothing starts any more.
    pub draining: bool,
}

impl Board {
    pub fn new(slots: usize, share: usize) -> Self {
        Self {
            ahead: BinaryHeap::new(),
            slots: Slots::new(slots, share),
            waiting: HashMap::new(),
            due: HashSet::new(),
            running: HashMap::new(),
            draining: false,
        }
    }

    /// Takes a claim in. Only an occurrence that nobody has tried yet waits for its instant; for everything else the
    /// time has come once, whatever a clock that was set back shows now.
    pub fn add(&mut self, claim: Claim, now: DateTime<Utc>) {
        let waits = claim.trigger == Trigger::Schedule && claim.attempts.is_empty() && claim.scheduled_for > now;
        self.ahead.push(Reverse((if waits { claim.scheduled_for } else { AT_ONCE }, claim.id)));
        self.waiting.insert(claim.id, claim);
    }

    /// Takes a claim back that has not begun. What is left of it in heap and queue finds nothing when its turn comes.
    pub fn withdraw(&mut self, id: ExecutionId) -> Option<Claim> {
        self.due.remove(&id);
        self.waiting.remove(&id)
    }

    /// All that has not begun.
    pub fn withdraw_all(&mut self) -> Vec<Claim> {
        self.due.clear();
        self.waiting.drain().map(|(_, claim)| claim).collect()
    }

    /// Lets those whose instant has come ask for a slot. Never before (T2). Gives back those that were made ahead and
    /// whose instant lies well behind already: the wall clock has jumped.
    pub fn come_due(&mut self, now: DateTime<Utc>) -> Vec<(ExecutionId, JobId)> {
        let mut overslept = Vec::new();
        while let Some(Reverse((at, id))) = self.ahead.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.ahead.pop();
            if let Some(claim) = self.waiting.get(&id) {
                let job = &claim.definition.job;
                if at != AT_ONCE && now - at > OVERSLEPT {
                    overslept.push((id, job.id));
                    continue;
                }
                self.due.insert(id);
                self.slots.want(id, job.id, job.priority, claim.scheduled_for.min(now).timestamp_millis());
            }
        }
        overslept
    }

    /// The next claim that may begin; it has a slot from now on.
    pub fn next_to_start(&mut self) -> Option<Claim> {
        if self.draining {
            return None;
        }
        loop {
            let (id, job) = self.slots.take()?;
            match self.withdraw(id) {
                Some(claim) => return Some(claim),
                None => self.slots.give_back(job),
            }
        }
    }

    pub fn finished(&mut self, running: &Running) {
        self.running.remove(&running.claim.id);
        self.slots.give_back(running.claim.definition.job.id);
    }

    pub fn next_instant(&self) -> Option<DateTime<Utc>> {
        self.ahead.peek().map(|Reverse((at, _))| *at)
    }

    /// Claims whose instant has come and that have no slot.
    pub fn queued(&self) -> usize {
        self.due.len()
    }

    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}
