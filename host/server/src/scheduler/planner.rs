//! The planner's state, and its turn.
//!
//! One turn: take what has come up, decide it over what is in memory, write the group, hand over what was stored. It
//! never sleeps and starts no thread; `thread` does that, and simulations drive turns themselves. What happens to one
//! occurrence stands in `occurrence`, how a group comes together in `gather`.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use sandglass_database::{Database, Error};

use super::Settings;
use super::agenda::{Agenda, Item};
use super::definitions::Definitions;
use super::group::Settle;
use super::overlap::{Freed, Occupancy};
use super::starts::Starts;
use crate::executor::{EffectsSeen, Ended, Ending, Templates};
use crate::model::event::{Event, Events};
use crate::model::{Clock, ExecutionId, Incarnation, JobId, Trouble};
use crate::repository::{Executions, Jobs};

/// Definitions that are kept although they have not fired lately, at least.
const KEPT_DEFINITIONS: usize = 20_000;
/// After a store that did not answer, and while there is no room for claims.
pub(super) const PAUSE: Duration = Duration::milliseconds(100);
/// The same after many times.
const LONGEST_PAUSE: Duration = Duration::seconds(3);
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
    /// The store takes nothing.
    pub(super) trouble: Trouble,
    pub(super) manual_runs: u64,
    pub(super) swept_at: DateTime<Utc>,
    /// The latest that the wall clock has shown, since it was last set back.
    pub(super) latest_seen: DateTime<Utc>,
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
            latest_seen: clock.now(),
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
            trouble: Trouble::default(),
            manual_runs: 0,
        }
    }

    /// One look at what is due. Returns when to look again at the latest.
    pub async fn turn(&mut self) -> DateTime<Utc> {
        let now = self.clock.now();
        self.watch_clock(now).await;
        if self.paused_until.is_none_or(|until| until <= now || until > now + PAUSE * 100) {
            self.paused_until = None;
            match self.gather(now).await {
                Ok(group) => {
                    // A failure has put everything back already.
                    if let Err(error) = self.store(group, now).await {
                        self.wait_for_store(&error, now);
                    }
                }
                Err(error) => self.wait_for_store(&error, now),
            }
            self.sweep(now).await;
        }
        self.next_look(now)
    }

    /// The store did not take or give something: the planner asks again, later each time.
    pub(super) fn wait_for_store(&mut self, error: &Error, now: DateTime<Utc>) {
        if self.trouble.met(self.clock.boot_time()) {
            tracing::warn!(%error, "decisions wait for the store");
        }
        let doubled = PAUSE * 2_i32.saturating_pow(self.trouble.times().saturating_sub(1).min(10));
        self.paused_until = Some(now + doubled.min(LONGEST_PAUSE));
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
        match ending {
            Ending::Overslept => return self.overslept(*execution),
            Ending::Retry { at, .. } => self.agenda.exactly(*at, Item::Retry(*execution)),
            Ending::Final(_) | Ending::TakenOver => self.replay_ended(*job, *execution),
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

    /// To whoever watches; nobody watching is no fault.
    pub(super) fn tell(&self, event: Event) {
        if self.events.receiver_count() > 0 {
            drop(self.events.send(event));
        }
    }
}
