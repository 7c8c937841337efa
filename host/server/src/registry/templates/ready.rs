//! Whether a job's template can run now (T3, `template`).

use super::{State, Templates};
use crate::executor;
use crate::model::Digest;
use crate::model::template::OnLost;

/// The answer, with the sentence that a person is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// Runs as this digest.
    Ready(Digest),
    /// No template of this type is here.
    Missing(String),
    /// It is here, but no grant was given to it.
    NotGranted(String),
    /// It is known, but its compiled form is not at hand.
    NotLoaded(String),
    /// It was taken away.
    Retired(String),
    /// A person has to say yes first.
    AwaitingApproval(String),
}

impl Readiness {
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(_))
    }

    /// Why not; `None` when ready.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Ready(_) => None,
            Self::Missing(reason)
            | Self::NotGranted(reason)
            | Self::NotLoaded(reason)
            | Self::Retired(reason)
            | Self::AwaitingApproval(reason) => Some(reason),
        }
    }

    /// As it stands in answers.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ready(_) => "ready",
            Self::Missing(_) => "missing",
            Self::NotGranted(_) => "not_granted",
            Self::NotLoaded(_) => "not_loaded",
            Self::Retired(_) => "retired",
            Self::AwaitingApproval(_) => "awaiting_approval",
        }
    }
}

impl Templates {
    /// Whether a job with this type and digest can run, and as which digest.
    pub fn readiness(&self, template_type: &str, digest: Option<&Digest>) -> Readiness {
        self.judge(&self.state.read(), template_type, digest)
    }

    pub(super) fn judge(&self, state: &State, template_type: &str, digest: Option<&Digest>) -> Readiness {
        if let Some(awaiting) = digest.filter(|digest| state.waiting.get(template_type) == Some(*digest)) {
            let reason = state.stands.get(awaiting).and_then(|stand| stand.reason.as_deref()).unwrap_or("it is new");
            return Readiness::AwaitingApproval(format!(
                "this version of {template_type:?} ({awaiting}) waits for approval: {reason}. POST \
                 /templates/{template_type}/approve lets it take over"
            ));
        }
        if let Some(retired) = state.retired.get(template_type) {
            let reason = state.stands.get(retired).and_then(|stand| stand.reason.as_deref()).unwrap_or("taken away");
            let way_out = match state.waiting.get(template_type) {
                Some(waiting) => format!("another version ({waiting}) waits for approval"),
                None => "install it again to let its jobs go on".to_owned(),
            };
            return Readiness::Retired(format!("the template {template_type:?} was retired: {reason}; {way_out}"));
        }
        let Some(found) = state.resolve(template_type, digest) else {
            return Readiness::Missing(format!("there is no template {template_type:?} on this host"));
        };
        if !state.is_granted(found) {
            return Readiness::NotGranted(format!("nothing is granted to {template_type:?} ({found})"));
        }
        if !self.components.is_loaded(found) {
            let trouble = state.troubles.get(found).map_or("it is not compiled on this host", String::as_str);
            return Readiness::NotLoaded(format!("{template_type:?} ({found}) cannot run: {trouble}"));
        }
        Readiness::Ready(found.clone())
    }
}

impl executor::Templates for Templates {
    fn ready(&self, template_type: &str, digest: Option<&Digest>) -> Result<Digest, String> {
        match self.readiness(template_type, digest) {
            Readiness::Ready(digest) => Ok(digest),
            Readiness::Missing(reason)
            | Readiness::NotGranted(reason)
            | Readiness::NotLoaded(reason)
            | Readiness::Retired(reason)
            | Readiness::AwaitingApproval(reason) => Err(reason),
        }
    }

    /// A template that is gone cannot be asked: then the side that does nothing twice.
    fn on_lost(&self, digest: &Digest) -> OnLost {
        self.state.read().entries.get(digest).map_or(OnLost::Fail, |entry| entry.template.metadata.on_lost)
    }
}

impl State {
    /// Whether anything is granted. A grant without rights says so to those only that ask for none.
    fn is_granted(&self, digest: &Digest) -> bool {
        let asks = self.entries.get(digest).is_some_and(|entry| !entry.template.metadata.needs.is_empty());
        self.grants.get(digest).is_some_and(|grant| !grant.rights.is_empty() || !asks)
    }

    /// The digest that a job runs as. A job keeps its digest while that is here; when a newer binary brought another
    /// one along for a built-in template, the old bytes are gone and the one in force takes over.
    pub(super) fn resolve(&self, template_type: &str, digest: Option<&Digest>) -> Option<&Digest> {
        let of_type = |digest: &&Digest| {
            self.entries.get(*digest).is_some_and(|entry| entry.template.metadata.name == template_type)
        };
        let kept = digest.and_then(|digest| self.entries.get_key_value(digest)).map(|(digest, _)| digest);
        kept.filter(of_type).or_else(|| self.in_force.get(template_type))
    }
}
