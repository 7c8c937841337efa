//! From bytes to a template in force, or to one that waits.

use std::sync::Arc;

use serde_json::json;
use tracing::{info, warn};

use super::{DropIn, DropInError};
use crate::model::Digest;
use crate::model::difference::Difference;
use crate::model::event::TemplateChange;
use crate::model::grant::Grant;
use crate::model::template::{Source, Stand, Standing, Template};
use crate::registry::templates::standing::Granting;
use crate::registry::templates::{AdmitError, Described, Entry, TemplateView, Templates, examine};

impl DropIn {
    /// Takes a component in: in force at once where it is new or asks for no more than the one before and every job's
    /// parameters fit; otherwise it waits.
    ///
    /// # Errors
    /// As [`DropInError`] says.
    pub async fn install(&self, bytes: Vec<u8>, source: Source, by: &str) -> Result<TemplateView, DropInError> {
        let by = by.to_owned();
        let work = |this: Self| async move {
            let _one = this.0.changing.lock().await;
            this.install_alone(bytes, source, &by).await
        };
        self.whole(work).await
    }

    /// As [`install`](Self::install), for those that hold the lock.
    pub(super) async fn install_alone(
        &self,
        bytes: Vec<u8>,
        source: Source,
        by: &str,
    ) -> Result<TemplateView, DropInError> {
        let digest = Digest::of(&bytes);
        let templates = &self.0.parts.templates;
        let known = templates.entry(&digest).filter(|entry| !entry.template.built_in);
        let entry = match known {
            Some(entry) if templates.components.is_loaded(&digest) => entry,
            _ => match self.admit(&bytes).await {
                Ok(entry) => entry,
                Err(error) => {
                    if !templates.is_known(&digest) {
                        templates.components.forget(&digest);
                    }
                    return Err(error);
                }
            },
        };
        let template_type = entry.template.metadata.name.clone();
        self.refuse_second_file(&template_type, &digest, &source)?;
        self.keep(&digest, bytes).await?;
        if templates.in_force(&template_type).as_ref() == Some(&digest)
            || templates.waiting(&template_type).as_ref() == Some(&digest)
        {
            templates.mended(&digest);
            templates.resource(&digest, source).await?;
            return self.view(&digest);
        }
        self.settle(entry, source, by).await?;
        self.view(&digest)
    }

    /// One file a template: two would take turns at every change.
    fn refuse_second_file(&self, template_type: &str, digest: &Digest, source: &Source) -> Result<(), DropInError> {
        let (Some(folder), Some(file)) = (&self.0.parts.folder, source.file()) else { return Ok(()) };
        let templates = &self.0.parts.templates;
        let in_force = templates.in_force(template_type).filter(|in_force| in_force != digest);
        let source = in_force.and_then(|in_force| templates.source(&in_force));
        match source.as_ref().and_then(Source::file) {
            Some(other) if other != file && folder.join(other).exists() => {
                if !templates.is_known(digest) {
                    templates.components.forget(digest);
                }
                Err(DropInError::OtherFile { template_type: template_type.to_owned(), file: other.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Examines bytes; nothing is stored yet.
    async fn admit(&self, bytes: &[u8]) -> Result<Arc<Entry>, DropInError> {
        let templates = &self.0.parts.templates;
        let described = templates.components.admit_foreign(bytes).await?;
        let template_type = described.metadata.name.clone();
        if templates.state.read().is_built_in(&template_type) {
            let way_out = "give the component another name, for this one is taken";
            return Err(DropInError::BuiltIn { template_type, way_out });
        }
        let schema = examine::schema(&described).await?;
        examine::validate(&*templates.components, &described, &schema).await?;
        let Described { digest, metadata, schema: schema_json, imports, has_wasi, size_bytes } = described;
        let admitted_at = self.0.parts.clock.now();
        let template =
            Template { digest, metadata, schema: schema_json, imports, size_bytes, built_in: false, admitted_at };
        let warnings = examine::warnings(&template.metadata, &template.imports, has_wasi, &schema);
        for warning in &warnings {
            warn!(template = template_type, warning, "a component that was brought along");
        }
        Ok(Arc::new(Entry::new(template, schema, warnings)))
    }

    async fn keep(&self, digest: &Digest, bytes: Vec<u8>) -> Result<(), DropInError> {
        let (shelf, digest) = (self.0.parts.shelf.clone(), digest.clone());
        let kept = tokio::task::spawn_blocking(move || shelf.keep(&digest, &bytes)).await;
        kept.map_err(|error| AdmitError::Failed(error.to_string()))??;
        Ok(())
    }

    /// Decides whether an examined component takes over or waits, and does it.
    async fn settle(&self, entry: Arc<Entry>, source: Source, by: &str) -> Result<(), DropInError> {
        let templates = &self.0.parts.templates;
        templates.templates.record(&entry.template).await?;
        let template_type = entry.template.metadata.name.clone();
        let digest = entry.template.digest.clone();
        let version = entry.template.metadata.version.clone();
        let before = templates.before(&template_type).filter(|before| before.template.digest != digest);
        let misfits = if before.is_some() { self.misfits(&entry).await? } else { Vec::new() };
        // From here to the take-over nobody changes a grant: what is handed on is what holds.
        let alone = templates.grants_alone().await;
        let former = before.as_ref().and_then(|before| templates.grant_for(&template_type, &before.template.digest));
        let mut reasons = Vec::new();
        if let Some(before) = &before {
            let difference = Difference::between(&before.template, &entry.template);
            // Where nothing is granted nothing can be gained.
            if former.is_some() && difference.asks_for_more() {
                reasons.push(format!(
                    "it asks for more than version {}: {}",
                    before.template.metadata.version,
                    difference.words().join("; ")
                ));
            }
            if let Some(first) = misfits.first() {
                let problem = first.problems.first().map_or("", |problem| problem.message.as_str());
                reasons.push(format!(
                    "the parameters of {} jobs do not fit it, of {:?} for one: {problem}",
                    misfits.len(),
                    first.name
                ));
            }
        }
        let since = self.0.parts.clock.now();
        let file = source.file().map(str::to_owned);
        let stand = |standing, reason| Stand { standing, since, by: by.to_owned(), source: source.clone(), reason };
        let facts = json!({
            "digest": digest, "version": version, "file": file,
            "before": before.as_ref().map(|before| &before.template.digest), "waits": reasons,
        });
        self.record("template.install", &template_type, by, facts).await?;
        if reasons.is_empty() {
            let right = match (&before, former) {
                // Back again, or new: whatever was said about these very bytes holds.
                (None, _) => Granting::Keep,
                (Some(_), Some(former)) => Granting::Give(Grant { digest: digest.clone(), ..(*former).clone() }),
                (Some(_), None) => Granting::Nothing,
            };
            templates.take_over(entry, stand(Standing::InForce, None), right).await?;
            drop(alone);
            let jobs = self.move_jobs(&template_type, by).await?;
            info!(template = template_type, version, %digest, jobs = jobs.moved, "template in force");
            self.tell(&template_type, &digest, TemplateChange::Admitted).await;
        } else {
            let reason = reasons.join(". Also, ");
            warn!(template = template_type, version, %digest, reason, "a template waits for approval");
            templates.put_waiting(entry, stand(Standing::AwaitingApproval, Some(reason))).await?;
            self.tell(&template_type, &digest, TemplateChange::Waiting).await;
        }
        Ok(())
    }
}

impl Templates {
    pub(super) fn entry(&self, digest: &Digest) -> Option<Arc<Entry>> {
        self.state.read().entries.get(digest).cloned()
    }

    pub(super) fn source(&self, digest: &Digest) -> Option<Source> {
        self.state.read().stands.get(digest).map(|stand| stand.source.clone())
    }

    fn is_known(&self, digest: &Digest) -> bool {
        self.state.read().entries.contains_key(digest)
    }

    /// It runs again.
    fn mended(&self, digest: &Digest) {
        self.state.write().troubles.remove(digest);
    }
}
