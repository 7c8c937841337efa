//! Rights: what an operator lets a template have. Pure rules; `capabilities/guard.rs` applies them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Digest;
use super::template::Need;

/// Everything one digest may reach. An empty grant allows nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    pub template_type: String,
    pub digest: Digest,
    pub rights: Vec<Right>,
    #[serde(default)]
    pub limits: Limits,
}

/// One right: capability, target pattern and what may be done there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Right {
    pub capability: String,
    /// `*`, a name, `crm/*`, a host pattern …; `param:/pointer` follows the job's parameter.
    pub target: String,
    pub access: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Value>,
}

/// The rights that allow exactly what needs ask for: one for each target, with every access to it.
pub fn asked_for(needs: &[Need]) -> Vec<Right> {
    let mut rights: Vec<Right> = Vec::new();
    for need in needs {
        // How files are treated after a failure is the template's own affair and takes no right.
        let extra = need.extra.clone().map(|mut extra| {
            if let Some(members) = extra.as_object_mut() {
                members.remove("on_failure");
            }
            extra
        });
        let extra = extra.filter(|extra| extra.as_object().is_none_or(|members| !members.is_empty()));
        let same = rights.iter_mut().find(|right| {
            // Fields narrow reading and writing, not `manage`, which stands alone.
            let alone = |access: &str| extra.is_some() && access == "manage";
            right.capability == need.capability
                && right.target == need.target
                && right.extra == extra
                && !alone(&need.access)
                && !right.access.iter().any(|access| alone(access))
        });
        match same {
            Some(right) if right.access.contains(&need.access) => {}
            Some(right) => right.access.push(need.access.clone()),
            None => rights.push(Right {
                capability: need.capability.clone(),
                target: need.target.clone(),
                access: vec![need.access.clone()],
                extra,
            }),
        }
    }
    rights
}

/// A target after parameters were filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Written by the template's author or an operator; `*` in it is a wildcard.
    Pattern(String),
    /// Taken from a job's parameters: stands for itself only, whatever characters it holds.
    Literal(String),
}

/// What a need or a right names, with `param:/pointer` replaced by what the parameters hold there: a text, or each
/// text of a list. A parameter that is absent or of another kind names nothing.
pub fn scopes(target: &str, parameters: &Value) -> Vec<Scope> {
    let Some(pointer) = target.strip_prefix(PARAMETER) else { return vec![Scope::Pattern(target.to_owned())] };
    match parameters.pointer(pointer) {
        Some(Value::String(text)) => vec![Scope::Literal(text.clone())],
        Some(Value::Array(items)) => {
            items.iter().filter_map(|item| item.as_str().map(|text| Scope::Literal(text.to_owned()))).collect()
        }
        _ => Vec::new(),
    }
}

/// What a target begins with that follows a parameter.
pub const PARAMETER: &str = "param:";

/// Whether `text` fits `pattern`, in which each `*` stands for any characters but `/`.
pub fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    loop {
        if fits(rest, text) {
            return true;
        }
        let mut characters = text.chars();
        match characters.next() {
            Some('/') | None => return false,
            Some(_) => text = characters.as_str(),
        }
    }
}

/// Whether a collection belongs to Sandglass itself. Case is ignored: a store might.
pub fn is_own_collection(name: &str) -> bool {
    let has_prefix = name.get(..OWN_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(OWN_PREFIX));
    has_prefix || OWN_COLLECTIONS.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// Bounds that a grant may set lower than the host's configuration. None: as configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub memory_bytes: Option<u64>,
    pub cpu_seconds: Option<u64>,
    pub result_bytes: Option<u64>,
    pub log_bytes: Option<u64>,
    pub http_requests: Option<u64>,
    pub http_body_bytes: Option<u64>,
    /// Of one file.
    pub file_bytes: Option<u64>,
    /// That one run may begin.
    pub files: Option<u64>,
}

/// What the names of Sandglass's own collections begin with. They share a database with the customer's, where
/// `users`, `audit` or `templates` may stand already.
pub const OWN_PREFIX: &str = "sandglass_";

/// Collections of ours that the customer's system named; never reachable from a template either.
pub const OWN_COLLECTIONS: [&str; 4] = ["dynamic_jobs", "job_executions", "job_execution_logs", "job_counters"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_star_stands_for_anything_within_one_segment() {
        for (pattern, text, expected) in [
            ("*", "orders", true),
            ("*", "crm/orders", false),
            ("crm/*", "crm/orders", true),
            ("app_*", "app_orders", true),
            ("app_*", "apporders", false),
            ("*_log_*", "a_log_b", true),
            ("*_log_*", "a_log", false),
            ("orders", "orders", true),
            ("orders", "Orders", false),
            ("*/*", "crm/orders", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_parameter_stands_for_itself_even_if_it_looks_like_a_pattern() {
        let parameters = json!({"collection": "*", "hosts": ["a", 1, "b"]});
        assert_eq!(scopes("param:/collection", &parameters), [Scope::Literal("*".into())]);
        assert_eq!(scopes("param:/hosts", &parameters), [Scope::Literal("a".into()), Scope::Literal("b".into())]);
        assert_eq!(scopes("param:/absent", &parameters), []);
        assert_eq!(scopes("orders", &parameters), [Scope::Pattern("orders".into())]);
    }

    #[test]
    fn what_is_asked_for_becomes_one_right_for_each_target() {
        let need = |target: &str, access: &str, extra: Value| Need {
            capability: "files".into(),
            target: target.into(),
            access: access.into(),
            reason: String::new(),
            optional: false,
            extra: Some(extra).filter(|extra| !extra.is_null()),
        };
        let rights = asked_for(&[
            need("param:/folder", "write", json!({ "on_failure": "remove" })),
            need("param:/folder", "read", Value::Null),
            need("param:/folder", "read", Value::Null),
            need("exports", "read", json!({ "fields": ["a"] })),
        ]);
        let expected = json!([
            { "capability": "files", "target": "param:/folder", "access": ["write", "read"] },
            { "capability": "files", "target": "exports", "access": ["read"], "extra": { "fields": ["a"] } },
        ]);
        assert_eq!(json!(rights), expected);
    }

    #[test]
    fn own_collections_are_known_in_any_case() {
        assert!(is_own_collection("Dynamic_Jobs"));
        assert!(!is_own_collection("orders"));
    }
}
