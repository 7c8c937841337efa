//! The planner's state, and how a turn gathers what is due.
//!
//! One turn: take what has come up, decide it over what is in memory, write the group, hand over what was stored. It
//! never sleeps and starts no thread; `thread` does that, and simulations drive turns themselves.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use sandglass_database::{Database, Result};

use super::Settings;
use super::agenda::{Agenda, Item};
use super::decision::{self, Circumstances, Decision, Ruled};
use super::definitions::{Definitions, Entry};
use super::group::{Advance, Decided, Group, NewRun, Promotion, Settle};
use super::overlap::{Freed, Held, Occupancy, Slot};
use super::skip;
use super::starts::Starts;
use crate::executor::{EffectsSeen, Ended, Ending, Templates};
use crate::model::event::{Event, Events};
use crate::model::{Clock, Digest, ExecutionId, Incarnation, JobId, SkipReason, Token, Trigger};
use crate::repository::{Claim, Definition, Executions, Jobs};

/// Definitions that are kept although they have not fired lately, at least.
const KEPT_DEFINITIONS: usize = 20_000;
/// After a store that did not answer, and while there is no room for claims.
pub(super) const PAUSE: Duration = Duration::milliseconds(100);
const NO_ROOM: Duration = Duration::milliseconds(10);

/// What the planner is made of.
#[derive(Clone)]
pub struct Parts {
    pub settings: Settings,
    pub database: Arc<dyn Database>,
    pub starts: Arc<dyn Starts>,
    pub templates: Arc<dyn Templates>,
    pub effects: Arc<dyn EffectsSeen>,
    pub clock: Arc<dyn Clock>,
    pub events: Events,
    /// This start of this host.
    pub host: Incarnation,
}

pub struct Planner {
    pub(super) settings: Settings,
    pub(super) database: Arc<dyn Database>,
    pub(super) jobs: Jobs,
    pub(super) executions: Executions,
    pub(super) starts: Arc<dyn Starts>,
    pub(super) templates: Arc<dyn Templates>,
    pub(super) effects: Arc<dyn EffectsSeen>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) events: Events,
    pub(super) host: Arc<Incarnation>,
    pub(super) scheduler: Arc<str>,

    pub(super) agenda: Agenda,
    pub(super) definitions: Definitions,
    pub(super) occupancy: Occupancy,
    /// Jobs whose waiting run can take the key of the one that ended.
    pub(super) to_promote: Vec<JobId>,
    /// Jobs that stand at an instant and move on behind another, because all between is decided: a replay has ended, or
    /// an earlier skip was found.
    pub(super) to_advance: Vec<(JobId, DateTime<Utc>, DateTime<Utc>)>,
    /// Ends that are still to be stored.
    pub(super) to_settle: Vec<Settle>,
    /// Runs that were asked to stop; noted with the next group.
    pub(super) to_note: Vec<sandglass_database::Write>,
    /// The group that is being stored moves its jobs on in a second one.
    pub(super) apart: bool,
    /// Nothing is gathered before.
    pub(super) paused_until: Option<DateTime<Utc>>,
    pub(super) manual_runs: u64,
    pub(super) swept_at: DateTime<Utc>,
}

impl Planner {
    pub fn new(parts: Parts) -> Self {
        let Parts { settings, database, starts, templates, effects, clock, events, host } = parts;
        let jobs = Jobs::new(database.clone());
        Self {
            agenda: Agenda::new(settings.lead),
            definitions: Definitions::new(jobs.clone(), KEPT_DEFINITIONS),
            occupancy: Occupancy::default(),
            executions: Executions::new(database.clone()),
            jobs,
            database,
            starts,
            templates,
            effects,
            swept_at: clock.now(),
            clock,
            events,
            host: Arc::new(host),
            scheduler: "scheduler".into(),
            settings,
            to_promote: Vec::new(),
            to_advance: Vec::new(),
            to_settle: Vec::new(),
            to_note: Vec::new(),
            apart: false,
            paused_until: None,
            manual_runs: 0,
        }
    }

    /// One look at what is due. Returns when to look again at the latest.
    pub async fn turn(&mut self) -> DateTime<Utc> {
        let now = self.clock.now();
        if self.paused_until.is_none_or(|until| until <= now || until > now + PAUSE * 100) {
            self.paused_until = None;
            match self.gather(now).await {
                Ok(group) => {
                    // A failure has put everything back already.
                    if let Err(error) = self.store(group, now).await {
                        tracing::warn!(%error, "decisions wait for the store");
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "decisions wait for the store");
                    self.paused_until = Some(now + PAUSE);
                }
            }
            self.sweep(now).await;
        }
        self.next_look(now)
    }

    fn next_look(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let at_the_latest = now + Duration::seconds(1);
        if let Some(until) = self.paused_until {
            return until.min(at_the_latest);
        }
        if !(self.to_promote.is_empty() && self.to_settle.is_empty() && self.to_advance.is_empty()) {
            return now;
        }
        let next = self.agenda.next_look().unwrap_or(at_the_latest);
        let next = if next <= now && !self.starts.has_room() { now + NO_ROOM } else { next };
        next.min(at_the_latest)
    }

    /// An attempt is over, and the store says so.
    pub fn ended(&mut self, ended: &Ended) {
        let Ended { execution, job, ending } = ended;
        if let Ending::Retry { at, .. } = ending {
            self.agenda.exactly(*at, Item::Retry(*execution));
        } else {
            self.replay_ended(*job, *execution);
        }
        self.release(*execution);
    }

    /// If this was the replay that the job waits for, the job moves on.
    pub(super) fn replay_ended(&mut self, job: JobId, execution: ExecutionId) {
        let Some((replay, instant)) = self.occupancy.of(job).and_then(|active| active.replay) else { return };
        if replay == execution {
            self.occupancy.of_mut(job).replay = None;
            self.occupancy.tidy(job);
            self.to_advance.push((job, instant, instant));
        }
    }

    /// Forgets an active execution and lets go on what waited for its end.
    pub(super) fn release(&mut self, execution: ExecutionId) {
        if let Some((job, freed)) = self.occupancy.release(execution) {
            self.go_on(job, freed);
        }
    }

    pub(super) fn go_on(&mut self, job: JobId, freed: Freed) {
        let now = self.clock.now();
        if freed.promote {
            self.to_promote.push(job);
        }
        for retry in freed.retries {
            self.agenda.exactly(now, Item::Retry(retry));
        }
        if freed.decide {
            self.agenda.exactly(now, Item::Job(job));
        }
    }

    async fn gather(&mut self, now: DateTime<Utc>) -> Result<Group> {
        let mut group = Group { settled: std::mem::take(&mut self.to_settle), ..Group::default() };
        self.to_promote.sort_unstable();
        self.to_promote.dedup();
        for job in std::mem::take(&mut self.to_promote) {
            group.promotions.extend(self.promotion(job));
        }
        if !self.starts.has_room() {
            return Ok(group);
        }
        let due = self.agenda.take_due(now, self.settings.group_size);
        let jobs = due.iter().filter_map(|item| match item {
            Item::Job(job) => Some(*job),
            _ => None,
        });
        let to_advance: HashSet<_> = std::mem::take(&mut self.to_advance).into_iter().collect();
        if let Err(error) = self.definitions.load(jobs.chain(to_advance.iter().map(|(job, ..)| *job))).await {
            self.put_back(&due, now + PAUSE);
            self.to_advance.extend(to_advance);
            self.undo(group, now, &error);
            return Err(error);
        }
        for (job, at, behind) in to_advance {
            group.advances.extend(self.move_behind(job, at, behind, now));
        }
        // Retries first: they have waited longer than an occurrence that is only just due.
        if let Err(error) = self.gather_retries(&due, now, &mut group).await {
            self.put_back(&due, now + PAUSE);
            self.undo(group, now, &error);
            return Err(error);
        }
        for item in due {
            match item {
                // One that moves on in this group stands in the agenda again once it has.
                Item::Job(job) if group.advances.iter().any(|advance| advance.job == job) => {}
                Item::Job(job) => group.decided.extend(self.decide(job, now)),
                Item::Purge(job) => self.to_note.push(Jobs::purge(job)),
                Item::Retry(_) => {}
            }
        }
        Ok(group)
    }

    fn put_back(&mut self, items: &[Item], at: DateTime<Utc>) {
        for item in items {
            self.agenda.exactly(at, *item);
        }
    }

    fn promotion(&mut self, job: JobId) -> Option<Promotion> {
        let active = self.occupancy.of(job)?;
        if active.running().next().is_some() {
            return None;
        }
        let claim = active.waiting()?.claim.clone()?;
        Some(Promotion { job, claim, slot: Slot::Running(0) })
    }

    fn move_behind(
        &mut self,
        job: JobId,
        at: DateTime<Utc>,
        behind: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<Advance> {
        let entry = self.definitions.get(job)?;
        if entry.next_run_at != Some(at) {
            // The job has not come so far, or was edited: it is decided from where it stands.
            self.agenda.exactly(now, Item::Job(job));
            return None;
        }
        let to = entry.definition.active_timetable()?.next(behind);
        Some(Advance { job, from: at, to, last_run_at: None })
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
        let ready = self.templates.ready(&definition.job.template_type, definition.job.template_digest.as_ref());
        let decision = decision::decide(&Circumstances {
            job: &definition.job,
            timetable,
            oldest,
            now,
            template: ready.as_ref().map(|_| ()).map_err(String::as_str),
            active: self.occupancy.of(job),
            settings: &self.settings,
        });
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
            definition: entry.definition.clone(),
            skips: ruled.skips.iter().map(|skip| skip::record(job, skip, now)).collect(),
            run: None,
            displaced: None,
            cancels: Vec::new(),
            advance: Some(Advance { job: job.id, from: oldest, to: ruled.next, last_run_at: None }),
            replay: ruled.replay,
            found_until: None,
            asked: None,
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
        let claim = Claim {
            id,
            definition: entry.definition.clone(),
            parameters: entry.definition.parameters.clone(),
            digest,
            scheduled_for: run.instant,
            trigger: Trigger::Schedule,
            triggered_by: self.scheduler.clone(),
            rerun_of: None,
            token: Token::FIRST,
            host: self.host.clone(),
            overlap_key: Some(run.slot.key(job.id)),
            attempts: Vec::new(),
            log_lines: 0,
        };
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

    /// Everything undecided up to now becomes one skip; for a job that is edited while its replays wait.
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
        Some(Decided {
            definition: entry.definition.clone(),
            skips,
            run: None,
            displaced: None,
            cancels: Vec::new(),
            advance: Some(Advance { job, from, to, last_run_at: None }),
            replay: false,
            found_until: None,
            asked: None,
        })
    }

    /// When a definition that was not in force before fires first: strictly later than now, and than what has run
    /// already if the clock was set back (T4, T16).
    pub(super) fn first_instant(
        definition: &Definition,
        last_run_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        definition.active_timetable()?.next(last_run_at.map_or(now, |last| last.max(now)))
    }

    /// To whoever watches; nobody watching is no fault.
    pub(super) fn tell(&self, event: Event) {
        if self.events.receiver_count() > 0 {
            drop(self.events.send(event));
        }
    }
}
