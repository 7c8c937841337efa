//! Takes secrets out of what is kept of a run: `[secret LABEL]` stands in their place. Pure.

use std::borrow::Cow;

use serde_json::Value;
use zeroize::Zeroizing;

use super::forms::forms;
use crate::capabilities::GateError;
use crate::model::outcome::Outcome;
use crate::model::{Plaintext, SecretLabel};

/// The secrets that a run has opened, in every form. Wiped from memory when dropped.
#[derive(Default)]
pub struct Mask {
    needles: Vec<(Zeroizing<String>, SecretLabel)>,
}

impl Mask {
    /// Adds a secret in all its forms.
    pub fn add(&mut self, text: &Plaintext) {
        if self.needles.iter().any(|(needle, _)| needle.as_str() == &**text) {
            return;
        }
        self.needles.extend(forms(text).into_iter().map(|form| (form, text.label().clone())));
        self.needles.sort_by_key(|(needle, _)| std::cmp::Reverse(needle.len()));
    }

    /// Adds one form of a secret that is made with something else.
    pub fn add_form(&mut self, label: &SecretLabel, form: &str) {
        if !self.needles.iter().any(|(needle, _)| needle.as_str() == form) {
            self.needles.push((Zeroizing::new(form.to_owned()), label.clone()));
            self.needles.sort_by_key(|(needle, _)| std::cmp::Reverse(needle.len()));
        }
    }

    /// A text without secrets.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for (needle, label) in &self.needles {
            if text.contains(needle.as_str()) {
                text = Cow::Owned(text.replace(needle.as_str(), &format!("[secret {label}]")));
            }
        }
        text
    }

    fn owned(&self, text: String) -> String {
        match self.text(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(masked) => masked,
        }
    }

    /// JSON without secrets, names of members included.
    pub fn json(&self, value: Value) -> Value {
        if self.needles.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.owned(text)),
            Value::Array(items) => items.into_iter().map(|item| self.json(item)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(name, value)| (self.owned(name), self.json(value))).collect()
            }
            // A secret may consist of digits.
            Value::Number(number) => match self.text(&number.to_string()) {
                Cow::Borrowed(_) => Value::Number(number),
                Cow::Owned(masked) => Value::String(masked),
            },
            other => other,
        }
    }

    /// An error without secrets.
    pub fn error(&self, error: GateError) -> GateError {
        let details = error.details.map(|details| self.json(details));
        GateError { message: self.owned(error.message), details, ..error }
    }

    /// The end of a run without secrets.
    pub fn outcome(&self, outcome: Outcome) -> Outcome {
        let texts = |texts: Vec<String>| texts.into_iter().map(|text| self.owned(text)).collect();
        match outcome {
            Outcome::Success(mut result) => {
                result.message = self.owned(result.message);
                result.details = self.json(result.details);
                result.errors = texts(result.errors);
                result.warnings = texts(result.warnings);
                Outcome::Success(result)
            }
            Outcome::Failure { kind, message, retry_after, details } => Outcome::Failure {
                kind,
                message: self.owned(message),
                retry_after,
                details: details.map(|details| self.json(details)),
            },
            Outcome::Trap { message } => Outcome::Trap { message: self.owned(message) },
            Outcome::HostFault { message } => Outcome::HostFault { message: self.owned(message) },
            Outcome::LimitReached { limit, message } => Outcome::LimitReached { limit, message: self.owned(message) },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mask(secrets: &[(&str, &str)]) -> Mask {
        let mut mask = Mask::default();
        for (label, text) in secrets {
            mask.add(&Plaintext::new(label.parse().unwrap(), Zeroizing::new((*text).to_owned())));
        }
        mask
    }

    #[test]
    fn every_place_of_a_text_is_masked_by_its_label() {
        let mask = mask(&[("shop", "hunter2"), ("mail", "correct horse")]);
        assert_eq!(mask.text("a hunter2 b correct%20horse hunter2"), "a [secret shop] b [secret mail] [secret shop]");
        assert!(matches!(mask.text("nothing here"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_secret_inside_another_does_not_cut_it_short() {
        let mask = mask(&[("short", "hunter"), ("long", "hunter-and-more")]);
        assert_eq!(mask.text("hunter-and-more hunter"), "[secret long] [secret short]");
    }

    #[test]
    fn json_is_masked_in_names_texts_and_numbers() {
        let mask = mask(&[("pin", "4711")]);
        let masked = mask.json(json!({"a": ["x4711", 4711, 1.5, null], "4711": {"b": "4711"}}));
        assert_eq!(
            masked,
            json!({"a": ["x[secret pin]", "[secret pin]", 1.5, null], "[secret pin]": {"b": "[secret pin]"}})
        );
    }

    #[test]
    fn an_outcome_is_masked_in_every_text() {
        let mask = mask(&[("shop", "hunter2")]);
        let failure = Outcome::Failure {
            kind: crate::model::outcome::FailureKind::Permanent,
            message: "no hunter2".into(),
            retry_after: None,
            details: Some(json!({"said": "hunter2"})),
        };
        assert!(!format!("{:?}", mask.outcome(failure)).contains("hunter2"));
        let success = Outcome::Success(crate::model::outcome::RunResult {
            status: "success".into(),
            message: "hunter2".into(),
            details: json!(["hunter2"]),
            records_processed: 0,
            records_affected: 0,
            errors: vec!["hunter2".into()],
            warnings: vec!["hunter2".into()],
        });
        assert_eq!(format!("{:?}", mask.outcome(success)).matches("[secret shop]").count(), 4);
        let trap = mask.outcome(Outcome::Trap { message: "hunter2".into() });
        assert_eq!(trap, Outcome::Trap { message: "[secret shop]".into() });
    }

    #[test]
    fn without_secrets_nothing_is_copied() {
        assert!(matches!(Mask::default().text("hunter2"), Cow::Borrowed("hunter2")));
    }
}
