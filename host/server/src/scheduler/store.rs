//! Writes a group, and carries out what follows from what became of each write.

use chrono::{DateTime, Duration, Utc};
use sandglass_database::{Error, Outcome, Result};

use super::agenda::Item;
use super::group::{Advance, Decided, Group, Promotion, Settle, Taken};
use super::handle::{StoreError, TriggerError};
use super::overlap::Slot;
use super::planner::{PAUSE, Planner};
use crate::executor::Halt;
use crate::model::event::Event;
use crate::model::{Status, Trigger};
use crate::repository::{Claim, Counters, Tally, writes};

type Outcomes = std::vec::IntoIter<Result<Outcome>>;

impl Planner {
    /// Stores a group and hands over what is to be started.
    ///
    /// # Errors
    /// When the store did not take it; everything is put back then, to be decided again.
    pub(super) async fn store(&mut self, mut group: Group, now: DateTime<Utc>) -> Result<()> {
        if group.is_empty() && self.to_note.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.heed_earlier_skips(&mut group).await {
            self.undo(group, now, &error);
            return Err(error);
        }
        // A replay's instant may have been decided before the last start, and so may the first of those that one skip
        // stands for if the clock was set back: their collisions are no exception.
        let may_collide = |decided: &Decided| decided.replay || decided.skips.iter().any(|skip| skip.skipped.is_some());
        self.apart = self.settings.advance_separately || group.decided.iter().any(may_collide);
        let apart = self.apart;
        let notes = std::mem::take(&mut self.to_note);
        let mut phases = group.phases(now);
        if !apart {
            let mut last = group.advances();
            last.extend(notes.iter().cloned());
            last.extend(group.counts());
            phases.push(last);
        }
        let mut outcomes = match self.database.bulk(phases).await {
            Ok(outcomes) => {
                if self.trouble.over() {
                    tracing::info!("the store takes decisions again");
                }
                outcomes.into_iter().map(Vec::into_iter)
            }
            Err(error) => {
                self.to_note = notes;
                self.undo(group, now, &error);
                return Err(error);
            }
        };
        let mut phase = || outcomes.next().unwrap_or_default();
        let (mut ends, mut promoted, mut inserted, mut last) = (phase(), phase(), phase(), phase());
        let mut claims = Vec::new();
        for settle in &group.settled {
            self.settled(settle, ends.next());
        }
        for promotion in std::mem::take(&mut group.promotions) {
            claims.extend(self.promoted(promotion, promoted.next(), now));
        }
        for taken in std::mem::take(&mut group.taken) {
            claims.extend(self.taken(taken, promoted.next(), now).await);
        }
        let mut unsure = Vec::new();
        for (place, decided) in group.decided.iter_mut().enumerate() {
            let displaced = decided.displaced.as_ref().and_then(|_| ends.next());
            if let Err(error) = self.inserted(decided, displaced, &mut inserted, &mut claims, now).await {
                tracing::warn!(%error, "a decision is looked at again");
                unsure.push(place);
            }
        }
        self.starts.submit(claims);
        let mut take_unsure = |group: &mut Group| -> Vec<Decided> {
            unsure.drain(..).rev().map(|place| group.decided.remove(place)).collect()
        };
        let mut put_back = Vec::new();
        if apart {
            // A decision that is not known to be stored does not move its job on (planner.md, phase 3).
            put_back = take_unsure(&mut group);
            let mut writes = group.advances();
            writes.extend(notes.iter().cloned());
            writes.extend(group.counts());
            last = match self.database.bulk(vec![writes]).await {
                Ok(outcomes) => outcomes.into_iter().next().unwrap_or_default().into_iter(),
                Err(error) => {
                    tracing::warn!(%error, "jobs are moved on later");
                    self.to_note = notes;
                    Vec::new().into_iter()
                }
            };
        }
        self.advanced(&group, &mut last, now);
        put_back.extend(take_unsure(&mut group));
        for advance in put_back.iter().filter_map(|decided| decided.advance) {
            // Where it has moved on already, it is decided from where it stood all the same.
            if let Some(entry) = self.definitions.get_mut(advance.job) {
                entry.next_run_at = Some(advance.from);
            }
        }
        if !put_back.is_empty() {
            self.undo(Group { decided: put_back, ..Group::default() }, now, &Error::Timeout);
        }
        Ok(())
    }

    /// Puts everything back that a group was made of.
    pub(super) fn undo(&mut self, group: Group, now: DateTime<Utc>, error: &Error) {
        self.paused_until = Some(now + PAUSE);
        self.to_settle.extend(group.settled);
        self.to_promote.extend(group.promotions.iter().map(|promotion| promotion.job));
        for taken in group.taken {
            self.release(taken.claim.id);
            self.agenda.exactly(now + PAUSE, Item::Retry(taken.claim.id));
        }
        for decided in group.decided {
            if let Some(run) = &decided.run {
                self.release(run.claim.id);
            }
            if let Some(advance) = decided.advance {
                self.agenda.exactly(now + PAUSE, Item::Job(advance.job));
            }
            answer(decided, Err(TriggerError::Store(StoreError::Database(error.clone()))));
        }
        for advance in group.advances {
            // It is looked at from where it stands.
            self.agenda.exactly(now + PAUSE, Item::Job(advance.job));
        }
    }

    fn settled(&mut self, settle: &Settle, outcome: Option<Result<Outcome>>) {
        match outcome {
            Some(Ok(Outcome::Updated(report))) if report.matched > 0 => {
                self.tell(Event::Execution {
                    id: settle.execution,
                    job_id: settle.tally.job,
                    status: settle.end.status,
                    at: settle.end.completed_at,
                });
                if !settle.end.outbox.is_empty() {
                    self.starts.deliver(settle.execution);
                }
            }
            _ => tracing::debug!(execution = %settle.execution, "it was settled by somebody else"),
        }
        self.release(settle.execution);
        self.replay_ended(settle.tally.job, settle.execution);
    }

    fn promoted(
        &mut self,
        promotion: Promotion,
        outcome: Option<Result<Outcome>>,
        now: DateTime<Utc>,
    ) -> Option<Claim> {
        let Promotion { job, mut claim, slot } = promotion;
        match outcome {
            Some(Ok(Outcome::Updated(report))) if report.matched > 0 => {
                claim.overlap_key = Some(slot.key(job));
                self.hold(&claim, Some(slot));
                Some(*claim)
            }
            Some(Ok(_)) => {
                self.release(claim.id);
                None
            }
            // Somebody has the key after all; the end of that one comes, or the sweep finds it.
            _ => {
                self.agenda.exactly(now + Duration::seconds(1), Item::Job(job));
                self.to_promote.push(job);
                self.paused_until = Some(now + PAUSE);
                None
            }
        }
    }

    async fn taken(&mut self, taken: Taken, outcome: Option<Result<Outcome>>, now: DateTime<Utc>) -> Option<Claim> {
        let Taken { claim, slot, .. } = taken;
        let job = claim.definition.job.id;
        match outcome {
            Some(Ok(Outcome::Updated(report))) if report.matched > 0 => return Some(claim),
            Some(Err(Error::DuplicateKey { .. })) => {
                // What fails here is only the picture in memory; the next look finds the key taken again.
                drop(self.learn_holder(job, slot).await);
            }
            _ => {}
        }
        self.release(claim.id);
        self.agenda.exactly(now + PAUSE, Item::Retry(claim.id));
        None
    }

    /// What became of one decision's inserts.
    ///
    /// # Errors
    /// When it is not known to be stored.
    async fn inserted(
        &mut self,
        decided: &mut Decided,
        displaced: Option<Result<Outcome>>,
        outcomes: &mut Outcomes,
        claims: &mut Vec<Claim>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if let (Some(held), Some(_)) = (&decided.displaced, displaced) {
            let (id, job_id) = (held.execution, decided.definition.job.id);
            self.release(id);
            self.tell(Event::Execution { id, job_id, status: Status::Skipped, at: now });
        }
        let of_skips: Vec<_> = decided.skips.iter().map(|_| outcomes.next()).collect();
        let of_waits: Vec<_> = decided.waits.iter().map(|_| outcomes.next()).collect();
        let of_run = decided.run.as_ref().and_then(|_| outcomes.next());
        let replays = decided.run.as_ref().filter(|_| decided.replay).map(|run| run.claim.scheduled_for);
        for (place, outcome) in of_skips.into_iter().enumerate().rev() {
            self.skip_inserted(decided, place, outcome, now).await?;
        }
        self.waits_inserted(decided, of_waits, now)?;
        let claim = match of_run {
            None => None,
            Some(Ok(_)) => decided.run.as_ref().map(|run| run.claim.clone()),
            Some(Err(error)) => self.place(decided, error, now).await?,
        };
        if let Some(claim) = claim {
            self.tell(Event::Execution {
                id: claim.id,
                job_id: decided.definition.job.id,
                status: Status::Queued,
                at: claim.scheduled_for,
            });
            if let Some(asked) = decided.asked.take() {
                // Nobody waiting any more is no fault: the run is stored.
                drop(asked.send(Ok(claim.execution())));
            }
            if decided.replay {
                self.occupancy.of_mut(decided.definition.job.id).replay = Some((claim.id, claim.scheduled_for));
            }
            if decided.run.as_ref().is_some_and(|run| run.slot != Some(Slot::Waiting)) {
                claims.push(claim);
            } else if self
                .occupancy
                .of(decided.definition.job.id)
                .is_some_and(|active| active.running().next().is_none())
            {
                self.to_promote.push(decided.definition.job.id);
            }
        }
        let job = decided.definition.job.id;
        match replays {
            // It has been replayed before.
            Some(instant) if self.occupancy.of(job).is_none_or(|active| active.replay.is_none()) => {
                self.to_advance.push((job, instant, decided.found_until.unwrap_or(instant)));
            }
            Some(_) => {}
            None => {
                let next = decided.advance.and_then(|advance| advance.to);
                if let (Some(at), Some(until)) = (next, decided.found_until)
                    && at <= until
                {
                    self.to_advance.push((job, at, until));
                }
            }
        }
        for execution in std::mem::take(&mut decided.cancels) {
            self.stop_replaced(decided, execution, now);
        }
        Ok(())
    }

    async fn skip_inserted(
        &mut self,
        decided: &mut Decided,
        place: usize,
        outcome: Option<Result<Outcome>>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some(skip) = decided.skips.get(place) else { return Ok(()) };
        match outcome {
            Some(Ok(_)) => {
                let (id, job_id) = (skip.id, skip.job_id);
                self.tell(Event::Execution { id, job_id, status: Status::Skipped, at: now });
                Ok(())
            }
            Some(Err(Error::DuplicateKey { .. })) => {
                let skip = decided.skips.remove(place);
                if !self.apart {
                    Counters::new(self.database.clone()).forget(&Tally::of(&skip)).await?;
                }
                self.fill_behind(decided, &skip, now).await
            }
            Some(Err(error)) => Err(error),
            None => Err(Error::Timeout),
        }
    }

    fn waits_inserted(
        &mut self,
        decided: &Decided,
        outcomes: Vec<Option<Result<Outcome>>>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        for (waits, outcome) in decided.waits.iter().zip(outcomes) {
            match outcome {
                Some(Ok(_)) => {
                    self.agenda.exactly(now, Item::Retry(waits.id));
                    let (id, job_id, at) = (waits.id, waits.job_id, waits.scheduled_for);
                    self.tell(Event::Execution { id, job_id, status: Status::Queued, at });
                }
                // Decided before: perhaps the reply was lost, and it waits.
                Some(Err(Error::DuplicateKey { .. })) => self.agenda.exactly(now, Item::Retry(waits.id)),
                Some(Err(error)) => return Err(error),
                None => return Err(Error::Timeout),
            }
        }
        Ok(())
    }

    /// A run that gives way to its successor: told to stop, or, if it has not begun, never started.
    fn stop_replaced(&mut self, decided: &Decided, execution: crate::model::ExecutionId, now: DateTime<Utc>) {
        match self.starts.cancel(execution) {
            Halt::NotBegun(claim) => {
                let reason = (claim.trigger == Trigger::Schedule).then_some(crate::model::SkipReason::Replaced);
                let status = if reason.is_some() { Status::Skipped } else { Status::Cancelled };
                self.to_settle.push(Settle::of(&claim, status, reason, Some("replaced by the next run".into()), now));
            }
            Halt::Asked => self.to_note.push(writes::request_cancel(execution, now)),
            // Its end is on the way.
            Halt::Unknown => {}
        }
        tracing::debug!(%execution, job = %decided.definition.job.id, "asked to give way");
    }

    fn advanced(&mut self, group: &Group, outcomes: &mut Outcomes, now: DateTime<Utc>) {
        let of_decided =
            group.decided.iter().filter_map(|decided| decided.advance.map(|advance| (advance, decided.replay)));
        let replayed = group.advances.iter().map(|advance| (*advance, false));
        let all: Vec<(Advance, bool)> = of_decided.chain(replayed).collect();
        for (advance, replay) in all {
            let moved = matches!(outcomes.next(), Some(Ok(Outcome::Updated(report))) if report.matched > 0);
            if !moved {
                // An edit came between, or the reply is lost: what the store says decides.
                self.definitions.forget(advance.job);
                self.agenda.exactly(now + PAUSE, Item::Job(advance.job));
                continue;
            }
            if let Some(entry) = self.definitions.get_mut(advance.job) {
                entry.next_run_at = advance.to;
                entry.last_run_at = entry.last_run_at.max(advance.last_run_at);
            }
            // A replay moves its job on when it has ended.
            if let Some(next) = advance.to.filter(|_| !replay) {
                self.agenda.ahead_of(next, advance.job);
            }
        }
    }
}

fn answer(decided: Decided, with: std::result::Result<crate::model::Execution, TriggerError>) {
    if let Some(asked) = decided.asked {
        // Nobody waiting any more is no fault.
        drop(asked.send(with));
    }
}
