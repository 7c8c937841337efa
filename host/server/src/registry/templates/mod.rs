//! Templates: which components may run, what they are called, what their parameters must look like, what they may reach.
//!
//! Everything that jobs ask for stands in memory; the store keeps the record. Components are handed in as bytes and
//! admitted through [`Components`], the sandbox as this room sees it.

mod admit;
mod components;
mod defaults;
mod dropin;
mod examine;
mod forecast;
mod grant;
mod inherit;
mod parameters;
mod reach;
mod ready;
mod restore;
mod sandboxed;
mod schema;
mod shelf;
mod standing;
mod sweep;
mod trial;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use parking_lot::RwLock;
use sandglass_database::Database;

pub use admit::{AdmitError, TemplatesError};
pub use components::{Components, Described};
pub use dropin::{Approval, DropIn, DropInError, FileProblem, JobLeft, Moved, Parts as DropInParts, Retirement};
pub use forecast::{Forecast, HookForecast};
pub use parameters::CheckedParameters;
pub use ready::Readiness;
pub use sandboxed::SandboxComponents;
pub use shelf::{Shelf, ShelfError};
pub use trial::Trial;

use crate::model::grant::Grant;
use crate::model::template::{Build, Stand, Template};
use crate::model::{Clock, Digest};
use crate::repository::{GrantStore, TemplateStore};
use schema::Schema;

/// Every admitted template. Shared by whoever asks; changes only by admission.
pub struct Templates {
    components: Arc<dyn Components>,
    clock: Arc<dyn Clock>,
    templates: TemplateStore,
    grants: GrantStore,
    state: RwLock<State>,
    /// Whoever changes a grant, or hands it on to another digest, does so alone: otherwise one that is narrowed while a
    /// version takes over would be handed on as it was before.
    granting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// The digest in force for a type.
    in_force: BTreeMap<String, Digest>,
    /// The digest that waits for a person's word, for a type.
    waiting: BTreeMap<String, Digest>,
    /// The digest that was last in force, for a type whose template was taken away.
    retired: BTreeMap<String, Digest>,
    entries: HashMap<Digest, Arc<Entry>>,
    /// Of those that did not come with the binary.
    stands: HashMap<Digest, Stand>,
    /// Why one that should run cannot.
    troubles: HashMap<Digest, String>,
    grants: HashMap<Digest, Arc<Grant>>,
}

/// One admitted digest.
struct Entry {
    template: Template,
    schema: Schema,
    warnings: Vec<String>,
    /// A check against its schema took longer than checks may: no further one is begun.
    is_slow: AtomicBool,
}

impl Entry {
    fn new(template: Template, schema: Schema, warnings: Vec<String>) -> Self {
        Self { template, schema, warnings, is_slow: AtomicBool::new(false) }
    }
}

/// A template as it is shown.
#[derive(Debug, Clone)]
pub struct TemplateView {
    pub template: Template,
    /// None: nothing is granted.
    pub grant: Option<Arc<Grant>>,
    pub readiness: Readiness,
    /// What the admission found worth saying.
    pub warnings: Vec<String>,
    /// Where it came from and since when it stands as it does; none for those that come with the binary.
    pub stand: Option<Stand>,
    /// What it was built against; none where it is not loaded.
    pub build: Option<Build>,
    /// The version of it that waits for approval.
    pub waiting: Option<Box<TemplateView>>,
}

impl Templates {
    pub fn new(components: Arc<dyn Components>, database: Arc<dyn Database>, clock: Arc<dyn Clock>) -> Self {
        Self {
            components,
            clock,
            templates: TemplateStore::new(Arc::clone(&database)),
            grants: GrantStore::new(database),
            state: RwLock::default(),
            granting: tokio::sync::Mutex::default(),
        }
    }

    /// The templates in force, by type.
    pub fn list(&self) -> Vec<TemplateView> {
        let state = self.state.read();
        state.in_force.values().filter_map(|digest| self.view(&state, digest)).collect()
    }

    /// The template in force under this type.
    pub fn get(&self, template_type: &str) -> Option<TemplateView> {
        let state = self.state.read();
        self.view(&state, state.in_force.get(template_type)?)
    }

    /// The template of this digest, whatever its standing.
    pub fn of_digest(&self, digest: &Digest) -> Option<TemplateView> {
        self.view(&self.state.read(), digest)
    }

    /// Templates of which nothing is in force: taken away, or waiting for approval in the place of one that was.
    pub fn out_of_force(&self) -> Vec<TemplateView> {
        let state = self.state.read();
        state.retired.values().filter_map(|digest| self.view(&state, digest)).collect()
    }

    /// The types that jobs may name.
    pub fn types(&self) -> Vec<String> {
        self.state.read().in_force.keys().cloned().collect()
    }

    fn view(&self, state: &State, digest: &Digest) -> Option<TemplateView> {
        let entry = state.entries.get(digest)?;
        let template_type = &entry.template.metadata.name;
        let waiting = state.waiting.get(template_type).filter(|waiting| *waiting != digest);
        Some(TemplateView {
            template: entry.template.clone(),
            grant: state.grants.get(digest).cloned(),
            readiness: self.judge(state, template_type, Some(digest)),
            warnings: entry.warnings.clone(),
            stand: state.stands.get(digest).cloned(),
            build: self.components.build(digest),
            waiting: waiting.and_then(|waiting| self.view(state, waiting)).map(Box::new),
        })
    }
}
