//! Admission: from bytes to a template that jobs may name.

use std::sync::Arc;

use sandglass_database::Error as DatabaseError;
use tracing::{info, warn};

use super::schema::Schema;
use super::{Described, Entry, Templates};
use crate::model::template::{Source, Stand, Standing, Template};

/// A component that does not get in, or does not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// The component's fault; says what to change.
    #[error("{0}")]
    Refused(String),
    /// The host's fault.
    #[error("{0}")]
    Failed(String),
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TemplatesError {
    #[error("the template {template_type} cannot be admitted: {source}")]
    Admit { template_type: String, source: AdmitError },
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl Templates {
    /// Admits the components that the binary brings along, each under the type it is known by, with the default grant
    /// of built-in templates unless an operator has stored another one for this digest or for the one before.
    ///
    /// # Errors
    /// The first component that is refused, or a store that does not answer.
    pub async fn admit_built_in(&self, components: &[(&str, &[u8])]) -> Result<(), TemplatesError> {
        for (template_type, bytes) in components {
            let refused = |source| TemplatesError::Admit { template_type: (*template_type).to_owned(), source };
            let described = self.components.admit(bytes).await.map_err(refused)?;
            if described.metadata.name != *template_type {
                let message = format!("it calls itself {:?}", described.metadata.name);
                return Err(refused(AdmitError::Refused(message)));
            }
            let schema =
                Schema::compile(&described.schema).map_err(|error| refused(AdmitError::Refused(error.to_string())))?;
            self.enter(described, schema).await?;
        }
        Ok(())
    }

    async fn enter(&self, described: Described, schema: Schema) -> Result<(), TemplatesError> {
        let Described { digest, metadata, schema: schema_json, imports, size_bytes, .. } = described;
        let template = Template {
            digest: digest.clone(),
            metadata,
            schema: schema_json,
            imports,
            size_bytes,
            built_in: true,
            admitted_at: self.clock.now(),
        };
        let admitted_at = self.templates.record(&template).await?;
        let template = Template { admitted_at, ..template };
        self.note_release(&template).await?;
        let granted = self.granted(&template).await?;
        let warnings = schema.warnings();
        for warning in &warnings {
            warn!(template = template.metadata.name, warning, "schema");
        }
        info!(template = template.metadata.name, version = template.metadata.version, %digest, "template admitted");
        let mut state = self.state.write();
        state.in_force.insert(template.metadata.name.clone(), digest.clone());
        state.grants.insert(digest.clone(), Arc::new(granted));
        state.entries.insert(digest, Arc::new(Entry::new(template, schema, warnings)));
        Ok(())
    }

    /// On record: this release's component is in force, and the one before it no longer.
    async fn note_release(&self, template: &Template) -> Result<(), TemplatesError> {
        let stand = |standing| Stand {
            standing,
            since: template.admitted_at,
            by: "sandglass".to_owned(),
            source: Source::BuiltIn,
            reason: None,
        };
        if let Some(before) = self.templates.latest_built_in(&template.metadata.name, &template.digest).await? {
            self.templates.stand(&before, &stand(Standing::Replaced)).await?;
        }
        Ok(self.templates.stand(&template.digest, &stand(Standing::InForce)).await?)
    }
}
