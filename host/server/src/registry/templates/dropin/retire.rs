//! A template is taken away. Its history stays; its jobs are blocked and say why.

use serde_json::json;

use super::{DropIn, DropInError, Retirement};
use crate::model::Digest;
use crate::model::event::TemplateChange;
use crate::model::template::{Source, Stand, Standing};

impl DropIn {
    /// Takes away the template of this type, a version that waits included. `digest`: only the version that waits,
    /// which is how a person says no to it.
    ///
    /// # Errors
    /// [`DropInError::InUse`] without `force`, when jobs use it, and as [`DropInError`] says.
    pub async fn retire(
        &self,
        template_type: &str,
        digest: Option<&Digest>,
        force: bool,
        by: &str,
    ) -> Result<Retirement, DropInError> {
        let (template_type, digest, by) = (template_type.to_owned(), digest.cloned(), by.to_owned());
        self.whole(|this| async move { this.retire_whole(&template_type, digest.as_ref(), force, &by).await }).await
    }

    async fn retire_whole(
        &self,
        template_type: &str,
        digest: Option<&Digest>,
        force: bool,
        by: &str,
    ) -> Result<Retirement, DropInError> {
        let _one = self.0.changing.lock().await;
        let templates = &self.0.parts.templates;
        if templates.state.read().is_built_in(template_type) {
            let way_out = "disable its jobs or narrow its grant instead of retiring it";
            return Err(DropInError::BuiltIn { template_type: template_type.to_owned(), way_out });
        }
        let (in_force, waiting) = (templates.in_force(template_type), templates.waiting(template_type));
        if let Some(digest) = digest {
            if waiting.as_ref() == Some(digest) {
                self.put_away(template_type, digest, Standing::Declined, "a person said no", by).await?;
                return Ok(Retirement { digest: digest.clone(), jobs: Vec::new() });
            }
            if in_force.as_ref() != Some(digest) {
                return Err(DropInError::NotFound);
            }
        }
        let Some(first) = in_force.clone().or_else(|| waiting.clone()) else { return Err(DropInError::NotFound) };
        let jobs = if in_force.is_some() { self.users(template_type).await? } else { Vec::new() };
        if !jobs.is_empty() && !force {
            return Err(DropInError::InUse(jobs));
        }
        for digest in waiting.into_iter().chain(in_force) {
            self.put_away(template_type, &digest, Standing::Retired, "taken away", by).await?;
        }
        Ok(Retirement { digest: first, jobs })
    }

    /// A file is gone: whatever came from it goes as well.
    pub(super) async fn retire_file(&self, file: &str) -> Result<(), DropInError> {
        for (template_type, digest) in self.0.parts.templates.fed_by(file) {
            let reason = format!("its file {file} was removed from the folder of templates");
            self.put_away(&template_type, &digest, Standing::Retired, &reason, super::FOLDER).await?;
        }
        Ok(())
    }

    async fn put_away(
        &self,
        template_type: &str,
        digest: &Digest,
        standing: Standing,
        reason: &str,
        by: &str,
    ) -> Result<(), DropInError> {
        let templates = &self.0.parts.templates;
        let action = if standing == Standing::Declined { "template.decline" } else { "template.retire" };
        self.record(action, template_type, by, json!({ "digest": digest, "reason": reason })).await?;
        let since = self.0.parts.clock.now();
        let reason = Some(reason.to_owned());
        let stand = Stand { standing, since, by: by.to_owned(), source: Source::Upload, reason };
        templates.put_away(template_type, digest, stand).await?;
        tracing::warn!(template = template_type, %digest, ?standing, "a template was put away");
        let change = if standing == Standing::Declined { TemplateChange::Declined } else { TemplateChange::Retired };
        self.tell(template_type, digest, change).await;
        Ok(())
    }
}
