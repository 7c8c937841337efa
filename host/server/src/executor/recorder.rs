//! Writes ends in groups, and what long runs say meanwhile. One task: so the lines of a run are stored in their order,
//! and the planner hears of an end only after the store has acknowledged it.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use sandglass_database::{Database, Outcome, Result, Write};
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use super::board::Running;
use super::handle::Inner;
use super::{Ended, Ending, attempt, outbox};
use crate::model::Trouble;
use crate::model::event::Event;
use crate::model::execution::Attempt;
use crate::model::log::LogLine;
use crate::repository::writes::{self, End, Held};
use crate::repository::{Claim, Counters, Logs, Tally};

/// Ends in one group.
const GROUP: usize = 1_000;
/// Ends are stored at most once in so long: an end that stands alone at once, a stream of them in groups. A commit costs
/// more than all else of a small run.
const GATHER: Duration = Duration::from_millis(5);
/// How often `running` is marked, and how many such beats lie between two flushes of lines.
const BEAT: Duration = Duration::from_millis(200);
const BEATS_A_FLUSH: u32 = 5;
/// Wait after a store that did not answer, doubled up to the second.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// Lines in one chunk beside the document.
const CHUNK: usize = 1_000;

pub enum Report {
    /// An attempt is over.
    Over(Arc<Running>, Settled),
    /// A claim that never began is handed over.
    HandOver(Box<Claim>),
    /// Answers when everything before it is stored.
    Flush(oneshot::Sender<()>),
}

/// What is recorded of an attempt.
pub enum Settled {
    Final(Box<End>),
    Again { at: DateTime<Utc>, attempts: Vec<Attempt> },
}

pub struct Recorder {
    database: Arc<dyn Database>,
    executor: Weak<Inner>,
    reports: mpsc::Receiver<Report>,
    ended: mpsc::UnboundedSender<Ended>,
    /// The store takes nothing.
    trouble: Mutex<Trouble>,
}

/// A report with the lines that belong to it.
struct Item {
    claim: Claim,
    settled: Settled,
    lines: Vec<LogLine>,
    stored_lines: u64,
    /// The record was refused as it is; only what has to be in it goes in.
    reduced: bool,
}

impl Recorder {
    pub fn new(
        database: Arc<dyn Database>,
        executor: Weak<Inner>,
        reports: mpsc::Receiver<Report>,
        ended: mpsc::UnboundedSender<Ended>,
    ) -> Self {
        Self { database, executor, reports, ended, trouble: Mutex::default() }
    }

    /// Until the executor is gone and everything is stored.
    pub async fn run(mut self) {
        let mut beats = tokio::time::interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beat = 0_u32;
        let mut batch = Vec::with_capacity(GROUP);
        let mut open = Box::pin(tokio::time::sleep(Duration::ZERO));
        loop {
            tokio::select! {
                taken = self.gathered(&mut batch, open.as_mut()) => {
                    if taken == 0 {
                        return;
                    }
                    open.set(tokio::time::sleep(GATHER));
                    self.record(batch.drain(..)).await;
                }
                _ = beats.tick() => {
                    beat = beat.wrapping_add(1);
                    self.tell_of_running(beat.is_multiple_of(BEATS_A_FLUSH)).await;
                }
            }
        }
    }

    /// Reports, once `open` is over; none when there will be none any more. Dropped while it waits, it has taken
    /// nothing.
    async fn gathered(&mut self, batch: &mut Vec<Report>, open: Pin<&mut tokio::time::Sleep>) -> usize {
        open.await;
        self.reports.recv_many(batch, GROUP).await
    }

    async fn record(&self, batch: impl Iterator<Item = Report>) {
        let Some(executor) = self.executor.upgrade() else { return };
        let now = executor.clock.now();
        let (mut items, mut flushed) = (Vec::new(), Vec::new());
        for report in batch {
            match report {
                Report::Over(running, settled) => items.push(Item {
                    lines: running.watch.take().0,
                    stored_lines: running.stored_lines.load(Ordering::Acquire),
                    claim: running.claim.clone(),
                    settled,
                    reduced: false,
                }),
                Report::HandOver(claim) => items.push(Item {
                    lines: Vec::new(),
                    stored_lines: claim.log_lines,
                    settled: Settled::Again { at: now, attempts: claim.attempts.clone() },
                    claim: *claim,
                    reduced: false,
                }),
                Report::Flush(done) => flushed.push(done),
            }
        }
        let mut pause = PAUSE.0;
        while !items.is_empty() {
            let (ends, others) = group(&executor, &items);
            match self.database.bulk(vec![ends, others]).await {
                Ok(outcomes) => {
                    if self.trouble.lock().over() {
                        tracing::info!("the store takes ends again");
                    }
                    let of_ends = outcomes.into_iter().next().unwrap_or_default();
                    items = self.acknowledge(&executor, items, of_ends).await;
                }
                Err(error) => {
                    if self.trouble.lock().met(executor.clock.boot_time()) {
                        tracing::warn!(%error, "{} ends wait for the store", items.len());
                    }
                }
            }
            if !items.is_empty() {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE.1);
            }
        }
        for done in flushed {
            // Nobody waiting any more is no fault.
            let _ = done.send(());
        }
    }

    /// Passes on what is stored, and gives back what is still to be done.
    async fn acknowledge(&self, executor: &Arc<Inner>, items: Vec<Item>, outcomes: Vec<Result<Outcome>>) -> Vec<Item> {
        let mut left = Vec::new();
        let mut outcomes = outcomes.into_iter();
        for mut item in items {
            match outcomes.next() {
                Some(Ok(Outcome::Updated(report))) if report.matched > 0 => self.tell(executor, &item, item.ending()),
                Some(Ok(_)) => match self.ending_as_stored(executor, &item).await {
                    Ok(ending) => self.tell(executor, &item, ending),
                    Err(_) => left.push(item),
                },
                Some(Err(error)) if error.is_transient() => left.push(item),
                Some(Err(error)) if !item.reduced => {
                    tracing::error!(execution = %item.claim.id, %error, "the record is refused; it is written without result and lines");
                    item.reduce(&error);
                    left.push(item);
                }
                Some(Err(error)) => {
                    tracing::error!(execution = %item.claim.id, %error, "the record is refused; recovery will settle this run");
                }
                None => left.push(item),
            }
        }
        left
    }

    /// The write found nothing: either it was done before (the reply was lost), or somebody took the execution over.
    async fn ending_as_stored(&self, executor: &Inner, item: &Item) -> Result<Ending> {
        let stored = executor.executions.get(item.claim.id).await?;
        let same = stored.filter(|stored| stored.token == item.claim.token);
        Ok(match (same, &item.settled) {
            (Some(stored), Settled::Final(end)) if stored.status == end.status => item.ending(),
            (Some(stored), Settled::Again { .. }) if stored.retry_at.is_some() => item.ending(),
            _ => {
                tracing::warn!(execution = %item.claim.id, token = item.claim.token.0, "another holder took this run over; its end is dropped");
                Ending::TakenOver
            }
        })
    }

    fn tell(&self, executor: &Arc<Inner>, item: &Item, ending: Ending) {
        let (id, job) = (item.claim.id, item.claim.definition.job.id);
        // The planner first: whoever hears of the end may ask for the next run at once. One that has stopped reads the
        // store when it starts again.
        let _ = self.ended.send(Ended { execution: id, job, ending: ending.clone() });
        if let (Settled::Final(end), Ending::Final(status)) = (&item.settled, &ending) {
            executor.figures.ended(item.claim.trigger, *status);
            executor.tell(Event::Execution { id, job_id: job, status: *status, at: end.completed_at });
            if !end.outbox.is_empty() {
                executor.home.spawn(outbox::send(Arc::clone(executor), id));
            }
        }
    }

    /// Marks what has been running for a beat and, now and then, stores lines and progress.
    async fn tell_of_running(&self, flush: bool) {
        let Some(executor) = self.executor.upgrade() else { return };
        let runs: Vec<Arc<Running>> = executor.board.lock().running.values().cloned().collect();
        let (mut news, mut others, mut told) = (Vec::new(), Vec::new(), Vec::new());
        for run in &runs {
            let claim = &run.claim;
            let held = Held { id: claim.id, token: claim.token, host: &claim.host };
            if !run.marked.load(Ordering::Acquire) {
                let attempts: Vec<Attempt> =
                    claim.attempts.iter().cloned().chain([attempt::begun(&executor, run)]).collect();
                news.push(writes::running(&held, &executor.settings.host_name, &attempts));
            }
            if flush {
                let (lines, progress) = run.watch.take();
                if !lines.is_empty() || progress.is_some() {
                    let stored = run.stored_lines.load(Ordering::Acquire);
                    let split = Split::of(&lines, stored, executor.settings.lines_in_document);
                    news.push(writes::news(&held, split.own, split.total, progress.as_ref()));
                    others.extend(split.chunks(claim));
                    let total = split.total;
                    told.push((run, lines, progress, total));
                }
            }
        }
        if news.is_empty() {
            return;
        }
        match self.database.bulk(vec![news, others]).await {
            Ok(_) => {
                for (run, _, _, total) in told {
                    run.stored_lines.store(total, Ordering::Release);
                }
                for run in runs {
                    run.marked.store(true, Ordering::Release);
                }
            }
            Err(error) => {
                if self.trouble.lock().met(executor.clock.boot_time()) {
                    tracing::warn!(%error, "what runs say waits for the store");
                }
                for (run, lines, progress, _) in told {
                    run.watch.put_back(lines, progress);
                }
            }
        }
    }
}

/// New lines, cut where the document's share ends.
struct Split<'a> {
    own: &'a [LogLine],
    rest: &'a [LogLine],
    first_of_rest: u64,
    total: u64,
}

impl<'a> Split<'a> {
    fn of(lines: &'a [LogLine], stored: u64, in_document: u64) -> Self {
        let room = usize::try_from(in_document.saturating_sub(stored)).unwrap_or(usize::MAX).min(lines.len());
        let (own, rest) = lines.split_at_checked(room).unwrap_or((lines, &[]));
        let total = stored + lines.len() as u64;
        Self { own, rest, first_of_rest: stored + own.len() as u64, total }
    }

    fn chunks(&self, claim: &Claim) -> Vec<Write> {
        let firsts = (self.first_of_rest..).step_by(CHUNK);
        let job = claim.definition.job.id;
        self.rest.chunks(CHUNK).zip(firsts).map(|(lines, first)| Logs::chunk(claim.id, job, first, lines)).collect()
    }
}

impl Item {
    fn ending(&self) -> Ending {
        match &self.settled {
            Settled::Final(end) => Ending::Final(end.status),
            Settled::Again { at, .. } => Ending::Retry { at: *at, token: self.claim.token },
        }
    }

    fn reduce(&mut self, error: &sandglass_database::Error) {
        self.reduced = true;
        self.lines.clear();
        if let Settled::Final(end) = &mut self.settled {
            end.result = None;
            end.error = Some(format!("the full record could not be stored: {error}"));
        }
    }

    fn tally(&self) -> Option<Tally> {
        let Settled::Final(end) = &self.settled else { return None };
        let (processed, affected) =
            end.result.as_ref().map_or((0, 0), |result| (result.records_processed, result.records_affected));
        Some(Tally {
            job: self.claim.definition.job.id,
            template_type: self.claim.definition.job.template_type.as_str().into(),
            at: self.claim.scheduled_for,
            status: end.status,
            duration_seconds: end.duration_seconds().unwrap_or(0.0),
            processed,
            affected,
        })
    }
}

/// One write for each item, in order; and beside them chunks of lines and counters.
fn group(executor: &Inner, items: &[Item]) -> (Vec<Write>, Vec<Write>) {
    let mut others = Vec::new();
    let mut ends = Vec::with_capacity(items.len());
    for item in items {
        let claim = &item.claim;
        let held = Held { id: claim.id, token: claim.token, host: &claim.host };
        let split = Split::of(&item.lines, item.stored_lines, executor.settings.lines_in_document);
        ends.push(match &item.settled {
            Settled::Final(end) => writes::end(&held, &executor.settings.host_name, end, split.own, split.total),
            Settled::Again { at, attempts } => writes::wait_for_retry(&held, *at, attempts, split.own, split.total),
        });
        others.extend(split.chunks(claim));
    }
    let tallies: Vec<Tally> = items.iter().filter_map(Item::tally).collect();
    others.extend(Counters::raise(&tallies));
    (ends, others)
}
