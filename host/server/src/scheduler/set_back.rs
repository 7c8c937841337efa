//! A wall clock that jumps (T16). What a clock far ahead has driven there comes back when the clock does, and a claim
//! that a forward jump has left behind is a misfire like any other late occurrence.
//!
//! Nothing can run twice by that: the ids of occurrences are derived, so an instant that was decided stays decided.

use chrono::{DateTime, Duration, Utc};
use sandglass_database::{Outcome, Result};

use super::agenda::Item;
use super::fate;
use super::group::{Group, Settle};
use super::planner::{PAUSE, Planner};
use crate::model::{ExecutionId, JobId, SkipReason, Status, Trigger};
use crate::repository::{Jobs, writes};

/// Jobs that come back in one group.
const GROUP: usize = 1_000;

/// Where a job stood under the clock that was wrong, and where it stands now.
struct Move {
    job: JobId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    ran_ahead: bool,
}

impl Planner {
    /// Whether a moment lies further ahead than anything that a clock set back a little explains.
    pub(super) fn is_far_ahead(&self, at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        at - now > self.settings.grace
    }

    /// Notices that the wall clock was set back by more than the grace. Less is waited for (planner.md, recovery).
    pub(super) async fn watch_clock(&mut self, now: DateTime<Utc>) {
        if !self.is_far_ahead(self.latest_seen, now) {
            self.latest_seen = self.latest_seen.max(now);
            return;
        }
        if self.paused_until.is_some_and(|until| until > now && until <= now + PAUSE * 100) {
            return;
        }
        let before = self.latest_seen;
        match self.come_back(now, Some(before)).await {
            Ok(moved) => {
                tracing::warn!(%before, %now, moved, "the wall clock was set back; jobs that it had driven ahead come back");
                self.latest_seen = now;
            }
            Err(error) => {
                tracing::debug!(%before, %now, "the wall clock was set back; jobs come back when the store answers");
                self.wait_for_store(&error, now);
            }
        }
    }

    /// Claims, retries and jobs that a clock far ahead has driven into the future. `before`: what it showed; none if a
    /// former process saw it. Gives back how many jobs have moved.
    ///
    /// # Errors
    /// Those of the database; what has not come back then is tried again.
    pub(super) async fn come_back(&mut self, now: DateTime<Utc>, before: Option<DateTime<Utc>>) -> Result<usize> {
        self.give_up_claims(now).await?;
        self.shorten_waits(now, before).await?;
        let mut ids = Vec::new();
        self.jobs
            .walk(|job| {
                if job.enabled && job.deleted_at.is_none() && job.next_run_at.is_some_and(|next| next > now) {
                    ids.push(job.id);
                }
            })
            .await?;
        let mut moved = 0;
        for part in ids.chunks(GROUP) {
            self.definitions.load(part.iter().copied()).await?;
            let moves: Vec<Move> = part.iter().filter_map(|job| self.way_back(*job, now)).collect();
            moved += self.move_back(moves, now).await?;
        }
        Ok(moved)
    }

    /// A claim that waits for an instant far ahead would hold its job's key until then.
    async fn give_up_claims(&mut self, now: DateTime<Utc>) -> Result<()> {
        let far: Vec<ExecutionId> = self
            .occupancy
            .all()
            .filter(|held| held.trigger == Trigger::Schedule && self.is_far_ahead(held.scheduled_for, now))
            .map(|held| held.execution)
            .collect();
        let mut settled = Vec::new();
        for id in far {
            let waiting = self.occupancy.find_mut(id).and_then(|held| held.claim.take()).map(|claim| *claim);
            match waiting.or_else(|| self.starts.withdraw(id)) {
                Some(claim) if claim.attempts.is_empty() => {
                    let why = Some("the wall clock was set back before it began".to_owned());
                    settled.push(Settle::of(&claim, Status::Skipped, Some(SkipReason::Misfire), why, now));
                }
                // It has been tried before, so its instant has come once.
                Some(claim) => self.starts.submit(vec![claim]),
                None => {}
            }
        }
        self.store(Group { settled, ..Group::default() }, now).await
    }

    /// A retry waits as long as it still had to wait when the clock was set back.
    async fn shorten_waits(&mut self, now: DateTime<Utc>, before: Option<DateTime<Utc>>) -> Result<()> {
        let mut waits = Vec::new();
        for retry in self.executions.waiting_for_retry().await? {
            let Some(at) = retry.retry_at.filter(|at| self.is_far_ahead(*at, now)) else { continue };
            let left = (at - before.unwrap_or(at)).max(Duration::zero());
            if now + left < at {
                waits.push((retry.id, retry.token, now + left));
            }
        }
        if waits.is_empty() {
            return Ok(());
        }
        let phase = waits.iter().map(|(id, token, at)| writes::wait_until(*id, *token, *at)).collect();
        for outcome in self.database.bulk(vec![phase]).await?.into_iter().flatten() {
            outcome?;
        }
        for (id, _, at) in waits {
            self.agenda.exactly(at, Item::Retry(id));
        }
        Ok(())
    }

    fn way_back(&self, job: JobId, now: DateTime<Utc>) -> Option<Move> {
        let entry = self.definitions.get(job)?;
        let from = entry.next_run_at.filter(|next| *next > now)?;
        let to = Self::first_instant(&entry.definition, entry.last_run_at, now, self.settings.grace)?;
        let ran_ahead = entry.last_run_at.is_some_and(|last| self.is_far_ahead(last, now));
        (to < from).then_some(Move { job, from, to, ran_ahead })
    }

    async fn move_back(&mut self, moves: Vec<Move>, now: DateTime<Utc>) -> Result<usize> {
        if moves.is_empty() {
            return Ok(0);
        }
        let advances = moves.iter().map(|moved| Jobs::advance(moved.job, moved.from, Some(moved.to), None)).collect();
        let ran = moves.iter().filter(|moved| moved.ran_ahead);
        let ran = ran.map(|moved| Jobs::ran_ahead(moved.job, now, now + self.settings.grace)).collect();
        let outcomes = self.database.bulk(vec![advances, ran]).await?;
        let mut count = 0;
        for (moved, outcome) in moves.iter().zip(outcomes.into_iter().next().unwrap_or_default()) {
            if matches!(outcome?, Outcome::Updated(report) if report.matched > 0) {
                count += 1;
                if let Some(entry) = self.definitions.get_mut(moved.job) {
                    entry.next_run_at = Some(moved.to);
                    if moved.ran_ahead {
                        entry.last_run_at = Some(now);
                    }
                }
                if self.occupancy.of(moved.job).is_some_and(|active| active.replay.is_some()) {
                    self.occupancy.of_mut(moved.job).replay = None;
                    self.occupancy.tidy(moved.job);
                }
            } else {
                self.definitions.forget(moved.job);
            }
            self.agenda.ahead_of(moved.to, moved.job);
        }
        Ok(count)
    }

    /// A claim was made ahead of its instant, and a forward jump of the clock has carried it past. It is decided anew.
    pub(super) fn overslept(&mut self, execution: ExecutionId) {
        let Some(claim) = self.starts.withdraw(execution) else { return };
        let now = self.now();
        if fate::is_misfired(&claim.definition, claim.scheduled_for, now, self.settings.grace) {
            let why = Some("the wall clock jumped past it".to_owned());
            self.to_settle.push(Settle::of(&claim, Status::Skipped, Some(SkipReason::Misfire), why, now));
        } else {
            self.starts.submit(vec![claim]);
        }
    }
}
