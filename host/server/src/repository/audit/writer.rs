//! The one task that appends to a chain: what waits is sealed in order and stored together.
//!
//! An entry keeps its place even if the store did not answer: whether it arrived is unknown, so the same entries are
//! offered again, under the same ids, before anything new is added. Those who wait for them are told of the failure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bson::Document;
use parking_lot::Mutex;
use sandglass_database::{Database, Error};
use tokio::sync::{mpsc, oneshot};

use super::entry::Entry;
use super::{AuditError, AuditId, COLLECTION, GENESIS, Head, chain};
use crate::model::{Incarnation, Trouble};

/// Entries that are stored together at most.
const BATCH: usize = 500;
/// How long ends wait for company: nobody waits for them.
const LINGER: Duration = Duration::from_millis(20);

/// The index on `_id`, as every engine names it.
const PRIMARY: &str = "_id_";

type Answer = oneshot::Sender<Result<AuditId, AuditError>>;

enum Message {
    Append { entry: Box<Entry>, answer: Option<Answer> },
    Flush(oneshot::Sender<Result<(), AuditError>>),
}

#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::UnboundedSender<Message>,
    head: Arc<Mutex<Head>>,
}

impl Writer {
    pub(super) fn start(database: Arc<dyn Database>, host: Incarnation) -> Self {
        let (queue, inbox) = mpsc::unbounded_channel();
        let head = Arc::new(Mutex::new(Head { length: 0, hash: GENESIS.to_owned() }));
        let chain = Chain {
            database,
            host,
            length: 0,
            hash: GENESIS.to_owned(),
            unsettled: Vec::new(),
            head: head.clone(),
            trouble: Trouble::default(),
            began: Instant::now(),
        };
        tokio::spawn(chain.run(inbox));
        Self { queue, head }
    }

    pub(super) async fn append(&self, entry: Entry) -> Result<AuditId, AuditError> {
        let (answer, stored) = oneshot::channel();
        self.queue
            .send(Message::Append { entry: Box::new(entry), answer: Some(answer) })
            .map_err(|_| AuditError::Ended)?;
        stored.await.map_err(|_| AuditError::Ended)?
    }

    pub(super) fn append_later(&self, entry: Entry) {
        if self.queue.send(Message::Append { entry: Box::new(entry), answer: None }).is_err() {
            tracing::error!("the end of an effect could not be recorded: the audit writer has ended");
        }
    }

    pub(super) async fn flush(&self) -> Result<(), AuditError> {
        let (answer, done) = oneshot::channel();
        self.queue.send(Message::Flush(answer)).map_err(|_| AuditError::Ended)?;
        done.await.map_err(|_| AuditError::Ended)?
    }

    pub(super) fn head(&self) -> Head {
        self.head.lock().clone()
    }
}

struct Chain {
    database: Arc<dyn Database>,
    host: Incarnation,
    length: i64,
    hash: String,
    /// Sealed, but not known to be stored.
    unsettled: Vec<Document>,
    head: Arc<Mutex<Head>>,
    trouble: Trouble,
    began: Instant,
}

impl Chain {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Message>) {
        let mut messages = Vec::new();
        while inbox.recv_many(&mut messages, BATCH).await > 0 {
            let is_awaited = |message: &Message| !matches!(message, Message::Append { answer: None, .. });
            if !messages.iter().any(is_awaited) && messages.len() < BATCH {
                // Only ends so far. Whoever comes meanwhile ends the wait.
                let space = BATCH - messages.len();
                let _more = tokio::time::timeout(LINGER, inbox.recv_many(&mut messages, space)).await;
            }
            self.store(std::mem::take(&mut messages)).await;
        }
    }

    async fn store(&mut self, messages: Vec<Message>) {
        let mut answers = Vec::new();
        let mut flushes = Vec::new();
        if let Err(error) = self.settle().await {
            for message in messages {
                match message {
                    Message::Append { answer: Some(answer), .. } => {
                        let _gone = answer.send(Err(error.clone()));
                    }
                    Message::Append { entry, answer: None } => {
                        // Nobody will offer it again, so it takes its place now.
                        self.seal(&entry);
                    }
                    Message::Flush(answer) => {
                        let _gone = answer.send(Err(error.clone()));
                    }
                }
            }
            return;
        }
        for message in messages {
            match message {
                Message::Append { entry, answer } => {
                    let id = self.seal(&entry);
                    answers.extend(answer.map(|answer| (answer, id)));
                }
                Message::Flush(answer) => flushes.push(answer),
            }
        }
        let stored = self.settle().await;
        if let Err(error) = &stored
            && self.trouble.met(self.began.elapsed())
        {
            tracing::error!(%error, "audit entries are not stored yet and will be offered again");
        }
        for (answer, id) in answers {
            let _gone = answer.send(stored.clone().map(|()| id));
        }
        for answer in flushes {
            let _gone = answer.send(stored.clone());
        }
    }

    fn seal(&mut self, entry: &Entry) -> AuditId {
        let text = format!("{}:{:012}", self.host, self.length);
        let mut document = entry.document(&text, &self.host.0);
        self.hash = chain::seal(&mut document, self.length, &self.hash);
        self.length += 1;
        self.unsettled.push(document);
        let (execution, attempt) = entry.belongs_to();
        AuditId { text, execution, attempt }
    }

    /// Stores what is sealed. An entry that is there already under its id was stored before.
    async fn settle(&mut self) -> Result<(), AuditError> {
        if self.unsettled.is_empty() {
            return Ok(());
        }
        let report = self.database.insert(COLLECTION, self.unsettled.clone()).await?;
        for (_, error) in report.failed {
            let is_there = matches!(&error, Error::DuplicateKey { index, .. } if index == PRIMARY);
            if !is_there {
                return Err(error.into());
            }
        }
        self.unsettled.clear();
        self.trouble.over();
        *self.head.lock() = Head { length: self.length, hash: self.hash.clone() };
        Ok(())
    }
}
