//! Edits of jobs. Instants that are already past are decided under the old definition; then the new one is stored; then
//! what was claimed and has not begun is decided anew.

use std::sync::Arc;

use chrono::{DateTime, Duration, SubsecRound, Utc};
use sandglass_database::{Error, Outcome, Result, Write};
use tokio::sync::oneshot;

use super::agenda::Item;
use super::definitions::Entry;
use super::group::{Advance, Decided, Group, Settle};
use super::handle::{Change, ChangeError, StoreError};
use super::planner::Planner;
use crate::executor::Halt;
use crate::model::event::{Event, JobChange};
use crate::model::{Job, JobId, SkipReason, Status, Trigger};
use crate::repository::{Claim, Definition, Jobs, writes};

pub type Answer = oneshot::Sender<std::result::Result<Job, ChangeError>>;

/// A change of a stored job on its way.
#[derive(Clone, Copy)]
struct Edit {
    kind: JobChange,
    /// What becomes of claims that it takes away.
    reason: SkipReason,
    keeps_pace: bool,
}

/// More looks at the past than a job can need: each decides at least one instant or says that it has to wait.
const LOOKS: usize = 400;

impl Planner {
    /// New jobs that come together are stored together.
    pub(super) async fn create_all(&mut self, creations: &mut Vec<(Job, Answer)>) {
        if creations.is_empty() {
            return;
        }
        let now = self.now();
        let (mut jobs, mut answers) = (Vec::new(), Vec::new());
        for (job, answer) in creations.drain(..) {
            match prepared(job, now) {
                Ok(entry) => {
                    jobs.push(entry);
                    answers.push(answer);
                }
                Err(error) => drop(answer.send(Err(error))),
            }
        }
        let inserts = jobs.iter().map(|entry| Jobs::insert(&entry.job())).collect();
        let outcomes = self.database.bulk(vec![inserts]).await.map(|phases| phases.into_iter().flatten());
        match outcomes {
            Ok(outcomes) => {
                for ((entry, answer), outcome) in jobs.into_iter().zip(answers).zip(outcomes) {
                    let created = outcome.map_err(|error| ChangeError::Store(error.into()));
                    drop(answer.send(created.map(|_| self.in_force(entry, JobChange::Created))));
                }
            }
            Err(error) => {
                for answer in answers {
                    drop(answer.send(Err(ChangeError::Store(error.clone().into()))));
                }
            }
        }
    }

    /// Any change but a creation.
    pub(super) async fn change(&mut self, change: Change, now: DateTime<Utc>) -> std::result::Result<Job, ChangeError> {
        let (id, expected) = match &change {
            Change::Create(job) => (job.id, None),
            Change::Save { job, expected } => (job.id, *expected),
            Change::Delete { job, expected } => (*job, *expected),
            Change::Enable { job, .. } | Change::Restore { job } => (*job, None),
        };
        // Read anew: another process may have written it.
        let current = self.jobs.get_any(id).await.map_err(StoreError::from)?.ok_or(ChangeError::NotFound)?;
        if let Some(expected) = expected.filter(|expected| *expected != current.version) {
            return Err(ChangeError::Stale { expected, actual: current.version });
        }
        let restorable = current.deleted_at.is_some_and(|at| now - at <= self.settings.undo);
        if current.deleted_at.is_some() && !(restorable && matches!(change, Change::Restore { .. })) {
            return Err(ChangeError::NotFound);
        }
        let (changed, kind, reason) = match change {
            Change::Create(_) => return Err(ChangeError::Schedule("a job of this id exists".into())),
            Change::Save { job, .. } => {
                let reason = if job.enabled { SkipReason::Edited } else { SkipReason::Paused };
                (*job, JobChange::Edited, reason)
            }
            Change::Enable { enabled, .. } if enabled == current.enabled => return Ok(current),
            Change::Enable { enabled, .. } => {
                let kind = if enabled { JobChange::Enabled } else { JobChange::Disabled };
                (Job { enabled, ..current.clone() }, kind, SkipReason::Paused)
            }
            Change::Delete { .. } => {
                (Job { deleted_at: Some(now), ..current.clone() }, JobChange::Deleted, SkipReason::Deleted)
            }
            Change::Restore { .. } if current.deleted_at.is_none() => return Ok(current),
            Change::Restore { .. } => {
                (Job { deleted_at: None, ..current.clone() }, JobChange::Created, SkipReason::Edited)
            }
        };
        let edit = Edit { kind, reason, keeps_pace: keeps_pace(&current, &changed) };
        self.decide_past(&current, edit, now).await.map_err(StoreError::from)?;
        self.put_in_force(&current, changed, edit, now).await
    }

    /// Decides everything that is due by now under the definition in force.
    async fn decide_past(&mut self, current: &Job, edit: Edit, now: DateTime<Utc>) -> Result<()> {
        let id = current.id;
        self.definitions.load(std::iter::once(id)).await?;
        for _ in 0..LOOKS {
            if self.definitions.get(id).and_then(|entry| entry.next_run_at).is_none_or(|next| next > now) {
                return Ok(());
            }
            let behind = self.moves_of(id, now);
            if !behind.is_empty() {
                self.store(Group { advances: behind, ..Group::default() }, now).await?;
                continue;
            }
            // Otherwise its replays wait for each other.
            let decided = match self.decide(id, now) {
                Some(decided) => Some(decided),
                None if edit.keeps_pace => None,
                None => self.settle_past(id, edit.reason, now).await?,
            };
            let Some(decided) = decided else { return Ok(()) };
            self.store(Group { decided: vec![decided], ..Group::default() }, now).await?;
        }
        Err(Error::Unavailable { message: format!("job {id} has too much to catch up with; it goes on with that") })
    }

    /// Where a job moves on because an instant of it was found decided.
    fn moves_of(&mut self, id: JobId, now: DateTime<Utc>) -> Vec<Advance> {
        let (own, others) = std::mem::take(&mut self.to_advance).into_iter().partition(|(job, ..)| *job == id);
        self.to_advance = others;
        let own: Vec<_> = own;
        own.into_iter().filter_map(|(job, at, behind)| self.move_behind(job, at, behind, now)).collect()
    }

    /// What is undecided up to now, decided at once: under an edit the replays that are left wait for each other as
    /// executions, under a pause or a deletion they are skips.
    async fn settle_past(&mut self, job: JobId, reason: SkipReason, now: DateTime<Utc>) -> Result<Option<Decided>> {
        match reason {
            SkipReason::Edited => self.replays_left(job, now).await,
            _ => Ok(self.skip_past(job, reason, now)),
        }
    }

    async fn put_in_force(
        &mut self,
        current: &Job,
        changed: Job,
        Edit { kind, reason, keeps_pace }: Edit,
        now: DateTime<Utc>,
    ) -> std::result::Result<Job, ChangeError> {
        let id = current.id;
        let behind = self.definitions.get(id).and_then(|entry| entry.next_run_at);
        let behind = behind.filter(|next| keeps_pace && *next <= now);
        let last_run_at = self.definitions.get(id).map_or(current.last_run_at, |entry| entry.last_run_at);
        let ran_ahead = last_run_at.is_some_and(|last| self.is_far_ahead(last, now));
        let last_run_at = if ran_ahead { Some(now.trunc_subsecs(3)) } else { last_run_at };
        let changed = Job {
            id,
            created_at: current.created_at,
            created_by: current.created_by.clone(),
            last_run_at,
            next_run_at: None,
            version: current.version + 1,
            updated_at: now.trunc_subsecs(3),
            shard: current.shard,
            ..changed
        };
        let definition = Definition::of(changed);
        if let (Err(why), true) = (&definition.timetable, definition.job.enabled) {
            return Err(ChangeError::Schedule(why.clone()));
        }
        let next_run_at = behind.or_else(|| Self::first_instant(&definition, last_run_at, now, self.settings.grace));
        let entry = Entry { definition: Arc::new(definition), next_run_at, last_run_at };
        // Taken back before the change is stored, so that nothing starts after the answer.
        let claims = self.take_back(id, reason, now);
        let mut writes = vec![Jobs::save(&entry.job(), current.version)];
        if ran_ahead {
            writes.push(Jobs::ran_ahead(id, now, now + self.settings.grace));
        }
        let saved = self.database.bulk(vec![writes]).await;
        let outcome = match saved.map(|phases| phases.into_iter().flatten().next()) {
            Ok(Some(Ok(Outcome::Updated(report)))) if report.matched > 0 => Ok(()),
            Ok(Some(Err(error))) | Err(error) => Err(ChangeError::Store(error.into())),
            Ok(_) => Err(ChangeError::Stale { expected: current.version, actual: current.version + 1 }),
        };
        if let Err(error) = outcome {
            self.give_again(claims);
            self.definitions.forget(id);
            self.agenda.exactly(now, Item::Job(id));
            return Err(error);
        }
        if behind.is_none() {
            self.occupancy.of_mut(id).replay = None;
            self.occupancy.of_mut(id).parked = false;
            self.occupancy.tidy(id);
        }
        let deleted = entry.definition.job.deleted_at;
        let job = self.in_force(entry, kind);
        self.decide_anew(&job, claims, reason, now).await;
        if let Some(at) = deleted {
            if let Err(error) = self.stop_all(id, now).await {
                tracing::warn!(job = %id, %error, "waiting retries of a deleted job are settled when they come up");
            }
            self.agenda.exactly(at + self.settings.undo + Duration::milliseconds(1), Item::Purge(id));
        }
        Ok(job)
    }

    /// A definition that is stored: it fires from now on.
    fn in_force(&mut self, entry: Entry, kind: JobChange) -> Job {
        let job = entry.job();
        if let Some(next) = entry.next_run_at {
            self.agenda.ahead_of(next, job.id);
        }
        self.definitions.put(job.id, entry);
        self.tell(Event::Job { id: job.id, change: kind, next_run_at: job.next_run_at });
        job
    }

    /// Claims of a job that have not begun and that the change concerns: on an edit those that are still to come, on
    /// a pause those of the schedule, on a deletion all.
    fn take_back(&mut self, job: JobId, reason: SkipReason, now: DateTime<Utc>) -> Vec<Claim> {
        let Some(active) = self.occupancy.of(job) else { return Vec::new() };
        let concerned: Vec<_> = active
            .held
            .iter()
            .filter(|held| match reason {
                SkipReason::Deleted => true,
                SkipReason::Paused => held.trigger == Trigger::Schedule,
                _ => held.trigger == Trigger::Schedule && held.scheduled_for > now,
            })
            .map(|held| held.execution)
            .collect();
        concerned
            .into_iter()
            .filter_map(|id| {
                let waiting = self.occupancy.find_mut(id).and_then(|held| held.claim.take()).map(|claim| *claim);
                waiting.or_else(|| self.starts.withdraw(id))
            })
            // What has been tried before is a run, not a decision: it is not decided anew.
            .filter_map(|claim| {
                if claim.attempts.is_empty() || reason != SkipReason::Edited {
                    return Some(claim);
                }
                self.starts.submit(vec![claim]);
                None
            })
            .collect()
    }

    /// Claims go back to where they were taken from.
    fn give_again(&mut self, claims: Vec<Claim>) {
        for claim in claims {
            match self.occupancy.find_mut(claim.id) {
                Some(held) if held.slot == Some(super::overlap::Slot::Waiting) => held.claim = Some(Box::new(claim)),
                _ => self.starts.submit(vec![claim]),
            }
        }
    }

    /// The same occurrence, as the job stands now: it stays, or it becomes a skip.
    async fn decide_anew(&mut self, job: &Job, claims: Vec<Claim>, reason: SkipReason, now: DateTime<Utc>) {
        let Some(entry) = self.definitions.get(job.id).cloned() else { return };
        let timetable = entry.definition.active_timetable();
        let ready = self.templates.ready(&job.template_type, job.template_digest.as_ref());
        let mut kept = Vec::new();
        for claim in claims {
            let still_due = timetable.is_some_and(|timetable| {
                timetable.next(claim.scheduled_for - Duration::milliseconds(1)) == Some(claim.scheduled_for)
            });
            match &ready {
                Ok(digest) if still_due => {
                    kept.push((
                        claim.token,
                        Claim {
                            token: claim.token.next(),
                            definition: entry.definition.clone(),
                            parameters: entry.definition.parameters.clone(),
                            digest: digest.clone(),
                            ..claim
                        },
                    ));
                }
                _ => self.to_settle.push(withdrawn(&claim, reason, now)),
            }
        }
        let redefined: Vec<Write> = kept.iter().map(|(seen, claim)| writes::redefine(claim, *seen)).collect();
        let group = Group { settled: std::mem::take(&mut self.to_settle), ..Group::default() };
        if !redefined.is_empty() {
            let outcomes = match self.database.bulk(vec![redefined]).await {
                Ok(outcomes) => outcomes,
                Err(error) => {
                    // The job itself is stored. Under which token these few are held now is not known; the store is asked.
                    tracing::warn!(%error, "claims of an edited job are looked at again");
                    for (_, claim) in &kept {
                        self.release(claim.id);
                    }
                    self.sweep_soon();
                    Vec::new()
                }
            };
            for ((_, claim), outcome) in kept.into_iter().zip(outcomes.into_iter().flatten()) {
                match outcome {
                    Ok(Outcome::Updated(report)) if report.matched > 0 => {
                        let slot = self.occupancy.find_mut(claim.id).and_then(|held| held.slot);
                        self.hold(&claim, slot);
                        self.starts.submit(vec![claim]);
                    }
                    _ => self.release(claim.id),
                }
            }
        }
        if let Err(error) = self.store(group, now).await {
            tracing::warn!(%error, "claims that were taken back are settled later; they do not start");
        }
    }

    /// Everything of a deleted job that runs or waits to be tried again.
    async fn stop_all(&mut self, job: JobId, now: DateTime<Utc>) -> Result<()> {
        let running: Vec<_> = self
            .occupancy
            .of(job)
            .map(|active| active.held.iter().map(|held| held.execution).collect())
            .unwrap_or_default();
        for id in running {
            if matches!(self.starts.cancel(id), Halt::Asked) {
                self.to_note.push(writes::request_cancel(id, now));
            }
        }
        let waiting = self.executions.waiting_for_retry_of(job).await?;
        let why = "the job was deleted";
        let settled =
            waiting.iter().map(|retry| Settle::given_up(retry, None, Status::Cancelled, why.into(), now)).collect();
        self.store(Group { settled, ..Group::default() }, now).await
    }
}

/// Whether a change leaves alone when the job is due and what becomes of missed instants: replays then go on from where
/// they stand.
fn keeps_pace(current: &Job, changed: &Job) -> bool {
    let is_active = |job: &Job| job.enabled && job.deleted_at.is_none();
    is_active(current)
        && is_active(changed)
        && current.schedule == changed.schedule
        && current.misfire == changed.misfire
}

/// The end of a claim that the change takes away.
fn withdrawn(claim: &Claim, reason: SkipReason, now: DateTime<Utc>) -> Settle {
    let why = match reason {
        SkipReason::Deleted => "the job was deleted",
        SkipReason::Paused => "the job was disabled",
        _ => "the job was edited",
    };
    if !claim.attempts.is_empty() {
        let status = if reason == SkipReason::Deleted { Status::Cancelled } else { Status::Failed };
        return Settle::of(claim, status, None, Some(format!("no further try: {why}")), now);
    }
    match claim.trigger {
        Trigger::Schedule => Settle::of(claim, Status::Skipped, Some(reason), Some(why.into()), now),
        _ => Settle::of(claim, Status::Cancelled, None, Some(why.into()), now),
    }
}

/// A new job as it is stored.
fn prepared(job: Job, now: DateTime<Utc>) -> std::result::Result<Entry, ChangeError> {
    let shard = Job::shard_of(job.id);
    let job = Job { version: job.version.max(1), shard, last_run_at: None, next_run_at: None, deleted_at: None, ..job };
    let definition = Definition::of(job);
    if let Err(why) = &definition.timetable {
        return Err(ChangeError::Schedule(why.clone()));
    }
    let next_run_at = Planner::first_instant(&definition, None, now, Duration::zero());
    Ok(Entry { definition: Arc::new(definition), next_run_at, last_run_at: None })
}

impl From<Error> for ChangeError {
    fn from(error: Error) -> Self {
        Self::Store(error.into())
    }
}
