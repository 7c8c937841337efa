//! The model: what has to be true of a store, whatever happened.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use sandglass_schedule::Timetable;

use crate::model::execution::SkipSummary;
use crate::model::{Execution, ExecutionId, JobId, Status, Token, Trigger};

/// How much a history has seen.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub runs: u64,
    pub skips: u64,
    pub skipped_instants: u64,
    pub instants: u64,
    pub repeats: u64,
    pub manual: u64,
    pub crashes: u64,
    pub commands: u64,
}

impl Seen {
    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.skips += other.skips;
        self.skipped_instants += other.skipped_instants;
        self.instants += other.instants;
        self.repeats += other.repeats;
        self.manual += other.manual;
        self.crashes += other.crashes;
        self.commands += other.commands;
    }
}

/// A definition that was in force: every instant of it after `from`, up to what the clock showed at its end, has to
/// have a decision. (A clock that was set back may have shown later ones, which were decided or became future again.)
pub struct Period {
    pub timetable: Timetable,
    pub from: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
}

/// What was promised and what was seen so far.
#[derive(Default)]
pub struct Model {
    pub periods: HashMap<JobId, Vec<Period>>,
    /// Manual runs whose answer was yes.
    pub promised: Vec<ExecutionId>,
    /// The clock was set back: what was skipped may become future, and be decided again under a new definition. It
    /// still cannot run twice.
    pub set_back: bool,
    last: BTreeMap<ExecutionId, (Token, Status)>,
}

impl Model {
    /// At any moment: tokens only grow, an end is an end, and no key is held twice.
    pub fn look(&mut self, all: &[Execution]) {
        let mut keys = Vec::new();
        for execution in all {
            let now = (execution.token, execution.status);
            if let Some((token, status)) = self.last.insert(execution.id, now) {
                assert!(execution.token >= token, "T11: the token of {} went back", execution.id);
                assert!(!status.is_final() || status == execution.status, "T11: {} was {status:?}", execution.id);
            }
            keys.extend(execution.overlap_key.as_deref());
            if execution.status.is_final() {
                assert_eq!((&execution.overlap_key, &execution.host, execution.retry_at), (&None, &None, None));
            }
        }
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count, "T8: a key is held twice");
    }

    /// When everything has come to rest.
    pub fn judge(&self, all: &[Execution], now: DateTime<Utc>) -> Seen {
        let mut seen = Seen::default();
        let mut of_job: HashMap<JobId, Vec<&Execution>> = HashMap::new();
        for execution in all {
            assert!(execution.status.is_final(), "stuck: {execution:#?}");
            assert_eq!(execution.status == Status::Skipped, execution.skip_reason.is_some());
            match execution.trigger {
                Trigger::Schedule => of_job.entry(execution.job_id).or_default().push(execution),
                _ => seen.manual += 1,
            }
            if execution.status == Status::Skipped {
                seen.skips += 1;
                seen.skipped_instants += execution.skipped.map_or(1, |summary| summary.count);
            } else {
                seen.runs += 1;
                seen.repeats += u64::from(execution.attempts.len() > 1);
            }
        }
        for promised in &self.promised {
            assert!(all.iter().any(|execution| execution.id == *promised), "lost: manual run {promised}");
        }
        for (job, periods) in &self.periods {
            let decisions = of_job.remove(job).unwrap_or_default();
            for period in periods {
                seen.instants += instants_decided(*job, period, &decisions, now, self.set_back);
            }
        }
        assert!(of_job.is_empty(), "decisions of jobs that never were");
        seen
    }
}

fn instants_decided(job: JobId, period: &Period, decisions: &[&Execution], now: DateTime<Utc>, set_back: bool) -> u64 {
    let until = period.until.unwrap_or(now);
    let summaries: Vec<SkipSummary> = decisions.iter().filter_map(|execution| execution.skipped).collect();
    let mut count = 0;
    let mut at = period.from;
    while let Some(instant) = period.timetable.next(at).filter(|instant| *instant <= until) {
        at = instant;
        count += 1;
        let id = ExecutionId::derive(job, instant);
        let own = decisions.iter().find(|execution| execution.id == id);
        let covered = summaries.iter().filter(|summary| stands_for(summary, instant)).count();
        let near = || {
            decisions
                .iter()
                .filter(|other| (other.scheduled_for - instant).num_seconds().abs() < 900)
                .map(|other| {
                    format!("{} {:?} {:?} {:?}\n", other.scheduled_for, other.status, other.skip_reason, other.skipped)
                })
                .collect::<String>()
        };
        assert!(own.is_some() || covered > 0, "T1: {instant} of {job} has no decision; near it:\n{}", near());
        if own.is_some_and(|own| own.status != Status::Skipped) && !set_back {
            assert_eq!(covered, 0, "T1: {instant} of {job} ran and is part of a skip; near it:\n{}", near());
        }
    }
    count
}

/// All schedules here are regular, so a summary says by its count which instants it stands for.
fn stands_for(summary: &SkipSummary, instant: DateTime<Utc>) -> bool {
    if instant <= summary.first || instant > summary.last {
        return false;
    }
    let length = (summary.last - summary.first).num_milliseconds();
    let period = length / (i64::try_from(summary.count).unwrap() - 1);
    (instant - summary.first).num_milliseconds() % period == 0
}
