//! Secrets as people manage them: checked, on record, and not taken away under jobs that name them.

use std::sync::Arc;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::fields::{Fields, Problems, wrong_type};
use super::templates::Templates;
use crate::capabilities::http::check_pattern;
use crate::model::audit::ChangeRecord;
use crate::model::grant::PARAMETER;
use crate::model::secret::MOST_BYTES;
use crate::model::template::Problem;
use crate::model::{Clock, JobId, SecretInfo, SecretLabel};
use crate::repository::audit::{Audit, AuditError};
use crate::repository::{self, NewSecret, SecretsError};

const LONGEST_DESCRIPTION: usize = 500;
const MOST_HOSTS: usize = 20;
/// Jobs that a refusal names.
const MOST_JOBS: u64 = 20;

/// Why a secret was not set or deleted. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// What was given is not right; each problem has its pointer.
    #[error("{} problems", .0.len())]
    Invalid(Vec<Problem>),
    #[error("there is no such secret")]
    NotFound,
    /// Jobs name it in their parameters, or identities of the configuration sign in with it.
    #[error(
        "{} jobs and {} e-mail identities name this secret; `?force=true` deletes it all the same",
        jobs.len(), identities.len()
    )]
    InUse { jobs: Vec<(JobId, String)>, identities: Vec<String> },
    #[error(transparent)]
    Store(#[from] SecretsError),
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl From<sandglass_database::Error> for SecretError {
    fn from(error: sandglass_database::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Sets, lists and deletes secrets.
pub struct Secrets {
    stored: repository::Secrets,
    jobs: repository::Jobs,
    templates: Arc<Templates>,
    identities: Vec<(String, String)>,
    audit: Audit,
    clock: Arc<dyn Clock>,
}

impl Secrets {
    /// `identities`: those of the configuration by name, each with the label of the secret that it signs in with.
    pub fn new(
        stored: repository::Secrets,
        jobs: repository::Jobs,
        templates: Arc<Templates>,
        identities: Vec<(String, String)>,
        audit: Audit,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { stored, jobs, templates, identities, audit, clock }
    }

    /// Sets a secret, or gives one that is there another text. On record before it happens.
    ///
    /// # Errors
    /// As [`SecretError`] says.
    pub async fn set(&self, body: Value, by: &str) -> Result<SecretInfo, SecretError> {
        let asked = read(body).map_err(SecretError::Invalid)?;
        set(&self.stored, &self.audit, &*self.clock, asked, by).await
    }

    /// What is known of every secret, by label.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self) -> Result<Vec<SecretInfo>, SecretError> {
        Ok(self.stored.list().await?)
    }

    /// Deletes a secret; with `force` also one that jobs or identities name. Gives those jobs.
    ///
    /// # Errors
    /// As [`SecretError`] says.
    pub async fn delete(&self, label: &str, force: bool, by: &str) -> Result<Vec<(JobId, String)>, SecretError> {
        let label: SecretLabel = label.parse().map_err(|_| SecretError::NotFound)?;
        if self.stored.info(&label).await?.is_none() {
            return Err(SecretError::NotFound);
        }
        let jobs = self.jobs_naming(&label).await?;
        let naming = self.identities.iter().filter(|(_, secret)| secret == label.as_str());
        let identities: Vec<String> = naming.map(|(name, _)| name.clone()).collect();
        let details = json!({ "jobs": jobs.len(), "identities": identities });
        let is_named = !jobs.is_empty() || !identities.is_empty();
        if is_named && !force {
            return Err(SecretError::InUse { jobs, identities });
        }
        self.audit.change(record(&*self.clock, "secret.delete", &label, by, details)).await?;
        if self.stored.delete(&label).await? { Ok(jobs) } else { Err(SecretError::NotFound) }
    }

    /// Jobs whose parameters name it, where their template says that a secret is named.
    async fn jobs_naming(&self, label: &SecretLabel) -> Result<Vec<(JobId, String)>, SecretError> {
        let mut found: Vec<(JobId, String)> = Vec::new();
        for view in self.templates.list() {
            let metadata = view.template.metadata;
            let needs = metadata.needs.iter().filter(|need| need.capability == "secrets");
            for pointer in needs.filter_map(|need| need.target.strip_prefix(PARAMETER)) {
                let jobs = self.jobs.naming(&metadata.name, pointer, label.as_str(), MOST_JOBS).await?;
                found.extend(jobs);
            }
        }
        found.sort_by_key(|(id, _)| *id);
        found.dedup_by_key(|(id, _)| *id);
        Ok(found)
    }
}

/// A checked secret, as somebody asks for it.
pub struct Asked {
    new: NewSecret,
    gives_description: bool,
    gives_hosts: bool,
}

/// Stores a checked secret, on record first. A secret that is there keeps its hosts and description where none are
/// given: whoever only renews a text must not widen where it may go.
///
/// # Errors
/// Those of audit and store.
pub async fn set(
    stored: &repository::Secrets,
    audit: &Audit,
    clock: &dyn Clock,
    asked: Asked,
    by: &str,
) -> Result<SecretInfo, SecretError> {
    let Asked { mut new, gives_description, gives_hosts } = asked;
    let known = stored.info(&new.label).await?;
    if let Some(known) = &known {
        if !gives_description {
            new.description.clone_from(&known.description);
        }
        if !gives_hosts {
            new.hosts.clone_from(&known.hosts);
        }
    }
    let details = json!({ "hosts": new.hosts, "replaces": known.map(|known| known.version) });
    audit.change(record(clock, "secret.set", &new.label, by, details)).await?;
    Ok(stored.set(&new, by, clock.now()).await?)
}

fn record(clock: &dyn Clock, action: &str, label: &SecretLabel, by: &str, details: Value) -> ChangeRecord {
    let (actor, action) = (by.to_owned(), action.to_owned());
    ChangeRecord { at: clock.now(), actor, action, subject: label.to_string(), details }
}

/// Reads a secret from JSON: `label`, `value`, `description`, `hosts`.
///
/// # Errors
/// Every problem with its pointer; none shows the value.
pub fn read(mut body: Value) -> Result<Asked, Vec<Problem>> {
    let mut problems = Problems::default();
    let text = text(body.as_object_mut().and_then(|members| members.remove("value")), &mut problems);
    let Some(mut fields) = Fields::of(&body, "", &mut problems) else { return Err(problems.into_vec()) };
    // It was taken out above, so that no copy of it stays in the body.
    fields.given("value");
    let label = match fields.text("label", &mut problems).map(str::parse::<SecretLabel>) {
        Some(Ok(label)) => Some(label),
        Some(Err(error)) => {
            problems.add("/label", "invalid_label", error.to_string());
            None
        }
        None => {
            problems.add("/label", "required", "a label is needed, by which templates name the secret");
            None
        }
    };
    let description = fields.text("description", &mut problems).map(str::to_owned);
    if description.as_ref().is_some_and(|text| text.len() > LONGEST_DESCRIPTION) {
        problems.add("/description", "too_long", format!("has at most {LONGEST_DESCRIPTION} bytes"));
    }
    let mut hosts = Vec::new();
    let listed = fields.list("hosts", MOST_HOSTS, &mut problems);
    let gives_hosts = listed.is_some();
    for (pointer, item) in listed.unwrap_or_default() {
        match item.as_str() {
            None => wrong_type(&mut problems, &pointer, "a text", item),
            Some(pattern) => match check_pattern(pattern) {
                Ok(()) => hosts.push(pattern.to_owned()),
                Err(message) => problems.add(pointer, "invalid_pattern", message),
            },
        }
    }
    fields.finish(&mut problems);
    match (label, text) {
        (Some(label), Some(text)) if problems.is_empty() => Ok(Asked {
            gives_description: description.is_some(),
            gives_hosts,
            new: NewSecret { label, text, description, hosts },
        }),
        _ => Err(problems.into_vec()),
    }
}

fn text(value: Option<Value>, problems: &mut Problems) -> Option<Zeroizing<String>> {
    let text = match value {
        Some(Value::String(text)) => Zeroizing::new(text),
        None | Some(Value::Null) => {
            problems.add("/value", "required", "the text of the secret is needed");
            return None;
        }
        Some(other) => {
            wrong_type(problems, "/value", "a text", &other);
            return None;
        }
    };
    if text.is_empty() || text.len() > MOST_BYTES {
        let message = format!("has {} bytes; from 1 to {MOST_BYTES} are possible", text.len());
        problems.add("/value", "out_of_range", message);
        return None;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_secret_is_read() {
        let new = read(json!({"label": "shop", "value": "x", "description": "d", "hosts": ["*.a.example", "b:8443"]}));
        let Asked { new, gives_description, gives_hosts } = new.unwrap();
        assert!(gives_description && gives_hosts);
        assert_eq!((new.label.as_str(), new.text.as_str(), new.hosts.len()), ("shop", "x", 2));
        assert_eq!(new.description.as_deref(), Some("d"));
        let bare = read(json!({"label": "shop", "value": "x", "description": null, "hosts": null})).unwrap();
        assert!(!bare.gives_description && !bare.gives_hosts);
        assert!(read(json!({"label": "shop", "value": "x", "hosts": []})).unwrap().gives_hosts);
    }

    #[test]
    fn every_problem_is_told_at_once_and_none_shows_the_value() {
        let long = "v".repeat(MOST_BYTES + 1);
        let body = json!({"label": "no label", "value": long, "hosts": ["a b", 7], "valeu": 1, "description": "d".repeat(501)});
        let problems = read(body).err().unwrap();
        let found: Vec<_> = problems.iter().map(|problem| (problem.pointer.as_str(), problem.code.as_str())).collect();
        assert_eq!(
            found,
            [
                ("/value", "out_of_range"),
                ("/label", "invalid_label"),
                ("/description", "too_long"),
                ("/hosts/0", "invalid_pattern"),
                ("/hosts/1", "wrong_type"),
                ("/valeu", "unknown_field"),
            ]
        );
        assert!(!format!("{problems:?}").contains("vvvv"));
        for (body, pointer) in [
            (json!({}), "/value"),
            (json!({"label": "a", "value": ""}), "/value"),
            (json!({"label": "a", "value": 7}), "/value"),
            (json!({"value": "x"}), "/label"),
            (json!([]), "/value"),
        ] {
            assert_eq!(read(body.clone()).err().unwrap()[0].pointer, pointer, "{body}");
        }
    }
}
