//! What an insert ran into: the same occurrence, decided before, or the key of another active run. A collision names
//! one index only, so the store is asked.

use chrono::{DateTime, Utc};
use sandglass_database::{Error, Result};
use sandglass_schedule::Timetable;

use super::agenda::Item;
use super::decision::{Skip, skip_past};
use super::group::{Decided, Group, NewRun};
use super::handle::TriggerError;
use super::overlap::{self, Answer, Held, Slot};
use super::planner::Planner;
use super::recovery::Recovered;
use super::skip;
use crate::model::{Execution, JobId, SkipReason, Status, Trigger};
use crate::repository::{Claim, Counters, Tally, writes};

/// So often a key that turns out to be taken is looked for again within one turn.
const TRIES: usize = 5;

impl Planner {
    /// A run could not be inserted. Gives the claim to be started, if one of ours stands there in the end.
    ///
    /// # Errors
    /// When it is not known to be decided.
    pub(super) async fn place(
        &mut self,
        decided: &mut Decided,
        error: Error,
        now: DateTime<Utc>,
    ) -> Result<Option<Claim>> {
        let Some(NewRun { mut claim, slot }) = decided.run.take() else { return Ok(None) };
        self.release(claim.id);
        if error.is_transient() {
            return Err(error);
        }
        if !matches!(error, Error::DuplicateKey { .. }) {
            // Refused for what it holds: too large, for example. The decision is stored without it.
            tracing::error!(job = %decided.definition.job.id, %error, "a run cannot be stored");
            refuse(decided, TriggerError::Store(error.clone().into()));
            self.skip_instead(decided, &claim, SkipReason::Template, format!("it cannot be stored: {error}"), now)
                .await?;
            return Ok(None);
        }
        // Memory was wrong about a key: from here on no job moves on before its decision is known to be stored.
        self.settings.advance_separately = true;
        let mut slot = slot;
        for _ in 0..TRIES {
            if let Some(found) = self.executions.get(claim.id).await? {
                return Ok(self.found(&found, claim, slot, decided, now));
            }
            if let Some(slot) = slot {
                self.learn_holder(decided.definition.job.id, slot).await?;
            }
            let job = &decided.definition.job;
            slot = match overlap::answer(job.overlap_policy, job.max_concurrent, self.occupancy.of(job.id)) {
                Answer::Free(free) => Some(free),
                Answer::Queue { cancels, .. } => {
                    decided.cancels = cancels;
                    Some(Slot::Waiting)
                }
                Answer::Refused(active) => {
                    refuse(decided, TriggerError::Overlap { active });
                    let detail = format!("execution {active} was active");
                    self.skip_instead(decided, &claim, SkipReason::Overlap, detail, now).await?;
                    return Ok(None);
                }
            };
            claim.overlap_key = slot.map(|slot| slot.key(job.id));
            match self.write_one(writes::insert(&claim)).await {
                Ok(()) => {
                    self.hold(&claim, slot);
                    decided.run = Some(NewRun { claim: claim.clone(), slot });
                    return Ok(Some(claim));
                }
                Err(Error::DuplicateKey { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(error)
    }

    /// The occurrence is decided already.
    fn found(
        &mut self,
        found: &Execution,
        claim: Claim,
        slot: Option<Slot>,
        decided: &mut Decided,
        now: DateTime<Utc>,
    ) -> Option<Claim> {
        // A skip that was written under a clock far ahead stands for nothing that is still to come (T16).
        let past = now.max(claim.scheduled_for);
        decided.found_until =
            found.skipped.map(|_| decided_until(found, claim.definition.active_timetable()).min(past));
        if found.host.is_none()
            && let Some(at) = found.retry_at
        {
            self.agenda.exactly(at, Item::Retry(found.id));
        }
        let ours = writes::is_held(found, &self.host, claim.token) && found.status == Status::Queued;
        if !ours {
            return None;
        }
        // The reply to an earlier insert was lost, and nobody has started it.
        let slot = found.overlap_key.as_deref().and_then(Slot::of_key).or(slot);
        let claim = Claim { overlap_key: found.overlap_key.clone(), ..claim };
        self.hold(&claim, slot);
        decided.run = Some(NewRun { claim: claim.clone(), slot });
        Some(claim)
    }

    /// Notes who holds a key that memory took to be free.
    pub(super) async fn learn_holder(&mut self, job: JobId, slot: Slot) -> Result<()> {
        let Some(holder) = self.executions.holder_of(&slot.key(job)).await? else { return Ok(()) };
        if self.occupancy.job_of(holder.id).is_some() {
            return Ok(());
        }
        if holder.host.as_ref() == Some(&*self.host) {
            // Ours, and unknown here: the reply to its claim was lost, so nobody has started it.
            let now = self.now();
            return self.take_over(vec![holder], now, &mut Recovered::default()).await;
        }
        let held = Held {
            execution: holder.id,
            slot: Some(slot),
            token: holder.token,
            scheduled_for: holder.scheduled_for,
            trigger: holder.trigger,
            claim: None,
        };
        self.occupancy.hold(job, held);
        Ok(())
    }

    /// The policy's answer as a stored skip. A manual run that is refused leaves nothing (T4b).
    async fn skip_instead(
        &mut self,
        decided: &mut Decided,
        claim: &Claim,
        reason: SkipReason,
        detail: String,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if claim.trigger != Trigger::Schedule {
            return Ok(());
        }
        let mut record =
            skip::record(&decided.definition.job, &Skip::one(reason, claim.scheduled_for, Some(detail)), now);
        record.parameters = serde_json::json!({});
        match self.write_one(writes::insert_unheld(&record)).await {
            Ok(()) => {
                if self.apart {
                    decided.skips.push(record);
                } else {
                    self.to_note.extend(Counters::raise(&[Tally::of(&record)]));
                }
                Ok(())
            }
            Err(Error::DuplicateKey { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A skip that stands for several instants may have been stored before, by a change that failed halfway or under a
    /// clock that was set back. What it decides is not decided again: the job moves behind it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn heed_earlier_skips(&mut self, group: &mut Group) -> Result<()> {
        for decided in &mut group.decided {
            let Some(first) = decided.skips.iter().find(|skip| skip.skipped.is_some()).map(|skip| skip.id) else {
                continue;
            };
            let Some(found) = self.executions.get(first).await? else { continue };
            let definition = decided.definition.clone();
            let Some(timetable) = definition.active_timetable() else { continue };
            decided.skips.retain(|skip| skip.skipped.is_none());
            decided.waits.clear();
            decided.cancels.clear();
            decided.displaced = None;
            decided.replay = false;
            if let Some(run) = decided.run.take() {
                self.release(run.claim.id);
            }
            if let Some(advance) = &mut decided.advance {
                advance.to = timetable.next(decided_until(&found, Some(timetable)));
                advance.last_run_at = None;
            }
        }
        Ok(())
    }

    /// The first instant of a skip is decided already. What is open of the others gets skips of its own, around what
    /// stands among them.
    pub(super) async fn fill_behind(
        &mut self,
        decided: &Decided,
        wanted: &Execution,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let until = wanted.skipped.map_or(wanted.scheduled_for, |summary| summary.last);
        let Some(timetable) = decided.definition.active_timetable() else { return Ok(()) };
        let mut open = Some(wanted.scheduled_for);
        for found in self.executions.decided_within(wanted.job_id, wanted.scheduled_for, until).await? {
            let at = found.scheduled_for;
            if let Some(from) = open.filter(|open| *open < at) {
                let last = timetable.previous(at).unwrap_or(from).max(from);
                self.skip_rest(decided, wanted, timetable, (from, last), now).await?;
            }
            open = open.and_then(|open| {
                timetable.next(decided_until(&found, Some(timetable)).max(at)).map(|next| next.max(open))
            });
        }
        match open.filter(|open| *open <= until) {
            Some(from) => self.skip_rest(decided, wanted, timetable, (from, until), now).await,
            None => Ok(()),
        }
    }

    async fn skip_rest(
        &mut self,
        decided: &Decided,
        wanted: &Execution,
        timetable: &Timetable,
        (from, until): (DateTime<Utc>, DateTime<Utc>),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some(reason) = wanted.skip_reason else { return Ok(()) };
        let (rest, _) = skip_past(timetable, reason, from, until);
        let mut record = skip::record(&decided.definition.job, &rest, now);
        record.error.clone_from(&wanted.error);
        match self.write_one(writes::insert_unheld(&record)).await {
            Ok(()) => {
                self.to_note.extend(Counters::raise(&[Tally::of(&record)]));
                Ok(())
            }
            Err(Error::DuplicateKey { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn write_one(&self, write: sandglass_database::Write) -> Result<()> {
        for outcome in self.database.bulk(vec![vec![write]]).await?.into_iter().flatten() {
            outcome?;
        }
        Ok(())
    }
}

/// How far a record decides: up to the last instant of a summary, if it counts the instants of this timetable. One of
/// another timetable, written before an edit and before the clock was set back, says nothing about the instants of this
/// one but its own.
pub(super) fn decided_until(found: &Execution, timetable: Option<&Timetable>) -> DateTime<Utc> {
    let (Some(summary), Some(timetable), Some(reason)) = (found.skipped, timetable, found.skip_reason) else {
        return found.scheduled_for;
    };
    let (same, _) = skip_past(timetable, reason, summary.first, summary.last);
    if same.instants == summary { summary.last } else { found.scheduled_for }
}

fn refuse(decided: &mut Decided, error: TriggerError) {
    if let Some(asked) = decided.asked.take() {
        // Nobody waiting any more is no fault.
        drop(asked.send(Err(error)));
    }
}
