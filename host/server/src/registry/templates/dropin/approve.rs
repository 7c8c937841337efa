//! A person says yes to the version that waits.

use serde_json::{Value, json};

use super::{DropIn, DropInError, Moved};
use crate::model::Digest;
use crate::model::difference::Difference;
use crate::model::event::TemplateChange;
use crate::model::grant::{self, Grant, Limits, Right};
use crate::model::template::{Stand, Standing};
use crate::registry::fields::{Fields, Problems};
use crate::registry::templates::TemplateView;
use crate::registry::templates::standing::Granting;

/// The body of an approval: both fields may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approval {
    /// The one that was looked at; none: whichever waits.
    pub digest: Option<Digest>,
    /// Grants what it asks for beyond the version before, as it asks for it. Otherwise it keeps what was granted to it
    /// while it waited, or has the grant of the version before; what is new is denied until it is granted.
    pub grant_needs: bool,
}

impl Approval {
    /// # Errors
    /// [`DropInError::Invalid`] with every problem of the body.
    pub fn read(body: Option<&Value>) -> Result<Self, DropInError> {
        let mut problems = Problems::default();
        let mut approval = Self::default();
        if let Some(mut fields) = body.and_then(|body| Fields::of(body, "", &mut problems)) {
            approval.digest = fields.text("digest", &mut problems).map(|text| Digest(text.to_owned()));
            approval.grant_needs = fields.boolean("grant_needs", &mut problems).unwrap_or(false);
            fields.finish(&mut problems);
        }
        if problems.is_empty() { Ok(approval) } else { Err(DropInError::Invalid(problems.into_vec())) }
    }
}

impl DropIn {
    /// Lets the version that waits take over. Jobs whose parameters fit move to it; the others stay and are named.
    ///
    /// # Errors
    /// As [`DropInError`] says.
    pub async fn approve(
        &self,
        template_type: &str,
        approval: &Approval,
        by: &str,
    ) -> Result<(TemplateView, Moved), DropInError> {
        let (template_type, approval, by) = (template_type.to_owned(), approval.clone(), by.to_owned());
        self.whole(|this| async move { this.approve_whole(&template_type, &approval, &by).await }).await
    }

    async fn approve_whole(
        &self,
        template_type: &str,
        approval: &Approval,
        by: &str,
    ) -> Result<(TemplateView, Moved), DropInError> {
        let _one = self.0.changing.lock().await;
        let templates = &self.0.parts.templates;
        let Some(waiting) = templates.waiting(template_type) else {
            let is_known = templates.in_force(template_type).is_some();
            let nothing = DropInError::NothingWaits { template_type: template_type.to_owned() };
            return Err(if is_known { nothing } else { DropInError::NotFound });
        };
        if let Some(named) = approval.digest.clone().filter(|named| *named != waiting) {
            return Err(DropInError::OtherWaits { named, waiting });
        }
        let entry = templates.entry(&waiting).ok_or(DropInError::NotFound)?;
        let before = templates.before(template_type);
        let alone = templates.grants_alone().await;
        // What somebody granted to the waiting version already was meant for it, be it wider or narrower.
        let former = templates
            .grant_for(template_type, &waiting)
            .or_else(|| before.as_ref().and_then(|before| templates.grant_for(template_type, &before.template.digest)));
        let mut rights = former.as_ref().map(|former| former.rights.clone()).unwrap_or_default();
        let mut added = Vec::new();
        if approval.grant_needs {
            added = match &before {
                Some(before) => more(&Difference::between(&before.template, &entry.template)),
                None => grant::asked_for(&entry.template.metadata.needs),
            };
            added.retain(|right| !rights.contains(right));
            rights.extend(added.iter().cloned());
        }
        let granting = if former.is_some() || approval.grant_needs {
            Granting::Give(Grant {
                template_type: template_type.to_owned(),
                digest: waiting.clone(),
                rights,
                limits: former.as_ref().map_or_else(Limits::default, |former| former.limits),
            })
        } else {
            Granting::Nothing
        };
        let facts = json!({
            "digest": waiting, "version": entry.template.metadata.version,
            "before": before.as_ref().map(|before| &before.template.digest), "granted": added,
        });
        self.record("template.approve", template_type, by, facts).await?;
        let source = templates.source(&waiting).unwrap_or(crate::model::template::Source::Upload);
        let since = self.0.parts.clock.now();
        let stand = Stand { standing: Standing::InForce, since, by: by.to_owned(), source, reason: None };
        templates.take_over(entry, stand, granting).await?;
        drop(alone);
        let moved = self.move_jobs(template_type, by).await?;
        tracing::info!(template = template_type, digest = %waiting, moved = moved.moved, "a template was approved");
        self.tell(template_type, &waiting, TemplateChange::Approved).await;
        Ok((self.view(&waiting)?, moved))
    }
}

/// Rights for what a version asks for beyond the one before.
fn more(difference: &Difference) -> Vec<Right> {
    let added = difference.needs_added.iter().filter(|added| added.is_more).map(|added| &added.need);
    let changed = difference.needs_changed.iter().filter(|changed| changed.is_more).map(|changed| &changed.after);
    grant::asked_for(&added.chain(changed).cloned().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_strictly_and_may_be_left_out() {
        assert_eq!(Approval::read(None).unwrap(), Approval::default());
        let whole = Approval::read(Some(&json!({"digest": "ab", "grant_needs": true}))).unwrap();
        assert_eq!(whole, Approval { digest: Some(Digest("ab".into())), grant_needs: true });
        for body in [json!({"grant": true}), json!({"digest": 7}), json!([])] {
            assert!(matches!(Approval::read(Some(&body)), Err(DropInError::Invalid(_))), "{body}");
        }
    }
}
