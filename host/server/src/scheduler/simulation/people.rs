//! What people do to a history: they create, edit, stop and run jobs, and hold the answers against the store.

use bson::oid::ObjectId;
use chrono::TimeDelta;
use futures::executor::block_on;
use sandglass_database::{Database, Find, collect};
use sandglass_schedule::misfire;

use super::check::Period;
use super::world::World;
use crate::model::job::{Backoff, Misfire, OverlapPolicy, RetryPolicy};
use crate::model::template::OnLost;
use crate::model::{Clock, ExecutionId, Job, JobId, SkipReason};
use crate::repository::{JOBS, job_from_document};
use crate::scheduler::scene::{Host, cron, every, job};
use crate::scheduler::{Change, ChangeError, Command, ManualRun};

impl World {
    pub(super) fn create(&mut self) {
        let now = self.clock.now();
        let bytes: Vec<u8> = (0..12).map(|_| u8::try_from(self.random.below(256)).unwrap()).collect();
        let id = JobId(ObjectId::from_bytes(bytes.try_into().unwrap()));
        let job = Job { id, created_at: now, updated_at: now, ..self.shape(job()) };
        let created = self.obey(|answer| Command::Change { change: Change::Create(Box::new(job)), answer });
        if !matches!(created, Some(Ok(_))) && !self.faults {
            panic!("not created: {created:?}");
        }
        // The reply may be lost.
        if let Some(job) = self.stored(id) {
            self.jobs.push(id);
            self.now_in_force(&job);
        }
    }

    fn shape(&mut self, job: Job) -> Job {
        let random = &mut self.random;
        let policies = [OverlapPolicy::Skip, OverlapPolicy::QueueOne, OverlapPolicy::Allow, OverlapPolicy::Replace];
        let misfires = [misfire::Policy::Latest, misfire::Policy::All, misfire::Policy::None];
        let schedule = if random.one_in(5) { cron("* * * * *", "UTC") } else { every(1 + random.below(20)) };
        Job {
            schedule,
            overlap_policy: random.pick(&policies),
            max_concurrent: 1 + u32::try_from(random.below(3)).unwrap(),
            misfire: Misfire { policy: random.pick(&misfires), window_seconds: random.pick(&[20, 3_600]) },
            retry_policy: RetryPolicy {
                max_retries: u32::try_from(random.below(3)).unwrap(),
                retry_delay_seconds: u32::try_from(random.below(10)).unwrap(),
                backoff: random.pick(&[Backoff::Fixed, Backoff::Exponential]),
                max_delay_seconds: None,
                jitter: random.one_in(2),
            },
            on_lost: random.pick(&[None, Some(OnLost::Retry), Some(OnLost::Fail)]),
            ..job
        }
    }

    fn some_job(&mut self) -> Option<JobId> {
        if self.jobs.is_empty() { None } else { Some(self.random.pick(&self.jobs)) }
    }

    pub(super) fn stored(&self, id: JobId) -> Option<Job> {
        let find = Find::by(bson::doc! { "_id": id.0 });
        let documents =
            block_on(async { collect(Database::find(&self.database.inner, JOBS, find).await.unwrap()).await });
        documents.unwrap().first().map(|document| job_from_document(document).unwrap())
    }

    pub(super) fn edit(&mut self) {
        let Some(id) = self.some_job() else { return };
        let Some(old) = self.stored(id) else { return };
        let before = self.edited_skips();
        // Some edits change nothing that decides when the job is due.
        let is_rename = self.random.one_in(3);
        let job = if is_rename { Job { name: "another name".into(), ..old } } else { self.shape(old) };
        let job = Box::new(job);
        let changed = self.obey(|answer| Command::Change { change: Change::Save { job, expected: None }, answer });
        self.after_change(id, changed);
        if is_rename && !self.faults {
            assert_eq!(self.edited_skips(), before, "T7: an edit of the name skipped something");
        }
    }

    pub(super) fn toggle(&mut self) {
        let Some(id) = self.some_job() else { return };
        let Some(old) = self.stored(id) else { return };
        let change = Change::Enable { job: id, enabled: !old.enabled };
        let changed = self.obey(|answer| Command::Change { change, answer });
        self.after_change(id, changed);
    }

    pub(super) fn delete(&mut self) {
        let Some(id) = self.some_job() else { return };
        let changed =
            self.obey(|answer| Command::Change { change: Change::Delete { job: id, expected: None }, answer });
        self.after_change(id, changed);
        if self.random.one_in(2) {
            let changed = self.obey(|answer| Command::Change { change: Change::Restore { job: id }, answer });
            self.after_change(id, changed);
        }
    }

    /// What was answered is in force. Without a yes the store decides: a reply may have been lost.
    pub(super) fn after_change(&mut self, id: JobId, answer: Option<Result<Job, ChangeError>>) {
        if let Some(Err(ChangeError::NotFound)) = answer {
            return;
        }
        match self.stored(id) {
            Some(job) if self.in_force.get(&id).is_some_and(|known| known.version == job.version) => {}
            Some(job) => self.now_in_force(&job),
            None => self.end_period(id),
        }
    }

    fn end_period(&mut self, id: JobId) {
        let now = self.clock.now();
        if let Some(open) = self.model.periods.entry(id).or_default().iter_mut().find(|period| period.until.is_none()) {
            open.until = Some(now);
        }
    }

    fn now_in_force(&mut self, job: &Job) {
        self.end_period(job.id);
        let before = self.in_force.insert(job.id, job.clone());
        // The first instant is the job's own word; from there on the timetable is held to it.
        let active = job.enabled && job.deleted_at.is_none();
        let Some(next) = job.next_run_at.filter(|_| active) else { return };
        let timetable = job.schedule.compile(job.created_at).unwrap();
        let now = self.clock.now();
        let goes_on = before.is_some_and(|before| {
            let was_active = before.enabled && before.deleted_at.is_none();
            was_active && before.schedule == job.schedule && before.misfire == job.misfire
        });
        if goes_on && next <= now {
            // Replays go on from where they stood.
            let from = next - TimeDelta::milliseconds(1);
            self.model.periods.entry(job.id).or_default().push(Period { timetable, from, until: None });
            return;
        }
        assert!(next > now, "T4: a changed job is due at once: {next} at {now}");
        // Later than the first only where the clock was set back behind a run.
        let latest = timetable.next(job.last_run_at.map_or(now, |last| last.max(now)));
        assert!(timetable.next(now) <= Some(next) && Some(next) <= latest, "T4: {next} is not the first after {now}");
        assert_eq!(timetable.next(next - TimeDelta::milliseconds(1)), Some(next));
        let from = next - TimeDelta::milliseconds(1);
        self.model.periods.entry(job.id).or_default().push(Period { timetable, from, until: None });
    }

    pub(super) fn trigger(&mut self) {
        let Some(id) = self.some_job() else { return };
        let force = self.random.one_in(4);
        let run = ManualRun { force, ..Host::run_of(id) };
        if let Some(Ok(execution)) = self.obey(|answer| Command::Trigger { run, answer }) {
            self.model.promised.push(execution.id);
        }
    }

    pub(super) fn cancel(&mut self) {
        let active: Vec<ExecutionId> =
            self.all().iter().filter(|execution| !execution.status.is_final()).map(|execution| execution.id).collect();
        if active.is_empty() {
            return;
        }
        let execution = self.random.pick(&active);
        self.obey(|answer| Command::Cancel { execution, by: "anna".into(), answer });
    }

    /// Decisions that an edit took back, in the whole history.
    fn edited_skips(&self) -> usize {
        self.all().iter().filter(|execution| execution.skip_reason == Some(SkipReason::Edited)).count()
    }
}
