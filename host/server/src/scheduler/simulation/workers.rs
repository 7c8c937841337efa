//! An executor that runs by the simulated clock: no threads, and outcomes that follow from the seed. What it records it
//! records with the real executor's writes and its real rule for retries.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;
use parking_lot::Mutex;
use sandglass_database::memory::Memory;
use sandglass_database::{Database, Find, Outcome as Written, collect};

use super::random::Random;
use crate::executor::retry::{self, Case, Verdict};
use crate::executor::{Ended, Ending, Halt};
use crate::model::execution::Attempt;
use crate::model::outcome::{FailureKind, Outcome};
use crate::model::{Execution, ExecutionId, Status};
use crate::repository::writes::{self, End, Held};
use crate::repository::{Claim, Counters, EXECUTIONS, Tally, execution_from_document};
use crate::scheduler::Starts;
use crate::scheduler::scene::{failure, success};

struct Run {
    claim: Claim,
    started_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    outcome: Outcome,
    cancelled: bool,
}

enum Report {
    Final(Box<End>),
    Again(DateTime<Utc>, Vec<Attempt>),
}

#[derive(Default)]
struct Desk {
    waiting: Vec<Claim>,
    running: Vec<Run>,
    unrecorded: Vec<(Claim, Report)>,
    delivered: Vec<ExecutionId>,
}

#[derive(Clone)]
pub struct Workers(Arc<Mutex<Desk>>, Memory);

impl Starts for Workers {
    fn submit(&self, claims: Vec<Claim>) {
        let mut desk = self.0.lock();
        for claim in claims {
            let stored =
                find(&self.1, claim.id).now_or_never().flatten().expect("a claim is stored before it is handed over");
            assert_eq!((stored.token, stored.status), (claim.token, Status::Queued), "not claimed so: {stored:#?}");
            assert_eq!(stored.overlap_key, claim.overlap_key);
            assert!(
                desk.waiting.iter().all(|other| other.id != claim.id),
                "{} was handed over twice: {stored:#?}",
                claim.id
            );
            desk.waiting.push(claim);
        }
    }

    fn withdraw(&self, id: ExecutionId) -> Option<Claim> {
        let mut desk = self.0.lock();
        let place = desk.waiting.iter().position(|claim| claim.id == id)?;
        Some(desk.waiting.remove(place))
    }

    fn cancel(&self, id: ExecutionId) -> Halt {
        if let Some(claim) = self.withdraw(id) {
            return Halt::NotBegun(Box::new(claim));
        }
        match self.0.lock().running.iter_mut().find(|run| run.claim.id == id) {
            Some(run) => {
                run.cancelled = true;
                Halt::Asked
            }
            None => Halt::Unknown,
        }
    }

    fn has_room(&self) -> bool {
        self.0.lock().waiting.len() < 50
    }

    fn deliver(&self, id: ExecutionId) {
        self.0.lock().delivered.push(id);
    }
}

impl Workers {
    pub fn new(store: Memory) -> Self {
        Self(Arc::default(), store)
    }

    pub fn is_idle(&self) -> bool {
        let desk = self.0.lock();
        desk.waiting.is_empty() && desk.running.is_empty() && desk.unrecorded.is_empty()
    }

    /// Overlap keys of what runs.
    pub fn keys(&self) -> Vec<String> {
        self.0.lock().running.iter().filter_map(|run| run.claim.overlap_key.clone()).collect()
    }

    pub fn next_event(&self) -> Option<DateTime<Utc>> {
        let desk = self.0.lock();
        let starts = desk.waiting.iter().map(|claim| claim.scheduled_for);
        let ends = desk.running.iter().map(|run| run.ends_at);
        starts.chain(ends).min()
    }

    /// Starts, ends and records what is due. Gives what the store has acknowledged.
    pub async fn work(
        &self,
        now: DateTime<Utc>,
        random: &mut Random,
        database: &dyn Database,
        marks: bool,
    ) -> Vec<Ended> {
        let mut to_mark = Vec::new();
        {
            let mut desk = self.0.lock();
            let (due, waiting) =
                std::mem::take(&mut desk.waiting).into_iter().partition(|claim| claim.scheduled_for <= now);
            desk.waiting = waiting;
            for claim in due {
                let outcome = match random.below(10) {
                    0..6 => success(),
                    6..8 => failure(FailureKind::Retryable),
                    8 => Outcome::Timeout,
                    _ => failure(FailureKind::Permanent),
                };
                let longest = random.pick(&[10, 500, 3_000, 40_000]);
                let length = TimeDelta::milliseconds(i64::try_from(random.below(longest)).unwrap());
                if marks && random.one_in(2) {
                    to_mark.push(claim.clone());
                }
                desk.running.push(Run { claim, started_at: now, ends_at: now + length, outcome, cancelled: false });
            }
            let (over, running) = std::mem::take(&mut desk.running)
                .into_iter()
                .partition(|run: &Run| run.cancelled || run.ends_at <= now);
            desk.running = running;
            desk.unrecorded.extend(over.into_iter().map(|run| settle(run, now)));
        }
        self.mark(&to_mark, now, database).await;
        self.record(database).await
    }

    async fn mark(&self, claims: &[Claim], now: DateTime<Utc>, database: &dyn Database) {
        let marks: Vec<_> = claims
            .iter()
            .map(|claim| {
                let tries: Vec<Attempt> = claim.attempts.iter().cloned().chain([attempt(claim, now)]).collect();
                writes::running(&held(claim), "box", &tries)
            })
            .collect();
        if !marks.is_empty() {
            // A mark that is lost is a mark that is not there: `queued` with a host may be running.
            drop(database.bulk(vec![marks]).await);
        }
    }

    async fn record(&self, database: &dyn Database) -> Vec<Ended> {
        let reports = std::mem::take(&mut self.0.lock().unrecorded);
        if reports.is_empty() {
            return Vec::new();
        }
        let ends = reports
            .iter()
            .map(|(claim, report)| match report {
                Report::Final(end) => writes::end(&held(claim), "box", end, &[], 0),
                Report::Again(at, tries) => writes::wait_for_retry(&held(claim), *at, tries, &[], 0),
            })
            .collect();
        let tallies: Vec<Tally> = reports
            .iter()
            .filter_map(|(claim, report)| match report {
                Report::Final(end) => {
                    Some(crate::scheduler::group::tally(&claim.definition, claim.scheduled_for, end.status))
                }
                Report::Again(..) => None,
            })
            .collect();
        let Ok(outcomes) = database.bulk(vec![ends, Counters::raise(&tallies)]).await else {
            self.0.lock().unrecorded.extend(reports);
            return Vec::new();
        };
        let mut ended = Vec::new();
        for ((claim, report), outcome) in reports.into_iter().zip(outcomes.into_iter().next().unwrap()) {
            let matched = matches!(outcome.unwrap(), Written::Updated(report) if report.matched > 0);
            match acknowledged(&claim, &report, matched, database).await {
                Some(ending) => ended.push(Ended { execution: claim.id, job: claim.definition.job.id, ending }),
                None => self.0.lock().unrecorded.push((claim, report)),
            }
        }
        ended
    }
}

async fn acknowledged(claim: &Claim, report: &Report, matched: bool, database: &dyn Database) -> Option<Ending> {
    let ours = match report {
        Report::Final(end) => Ending::Final(end.status),
        Report::Again(at, _) => Ending::Retry { at: *at, token: claim.token },
    };
    if matched {
        return Some(ours);
    }
    let stored = find(database, claim.id).await?;
    Some(if stored.token == claim.token && stored.host.is_none() { ours } else { Ending::TakenOver })
}

async fn find(database: &dyn Database, id: ExecutionId) -> Option<Execution> {
    let found = database.find(EXECUTIONS, Find::by(bson::doc! { "_id": id.0 })).await.ok()?;
    let documents = collect(found).await.ok()?;
    Some(execution_from_document(documents.first()?).unwrap())
}

fn held(claim: &Claim) -> Held<'_> {
    Held { id: claim.id, token: claim.token, host: &claim.host }
}

fn attempt(claim: &Claim, started_at: DateTime<Utc>) -> Attempt {
    Attempt {
        number: u32::try_from(claim.attempts.len()).unwrap() + 1,
        token: claim.token,
        host: "box".into(),
        started_at,
        ended_at: None,
        status: Status::Running,
        error: None,
        interrupted: false,
        reads: Vec::new(),
    }
}

fn settle(run: Run, now: DateTime<Utc>) -> (Claim, Report) {
    let claim = run.claim;
    let verdict = retry::decide(Case {
        execution: claim.id,
        policy: &claim.definition.job.retry_policy,
        earlier: &claim.attempts,
        outcome: &run.outcome,
        cancel_requested: run.cancelled,
        draining: false,
    });
    let mut attempt = attempt(&claim, run.started_at);
    let now = now.max(run.started_at);
    attempt.ended_at = Some(now);
    attempt.status = retry::status(&run.outcome);
    let tries: Vec<Attempt> = claim.attempts.iter().cloned().chain([attempt]).collect();
    let report = match verdict {
        Verdict::End { status, error, result } => Report::Final(Box::new(End {
            status,
            started_at: tries.first().map(|first| first.started_at),
            completed_at: now,
            attempts: tries,
            result,
            error,
            metrics: None,
            outbox: Vec::new(),
        })),
        Verdict::Again { after, .. } => Report::Again(now + after, tries),
        Verdict::HandOver { .. } => Report::Again(now, tries),
    };
    (claim, report)
}
