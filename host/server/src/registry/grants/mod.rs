//! What an administrator lets a template have: read strictly, on record first, in force at the next call.
//!
//! The gate asks for the grant at every call (`capabilities/guard.rs`), so a run that is on feels a change at once. A
//! grant belongs to a digest; it is never widened by anything but a person's word.

mod check;
mod host;
mod overview;
mod read;
mod uses;
mod warnings;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub use check::{GrantCheck, JobAffected};
pub use host::HostOffer;
pub use overview::{CapabilityUse, FunctionUse, Met};
pub use uses::{UseReader, Uses};

use super::templates::{TemplateView, Templates};
use crate::model::audit::ChangeRecord;
use crate::model::event::{Event, Events, TemplateChange};
use crate::model::grant::{Grant, Limits};
use crate::model::template::{Problem, Template};
use crate::model::{Clock, Digest};
use crate::repository::audit::{Audit, AuditError};
use crate::repository::{GrantStore, StoredGrant};
use read::Asked;

/// Why a grant was not set. Nothing was changed then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GrantError {
    #[error("there is no such template")]
    NotFound,
    /// What was given is not right; each problem has its pointer.
    #[error("{} problems", .0.len())]
    Invalid(Vec<Problem>),
    #[error("the grant is at version {actual} by now, not {expected}")]
    Stale { expected: i64, actual: i64 },
    /// Somebody else changes it at the same time.
    #[error("the grant is being changed by others at this moment")]
    Contended,
    #[error(transparent)]
    Store(#[from] sandglass_database::Error),
    #[error(transparent)]
    Audit(#[from] AuditError),
}

/// A grant as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct GrantInfo {
    pub grant: Grant,
    /// 0: nothing was ever granted.
    pub version: i64,
    /// Whether it is the one that a built-in template comes with, untouched.
    pub is_default: bool,
    /// Who changed it last, and when.
    pub set: Option<(String, DateTime<Utc>)>,
    pub warnings: Vec<Problem>,
    /// What this host has to give.
    pub offer: HostOffer,
}

/// Sets, narrows and takes away grants.
pub struct Grants {
    templates: Arc<Templates>,
    stored: GrantStore,
    audit: Audit,
    events: Events,
    clock: Arc<dyn Clock>,
    host: HostOffer,
}

impl Grants {
    pub fn new(
        templates: Arc<Templates>,
        stored: GrantStore,
        audit: Audit,
        events: Events,
        clock: Arc<dyn Clock>,
        host: HostOffer,
    ) -> Self {
        Self { templates, stored, audit, events, clock, host }
    }

    /// The grant of a digest, by default the one in force.
    ///
    /// # Errors
    /// [`GrantError::NotFound`], those of the store.
    pub async fn get(&self, template_type: &str, digest: Option<&Digest>) -> Result<GrantInfo, GrantError> {
        let template = self.version(template_type, digest)?.template;
        let stored = self.stored.get(&template.digest).await?;
        Ok(self.info(&template, stored))
    }

    /// Puts the grant that `body` holds in the place of the one before. `expected` is the version that was seen.
    ///
    /// # Errors
    /// As [`GrantError`] says.
    pub async fn set(
        &self,
        template_type: &str,
        body: &Value,
        expected: Option<i64>,
        by: &str,
    ) -> Result<GrantInfo, GrantError> {
        // Held from here on: the version that is meant must not be replaced before its grant is set.
        let _alone = self.templates.grants_alone().await;
        let (view, asked) = self.asked(template_type, body)?;
        self.put(&view, asked, expected, by, TemplateChange::Granted).await
    }

    /// Takes every right away, also under runs that are on. Limits go as well: nothing is left to bound.
    ///
    /// # Errors
    /// As [`GrantError`] says.
    pub async fn revoke(
        &self,
        template_type: &str,
        digest: Option<&Digest>,
        expected: Option<i64>,
        by: &str,
    ) -> Result<GrantInfo, GrantError> {
        let _alone = self.templates.grants_alone().await;
        let view = self.version(template_type, digest)?;
        let nothing = Asked { rights: Vec::new(), limits: Limits::default() };
        self.put(&view, nothing, expected, by, TemplateChange::Revoked).await
    }

    /// What a body asks to be granted, and to which version.
    fn asked(&self, template_type: &str, body: &Value) -> Result<(TemplateView, Asked), GrantError> {
        let digest = read::digest(body);
        let view = match self.version(template_type, digest.as_ref()) {
            Err(GrantError::NotFound) if digest.is_some() && self.templates.get(template_type).is_some() => {
                let message =
                    format!("{template_type} has no version of this digest here; leave it out for the one in force");
                let (pointer, code) = ("/digest".to_owned(), "unknown_digest".to_owned());
                return Err(GrantError::Invalid(vec![Problem { pointer, code, message }]));
            }
            found => found?,
        };
        let asked = read::read(body, &view.template, &self.host).map_err(GrantError::Invalid)?;
        Ok((view, asked))
    }

    fn version(&self, template_type: &str, digest: Option<&Digest>) -> Result<TemplateView, GrantError> {
        self.templates.version(template_type, digest).ok_or(GrantError::NotFound)
    }

    /// For those that hold the lock: store and memory change together, one grant at a time.
    async fn put(
        &self,
        view: &TemplateView,
        asked: Asked,
        expected: Option<i64>,
        by: &str,
        change: TemplateChange,
    ) -> Result<GrantInfo, GrantError> {
        let Template { digest, metadata, .. } = &view.template;
        let before = self.stored.get(digest).await?;
        let seen = before.as_ref().map(|before| before.version);
        let actual = seen.unwrap_or(0);
        if let Some(expected) = expected.filter(|expected| *expected != actual) {
            return Err(GrantError::Stale { expected, actual });
        }
        let Asked { rights, limits } = asked;
        let grant = Grant { template_type: metadata.name.clone(), digest: digest.clone(), rights, limits };
        let at = self.clock.now();
        let shown = |grant: &Grant| json!({ "rights": grant.rights, "limits": grant.limits });
        let record = ChangeRecord {
            at,
            actor: by.to_owned(),
            action: if change == TemplateChange::Revoked { "grant.revoke" } else { "grant.set" }.to_owned(),
            subject: metadata.name.clone(),
            details: json!({
                "digest": digest, "version": actual + 1,
                "before": before.as_ref().map(|before| shown(&before.grant)), "after": shown(&grant),
            }),
        };
        self.audit.change(record).await?;
        if self.stored.replace(&grant, seen, by, at).await?.is_none() {
            return Err(GrantError::Contended);
        }
        self.templates.put_in_force(grant);
        tracing::info!(template = metadata.name, %digest, by, version = actual + 1, "a grant was changed");
        let template_type = metadata.name.clone();
        // Nobody may be watching.
        drop(self.events.send(Event::Template { template_type, digest: digest.clone(), change }));
        let stored = self.stored.get(digest).await?;
        Ok(self.info(&view.template, stored))
    }

    fn info(&self, template: &Template, stored: Option<StoredGrant>) -> GrantInfo {
        let offer = self.host.clone().to(template);
        let Some(StoredGrant { grant, is_default, version, set }) = stored else {
            let grant = Grant {
                template_type: template.metadata.name.clone(),
                digest: template.digest.clone(),
                rights: Vec::new(),
                limits: Limits::default(),
            };
            let warnings = Vec::new();
            return GrantInfo { grant, version: 0, is_default: false, set: None, warnings, offer };
        };
        let warnings = warnings::warnings(&grant.rights, template, &self.host);
        GrantInfo { is_default: is_default.unwrap_or(false), version, set, warnings, grant, offer }
    }
}

#[cfg(test)]
mod tests;
