//! What a start finds: everything that is held belongs to a process that is dead (the lock on the data folder says so, or on a MongoDB server the hold on the database),
//! and is settled at once, before the first tick. Also the sweep, which finds what a lost reply has left behind.

use chrono::{DateTime, Duration, Utc};
use sandglass_database::{Outcome, Result, Write};

use super::agenda::Item;
use super::definitions::Entry;
use super::fate::{self, Fate, Remains};
use super::group::Settle;
use super::overlap::Slot;
use super::planner::Planner;
use crate::executor::retry;
use crate::model::execution::Attempt;
use crate::model::template::OnLost;
use crate::model::{Execution, Job, JobId, Status};
use crate::repository::{Claim, Counters, Jobs, Loaded, writes};

/// Executions settled in one group.
const GROUP: usize = 1_000;
const SWEEP_EVERY: Duration = Duration::seconds(30);

/// What a start found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    pub jobs: usize,
    pub adopted: usize,
    pub restarted: usize,
    pub settled: usize,
    pub retries: usize,
    pub outboxes: usize,
}

impl Planner {
    /// Loads what is to come, and settles what a former process held.
    ///
    /// # Errors
    /// Those of the database; nothing has started then.
    pub async fn recover(&mut self) -> Result<Recovered> {
        let now = self.now();
        let mut found = Recovered::default();
        let (foreign, mut driven_ahead) = self.load_agenda(now, &mut found).await?;
        let left = self.executions.settle_foreign(now).await?;
        if left > 0 {
            tracing::info!("{left} executions of the former system had no end and are lost");
        }
        let mut jobs = Vec::new();
        for id in foreign {
            jobs.extend(self.foreign_job(id).await?);
        }
        if !jobs.is_empty() {
            // Before its jobs are adopted, so that a start that is cut off does it again.
            let counted = self.executions.count_foreign().await?;
            tracing::info!("{counted} executions of the former system are in the history");
        }
        found.adopted = jobs.len();
        for job in jobs {
            self.adopt(job, now).await?;
        }
        let held = self.executions.held().await?;
        driven_ahead |= held.iter().any(|execution| self.is_far_ahead(execution.scheduled_for, now));
        self.take_over(held, now, &mut found).await?;
        for retry in self.executions.waiting_for_retry().await? {
            found.retries += 1;
            driven_ahead |=
                retry.retry_at.is_some_and(|at| (at - now).to_std().is_ok_and(|wait| wait > retry::LONGEST));
            self.agenda.exactly(retry.retry_at.unwrap_or(now), Item::Retry(retry.id));
        }
        for execution in self.executions.with_outbox().await? {
            found.outboxes += 1;
            self.starts.deliver(execution.id);
        }
        if driven_ahead {
            self.come_back(now, None).await?;
        }
        Ok(found)
    }

    /// Gives back the jobs of the older system, and whether a job ran under a clock that was far ahead of today's.
    async fn load_agenda(&mut self, now: DateTime<Utc>, found: &mut Recovered) -> Result<(Vec<JobId>, bool)> {
        let (mut all, mut foreign, mut driven_ahead) = (Vec::new(), Vec::new(), false);
        self.jobs.walk(|job| all.push(job)).await?;
        found.jobs = all.len();
        for Loaded { id, enabled, next_run_at, last_run_at, deleted_at, foreign: unknown } in all {
            driven_ahead |= last_run_at.is_some_and(|last| self.is_far_ahead(last, now));
            if let Some(at) = deleted_at {
                self.agenda.exactly((at + self.settings.undo).max(now), Item::Purge(id));
            } else if unknown {
                foreign.push(id);
            } else if let (true, Some(next)) = (enabled, next_run_at) {
                self.agenda.ahead_of(next, id);
            }
        }
        Ok((foreign, driven_ahead))
    }

    /// A job of the older system, if it can be read.
    async fn foreign_job(&self, id: JobId) -> Result<Option<Job>> {
        match self.jobs.get_any(id).await {
            Err(error @ sandglass_database::Error::Corrupted { .. }) => {
                tracing::error!(%error, "a job of the former system cannot be adopted");
                Ok(None)
            }
            found => found,
        }
    }

    /// A job of the older system gets what it lacks; a past `next_run_at` is computed anew, so that it does not fire
    /// at once.
    async fn adopt(&mut self, job: Job, now: DateTime<Utc>) -> Result<()> {
        let id = job.id;
        let mut entry = Entry::of(job);
        if let Err(why) = &entry.definition.timetable {
            tracing::warn!(job = %id, why, "a job of the former system has a schedule that cannot be used, and does not fire");
        }
        let kept = entry.next_run_at.filter(|next| *next > now && entry.definition.active_timetable().is_some());
        entry.next_run_at =
            kept.or_else(|| Self::first_instant(&entry.definition, entry.last_run_at, now, self.settings.grace));
        self.write_one(Jobs::adopt(&entry.job())).await?;
        if let Some(next) = entry.next_run_at {
            self.agenda.ahead_of(next, id);
        }
        Ok(())
    }

    /// Settles executions that nobody runs any more.
    pub(super) async fn take_over(
        &mut self,
        held: Vec<Execution>,
        now: DateTime<Utc>,
        found: &mut Recovered,
    ) -> Result<()> {
        let mut rest = held.into_iter().peekable();
        while rest.peek().is_some() {
            let part: Vec<Execution> = rest.by_ref().take(GROUP).collect();
            self.definitions.load(part.iter().map(|execution| execution.job_id)).await?;
            let (mut claims, mut writes): (Vec<Option<Claim>>, Vec<Write>) = (Vec::new(), Vec::new());
            let (mut tallies, mut outboxes) = (Vec::new(), Vec::new());
            for execution in &part {
                match self.fate_of(execution, now).await? {
                    Ok(claim) => {
                        found.restarted += 1;
                        writes.push(writes::take(execution.id, execution.token, &claim));
                        claims.push(Some(claim));
                    }
                    Err(settle) => {
                        found.settled += 1;
                        writes.push(writes::settle(settle.execution, settle.seen, &settle.end, settle.reason));
                        tallies.push(settle.tally);
                        claims.push(None);
                        if !settle.end.outbox.is_empty() {
                            outboxes.push(settle.execution);
                        }
                    }
                }
            }
            let outcomes = self.database.bulk(vec![writes, Counters::raise(&tallies)]).await?;
            let mut to_start = Vec::new();
            for (claim, outcome) in claims.into_iter().zip(outcomes.into_iter().next().unwrap_or_default()) {
                let matched = matches!(outcome?, Outcome::Updated(report) if report.matched > 0);
                if let Some(claim) = claim.filter(|_| matched) {
                    let job = claim.definition.job.id;
                    let slot = claim.overlap_key.as_deref().and_then(Slot::of_key);
                    self.hold(&claim, slot);
                    if slot == Some(Slot::Waiting) {
                        self.to_promote.push(job);
                    } else {
                        to_start.push(claim);
                    }
                }
            }
            self.starts.submit(to_start);
            for id in outboxes {
                self.starts.deliver(id);
            }
        }
        Ok(())
    }

    /// What becomes of one of them: a claim to start, or its end.
    async fn fate_of(
        &self,
        execution: &Execution,
        now: DateTime<Utc>,
    ) -> Result<std::result::Result<Claim, Box<Settle>>> {
        let entry = self.definitions.get(execution.job_id);
        let definition = entry.map(|entry| entry.definition.clone()).filter(|known| known.job.deleted_at.is_none());
        let running =
            execution.attempts.last().filter(|attempt| attempt.ended_at.is_none()).map(|attempt| attempt.number);
        let number = running.unwrap_or_else(|| next_number(execution));
        let may_have_written = self.effects.any_write(execution.id, number).await?;
        let digest = self.templates.ready(&execution.template_type, execution.template_digest.as_ref());
        let on_lost = definition.as_ref().and_then(|known| known.job.on_lost).unwrap_or_else(|| {
            execution.template_digest.as_ref().map_or(OnLost::Fail, |digest| self.templates.on_lost(digest))
        });
        let fate = fate::rule(&Remains {
            execution,
            definition: definition.as_deref(),
            template: digest.as_ref().map(|_| ()).map_err(String::as_str),
            may_have_written,
            on_lost,
            now,
            grace: self.settings.grace,
        });
        let mut execution = execution.clone();
        let begun = may_have_written || execution.status == Status::Running;
        if begun {
            close_attempt(&mut execution, number, now);
        }
        Ok(match (fate, definition, digest) {
            (Fate::Start, Some(definition), Ok(digest)) => {
                let key = execution.overlap_key.clone();
                Ok(self.claim_again(&execution, &definition, digest, key))
            }
            (Fate::Start, definition, _) => {
                let error = "it cannot be started again".into();
                Err(Box::new(Settle::given_up(&execution, definition.as_deref(), Status::Lost, error, now)))
            }
            (Fate::End { status, reason, error }, definition, _) => {
                let mut settle = Settle::given_up(&execution, definition.as_deref(), status, error, now);
                settle.reason = reason;
                if begun {
                    settle.end.attempts = execution.attempts;
                }
                Err(Box::new(settle))
            }
        })
    }

    /// Every half minute: what the store says this host holds and memory does not know. A lost reply leaves such.
    pub(super) async fn sweep(&mut self, now: DateTime<Utc>) {
        if (now - self.swept_at).abs() < SWEEP_EVERY {
            return;
        }
        self.swept_at = now;
        let swept = async {
            let held = self.executions.held_by(&self.host).await?;
            let unknown: Vec<Execution> =
                held.into_iter().filter(|execution| self.occupancy.job_of(execution.id).is_none()).collect();
            if unknown.is_empty() {
                return Ok(());
            }
            tracing::warn!("{} executions were held without being known, and are settled", unknown.len());
            self.take_over(unknown, now, &mut Recovered::default()).await
        };
        let outcome: Result<()> = swept.await;
        if let Err(error) = outcome {
            if self.trouble.met(self.clock.boot_time()) {
                tracing::warn!(%error, "the sweep waits for the store");
            }
            self.swept_at = now - SWEEP_EVERY + Duration::seconds(1);
        }
    }

    /// With the next turn: something is held that memory does not know.
    pub(super) fn sweep_soon(&mut self) {
        self.swept_at -= SWEEP_EVERY;
    }
}

fn next_number(execution: &Execution) -> u32 {
    u32::try_from(execution.attempts.len()).unwrap_or(u32::MAX).saturating_add(1)
}

/// The attempt that was cut off, as lost.
fn close_attempt(execution: &mut Execution, number: u32, now: DateTime<Utc>) {
    let error = Some("its host died".to_owned());
    match execution.attempts.last_mut().filter(|attempt| attempt.ended_at.is_none()) {
        Some(attempt) => {
            attempt.ended_at = Some(now);
            attempt.status = Status::Lost;
            attempt.error = error;
        }
        None => execution.attempts.push(Attempt {
            number,
            token: execution.token,
            host: execution.execution_host.clone().unwrap_or_default(),
            started_at: execution.started_at.unwrap_or(execution.scheduled_for),
            ended_at: Some(now),
            status: Status::Lost,
            error,
            interrupted: false,
            reads: Vec::new(),
        }),
    }
}
