//! What a thread's world holds.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::http::{Reply, SentRequest};
use crate::email::{Message, Receipt};
use crate::log::Level;
use crate::{Error, ErrorKind};

/// One line that the template logged.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::log;
///
/// log::warn("an order has no status", &[("id", &7)]);
/// let line = &world.lines()[0];
/// assert_eq!((line.message.as_str(), line.fields[0].1.as_str()), ("an order has no status", "7"));
/// ```
#[derive(Debug, Clone)]
pub struct Line {
    /// How much it matters.
    pub level: Level,
    /// The text.
    pub message: String,
    /// Names and values.
    pub fields: Vec<(String, String)>,
}

/// One thing that the template said about how far it is.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::execution;
/// use sandglass_sdk::fakes::Progress;
///
/// execution::progress(5, Some(9), "orders");
/// assert_eq!(world.progress(), [Progress { done: 5, total: Some(9), note: "orders".into() }]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is done.
    pub done: u64,
    /// Of how much.
    pub total: Option<u64>,
    /// Text for people.
    pub note: String,
}

type Hook = Rc<dyn Fn()>;
type Pipelines = Rc<dyn Fn(&str, &Value) -> Result<Vec<Value>, Error>>;

pub struct State {
    pub now: DateTime<Utc>,
    pub scheduled_at: DateTime<Utc>,
    pub deadline: DateTime<Utc>,
    pub execution_id: String,
    pub job: Value,
    pub attempt: u32,
    /// How many times the template is still told to go on; without it always.
    pub goes_on: Option<u64>,
    pub waits: Vec<Duration>,
    pub progress: Vec<Progress>,
    pub lines: Vec<Line>,
    pub calls: Vec<String>,
    pub failures: BTreeMap<String, VecDeque<Error>>,
    pub hooks: BTreeMap<String, Hook>,
    /// Who answers pipelines.
    pub pipelines: Option<Pipelines>,
    pub random: u64,
    pub collections: BTreeMap<String, Vec<Value>>,
    pub indexes: BTreeMap<String, Vec<Value>>,
    pub next_object_id: u64,
    pub replies: VecDeque<Reply>,
    pub requests: Vec<SentRequest>,
    pub secrets: BTreeMap<String, String>,
    pub outbox: Vec<(String, Message)>,
    pub receipts: VecDeque<Receipt>,
    pub folders: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    pub statistics: Value,
}

impl Default for State {
    fn default() -> Self {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
        Self {
            now,
            scheduled_at: now,
            deadline: now + TimeDelta::minutes(5),
            execution_id: "0123456789abcdef01234567".to_owned(),
            job: json!({ "id": "00000000000000000000000a", "name": "A job", "tags": [] }),
            attempt: 1,
            goes_on: None,
            waits: Vec::new(),
            progress: Vec::new(),
            lines: Vec::new(),
            calls: Vec::new(),
            failures: BTreeMap::new(),
            hooks: BTreeMap::new(),
            pipelines: None,
            random: 0,
            collections: BTreeMap::new(),
            indexes: BTreeMap::new(),
            next_object_id: 0,
            replies: VecDeque::new(),
            requests: Vec::new(),
            secrets: BTreeMap::new(),
            outbox: Vec::new(),
            receipts: VecDeque::new(),
            folders: BTreeMap::new(),
            statistics: json!({}),
        }
    }
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::default());
}

/// Looks at or changes this thread's world.
pub fn with<R>(action: impl FnOnce(&mut State) -> R) -> R {
    STATE.with_borrow_mut(action)
}

/// What every call that can fail does first: it is noted, a test may interfere, and a failure that a test asked for
/// comes out.
pub fn begin(operation: &str) -> Result<(), Error> {
    note(operation);
    let hook = with(|state| state.hooks.get(operation).cloned());
    if let Some(hook) = hook {
        hook();
    }
    let failure = with(|state| state.failures.get_mut(operation).and_then(VecDeque::pop_front));
    failure.map_or(Ok(()), Err)
}

/// Notes a call that cannot fail.
pub fn note(operation: &str) {
    with(|state| state.calls.push(operation.to_owned()));
}

pub fn error(kind: ErrorKind, reason: &str, message: String) -> Error {
    Error { kind, reason: reason.to_owned(), message, retry_after_ms: None, details: None }
}
