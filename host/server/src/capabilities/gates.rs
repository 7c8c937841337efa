//! What all gates share. Built once by `app.rs`; opens one [`Gate`] an attempt.

use std::collections::BTreeMap;
use std::sync::Arc;

use sandglass_database::Database;

use super::email::{EmailClient, EmailSender};
use super::files::Folders;
use super::guard::{Facts, Gate};
use super::http::{HttpClient, HttpSender, Origin};
use super::{Grants, documents::Bounds};
use crate::model::Clock;
use crate::model::template::Need;
use crate::repository::Secrets;
use crate::repository::audit::Audit;

/// The name of the connection that Sandglass itself uses.
pub const DEFAULT_CONNECTION: &str = "default";

/// What effects need. Cheap to clone.
#[derive(Clone)]
pub struct Gates(pub(super) Arc<Shared>);

/// What the gates are made of.
pub struct Parts {
    /// The database that Sandglass itself uses: the connection `default`.
    pub database: Arc<dyn Database>,
    /// Further databases, by the name that templates use.
    pub connections: BTreeMap<String, Arc<dyn Database>>,
    pub audit: Audit,
    pub grants: Arc<dyn Grants>,
    pub http: HttpClient,
    pub folders: Folders,
    pub email: EmailClient,
    pub secrets: Secrets,
    pub bounds: Bounds,
    pub clock: Arc<dyn Clock>,
}

pub(super) struct Shared {
    pub(super) connections: BTreeMap<String, Arc<dyn Database>>,
    pub(super) audit: Audit,
    pub(super) grants: Arc<dyn Grants>,
    pub(super) http: HttpClient,
    pub(super) folders: Folders,
    pub(super) email: EmailClient,
    pub(super) secrets: Secrets,
    pub(super) bounds: Bounds,
    pub(super) clock: Arc<dyn Clock>,
}

impl Gates {
    pub fn new(parts: Parts) -> Self {
        let Parts { database, mut connections, audit, grants, http, email, folders, secrets, bounds, clock } = parts;
        connections.insert(DEFAULT_CONNECTION.to_owned(), database);
        Self(Arc::new(Shared { connections, audit, grants, http, email, folders, secrets, bounds, clock }))
    }

    /// The gate of one attempt. `needs` is what the template says it asks for.
    pub fn open(&self, facts: Facts, needs: Arc<[Need]>) -> Gate {
        Gate::new(self.0.clone(), facts, needs)
    }

    /// A gate that lets nothing through and records nothing: for `describe`, `schema` and `validate`.
    pub fn closed(&self, facts: Facts) -> Gate {
        Gate::closed(self.0.clone(), facts)
    }

    /// The host's own requests (notifications, hooks): the same address rules and audit, no grant.
    pub fn http(&self, origin: Origin) -> HttpSender {
        HttpSender::new(self.0.clone(), origin)
    }

    /// The host's own mail (notifications): the same rules and audit, no grant.
    pub fn email(&self, origin: Origin) -> EmailSender {
        EmailSender::new(self.0.clone(), origin)
    }
}
