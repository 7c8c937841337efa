//! Whether a right says anything that the gate understands: its words, its target, its `extra`. Pure; asked when
//! somebody grants, so that a slip is told then and not found as a denial at night.

use serde_json::Value;

use super::documents::CollectionName;
use super::email::check_recipients;
use super::guard::Target as _;
use super::http::check_pattern;
use super::operation::{accesses, capabilities};
use crate::model::SecretLabel;
use crate::model::grant::{PARAMETER, Right, fits};

/// Longest target, in bytes.
const LONGEST: usize = 300;
/// Fields, methods or recipients of one right.
const MOST: usize = 100;

/// What is wrong with a right, at a JSON pointer into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub pointer: String,
    pub code: &'static str,
    pub message: String,
}

fn fault(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Fault {
    Fault { pointer: pointer.into(), code, message: message.into() }
}

/// Everything that is wrong with a right.
pub fn check(right: &Right) -> Vec<Fault> {
    let known = accesses(&right.capability);
    if known.is_empty() {
        let message = format!("{:?} is none of {}", short(&right.capability), capabilities().join(", "));
        return vec![fault("/capability", "unknown_capability", message)];
    }
    let mut faults = Vec::new();
    if right.access.is_empty() {
        faults.push(fault("/access", "required", format!("name at least one of {}", known.join(", "))));
    }
    for (place, word) in right.access.iter().enumerate() {
        if !known.contains(&word.as_str()) {
            let (word, capability) = (short(word), &right.capability);
            let message = format!("{word:?} is no access to {capability}: {} can be given", known.join(", "));
            faults.push(fault(format!("/access/{place}"), "unknown_access", message));
        }
    }
    if let Err((code, message)) = check_target(&right.capability, &right.target) {
        faults.push(fault("/target", code, message));
    }
    check_extra(right, &mut faults);
    faults
}

fn check_target(capability: &str, target: &str) -> Result<(), (&'static str, String)> {
    if let Some(pointer) = target.strip_prefix(PARAMETER) {
        return if pointer.starts_with('/') {
            Ok(())
        } else {
            Err(("invalid_target", format!("{PARAMETER} goes with a JSON pointer, such as {PARAMETER}/collection")))
        };
    }
    let never = |message: String| Err(("invalid_target", message));
    if target.is_empty() || target.len() > LONGEST || target.chars().any(char::is_control) {
        return never(format!("has {} bytes; from 1 to {LONGEST}, none of them a control character", target.len()));
    }
    // A name that the pattern fits, its stars read as letters.
    let sample = target.replace('*', "x");
    match capability {
        "documents" => {
            let name = CollectionName::parse(&sample).map_err(|error| ("invalid_target", error.message))?;
            match name.forbidden() {
                None => Ok(()),
                Some(_) => Err((
                    "own_collection",
                    format!("{target} belongs to Sandglass itself, which no grant lets a template reach"),
                )),
            }
        }
        "http" => check_pattern(target).map_err(|message| ("invalid_target", message)),
        "secrets" => match sample.parse::<SecretLabel>() {
            Ok(_) => Ok(()),
            Err(error) => never(format!("no secret can have this label: {error}")),
        },
        "insight" if !fits(target, "runs") => never("there is insight into `runs` only".to_owned()),
        _ if target.contains('/') => never("is no label: labels hold no `/`".to_owned()),
        _ => Ok(()),
    }
}

fn check_extra(right: &Right, faults: &mut Vec<Fault>) {
    let Some(extra) = &right.extra else { return };
    let Some(members) = extra.as_object() else {
        faults.push(fault("/extra", "wrong_type", "must be an object"));
        return;
    };
    for (key, value) in members {
        let pointer = format!("/extra/{}", key.replace('~', "~0").replace('/', "~1"));
        match (right.capability.as_str(), key.as_str()) {
            ("documents", "connection") => {
                if value.as_str().is_none_or(str::is_empty) {
                    faults.push(fault(pointer, "wrong_type", "must be the name of a connection, or param:/pointer"));
                }
            }
            ("documents", "fields") if right.access.iter().any(|access| access == "manage") => {
                let message = "fields narrow read and write; give `manage` in a right of its own";
                faults.push(fault(pointer, "not_together", message));
            }
            ("documents", "fields") => texts(&pointer, value, faults, |field| {
                let is_path =
                    field.len() <= LONGEST && field.split('.').all(|step| !step.is_empty() && !step.starts_with('$'));
                if is_path { Ok(()) } else { Err("is no path of a field, such as address.city".to_owned()) }
            }),
            ("http", "methods") => texts(&pointer, value, faults, |method| {
                let is_method =
                    !method.is_empty() && method.len() <= 20 && method.chars().all(|c| c.is_ascii_alphabetic());
                if is_method { Ok(()) } else { Err("is no method, such as GET or POST".to_owned()) }
            }),
            ("email", "recipients") => texts(&pointer, value, faults, check_recipients),
            (capability, _) => {
                let known = match capability {
                    "documents" => "`fields` and `connection`",
                    "http" => "`methods`",
                    "email" => "`recipients`",
                    _ => "nothing",
                };
                let message = format!("a right to {capability} holds {known} here, so this would have no effect");
                faults.push(fault(pointer, "unknown_field", message));
            }
        }
    }
}

fn texts(pointer: &str, value: &Value, faults: &mut Vec<Fault>, check: impl Fn(&str) -> Result<(), String>) {
    let Some(items) = value.as_array() else {
        faults.push(fault(pointer, "wrong_type", "must be a list of texts"));
        return;
    };
    if items.is_empty() || items.len() > MOST {
        let message = format!("holds {} items: from 1 to {MOST} are possible; leave it out to allow all", items.len());
        faults.push(fault(pointer, "out_of_range", message));
    }
    for (place, item) in items.iter().take(MOST).enumerate() {
        let pointer = format!("{pointer}/{place}");
        match item.as_str() {
            None => faults.push(fault(pointer, "wrong_type", "must be a text")),
            Some(text) => {
                if let Err(message) = check(text) {
                    faults.push(fault(pointer, "invalid_pattern", format!("{:?} {message}", short(text))));
                }
            }
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(right: Value) -> Vec<(String, &'static str)> {
        let right: Right = serde_json::from_value(right).unwrap();
        check(&right).into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn what_the_gate_understands_is_no_fault() {
        for right in [
            json!({ "capability": "documents", "target": "*", "access": ["read", "write", "manage"] }),
            json!({ "capability": "documents", "target": "crm/*", "access": ["read"], "extra": { "fields": ["name", "address.city"] } }),
            json!({ "capability": "documents", "target": "param:/collection", "access": ["write"], "extra": { "connection": "param:/connection" } }),
            json!({ "capability": "http", "target": "*.example.com", "access": ["send"], "extra": { "methods": ["GET", "post"] } }),
            json!({ "capability": "http", "target": "http://[::1]:8080", "access": ["send"] }),
            json!({ "capability": "email", "target": "default", "access": ["send"], "extra": { "recipients": ["*@example.com"] } }),
            json!({ "capability": "files", "target": "exports", "access": ["read", "write"] }),
            json!({ "capability": "secrets", "target": "shop-*", "access": ["use"] }),
            json!({ "capability": "insight", "target": "*", "access": ["read"] }),
        ] {
            assert_eq!(faults(right.clone()), [], "{right}");
        }
    }

    #[test]
    fn each_slip_is_told_at_its_place() {
        for (right, pointer, code) in [
            (
                json!({ "capability": "sockets", "target": "*", "access": ["read"] }),
                "/capability",
                "unknown_capability",
            ),
            (json!({ "capability": "http", "target": "*", "access": [] }), "/access", "required"),
            (json!({ "capability": "http", "target": "*", "access": ["send", "read"] }), "/access/1", "unknown_access"),
            (json!({ "capability": "documents", "target": "", "access": ["read"] }), "/target", "invalid_target"),
            (json!({ "capability": "documents", "target": "a/b/c", "access": ["read"] }), "/target", "invalid_target"),
            (
                json!({ "capability": "documents", "target": "system.users", "access": ["read"] }),
                "/target",
                "invalid_target",
            ),
            (
                json!({ "capability": "documents", "target": "sandglass_audit", "access": ["read"] }),
                "/target",
                "own_collection",
            ),
            (
                json!({ "capability": "documents", "target": "Sandglass_*", "access": ["read"] }),
                "/target",
                "own_collection",
            ),
            (
                json!({ "capability": "documents", "target": "default/dynamic_jobs", "access": ["read"] }),
                "/target",
                "own_collection",
            ),
            (
                json!({ "capability": "documents", "target": "param:collection", "access": ["read"] }),
                "/target",
                "invalid_target",
            ),
            (
                json!({ "capability": "http", "target": "ftp://example.com", "access": ["send"] }),
                "/target",
                "invalid_target",
            ),
            (
                json!({ "capability": "http", "target": "example.com:port", "access": ["send"] }),
                "/target",
                "invalid_target",
            ),
            (json!({ "capability": "files", "target": "a/b", "access": ["read"] }), "/target", "invalid_target"),
            (json!({ "capability": "secrets", "target": "no label", "access": ["use"] }), "/target", "invalid_target"),
            (json!({ "capability": "insight", "target": "jobs", "access": ["read"] }), "/target", "invalid_target"),
            (json!({ "capability": "http", "target": "*", "access": ["send"], "extra": [] }), "/extra", "wrong_type"),
            (
                json!({ "capability": "http", "target": "*", "access": ["send"], "extra": { "methods": "GET" } }),
                "/extra/methods",
                "wrong_type",
            ),
            (
                json!({ "capability": "http", "target": "*", "access": ["send"], "extra": { "methods": [] } }),
                "/extra/methods",
                "out_of_range",
            ),
            (
                json!({ "capability": "http", "target": "*", "access": ["send"], "extra": { "methods": ["GET", "P T"] } }),
                "/extra/methods/1",
                "invalid_pattern",
            ),
            (
                json!({ "capability": "http", "target": "*", "access": ["send"], "extra": { "method": ["GET"] } }),
                "/extra/method",
                "unknown_field",
            ),
            (
                json!({ "capability": "documents", "target": "*", "access": ["read"], "extra": { "fields": ["$where"] } }),
                "/extra/fields/0",
                "invalid_pattern",
            ),
            (
                json!({ "capability": "documents", "target": "*", "access": ["read"], "extra": { "fields": ["a..b"] } }),
                "/extra/fields/0",
                "invalid_pattern",
            ),
            (
                json!({ "capability": "documents", "target": "*", "access": ["manage"], "extra": { "fields": ["a"] } }),
                "/extra/fields",
                "not_together",
            ),
            (
                json!({ "capability": "documents", "target": "*", "access": ["read"], "extra": { "connection": 1 } }),
                "/extra/connection",
                "wrong_type",
            ),
            (
                json!({ "capability": "email", "target": "*", "access": ["send"], "extra": { "recipients": ["example.com"] } }),
                "/extra/recipients/0",
                "invalid_pattern",
            ),
            (
                json!({ "capability": "files", "target": "*", "access": ["read"], "extra": { "names": ["a"] } }),
                "/extra/names",
                "unknown_field",
            ),
        ] {
            assert_eq!(faults(right.clone()), [(pointer.to_owned(), code)], "{right}");
        }
    }
}
