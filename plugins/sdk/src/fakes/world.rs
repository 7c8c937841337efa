//! How a test arranges the world and looks at it.

use std::rc::Rc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::http::{Reply, SentRequest};
use super::state::{Line, Progress, State, error, with};
use crate::email::{Message, Receipt};
use crate::{Error, ErrorKind};

/// The world of this thread. Making a new one forgets the old one.
#[derive(Debug)]
pub struct World(());

impl World {
    /// An empty world: no documents, files or secrets, no reply to any request, an attempt number 1 that may run for
    /// five minutes, and a clock that stands at 2027-01-15T08:00:00Z.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it resets the thread's world, which no default should do")]
    pub fn new() -> Self {
        with(|state| *state = State::default());
        Self(())
    }

    /// Sets the clock and the nominal instant of the execution, and the deadline to five minutes later.
    pub fn set_clock(&self, now: DateTime<Utc>) {
        with(|state| {
            state.now = now;
            state.scheduled_at = now;
            state.deadline = now + Duration::from_mins(5);
        });
    }

    /// Sets when the attempt has to end.
    pub fn set_deadline(&self, deadline: DateTime<Utc>) {
        with(|state| state.deadline = deadline);
    }

    /// Sets the number of the attempt.
    pub fn set_attempt(&self, attempt: u32) {
        with(|state| state.attempt = attempt);
    }

    /// Sets the job, an object with `id`, `name` and `tags`.
    pub fn set_job(&self, job: Value) {
        with(|state| state.job = job);
    }

    /// Lets `should_stop` and `wait` say "go on" so many times and "stop" from then on.
    pub fn stop_after(&self, questions: u64) {
        with(|state| state.goes_on = Some(questions));
    }

    /// Lets the next call of an operation fail, such as `documents.delete` or `http.send`. Several calls of this
    /// queue up.
    pub fn fail_next(&self, operation: &str, kind: ErrorKind, reason: &str) {
        self.fail_next_with(operation, error(kind, reason, format!("{operation} was made to fail: {reason}")));
    }

    /// As [`fail_next`](Self::fail_next), with an error of your own.
    pub fn fail_next_with(&self, operation: &str, error: Error) {
        with(|state| state.failures.entry(operation.to_owned()).or_default().push_back(error));
    }

    /// Does something before each call of an operation, as another client of the database would.
    pub fn before(&self, operation: &str, action: impl Fn(&Self) + 'static) {
        let hook = Rc::new(move || action(&Self(())));
        with(|state| state.hooks.insert(operation.to_owned(), hook));
    }

    /// Lets `answer` run pipelines, which the fakes do not know: it is given the world, the name of the collection and
    /// the stages. A test that has a real engine at hand answers with that one.
    pub fn answer_pipelines(&self, answer: impl Fn(&Self, &str, &Value) -> Result<Vec<Value>, Error> + 'static) {
        let answer = Rc::new(move |collection: &str, stages: &Value| answer(&Self(()), collection, stages));
        with(|state| state.pipelines = Some(answer));
    }

    /// Sets the documents of a collection, an array; `crm/orders` for one of a named connection.
    pub fn collection(&self, name: &str, documents: Value) {
        let Value::Array(documents) = documents else { return };
        with(|state| state.collections.insert(name.to_owned(), documents));
    }

    /// The documents that a collection holds now.
    #[must_use]
    pub fn documents(&self, collection: &str) -> Vec<Value> {
        with(|state| state.collections.get(collection).cloned().unwrap_or_default())
    }

    /// Sets the indexes of a collection beside the one on `_id`, an array of objects with `name`, `key` and options.
    pub fn set_indexes(&self, collection: &str, indexes: Value) {
        let Value::Array(indexes) = indexes else { return };
        with(|state| state.indexes.insert(collection.to_owned(), indexes));
    }

    /// The indexes that a collection has beside the one on `_id`.
    #[must_use]
    pub fn indexes(&self, collection: &str) -> Vec<Value> {
        with(|state| state.indexes.get(collection).cloned().unwrap_or_default())
    }

    /// Removes a collection, as another client of the database would.
    pub fn drop_collection(&self, name: &str) {
        with(|state| (state.collections.remove(name), state.indexes.remove(name)));
    }

    /// The names of the collections.
    #[must_use]
    pub fn collections(&self) -> Vec<String> {
        with(|state| state.collections.keys().cloned().collect())
    }

    /// Adds the answer to the next request that has none yet.
    pub fn reply(&self, reply: Reply) {
        with(|state| state.replies.push_back(reply));
    }

    /// The requests that were sent.
    #[must_use]
    pub fn requests(&self) -> Vec<SentRequest> {
        with(|state| state.requests.clone())
    }

    /// Sets a secret.
    pub fn secret(&self, label: &str, text: &str) {
        with(|state| state.secrets.insert(label.to_owned(), text.to_owned()));
    }

    /// Sets what the mail server says about the next message that has no receipt yet. Without one every recipient
    /// is accepted.
    pub fn receipt(&self, receipt: Receipt) {
        with(|state| state.receipts.push_back(receipt));
    }

    /// The messages that were sent, with their identities.
    #[must_use]
    pub fn outbox(&self) -> Vec<(String, Message)> {
        with(|state| state.outbox.clone())
    }

    /// Puts a file into a folder.
    pub fn file(&self, folder: &str, name: &str, bytes: &[u8]) {
        with(|state| state.folders.entry(folder.to_owned()).or_default().insert(name.to_owned(), bytes.to_vec()));
    }

    /// The names and contents of the finished files in a folder.
    #[must_use]
    pub fn files(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        with(|state| state.folders.get(folder).cloned().unwrap_or_default()).into_iter().collect()
    }

    /// Sets what the statistics of runs are.
    pub fn statistics(&self, statistics: Value) {
        with(|state| state.statistics = statistics);
    }

    /// The present instant. Waits and slow replies move it.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        with(|state| state.now)
    }

    /// How long the template waited, wait by wait.
    #[must_use]
    pub fn waits(&self) -> Vec<Duration> {
        with(|state| state.waits.clone())
    }

    /// What the template said about how far it is.
    #[must_use]
    pub fn progress(&self) -> Vec<Progress> {
        with(|state| state.progress.clone())
    }

    /// The lines that were logged.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        with(|state| state.lines.clone())
    }

    /// The names of all calls so far, in order: `documents.find`, `log.write`, …
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        with(|state| state.calls.clone())
    }
}
