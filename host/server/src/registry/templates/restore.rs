//! What did not come with the binary, brought back at a start: from the record, and from the bytes that this host kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use sandglass_database::Result;
use tracing::{error, info, warn};

use super::schema::Schema;
use super::shelf::Shelf;
use super::{Entry, Templates};
use crate::model::Digest;
use crate::model::template::{Stand, Standing};
use crate::repository::{Jobs, StoredTemplate};

impl Templates {
    /// Brings back every template that is in force or waits, and each replaced one that a job or an `unfinished`
    /// execution still runs. One that cannot be brought back keeps its place and says why it does not run.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn restore(&self, shelf: &Shelf, jobs: &Jobs, unfinished: &BTreeSet<Digest>) -> Result<()> {
        for StoredTemplate { template, stand } in self.templates.dropped_in().await? {
            let (template_type, digest) = (template.metadata.name.clone(), template.digest.clone());
            let is_taken = self.state.read().is_built_in(&template_type);
            let is_gone = matches!(stand.standing, Standing::Retired | Standing::Declined);
            if is_taken && !is_gone {
                warn!(template = template_type, %digest, "a template of this type comes with the binary now and takes its place");
                let reason = Some("a template of this type comes with the server".to_owned());
                let retired = Stand {
                    standing: Standing::Retired,
                    since: self.clock.now(),
                    by: "sandglass".to_owned(),
                    reason,
                    source: stand.source,
                };
                self.templates.stand(&digest, &retired).await?;
                continue;
            }
            let runs = match stand.standing {
                Standing::InForce | Standing::AwaitingApproval => true,
                Standing::Replaced => {
                    unfinished.contains(&digest) || jobs.any_with_digest(&template_type, &digest).await?
                }
                Standing::Retired | Standing::Declined => false,
            };
            if is_taken || (!runs && stand.standing != Standing::Retired) {
                continue;
            }
            let schema = match Schema::compile(&template.schema) {
                Ok(schema) => schema,
                Err(error) => {
                    error!(template = template_type, %digest, %error, "a template on record is left out");
                    continue;
                }
            };
            // One that is not loaded is not warned about: what its toolchain imports is known from the bytes alone.
            let loaded = if runs { self.load(shelf, &template).await } else { Ok(true) };
            let (trouble, has_wasi) = match loaded {
                Ok(has_wasi) => (None, has_wasi),
                Err(trouble) => (Some(trouble), true),
            };
            match &trouble {
                Some(trouble) => error!(template = template_type, %digest, trouble, "a template cannot run"),
                None if runs => {
                    info!(template = template_type, version = template.metadata.version, %digest, "template brought back")
                }
                None => {}
            }
            let grant = self.grants.get(&digest).await?.map(|stored| Arc::new(stored.grant));
            let warnings = super::examine::warnings(&template.metadata, &template.imports, has_wasi, &schema);
            let mut state = self.state.write();
            if let Some(grant) = grant {
                state.grants.insert(digest.clone(), grant);
            }
            if let Some(trouble) = trouble {
                state.troubles.insert(digest.clone(), trouble);
            }
            // In the order in which they came to stand so: the later one counts, and one in force more than any.
            match stand.standing {
                Standing::InForce => {
                    state.retired.remove(&template_type);
                    state.in_force.insert(template_type, digest.clone());
                }
                Standing::AwaitingApproval => drop(state.waiting.insert(template_type, digest.clone())),
                Standing::Retired if state.in_force.contains_key(&template_type) => {}
                Standing::Retired => drop(state.retired.insert(template_type, digest.clone())),
                Standing::Replaced | Standing::Declined => {}
            }
            state.stands.insert(digest.clone(), stand);
            state.entries.insert(digest, Arc::new(Entry::new(template, schema, warnings)));
        }
        Ok(())
    }

    /// Whether it imports WASI.
    async fn load(
        &self,
        shelf: &Shelf,
        template: &crate::model::template::Template,
    ) -> std::result::Result<bool, String> {
        let (shelf, digest) = (shelf.clone(), template.digest.clone());
        let read = tokio::task::spawn_blocking(move || shelf.bytes(&digest)).await;
        let bytes = read.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        let described = self.components.admit_foreign(&bytes).await.map_err(|error| error.to_string())?;
        if described.metadata != template.metadata || described.schema != template.schema {
            self.components.forget(&template.digest);
            return Err(
                "it describes itself in another way than when it was admitted: install an honest one".to_owned()
            );
        }
        Ok(described.has_wasi)
    }
}
