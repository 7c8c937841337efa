//! The planner's thread: sleeps to the exact instant, looks at the wall clock at least once a second (T16), and is
//! woken by commands and ends. Also the answers to commands.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::group::Group;
use super::handle::{Command, Scheduler};
use super::planner::{Parts, Planner};
use super::recovery::Recovered;
use crate::executor::Ended;

/// Commands that are taken at once.
const BATCH: usize = 1_000;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("what a former run left behind could not be settled: {0}")]
    Recovery(#[from] sandglass_database::Error),
    #[error("the planner's thread could not be made: {0}")]
    Thread(#[from] std::io::Error),
}

/// Recovers, then starts the planner's thread. The thread ends with [`Command::Stop`], or when nobody can send
/// commands any more. Call it inside a tokio runtime.
///
/// # Errors
/// As [`StartError`] says; nothing has been started then.
pub async fn start(
    parts: Parts,
    ended: mpsc::UnboundedReceiver<Ended>,
) -> Result<(Scheduler, Recovered, JoinHandle<()>), StartError> {
    let (sender, commands) = mpsc::channel(parts.settings.queue);
    let runtime = Handle::current();
    let mut planner = Planner::new(parts);
    let recovered = planner.recover().await?;
    let thread = thread::Builder::new().name("planner".into()).spawn(move || {
        let inbox = Inbox { commands, ended, ends: Vec::new(), asked: Vec::new(), closed: false };
        if let Some(stopped) = run(planner, inbox, &runtime) {
            // Nobody waiting any more is no fault.
            let _ = stopped.send(());
        }
    })?;
    Ok((Scheduler::new(sender), recovered, thread))
}

fn run(mut planner: Planner, mut inbox: Inbox, runtime: &Handle) -> Option<oneshot::Sender<()>> {
    loop {
        inbox.collect();
        for ended in inbox.ends.drain(..) {
            planner.ended(&ended);
        }
        let asked = std::mem::take(&mut inbox.asked);
        let (next, stop) = runtime.block_on(async {
            let stop = planner.obey(asked).await;
            (planner.turn().await, stop)
        });
        if stop.is_some() || inbox.closed {
            return stop;
        }
        if let Ok(sleep) = (next - planner.now()).to_std() {
            inbox.wait(sleep);
        }
    }
}

struct Inbox {
    commands: mpsc::Receiver<Command>,
    ended: mpsc::UnboundedReceiver<Ended>,
    ends: Vec<Ended>,
    asked: Vec<Command>,
    closed: bool,
}

impl Inbox {
    fn collect(&mut self) {
        while self.asked.len() < BATCH {
            match self.commands.try_recv() {
                Ok(command) => self.asked.push(command),
                Err(mpsc::error::TryRecvError::Empty) => break,
                Err(mpsc::error::TryRecvError::Disconnected) => {
                    self.closed = self.asked.is_empty();
                    break;
                }
            }
        }
        // Ends after commands: whoever asked because a run had ended finds that the planner knows it.
        while let Ok(ended) = self.ended.try_recv() {
            self.ends.push(ended);
        }
    }

    /// Sleeps until something arrives, at most so long.
    fn wait(&mut self, longest: std::time::Duration) {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        match self.ended.poll_recv(&mut context) {
            Poll::Ready(Some(ended)) => return self.ends.push(ended),
            Poll::Ready(None) | Poll::Pending => {}
        }
        match self.commands.poll_recv(&mut context) {
            Poll::Ready(Some(command)) => self.asked.push(command),
            Poll::Ready(None) => self.closed = true,
            Poll::Pending => thread::park_timeout(longest),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Planner {
    pub(super) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now()
    }

    /// Carries commands out, in order; manual runs that come together share a group. Gives back the sender that waits
    /// for the stop, if one asked.
    pub async fn obey(&mut self, commands: Vec<Command>) -> Option<oneshot::Sender<()>> {
        let mut runs = Group::default();
        let mut creations = Vec::new();
        let mut stop = None;
        for command in commands {
            let now = self.now();
            match command {
                Command::Trigger { run, answer } => {
                    self.create_all(&mut creations).await;
                    runs.decided.extend(self.ask_for_run(run, answer, now).await);
                    continue;
                }
                Command::Change { change: super::Change::Create(job), answer } => {
                    self.start_all(&mut runs).await;
                    creations.push((*job, answer));
                    continue;
                }
                _ => {}
            }
            self.start_all(&mut runs).await;
            self.create_all(&mut creations).await;
            match command {
                Command::Change { change, answer } => drop(answer.send(self.change(change, now).await)),
                Command::Cancel { execution, by, answer } => {
                    drop(answer.send(self.cancel(execution, &by, now).await));
                }
                Command::Why { job, at, answer } => drop(answer.send(self.why(job, at, now).await)),
                // Nothing waits for a template: an occurrence is decided at its instant, as the template stands then.
                Command::TemplatesChanged | Command::Trigger { .. } => {}
                Command::Stop { answer } => stop = Some(answer),
            }
        }
        self.start_all(&mut runs).await;
        self.create_all(&mut creations).await;
        stop
    }

    async fn start_all(&mut self, runs: &mut Group) {
        let group = std::mem::take(runs);
        if group.is_empty() {
            return;
        }
        // A failure has been answered to each of them.
        drop(self.store(group, self.now()).await);
    }
}
