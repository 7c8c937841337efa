//! One history: a host, some jobs, people who change things, and trouble.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use futures::executor::block_on;
use sandglass_database::memory::Memory;
use sandglass_database::{Find, collect};
use tokio::sync::{broadcast, oneshot};

use super::check::{Model, Seen};
use super::clock::Hands;
use super::faulty::{Break, Faulty};
use super::random::Random;
use super::workers::Workers;
use crate::executor::EffectsSeen;
use crate::model::{Clock, Execution, ExecutionId, Incarnation, Job, JobId};
use crate::repository::{Counters, EXECUTIONS, ensure_indexes, execution_from_document};
use crate::scheduler::scene::{Ready, planner_settings};
use crate::scheduler::{Change, Command, Parts, Planner, Settings};

/// Steps of a history before it is left to come to rest.
const STEPS: u64 = 160;

pub struct World {
    pub(super) random: Random,
    pub(super) faults: bool,
    pub(super) clock: Arc<Hands>,
    pub(super) database: Faulty,
    workers: Workers,
    planner: Planner,
    settings: Settings,
    pub(super) jobs: Vec<JobId>,
    pub(super) model: Model,
    /// Whether this history's clock may be set back.
    sets_back: bool,
    /// As last seen in the store.
    pub(super) in_force: HashMap<JobId, Job>,
    latest: DateTime<Utc>,
    seen: Seen,
    incarnations: u64,
    lost_replies: bool,
}

/// Every third attempt has had an effect.
struct SomeEffects;

#[async_trait::async_trait]
impl EffectsSeen for SomeEffects {
    async fn any_write(&self, execution: ExecutionId, _: u32) -> sandglass_database::Result<bool> {
        Ok(execution.0.bytes()[11].is_multiple_of(3))
    }
}

impl World {
    pub fn new(seed: u64, faults: bool, separately: bool) -> Self {
        let start = Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap();
        let clock = Arc::new(Hands::at(start));
        let of_store = clock.clone();
        let database = Faulty::new(Memory::with_clock(move || of_store.now()));
        block_on(ensure_indexes(&database)).unwrap();
        let settings = Settings {
            replay_limit: 5,
            grace: TimeDelta::seconds(5),
            advance_separately: separately,
            ..planner_settings()
        };
        let workers = Workers::new(database.inner.clone());
        let planner = planner(&settings, &database, &workers, &clock, 0);
        Self {
            random: Random::new(seed),
            faults,
            clock,
            database,
            workers,
            planner,
            settings,
            jobs: Vec::new(),
            model: Model::default(),
            sets_back: seed.is_multiple_of(2),
            in_force: HashMap::new(),
            latest: start,
            seen: Seen::default(),
            incarnations: 0,
            lost_replies: false,
        }
    }

    /// The whole history, judged.
    pub fn live(mut self) -> Seen {
        for _ in 0..=self.random.below(3) {
            self.create();
        }
        for _ in 0..STEPS {
            self.step();
        }
        self.come_to_rest()
    }

    fn step(&mut self) {
        match self.random.below(40) {
            0..3 => self.trigger(),
            3..5 => self.cancel(),
            5..8 => self.edit(),
            8 => self.toggle(),
            9 if self.random.one_in(3) => self.delete(),
            10 => self.set_clock(),
            11 | 12 if self.faults => self.plan_trouble(),
            13 if self.faults => self.database.kill(),
            14 if self.jobs.len() < 5 => self.create(),
            _ => self.pass(),
        }
        self.work();
    }

    /// Time goes on to the next thing that anybody waits for.
    fn pass(&mut self) {
        let now = self.clock.now();
        let next = block_on(self.planner.turn());
        let next = self.workers.next_event().map_or(next, |event| event.min(next));
        let wait = (next - now).clamp(TimeDelta::milliseconds(1), TimeDelta::seconds(1));
        self.clock.pass(wait);
    }

    fn work(&mut self) {
        let now = self.clock.now();
        self.latest = self.latest.max(now);
        let ended = block_on(self.workers.work(now, &mut self.random, &self.database, true));
        let keys = self.workers.keys();
        for ended in ended {
            self.planner.ended(&ended);
        }
        block_on(self.planner.turn());
        let mut single = keys.clone();
        single.sort_unstable();
        single.dedup();
        assert_eq!(single.len(), keys.len(), "T8: two runs under one key: {keys:?}");
        if self.random.one_in(8) {
            let all = self.all();
            self.model.look(&all);
        }
        if self.database.is_dead() {
            self.restart();
        }
    }

    /// The process is gone, and a new one starts.
    fn restart(&mut self) {
        self.seen.crashes += 1;
        self.note("the process dies");
        self.incarnations += 1;
        if self.random.one_in(3) {
            self.clock.pass(TimeDelta::seconds(i64::try_from(self.random.below(600)).unwrap()));
        }
        self.latest = self.latest.max(self.clock.now());
        self.database.revive();
        self.workers = Workers::new(self.database.inner.clone());
        self.planner = planner(&self.settings, &self.database, &self.workers, &self.clock, self.incarnations);
        block_on(self.planner.recover()).unwrap();
    }

    fn plan_trouble(&mut self) {
        let mut places = vec![Break::Before, Break::After];
        if self.settings.advance_separately {
            places.push(Break::Between);
        }
        let at = self.random.pick(&places);
        self.lost_replies |= at != Break::Before;
        let (after, deadly) = (self.random.below(4), self.random.one_in(2));
        self.note(&format!("trouble after {after} writes, {at:?}, deadly {deadly}"));
        self.database.plan(after, at, deadly);
    }

    fn set_clock(&mut self) {
        let seconds = i64::try_from(self.random.below(90)).unwrap();
        let by = if self.sets_back && self.random.one_in(2) { -seconds } else { seconds * 5 };
        self.note(&format!("the clock is set by {by} s"));
        self.model.set_back |= by < 0;
        self.clock.set(TimeDelta::seconds(by));
    }

    pub(super) fn obey<T>(&mut self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        self.seen.commands += 1;
        let (answer, mut receiver) = oneshot::channel();
        let command = command(answer);
        self.note(&format!("{command:?}"));
        block_on(self.planner.obey(vec![command]));
        receiver.try_recv().ok()
    }

    /// Shown when a test fails, and with `--nocapture`.
    fn note(&self, what: &str) {
        if std::env::var_os("SANDGLASS_SEED").is_some() {
            println!("{} {}", self.clock.now(), what.chars().take(200).collect::<String>());
        }
    }

    fn come_to_rest(mut self) -> Seen {
        self.database.calm();
        // Nobody sets the clock or changes anything any more; everything that is due gets its decision.
        for _ in 0..1_500 {
            self.pass();
            self.work();
            if self.clock.now() >= self.latest && self.seen_enough() {
                break;
            }
        }
        let jobs = self.jobs.clone();
        for id in jobs {
            if self.stored(id).is_some_and(|job| job.enabled) {
                let change = Change::Enable { job: id, enabled: false };
                let changed = self.obey(|answer| Command::Change { change, answer });
                self.after_change(id, changed);
            }
        }
        for _ in 0..1_500 {
            self.pass();
            self.work();
            if self.workers.is_idle() && self.all().iter().all(|execution| execution.status.is_final()) {
                break;
            }
        }
        let all = self.all();
        self.model.look(&all);
        let mut seen = self.model.judge(&all, self.clock.now());
        if !self.lost_replies {
            let totals = block_on(Counters::new(Arc::new(self.database.clone())).all_time(None, None)).unwrap();
            assert_eq!(totals.ended(), all.len() as u64, "counters and history differ");
        }
        (seen.crashes, seen.commands) = (self.seen.crashes, self.seen.commands);
        seen
    }

    /// No enabled job is behind.
    fn seen_enough(&self) -> bool {
        let now = self.clock.now();
        self.jobs.iter().all(|id| {
            self.stored(*id).is_none_or(|job| {
                !job.enabled || job.deleted_at.is_some() || job.next_run_at.is_none_or(|next| next > now)
            })
        })
    }

    pub(super) fn all(&self) -> Vec<Execution> {
        all(&self.database)
    }
}

/// Everything in the history, past every planned failure.
pub fn all(database: &Faulty) -> Vec<Execution> {
    let found = block_on(async {
        collect(sandglass_database::Database::find(&database.inner, EXECUTIONS, Find::default()).await.unwrap()).await
    });
    found.unwrap().iter().map(|document| execution_from_document(document).unwrap()).collect()
}

pub fn planner(
    settings: &Settings,
    database: &Faulty,
    workers: &Workers,
    clock: &Arc<Hands>,
    incarnation: u64,
) -> Planner {
    Planner::new(Parts {
        settings: settings.clone(),
        database: Arc::new(database.clone()),
        starts: Arc::new(workers.clone()),
        templates: Arc::new(Ready::default()),
        effects: Arc::new(SomeEffects),
        clock: clock.clone(),
        events: broadcast::channel(1).0,
        host: Incarnation(format!("incarnation-{incarnation}")),
    })
}
