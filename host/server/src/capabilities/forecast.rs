//! What a job would be denied before it runs: needs with its parameters filled in, held against rights. Pure.
//!
//! It answers as the gate would (`guard.rs`), as far as that can be said without a run: which of many collections a
//! template looks at, or with which method it sends, only the run tells. Such a denial is possible, not certain.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::documents::CollectionName;
use super::guard::Target as _;
use super::http::HttpTarget;
use crate::model::grant::{self, Right, Scope, fits};
use crate::model::template::Need;

/// Something that a run would ask for and not get.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Denial {
    pub capability: String,
    /// With the parameter filled in.
    pub target: String,
    pub access: String,
    /// Why the template asks for it.
    pub reason: String,
    /// Whether the template is of use without it.
    pub optional: bool,
    /// False: a part is granted, and the run decides whether that is enough.
    pub is_certain: bool,
    /// The right that would allow it; none where no grant can.
    pub grant: Option<Right>,
}

/// What a job with these parameters would be denied; what the template cannot do without comes first.
pub fn forecast(needs: &[Need], rights: &[Right], parameters: &Value) -> Vec<Denial> {
    let mut denials: Vec<Denial> = Vec::new();
    for need in needs {
        for scope in grant::scopes(&need.target, parameters) {
            let Some(denial) = judge(need, &scope, rights, parameters) else { continue };
            if !denials.contains(&denial) {
                denials.push(denial);
            }
        }
    }
    denials.sort_by_key(|denial| (denial.optional, !denial.is_certain));
    denials
}

fn judge(need: &Need, scope: &Scope, rights: &[Right], parameters: &Value) -> Option<Denial> {
    // The need as this job has it: parameters filled in, the connection in the target.
    let (target, reach) = match scope {
        Scope::Pattern(text) => (placed(need, text, parameters), None),
        Scope::Literal(text) => {
            let reach = Reach::of(need, text, parameters)?;
            (reach.name(), Some(reach))
        }
    };
    let extra =
        grant::asked_for(std::slice::from_ref(need)).pop().and_then(|right| right.extra).and_then(without_connection);
    let own = Need { target, extra, ..need.clone() };
    let denial = |is_certain: bool, is_possible: bool| Denial {
        capability: own.capability.clone(),
        target: own.target.clone(),
        access: own.access.clone(),
        reason: own.reason.clone(),
        optional: own.optional,
        is_certain,
        grant: is_possible.then(|| Right {
            capability: own.capability.clone(),
            target: own.target.clone(),
            access: vec![own.access.clone()],
            extra: own.extra.clone(),
        }),
    };
    if let Some(Reach::Documents(name)) = &reach
        && name.forbidden().is_some()
    {
        return Some(denial(true, false));
    }
    let mut is_partly = false;
    for right in rights.iter().filter(|right| gives(right, &own)) {
        for scope in grant::scopes(&right.target, parameters) {
            let (is_there, is_whole) = match &reach {
                Some(reach) => (reach.is_in(&scope, right, parameters), true),
                None => {
                    let text = match &scope {
                        Scope::Pattern(text) => placed(&as_need(right, &own.access), text, parameters),
                        Scope::Literal(text) => text.clone(),
                    };
                    let wide = Need { target: text.clone(), extra: None, ..own.clone() };
                    let is_whole = wide.covers(&Need { extra: None, ..own.clone() });
                    (is_whole || meet(&own.capability, &text, &own.target), is_whole)
                }
            };
            // The same place: what is left to compare are methods, fields, recipients.
            let extra = right.extra.clone().and_then(without_connection);
            if is_there && is_whole && (Need { extra, ..own.clone() }).covers(&own) {
                return None;
            }
            is_partly |= is_there;
        }
    }
    Some(denial(!is_partly, true))
}

fn gives(right: &Right, need: &Need) -> bool {
    let is_enough = |access: &String| *access == need.access || (access == "reveal" && need.access == "use");
    right.capability == need.capability && right.access.iter().any(is_enough)
}

fn as_need(right: &Right, access: &str) -> Need {
    Need {
        capability: right.capability.clone(),
        target: right.target.clone(),
        access: access.to_owned(),
        reason: String::new(),
        optional: false,
        extra: right.extra.clone(),
    }
}

/// The connection that stands beside a collection is put before it.
fn placed(need: &Need, text: &str, parameters: &Value) -> String {
    match connection(need, parameters) {
        Some(connection) if need.capability == "documents" && !text.contains('/') => format!("{connection}/{text}"),
        _ => text.to_owned(),
    }
}

/// What `extra` says of the connection; none for the default one.
fn connection(need: &Need, parameters: &Value) -> Option<String> {
    let beside = need.extra.as_ref()?.get("connection")?.as_str()?;
    let (Scope::Pattern(text) | Scope::Literal(text)) = grant::scopes(beside, parameters).into_iter().next()?;
    (!text.is_empty()).then_some(text)
}

fn without_connection(mut extra: Value) -> Option<Value> {
    let members = extra.as_object_mut()?;
    members.remove("connection");
    (!members.is_empty()).then_some(extra)
}

/// One thing that a parameter names.
enum Reach {
    Documents(CollectionName),
    Http(Url),
    /// A folder, an identity, a secret, …
    Label(String),
}

impl Reach {
    /// None for what names nothing: the check of the parameters says so.
    fn of(need: &Need, text: &str, parameters: &Value) -> Option<Self> {
        match need.capability.as_str() {
            "documents" => {
                let name = match connection(need, parameters) {
                    Some(connection) if !text.contains('/') => CollectionName::of(&connection, text),
                    _ => CollectionName::parse(text),
                };
                name.ok().map(Self::Documents)
            }
            "http" => {
                let url = Url::parse(text).ok()?;
                HttpTarget::of(&url, "GET").map(|_| Self::Http(url))
            }
            _ => (!text.is_empty()).then(|| Self::Label(text.to_owned())),
        }
    }

    /// As it stands in a right.
    fn name(&self) -> String {
        match self {
            Self::Documents(name) => name.name().to_owned(),
            Self::Http(url) => url.origin().ascii_serialization(),
            Self::Label(text) => text.clone(),
        }
    }

    /// Whether a right leads here, whatever narrows it further.
    fn is_in(&self, scope: &Scope, right: &Right, parameters: &Value) -> bool {
        match self {
            Self::Documents(name) => name.is_in(scope, right.extra.as_ref(), parameters),
            Self::Http(url) => HttpTarget::of(url, "GET").is_some_and(|target| target.is_in(scope, None, parameters)),
            Self::Label(label) => match scope {
                Scope::Pattern(pattern) => fits(pattern, label),
                Scope::Literal(text) => text == label,
            },
        }
    }
}

/// Whether two patterns have anything in common.
fn meet(capability: &str, one: &str, other: &str) -> bool {
    let place = |text: &str| match capability {
        "documents" if !text.contains('/') => format!("default/{text}"),
        // Scheme and port apart, which the run tells.
        "http" => {
            let host = text.split_once("://").map_or(text, |(_, host)| host);
            host.split(':').next().unwrap_or(host).to_ascii_lowercase()
        }
        _ => text.to_owned(),
    };
    overlap(&place(one), &place(other), &mut HashSet::new())
}

/// Whether some text fits both patterns, in which `*` stands for any characters but `/`.
fn overlap(one: &str, other: &str, seen: &mut HashSet<(usize, usize)>) -> bool {
    if !seen.insert((one.len(), other.len())) {
        return false;
    }
    let (mut rest, mut other_rest) = (one.chars(), other.chars());
    match (rest.next(), other_rest.next()) {
        (None, None) => true,
        (Some('*'), next) => {
            overlap(rest.as_str(), other, seen)
                || (next.is_some_and(|letter| letter != '/') && overlap(one, other_rest.as_str(), seen))
        }
        (next, Some('*')) => {
            overlap(one, other_rest.as_str(), seen)
                || (next.is_some_and(|letter| letter != '/') && overlap(rest.as_str(), other, seen))
        }
        (Some(letter), Some(same)) => letter == same && overlap(rest.as_str(), other_rest.as_str(), seen),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn need(capability: &str, target: &str, access: &str, extra: Value) -> Need {
        Need {
            capability: capability.into(),
            target: target.into(),
            access: access.into(),
            reason: "To work.".into(),
            optional: false,
            extra: Some(extra).filter(|extra| !extra.is_null()),
        }
    }

    fn rights(rights: Value) -> Vec<Right> {
        serde_json::from_value(rights).unwrap()
    }

    /// Target and certainty of each denial.
    fn denied(needs: &[Need], granted: Value, parameters: Value) -> Vec<(String, bool)> {
        let denials = forecast(needs, &rights(granted), &parameters);
        denials.into_iter().map(|denial| (denial.target, denial.is_certain)).collect()
    }

    #[test]
    fn parameters_are_filled_in_and_held_against_the_rights() {
        let needs = [
            need("documents", "param:/collection", "read", Value::Null),
            need("documents", "param:/collection", "write", Value::Null),
            need("documents", "param:/archive/collection", "write", Value::Null),
        ];
        let granted = json!([{ "capability": "documents", "target": "logs", "access": ["read", "write"] }]);
        assert_eq!(denied(&needs, granted.clone(), json!({ "collection": "logs" })), []);
        let read_and_write = [("orders".to_owned(), true), ("orders".to_owned(), true)];
        assert_eq!(denied(&needs, granted.clone(), json!({ "collection": "orders" })), read_and_write);
        let parameters = json!({ "collection": "logs", "archive": { "collection": "old" } });
        let denials = forecast(&needs, &rights(granted), &parameters);
        let grant = json!({ "capability": "documents", "target": "old", "access": ["write"] });
        assert_eq!(json!(denials[0].grant), grant);
        assert_eq!((denials.len(), denials[0].reason.as_str()), (1, "To work."));
        // A right that follows the parameter gives whatever the job names.
        let follows =
            json!([{ "capability": "documents", "target": "param:/collection", "access": ["read", "write"] }]);
        assert_eq!(denied(&needs, follows, json!({ "collection": "orders" })), []);
    }

    #[test]
    fn without_a_grant_everything_is_denied_and_what_is_optional_comes_last() {
        let optional = Need { optional: true, ..need("email", "default", "send", Value::Null) };
        let needs = [optional, need("http", "param:/url", "send", json!({ "methods": ["POST"] }))];
        let denials = forecast(&needs, &[], &json!({ "url": "https://Example.com:8443/path?x=1" }));
        assert_eq!(denials.iter().map(|denial| denial.optional).collect::<Vec<_>>(), [false, true]);
        let grant = json!({ "capability": "http", "target": "https://example.com:8443", "access": ["send"],
            "extra": { "methods": ["POST"] } });
        assert_eq!(json!(denials[0].grant), grant);
        assert!(denials.iter().all(|denial| denial.is_certain));
    }

    #[test]
    fn collections_of_sandglass_have_no_grant() {
        let needs = [need("documents", "param:/collection", "read", Value::Null)];
        let all = rights(json!([{ "capability": "documents", "target": "*", "access": ["read"] }]));
        let denials = forecast(&needs, &all, &json!({ "collection": "sandglass_audit" }));
        assert_eq!((denials.len(), denials[0].is_certain, &denials[0].grant), (1, true, &None));
    }

    #[test]
    fn what_is_narrowed_in_part_may_be_denied() {
        let any = [need("documents", "*", "read", Value::Null)];
        for (granted, expected) in [
            (json!([]), Some(true)),
            (json!([{ "capability": "documents", "target": "logs", "access": ["read"] }]), Some(false)),
            (json!([{ "capability": "documents", "target": "crm/*", "access": ["read"] }]), Some(true)),
            (json!([{ "capability": "documents", "target": "*", "access": ["write"] }]), Some(true)),
            (
                json!([{ "capability": "documents", "target": "*", "access": ["read"], "extra": { "fields": ["a"] } }]),
                Some(false),
            ),
            (json!([{ "capability": "documents", "target": "*/*", "access": ["read"] }]), None),
        ] {
            let found = denied(&any, granted.clone(), json!({}));
            assert_eq!(found.first().map(|(_, is_certain)| *is_certain), expected, "{granted}");
        }
        let send = [need("http", "param:/url", "send", Value::Null)];
        let post = json!([{ "capability": "http", "target": "example.com", "access": ["send"], "extra": { "methods": ["POST"] } }]);
        let url = |url: &str| json!({ "url": url });
        assert!(!denied(&send, post.clone(), url("https://example.com/x"))[0].1, "the method is not known");
        assert!(denied(&send, post.clone(), url("http://example.com/x"))[0].1, "another scheme");
        assert_eq!(denied(&send, post, url("no address")), [], "the check of the parameters says so");
    }

    #[test]
    fn a_connection_beside_the_collection_counts() {
        let needs = [need("documents", "*", "read", json!({ "connection": "param:/connection" }))];
        let default = json!([{ "capability": "documents", "target": "*", "access": ["read"] }]);
        assert_eq!(denied(&needs, default.clone(), json!({})), []);
        assert_eq!(denied(&needs, default, json!({ "connection": "crm" })), [("crm/*".to_owned(), true)]);
        let crm = json!([{ "capability": "documents", "target": "crm/*", "access": ["read"] }]);
        assert_eq!(denied(&needs, crm.clone(), json!({ "connection": "crm" })), []);
        let one = [need("documents", "param:/c", "read", json!({ "connection": "param:/connection" }))];
        assert_eq!(denied(&one, crm, json!({ "connection": "crm", "c": "orders" })), []);
    }

    #[test]
    fn labels_are_compared_as_the_gate_does() {
        let needs =
            [need("files", "param:/folder", "write", Value::Null), need("secrets", "param:/key", "use", Value::Null)];
        let granted = json!([
            { "capability": "files", "target": "exp*", "access": ["read", "write"] },
            { "capability": "secrets", "target": "shop", "access": ["reveal"] },
        ]);
        assert_eq!(denied(&needs, granted.clone(), json!({ "folder": "exports", "key": "shop" })), []);
        let both = [("attic".to_owned(), true), ("bank".to_owned(), true)];
        assert_eq!(denied(&needs, granted.clone(), json!({ "folder": "attic", "key": "bank" })), both);
        assert_eq!(denied(&needs, granted, json!({})), [], "what is not named is not used");
    }

    #[test]
    fn patterns_meet_where_a_text_fits_both() {
        for (one, other, expected) in [
            ("*", "logs", true),
            ("a*", "*b", true),
            ("a*", "b*", false),
            ("a*c", "ab*", true),
            ("*/*", "a/b", true),
            ("*", "a/b", false),
            ("", "*", true),
            ("", "a", false),
        ] {
            assert_eq!(overlap(one, other, &mut HashSet::new()), expected, "{one} {other}");
            assert_eq!(overlap(other, one, &mut HashSet::new()), expected, "{other} {one}");
        }
    }
}
