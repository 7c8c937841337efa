//! Templates: which components may run, what they are called, what their parameters must look like, what they may reach.
//!
//! Everything that jobs ask for stands in memory; the store keeps the record. Components are handed in as bytes and
//! admitted through [`Components`], the sandbox as this room sees it.

mod admit;
mod components;
mod defaults;
mod grant;
mod inherit;
mod parameters;
mod ready;
mod sandboxed;
mod schema;
mod trial;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::RwLock;
use sandglass_database::Database;

pub use admit::{AdmitError, TemplatesError};
pub use components::{Components, Described};
pub use parameters::CheckedParameters;
pub use ready::Readiness;
pub use sandboxed::SandboxComponents;
pub use trial::Trial;

use crate::model::grant::Grant;
use crate::model::template::Template;
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
}

#[derive(Default)]
struct State {
    /// The digest in force for a type.
    in_force: BTreeMap<String, Digest>,
    entries: HashMap<Digest, Arc<Entry>>,
    grants: HashMap<Digest, Arc<Grant>>,
}

/// One admitted digest.
struct Entry {
    template: Template,
    schema: Schema,
    warnings: Vec<String>,
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
}

impl Templates {
    pub fn new(components: Arc<dyn Components>, database: Arc<dyn Database>, clock: Arc<dyn Clock>) -> Self {
        Self {
            components,
            clock,
            templates: TemplateStore::new(Arc::clone(&database)),
            grants: GrantStore::new(database),
            state: RwLock::default(),
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

    /// The types that jobs may name.
    pub fn types(&self) -> Vec<String> {
        self.state.read().in_force.keys().cloned().collect()
    }

    fn view(&self, state: &State, digest: &Digest) -> Option<TemplateView> {
        let entry = state.entries.get(digest)?;
        Some(TemplateView {
            template: entry.template.clone(),
            grant: state.grants.get(digest).cloned(),
            readiness: self.judge(state, &entry.template.metadata.name, Some(digest)),
            warnings: entry.warnings.clone(),
        })
    }
}
