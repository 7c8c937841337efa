//! What one turn of the planner writes: ordered phases in one group. Ends come first, then promotions, then inserts,
//! then advances, so that a crash between two of them leaves nothing that the next start would not find.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sandglass_database::Write;
use tokio::sync::oneshot;

use super::handle::TriggerError;
use super::overlap::{Held, Slot};
use crate::model::{Execution, ExecutionId, JobId, SkipReason, Status, Token};
use crate::repository::writes::{self, End};
use crate::repository::{Claim, Counters, Definition, Jobs, Tally};

/// The answer that a manual run waits for.
pub type Asked = oneshot::Sender<Result<Execution, TriggerError>>;

/// One decision: of an occurrence or of a manual run.
pub struct Decided {
    pub definition: Arc<Definition>,
    pub skips: Vec<Execution>,
    /// Executions that nobody holds until nothing of the job is active.
    pub waits: Vec<Execution>,
    pub run: Option<NewRun>,
    pub displaced: Option<Held>,
    /// Runs that are asked to stop once this is stored.
    pub cancels: Vec<ExecutionId>,
    pub advance: Option<Advance>,
    /// `next_run_at` moves on when the run has ended.
    pub replay: bool,
    /// An earlier skip was found at the run's instant, and stands for everything up to here.
    pub found_until: Option<DateTime<Utc>>,
    pub asked: Option<Asked>,
}

pub struct NewRun {
    pub claim: Claim,
    pub slot: Option<Slot>,
}

#[derive(Debug, Clone, Copy)]
pub struct Advance {
    pub job: JobId,
    pub from: DateTime<Utc>,
    pub to: Option<DateTime<Utc>>,
    pub last_run_at: Option<DateTime<Utc>>,
}

/// A retry that is claimed again.
pub struct Taken {
    pub claim: Claim,
    pub seen: Token,
    pub slot: Slot,
}

/// An end that the planner itself decides: nobody runs it.
pub struct Settle {
    pub execution: ExecutionId,
    pub seen: Token,
    pub end: End,
    pub reason: Option<SkipReason>,
    pub tally: Tally,
}

/// The one that waited takes the key of the one that ended.
pub struct Promotion {
    pub job: JobId,
    pub claim: Box<Claim>,
    pub slot: Slot,
}

#[derive(Default)]
pub struct Group {
    pub settled: Vec<Settle>,
    pub promotions: Vec<Promotion>,
    pub taken: Vec<Taken>,
    pub decided: Vec<Decided>,
    /// Replays that have ended.
    pub advances: Vec<Advance>,
}

impl Group {
    pub fn is_empty(&self) -> bool {
        self.settled.is_empty()
            && self.promotions.is_empty()
            && self.taken.is_empty()
            && self.decided.is_empty()
            && self.advances.is_empty()
    }

    /// Ends, promotions, inserts, each in the order in which the group holds them. The last phase is
    /// [`advances`](Self::advances).
    pub fn phases(&self, now: DateTime<Utc>) -> Vec<Vec<Write>> {
        let settles =
            self.settled.iter().map(|settle| writes::settle(settle.execution, settle.seen, &settle.end, settle.reason));
        let displaced = self.decided.iter().filter_map(|decided| decided.displaced.as_ref()).map(|held| {
            writes::settle(
                held.execution,
                held.token,
                &ended_at(now, Status::Skipped, None),
                Some(SkipReason::Replaced),
            )
        });
        let promotions = self.promotions.iter().map(|promotion| {
            let claim = &promotion.claim;
            let held = writes::Held { id: claim.id, token: claim.token, host: &claim.host };
            writes::promote(&held, &promotion.slot.key(promotion.job))
        });
        let taken = self.taken.iter().map(|taken| writes::take(taken.claim.id, taken.seen, &taken.claim));
        let inserts = self.decided.iter().flat_map(|decided| {
            let skips = decided.skips.iter().chain(&decided.waits).map(writes::insert_unheld);
            skips.chain(decided.run.iter().map(|run| writes::insert(&run.claim)))
        });
        vec![settles.chain(displaced).collect(), promotions.chain(taken).collect(), inserts.collect()]
    }

    /// Moves jobs on, and counts what was settled or skipped.
    pub fn advances(&self) -> Vec<Write> {
        let of_decided = self.decided.iter().filter_map(|decided| decided.advance.as_ref());
        let advances = of_decided
            .chain(&self.advances)
            .map(|advance| Jobs::advance(advance.job, advance.from, advance.to, advance.last_run_at));
        advances.collect()
    }

    /// Raises the counters for what was settled or skipped.
    pub fn counts(&self) -> Vec<Write> {
        let mut tallies: Vec<Tally> = self.settled.iter().map(|settle| settle.tally.clone()).collect();
        tallies.extend(self.decided.iter().flat_map(|decided| decided.skips.iter().map(Tally::of)));
        tallies.extend(self.decided.iter().filter_map(|decided| {
            let held = decided.displaced.as_ref()?;
            Some(tally(&decided.definition, held.scheduled_for, Status::Skipped))
        }));
        Counters::raise(&tallies)
    }
}

/// An end without a run.
pub fn ended_at(now: DateTime<Utc>, status: Status, error: Option<String>) -> End {
    End {
        status,
        started_at: None,
        completed_at: now,
        attempts: Vec::new(),
        result: None,
        error,
        metrics: None,
        outbox: Vec::new(),
    }
}

pub fn tally(definition: &Definition, at: DateTime<Utc>, status: Status) -> Tally {
    Tally {
        job: definition.job.id,
        template_type: definition.job.template_type.as_str().into(),
        at,
        status,
        duration_seconds: 0.0,
        processed: 0,
        affected: 0,
    }
}
