//! One occurrence on its way from being due to a decision that can be stored.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use sandglass_database::Result;
use sandglass_schedule::Timetable;

use super::agenda::Item;
use super::collision::decided_until;
use super::decision::{self, Circumstances, Decision, Ruled};
use super::definitions::Entry;
use super::group::{Advance, Decided, NewRun};
use super::overlap::{Active, Held, Slot};
use super::planner::Planner;
use super::skip;
use crate::model::{Digest, Execution, ExecutionId, JobId, SkipReason, Token, Trigger};
use crate::repository::{Claim, Definition};

impl Planner {
    /// What is to be decided about the oldest instant, and whether its template can run. `active`: what the job has under
    /// way, where that counts.
    fn judge(
        &self,
        definition: &Definition,
        timetable: &Timetable,
        oldest: DateTime<Utc>,
        now: DateTime<Utc>,
        active: Option<&Active>,
    ) -> (std::result::Result<Digest, String>, Decision) {
        let ready = self.templates.ready(&definition.job.template_type, definition.job.template_digest.as_ref());
        let decision = decision::decide(&Circumstances {
            job: &definition.job,
            timetable,
            oldest,
            now,
            template: ready.as_ref().map(|_| ()).map_err(String::as_str),
            active,
            settings: &self.settings,
        });
        (ready, decision)
    }

    /// Decides the next instant of a job, if it is due. Nothing is stored yet; the keys are taken in memory.
    pub(super) fn decide(&mut self, job: JobId, now: DateTime<Utc>) -> Option<Decided> {
        let entry = self.definitions.get(job)?.clone();
        let definition = entry.definition.as_ref();
        let timetable = definition.active_timetable()?;
        // An entry that an edit or an earlier decision has overtaken: the job stands in the agenda once more.
        let oldest = entry.next_run_at.filter(|at| *at <= now + self.settings.lead)?;
        if self.occupancy.of(job).is_some_and(|active| active.replay.is_some()) {
            return None;
        }
        let (ready, decision) = self.judge(definition, timetable, oldest, now, self.occupancy.of(job));
        match decision {
            Decision::WaitUntil(at) => {
                self.agenda.exactly(at, Item::Job(job));
                self.park(job);
                None
            }
            Decision::WaitForEnd => {
                self.park(job);
                None
            }
            Decision::Decide(Ruled { replay: true, run: Some(run), .. })
                if self.occupancy.job_of(ExecutionId::derive(job, run.instant)).is_some() =>
            {
                // Claimed before the last start: the job moves on when it has ended.
                self.occupancy.of_mut(job).replay = Some((ExecutionId::derive(job, run.instant), run.instant));
                None
            }
            Decision::Decide(ruled) => Some(self.carry_out(&entry, oldest, ruled, ready.ok(), now)),
        }
    }

    /// The decision is made anew when something active ends.
    fn park(&mut self, job: JobId) {
        if self.occupancy.of(job).is_some() {
            self.occupancy.of_mut(job).parked = true;
        }
    }

    fn carry_out(
        &mut self,
        entry: &Entry,
        oldest: DateTime<Utc>,
        ruled: Ruled,
        digest: Option<Digest>,
        now: DateTime<Utc>,
    ) -> Decided {
        let job = &entry.definition.job;
        let mut decided = Decided {
            skips: ruled.skips.iter().map(|skip| skip::record(job, skip, now)).collect(),
            replay: ruled.replay,
            ..self.without_run(entry, oldest, ruled.next)
        };
        let (Some(run), Some(digest)) = (ruled.run, digest) else { return decided };
        if let Some(advance) = &mut decided.advance {
            advance.last_run_at = Some(run.instant);
        }
        let id = ExecutionId::derive(job.id, run.instant);
        if self.occupancy.job_of(id).is_some() {
            // Decided before the last start, and active: only the job has to move on.
            return decided;
        }
        let active = self.occupancy.of(job.id);
        decided.displaced = run.displaces.and_then(|id| active.and_then(|active| active.find(id)).cloned());
        decided.cancels = run.cancels;
        let claim = self.occurrence(&entry.definition, digest, run.instant, Some(run.slot.key(job.id)));
        self.hold(&claim, Some(run.slot));
        decided.run = Some(NewRun { claim, slot: Some(run.slot) });
        decided
    }

    /// Notes a claim as active. The one that waits stays here; others go to the executor once they are stored.
    pub(super) fn hold(&mut self, claim: &Claim, slot: Option<Slot>) {
        let held = Held {
            execution: claim.id,
            slot,
            token: claim.token,
            scheduled_for: claim.scheduled_for,
            trigger: claim.trigger,
            claim: (slot == Some(Slot::Waiting)).then(|| Box::new(claim.clone())),
        };
        self.occupancy.hold(claim.definition.job.id, held);
    }

    /// The replays that are left of a job whose schedule is edited, decided under the definition that is still in force:
    /// each becomes an execution that waits until nothing of the job is active, as a retry does.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn replays_left(&self, job: JobId, now: DateTime<Utc>) -> Result<Option<Decided>> {
        let Some(entry) = self.definitions.get(job) else { return Ok(None) };
        let definition = &entry.definition;
        let Some(timetable) = definition.active_timetable() else { return Ok(None) };
        let Some(from) = entry.next_run_at.filter(|at| *at <= now) else { return Ok(None) };
        // An earlier change may have decided some of them, and then have failed.
        let mut oldest = Some(from);
        for found in self.executions.decided_within(job, from, now).await? {
            oldest = oldest.and_then(|oldest| match found.scheduled_for <= oldest {
                true => timetable.next(decided_until(&found, Some(timetable)).max(oldest)),
                false => Some(oldest),
            });
        }
        let mut decided = self.without_run(entry, from, oldest);
        let Some(oldest) = oldest.filter(|oldest| *oldest <= now) else { return Ok(Some(decided)) };
        let (ready, decision) = self.judge(definition, timetable, oldest, now, None);
        let Decision::Decide(ruled) = decision else { return Ok(self.skip_past(job, SkipReason::Edited, now)) };
        decided.skips = ruled.skips.iter().map(|skip| skip::record(&definition.job, skip, now)).collect();
        let mut next = ruled.next;
        if let (Some(run), Ok(digest)) = (ruled.run, ready) {
            next = Some(run.instant);
            while let Some(instant) = next.filter(|instant| *instant <= now) {
                decided.waits.push(self.waits(definition, &digest, instant, now));
                next = timetable.next(instant);
            }
        }
        if let Some(advance) = &mut decided.advance {
            advance.to = next;
            advance.last_run_at = decided.waits.last().map(|last| last.scheduled_for);
        }
        Ok(Some(decided))
    }

    /// An occurrence that nobody holds yet.
    fn waits(
        &self,
        definition: &Arc<Definition>,
        digest: &Digest,
        instant: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Execution {
        let claim = self.occurrence(definition, digest.clone(), instant, None);
        Execution { host: None, retry_at: Some(now), ..claim.execution() }
    }

    fn occurrence(
        &self,
        definition: &Arc<Definition>,
        digest: Digest,
        instant: DateTime<Utc>,
        overlap_key: Option<String>,
    ) -> Claim {
        Claim {
            id: ExecutionId::derive(definition.job.id, instant),
            definition: definition.clone(),
            parameters: definition.parameters.clone(),
            digest,
            scheduled_for: instant,
            trigger: Trigger::Schedule,
            triggered_by: self.scheduler.clone(),
            rerun_of: None,
            token: Token::FIRST,
            host: self.host.clone(),
            overlap_key,
            attempts: Vec::new(),
            log_lines: 0,
        }
    }

    /// Moves a job from one instant to another; nothing runs.
    fn without_run(&self, entry: &Entry, from: DateTime<Utc>, to: Option<DateTime<Utc>>) -> Decided {
        Decided {
            definition: entry.definition.clone(),
            skips: Vec::new(),
            waits: Vec::new(),
            run: None,
            displaced: None,
            cancels: Vec::new(),
            advance: Some(Advance { job: entry.definition.job.id, from, to, last_run_at: None }),
            replay: false,
            found_until: None,
            asked: None,
        }
    }

    /// Everything undecided up to now becomes one skip; for a job that is stopped while its replays wait.
    pub(super) fn skip_past(&self, job: JobId, reason: SkipReason, now: DateTime<Utc>) -> Option<Decided> {
        let entry = self.definitions.get(job)?;
        let timetable = entry.definition.active_timetable()?;
        let from = entry.next_run_at.filter(|at| *at <= now)?;
        let replayed = self.occupancy.job_of(ExecutionId::derive(job, from)).is_some();
        let oldest = if replayed { timetable.next(from) } else { Some(from) };
        let (skips, to) = match oldest.filter(|oldest| *oldest <= now) {
            Some(oldest) => {
                let (skip, next) = decision::skip_past(timetable, reason, oldest, now);
                (vec![skip::record(&entry.definition.job, &skip, now)], next)
            }
            None => (Vec::new(), oldest),
        };
        Some(Decided { skips, ..self.without_run(entry, from, to) })
    }

    /// When a definition that was not in force before fires first: strictly later than now, and than what has run
    /// already if the clock was set back a little (T4, T16). A last run further ahead than the grace was made under a
    /// clock that was wrong: it holds nothing up, for its own instant cannot be decided twice anyway.
    pub(super) fn first_instant(
        definition: &Definition,
        last_run_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
        grace: Duration,
    ) -> Option<DateTime<Utc>> {
        let ran = last_run_at.filter(|last| *last - now <= grace);
        definition.active_timetable()?.next(ran.map_or(now, |last| last.max(now)))
    }
}
