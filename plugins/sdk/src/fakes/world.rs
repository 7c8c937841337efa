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
///
/// ```
/// use sandglass_sdk::fakes::World;
///
/// let world = World::new();
/// world.collection("orders", serde_json::json!([{"_id": 1}]));
/// assert_eq!(world.documents("orders").len(), 1);
/// ```
#[derive(Debug)]
pub struct World(());

impl World {
    /// An empty world: no documents, files or secrets, no reply to any request, an attempt number 1 that may run for
    /// five minutes, and a clock that stands at 2027-01-15T08:00:00Z.
    ///
    /// ```
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// assert!(world.collections().is_empty());
    /// ```
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it resets the thread's world, which no default should do")]
    pub fn new() -> Self {
        with(|state| *state = State::default());
        Self(())
    }

    /// Sets the clock and the nominal instant of the execution, and the deadline to five minutes later.
    ///
    /// ```
    /// use sandglass_sdk::execution;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.set_clock("2027-03-28T01:30:00Z".parse().unwrap());
    /// assert_eq!(execution::scheduled_at(), world.now());
    /// ```
    pub fn set_clock(&self, now: DateTime<Utc>) {
        with(|state| {
            state.now = now;
            state.scheduled_at = now;
            state.deadline = now + Duration::from_mins(5);
        });
    }

    /// Sets when the attempt has to end.
    ///
    /// ```
    /// use sandglass_sdk::execution;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.set_deadline(world.now());
    /// assert_eq!(execution::deadline(), world.now());
    /// ```
    pub fn set_deadline(&self, deadline: DateTime<Utc>) {
        with(|state| state.deadline = deadline);
    }

    /// Sets the number of the attempt.
    ///
    /// ```
    /// use sandglass_sdk::execution;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.set_attempt(3);
    /// assert_eq!(execution::attempt(), 3);
    /// ```
    pub fn set_attempt(&self, attempt: u32) {
        with(|state| state.attempt = attempt);
    }

    /// Sets the job, an object with `id`, `name` and `tags`.
    ///
    /// ```
    /// use sandglass_sdk::execution;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.set_job(serde_json::json!({"id": "5", "name": "At night", "tags": []}));
    /// assert_eq!(execution::job().name, "At night");
    /// ```
    pub fn set_job(&self, job: Value) {
        with(|state| state.job = job);
    }

    /// Lets `should_stop` and `wait` say "go on" so many times and "stop" from then on.
    ///
    /// ```
    /// use sandglass_sdk::execution;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.stop_after(1);
    /// assert!(!execution::should_stop());
    /// assert!(execution::should_stop());
    /// ```
    pub fn stop_after(&self, questions: u64) {
        with(|state| state.goes_on = Some(questions));
    }

    /// Lets the next call of an operation fail, such as `documents.delete` or `http.send`. Several calls of this
    /// queue up.
    ///
    /// ```
    /// use sandglass_sdk::ErrorKind;
    /// use sandglass_sdk::documents::Collection;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.fail_next("documents.open", ErrorKind::Denied, "not-granted");
    /// assert_eq!(Collection::open("orders").unwrap_err().reason, "not-granted");
    /// assert!(Collection::open("orders").is_ok(), "only the next one fails");
    /// ```
    pub fn fail_next(&self, operation: &str, kind: ErrorKind, reason: &str) {
        self.fail_next_with(operation, error(kind, reason, format!("{operation} was made to fail: {reason}")));
    }

    /// As [`fail_next`](Self::fail_next), with an error of your own.
    ///
    /// ```
    /// use sandglass_sdk::documents::Collection;
    /// use sandglass_sdk::{Error, ErrorKind};
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// let error = Error {
    ///     kind: ErrorKind::Unavailable,
    ///     reason: "busy".into(),
    ///     message: "try later".into(),
    ///     retry_after_ms: Some(500),
    ///     details: None,
    /// };
    /// world.fail_next_with("documents.open", error);
    /// assert_eq!(Collection::open("orders").unwrap_err().retry_after_ms, Some(500));
    /// ```
    pub fn fail_next_with(&self, operation: &str, error: Error) {
        with(|state| state.failures.entry(operation.to_owned()).or_default().push_back(error));
    }

    /// Does something before each call of an operation, as another client of the database would.
    ///
    /// ```
    /// use sandglass_sdk::documents::Collection;
    /// use serde_json::json;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.collection("orders", json!([{"_id": 1}]));
    /// // Somebody else deletes everything between our look and our deletion.
    /// world.before("documents.delete", |world| world.drop_collection("orders"));
    /// assert_eq!(Collection::open("orders").unwrap().delete(&json!({}), None).unwrap(), 0);
    /// ```
    pub fn before(&self, operation: &str, action: impl Fn(&Self) + 'static) {
        let hook = Rc::new(move || action(&Self(())));
        with(|state| state.hooks.insert(operation.to_owned(), hook));
    }

    /// Lets `answer` run pipelines, which the fakes do not know: it is given the world, the name of the collection and
    /// the stages. A test that has a real engine at hand answers with that one.
    ///
    /// ```
    /// use sandglass_sdk::documents::Collection;
    /// use serde_json::json;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.answer_pipelines(|_, _, _| Ok(vec![json!({"count": 7})]));
    /// let cursor = Collection::open("orders").unwrap().aggregate(&json!([]), &json!({})).unwrap();
    /// assert_eq!(cursor.next_batch(1).unwrap(), [json!({"count": 7})]);
    /// ```
    pub fn answer_pipelines(&self, answer: impl Fn(&Self, &str, &Value) -> Result<Vec<Value>, Error> + 'static) {
        let answer = Rc::new(move |collection: &str, stages: &Value| answer(&Self(()), collection, stages));
        with(|state| state.pipelines = Some(answer));
    }

    /// Sets the documents of a collection, an array; `crm/orders` for one of a named connection.
    ///
    /// ```
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.collection("crm/people", serde_json::json!([{"_id": 1, "name": "Ada"}]));
    /// assert_eq!(world.documents("crm/people")[0]["name"], "Ada");
    /// ```
    pub fn collection(&self, name: &str, documents: Value) {
        let Value::Array(documents) = documents else { return };
        with(|state| state.collections.insert(name.to_owned(), documents));
    }

    /// The documents that a collection holds now.
    ///
    /// ```
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// assert!(world.documents("orders").is_empty(), "nobody has made it");
    /// ```
    #[must_use]
    pub fn documents(&self, collection: &str) -> Vec<Value> {
        with(|state| state.collections.get(collection).cloned().unwrap_or_default())
    }

    /// Sets the indexes of a collection beside the one on `_id`, an array of objects with `name`, `key` and options.
    ///
    /// ```
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.set_indexes("orders", serde_json::json!([{"name": "by_status", "key": {"status": 1}}]));
    /// assert_eq!(world.indexes("orders").len(), 1);
    /// ```
    pub fn set_indexes(&self, collection: &str, indexes: Value) {
        let Value::Array(indexes) = indexes else { return };
        with(|state| state.indexes.insert(collection.to_owned(), indexes));
    }

    /// The indexes that a collection has beside the one on `_id`.
    ///
    /// ```
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// assert!(world.indexes("orders").is_empty());
    /// ```
    #[must_use]
    pub fn indexes(&self, collection: &str) -> Vec<Value> {
        with(|state| state.indexes.get(collection).cloned().unwrap_or_default())
    }

    /// Removes a collection, as another client of the database would.
    ///
    /// ```
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.collection("orders", serde_json::json!([{"_id": 1}]));
    /// world.drop_collection("orders");
    /// assert!(world.collections().is_empty());
    /// ```
    pub fn drop_collection(&self, name: &str) {
        with(|state| (state.collections.remove(name), state.indexes.remove(name)));
    }

    /// The names of the collections.
    ///
    /// ```
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.collection("orders", serde_json::json!([]));
    /// assert_eq!(world.collections(), ["orders"]);
    /// ```
    #[must_use]
    pub fn collections(&self) -> Vec<String> {
        with(|state| state.collections.keys().cloned().collect())
    }

    /// Adds the answer to the next request that has none yet.
    ///
    /// ```
    /// use sandglass_sdk::fakes::Reply;
    /// use sandglass_sdk::http::Request;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.reply(Reply::new(500));
    /// world.reply(Reply::new(200));
    /// let statuses = [(); 2].map(|()| Request::new("GET", "https://example.com/").send().unwrap().status());
    /// assert_eq!(statuses, [500, 200]);
    /// ```
    pub fn reply(&self, reply: Reply) {
        with(|state| state.replies.push_back(reply));
    }

    /// The requests that were sent.
    ///
    /// ```
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// assert!(world.requests().is_empty(), "nothing was sent");
    /// ```
    #[must_use]
    pub fn requests(&self) -> Vec<SentRequest> {
        with(|state| state.requests.clone())
    }

    /// Sets a secret.
    ///
    /// ```
    /// use sandglass_sdk::secrets::Secret;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.secret("shop-token", "s3cret");
    /// assert!(Secret::get("shop-token").is_ok());
    /// ```
    pub fn secret(&self, label: &str, text: &str) {
        with(|state| state.secrets.insert(label.to_owned(), text.to_owned()));
    }

    /// Sets what the mail server says about the next message that has no receipt yet. Without one every recipient
    /// is accepted.
    ///
    /// ```
    /// use sandglass_sdk::email::{self, Message, Priority, Receipt};
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.receipt(Receipt {
    ///     message_id: "<1@example.com>".into(),
    ///     accepted: Vec::new(),
    ///     refused: vec![("ops@example.com".into(), "550 no such user".into())],
    /// });
    /// let message = Message {
    ///     to: vec!["ops@example.com".into()],
    ///     cc: Vec::new(),
    ///     bcc: Vec::new(),
    ///     reply_to: None,
    ///     subject: "3 orders wait".into(),
    ///     text: "Look at them.".into(),
    ///     html: None,
    ///     priority: Priority::Normal,
    ///     headers: Vec::new(),
    ///     attachments: Vec::new(),
    /// };
    /// assert_eq!(email::send("default", &message).unwrap().refused.len(), 1);
    /// ```
    pub fn receipt(&self, receipt: Receipt) {
        with(|state| state.receipts.push_back(receipt));
    }

    /// The messages that were sent, with their identities.
    ///
    /// ```
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// assert!(world.outbox().is_empty(), "nothing was sent");
    /// ```
    #[must_use]
    pub fn outbox(&self) -> Vec<(String, Message)> {
        with(|state| state.outbox.clone())
    }

    /// Puts a file into a folder.
    ///
    /// ```
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.file("exports", "2027/orders.csv", b"a,b");
    /// assert_eq!(world.files("exports").len(), 1);
    /// ```
    pub fn file(&self, folder: &str, name: &str, bytes: &[u8]) {
        with(|state| state.folders.entry(folder.to_owned()).or_default().insert(name.to_owned(), bytes.to_vec()));
    }

    /// The names and contents of the finished files in a folder.
    ///
    /// ```
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.file("exports", "orders.csv", b"a,b");
    /// assert_eq!(world.files("exports"), [("orders.csv".to_owned(), b"a,b".to_vec())]);
    /// ```
    #[must_use]
    pub fn files(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        with(|state| state.folders.get(folder).cloned().unwrap_or_default()).into_iter().collect()
    }

    /// Sets what the statistics of runs are.
    ///
    /// ```
    /// use sandglass_sdk::insight;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// world.statistics(serde_json::json!({"total": 3}));
    /// let figures = insight::statistics(world.now(), world.now(), &serde_json::json!({})).unwrap();
    /// assert_eq!(figures["total"], 3);
    /// ```
    pub fn statistics(&self, statistics: Value) {
        with(|state| state.statistics = statistics);
    }

    /// The present instant. Waits and slow replies move it.
    ///
    /// ```
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// assert_eq!(world.now().to_rfc3339(), "2027-01-15T08:00:00+00:00");
    /// ```
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        with(|state| state.now)
    }

    /// How long the template waited, wait by wait.
    ///
    /// ```
    /// use sandglass_sdk::execution;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// assert!(execution::wait(std::time::Duration::from_secs(1)));
    /// assert_eq!(world.waits().len(), 1);
    /// ```
    #[must_use]
    pub fn waits(&self) -> Vec<Duration> {
        with(|state| state.waits.clone())
    }

    /// What the template said about how far it is.
    ///
    /// ```
    /// use sandglass_sdk::execution;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// execution::progress(1, None, "orders");
    /// assert_eq!(world.progress()[0].note, "orders");
    /// ```
    #[must_use]
    pub fn progress(&self) -> Vec<Progress> {
        with(|state| state.progress.clone())
    }

    /// The lines that were logged.
    ///
    /// ```
    /// use sandglass_sdk::log;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// log::info("done", &[]);
    /// assert_eq!(world.lines()[0].message, "done");
    /// ```
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        with(|state| state.lines.clone())
    }

    /// The names of all calls so far, in order: `documents.find`, `log.write`, …
    ///
    /// ```
    /// use sandglass_sdk::random;
    /// use sandglass_sdk::fakes::World;
    ///
    /// let world = World::new();
    /// random::bytes(4);
    /// assert_eq!(world.calls(), ["random.bytes"]);
    /// ```
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        with(|state| state.calls.clone())
    }
}
