//! Components that people bring along: dropped into the folder or sent. Each is examined, kept under its digest, and
//! takes over only where nobody has to say yes first.
//!
//! One change at a time, so that two versions that arrive together cannot pass each other. What it decides is on record
//! before it holds; jobs then move through the planner, like any edit.

mod approve;
mod folder;
mod hooks;
mod install;
mod jobs;
mod look;
mod retire;

#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use parking_lot::RwLock;
use serde_json::Value;

use super::{AdmitError, Shelf, ShelfError, TemplateView, Templates};
use crate::model::audit::ChangeRecord;
use crate::model::event::{Event, Events, TemplateChange};
use crate::model::template::Problem;
use crate::model::{Clock, Digest, JobId};
use crate::repository::audit::{Audit, AuditError};
use crate::repository::{self, TemplateFiles};
use crate::scheduler::Scheduler;

pub use approve::Approval;

/// As whom the folder acts.
const FOLDER: &str = "templates.folder";

/// Why a component was not taken, approved or taken away. What was in force has not changed then.
#[derive(Debug, thiserror::Error)]
pub enum DropInError {
    /// The component's fault, or the host's.
    #[error(transparent)]
    Admit(#[from] AdmitError),
    #[error("{template_type:?} comes with the server: {way_out}")]
    BuiltIn { template_type: String, way_out: &'static str },
    /// Two files of the folder give the same template.
    #[error("the template {template_type:?} comes from {file} already: remove one of the two files")]
    OtherFile { template_type: String, file: String },
    #[error("there is no such template")]
    NotFound,
    #[error("nothing waits for approval under {template_type:?}")]
    NothingWaits { template_type: String },
    /// Another version waits than the one that was looked at.
    #[error("{waiting} waits for approval, not {named}")]
    OtherWaits { named: Digest, waiting: Digest },
    #[error("{} jobs use this template; `?force=true` retires it all the same, and they are blocked", .0.len())]
    InUse(Vec<(JobId, String)>),
    #[error("what was asked is not right")]
    Invalid(Vec<Problem>),
    #[error("the component could not be kept: {0}")]
    Shelf(#[from] ShelfError),
    #[error(transparent)]
    Database(#[from] sandglass_database::Error),
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl DropInError {
    /// Whether trying again with the same bytes is of no use.
    fn is_components_fault(&self) -> bool {
        matches!(self, Self::Admit(AdmitError::Refused(_)) | Self::BuiltIn { .. } | Self::OtherFile { .. })
    }
}

/// A file of the folder that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProblem {
    /// Its name; `.` is the folder itself.
    pub file: String,
    pub reason: String,
    pub since: DateTime<Utc>,
}

/// A job that stays with the version before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobLeft {
    pub id: JobId,
    pub name: String,
    /// Why it cannot move, with pointers into its parameters.
    pub problems: Vec<Problem>,
}

/// What became of the jobs of a template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many run the new version from now on.
    pub moved: u64,
    pub left: Vec<JobLeft>,
}

/// What became of a template that was taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retirement {
    pub digest: Digest,
    /// Jobs that are blocked by it.
    pub jobs: Vec<(JobId, String)>,
}

/// What it stands on.
pub struct Parts {
    pub templates: Arc<Templates>,
    pub shelf: Shelf,
    /// None: no folder is watched.
    pub folder: Option<PathBuf>,
    /// Largest component that is read.
    pub component_bytes: usize,
    pub files: TemplateFiles,
    pub jobs: repository::Jobs,
    pub scheduler: Scheduler,
    pub audit: Audit,
    pub events: Events,
    pub clock: Arc<dyn Clock>,
}

/// Takes components in. Cheap to clone.
#[derive(Clone)]
pub struct DropIn(Arc<Inner>);

struct Inner {
    parts: Parts,
    /// One change at a time.
    changing: tokio::sync::Mutex<()>,
    problems: RwLock<BTreeMap<String, FileProblem>>,
}

impl DropIn {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner { parts, changing: tokio::sync::Mutex::default(), problems: RwLock::default() }))
    }

    /// Files of the folder that were not taken, by name.
    pub fn problems(&self) -> Vec<FileProblem> {
        self.0.problems.read().values().cloned().collect()
    }

    /// Where files are looked for.
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.0.parts.folder.as_deref()
    }

    /// Largest component that is taken, in bytes.
    pub fn component_bytes(&self) -> usize {
        self.0.parts.component_bytes
    }

    /// Does a change to its end, also when whoever asked for it has gone away: a take-over must not stop half-way.
    async fn whole<T, F>(&self, work: impl FnOnce(Self) -> F) -> Result<T, DropInError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, DropInError>> + Send + 'static,
    {
        let done = tokio::spawn(work(self.clone())).await;
        done.map_err(|error| AdmitError::Failed(format!("the change broke: {error}")))?
    }

    /// On record before it happens.
    async fn record(&self, action: &str, template_type: &str, by: &str, details: Value) -> Result<(), AuditError> {
        let parts = &self.0.parts;
        let (actor, action, subject) = (by.to_owned(), action.to_owned(), template_type.to_owned());
        parts.audit.change(ChangeRecord { at: parts.clock.now(), actor, action, subject, details }).await
    }

    /// Tells watchers and the planner.
    async fn tell(&self, template_type: &str, digest: &Digest, change: TemplateChange) {
        let (template_type, digest) = (template_type.to_owned(), digest.clone());
        // An error only says that nobody watches.
        drop(self.0.parts.events.send(Event::Template { template_type, digest, change }));
        if let Err(error) = self.0.parts.scheduler.templates_changed().await {
            tracing::debug!(%error, "the planner is not told of a template: it stops");
        }
    }

    fn view(&self, digest: &Digest) -> Result<TemplateView, DropInError> {
        self.0.parts.templates.of_digest(digest).ok_or(DropInError::NotFound)
    }
}
