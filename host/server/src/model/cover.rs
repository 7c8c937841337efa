//! Whether one need lies within another: it reaches nothing that the other does not. Pure, and careful: what cannot be
//! decided from the texts alone counts as more.

use std::collections::BTreeSet;

use serde_json::Value;

use super::grant::{PARAMETER, fits};
use super::template::Need;

/// The connection of a collection that names none.
const DEFAULT_CONNECTION: &str = "default";

/// Keys of a need's `extra` that say how it is handled, not how far it reaches.
const NO_REACH: [&str; 1] = ["on_failure"];

impl Need {
    /// Whether whatever `other` reaches is reached by this need as well. Reasons and `optional` play no part.
    pub fn covers(&self, other: &Self) -> bool {
        let access = self.access == other.access
            // Who may see a secret may use it (`capabilities/operation.rs`).
            || (self.capability == "secrets" && self.access == "reveal" && other.access == "use");
        self.capability == other.capability && access && covers_target(self, other) && covers_extra(self, other)
    }
}

fn covers_target(wide: &Need, narrow: &Need) -> bool {
    let is_same_place = wide.target == narrow.target && member(wide, "connection") == member(narrow, "connection");
    if is_same_place {
        return true;
    }
    match wide.capability.as_str() {
        "documents" => covers_collection(wide, narrow),
        "http" => covers_host(&wide.target, &narrow.target),
        _ if is_parameter(&wide.target) => false,
        // Labels hold no `/`: a star alone stands for every one, and so for whatever a parameter names.
        _ => wide.target == "*" || (!is_parameter(&narrow.target) && fits(&wide.target, &narrow.target)),
    }
}

/// A collection is `name` or `connection/name`; the connection may stand in `extra` instead. A parameter can hold both.
fn covers_collection(wide: &Need, narrow: &Need) -> bool {
    if is_parameter(&wide.target) {
        return false;
    }
    let (connection, name) = place(wide);
    if connection == "*" && name == "*" {
        return true;
    }
    if is_parameter(&narrow.target) {
        return false;
    }
    let (narrow_connection, narrow_name) = place(narrow);
    let in_connection = connection == "*"
        || connection == narrow_connection
        || (!is_parameter(&connection) && !is_parameter(&narrow_connection) && fits(&connection, &narrow_connection));
    in_connection && fits(&name, &narrow_name)
}

/// Connection and name, as patterns.
fn place(need: &Need) -> (String, String) {
    match need.target.split_once('/') {
        Some((connection, name)) => (connection.to_owned(), name.to_owned()),
        None => {
            let beside = member(need, "connection").and_then(Value::as_str).filter(|beside| !beside.is_empty());
            (beside.unwrap_or(DEFAULT_CONNECTION).to_owned(), need.target.clone())
        }
    }
}

/// Hosts are `[scheme://]host[:port]`, see `capabilities/http/pattern.rs`.
fn covers_host(wide: &str, narrow: &str) -> bool {
    if is_parameter(wide) {
        return false;
    }
    if wide == "*" {
        return true;
    }
    if is_parameter(narrow) {
        return false;
    }
    let (wide_scheme, wide_host, wide_port) = origin(wide);
    let (scheme, host, port) = origin(narrow);
    let in_host = wide_host == "*"
        || match wide_host.strip_prefix('*') {
            Some(parent) => host.len() > parent.len() && host.ends_with(parent),
            None => host == wide_host,
        };
    let in_port = wide_port == port || wide_port == "*";
    wide_scheme == scheme && in_port && in_host
}

/// Scheme, host and port, each as it is understood where it is not written.
fn origin(pattern: &str) -> (String, String, String) {
    let (scheme, rest) = pattern.split_once("://").map_or((None, pattern), |(scheme, rest)| (Some(scheme), rest));
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let is_any = host == "*";
    let scheme = scheme.unwrap_or(if is_any { "*" } else { "https" });
    let usual = match scheme {
        _ if is_any => "*",
        "http" => "80",
        _ => "443",
    };
    (scheme.to_owned(), host.to_ascii_lowercase(), port.unwrap_or(usual).to_owned())
}

fn covers_extra(wide: &Need, narrow: &Need) -> bool {
    let keys: BTreeSet<&String> = [wide, narrow]
        .iter()
        .filter_map(|need| need.extra.as_ref().and_then(Value::as_object))
        .flat_map(serde_json::Map::keys)
        .collect();
    keys.into_iter().filter(|key| !NO_REACH.contains(&key.as_str()) && *key != "connection").all(|key| {
        let (before, after) = (member(wide, key), member(narrow, key));
        let lists = before.and_then(Value::as_array).zip(after.and_then(Value::as_array));
        match (wide.capability.as_str(), key.as_str(), before, lists) {
            // A list narrows what has none.
            ("http", "methods", None, _) | ("documents", "fields", None, _) | ("email", "recipients", None, _) => {
                after.is_some_and(Value::is_array)
            }
            ("http", "methods", _, Some((wide, narrow))) => each_in(narrow, wide, str::eq_ignore_ascii_case),
            ("documents", "fields", _, Some((wide, narrow))) => {
                each_in(narrow, wide, |field, list| covers_field(list, field))
            }
            ("email", "recipients", _, Some((wide, narrow))) => {
                each_in(narrow, wide, |recipient, pattern| pattern == "*" || pattern == recipient)
            }
            _ => before == after,
        }
    })
}

/// Whether a field is `path` or lies below it.
pub fn covers_field(path: &str, field: &str) -> bool {
    field.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn each_in(narrow: &[Value], wide: &[Value], is_within: impl Fn(&str, &str) -> bool) -> bool {
    narrow.iter().all(|one| {
        one.as_str().is_some_and(|one| wide.iter().filter_map(Value::as_str).any(|other| is_within(one, other)))
    })
}

fn member<'a>(need: &'a Need, key: &str) -> Option<&'a Value> {
    need.extra.as_ref()?.get(key)
}

fn is_parameter(target: &str) -> bool {
    target.starts_with(PARAMETER)
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
            reason: String::new(),
            optional: false,
            extra: Some(extra).filter(|extra| !extra.is_null()),
        }
    }

    fn covers(capability: &str, access: &str, wide: (&str, Value), narrow: (&str, Value)) -> bool {
        let need = |(target, extra): (&str, Value)| need(capability, target, access, extra);
        need(wide).covers(&need(narrow))
    }

    #[test]
    fn collections_are_compared_by_connection_and_name() {
        for (wide, narrow, expected) in [
            ("*", "orders", true),
            ("orders", "orders", true),
            ("orders", "*", false),
            ("app_*", "app_orders", true),
            ("app_*", "app_o*", true),
            ("app_o*", "app_*", false),
            ("*", "crm/orders", false),
            ("crm/*", "crm/orders", true),
            ("crm/*", "orders", false),
            ("default/*", "orders", true),
            ("*/*", "orders", true),
            ("*/*", "crm/*", true),
            ("*", "*/*", false),
            // A parameter may hold `crm/orders`.
            ("*", "param:/collection", false),
            ("*/*", "param:/collection", true),
            ("param:/collection", "param:/collection", true),
            ("param:/collection", "param:/other", false),
            ("param:/collection", "orders", false),
        ] {
            let answer = covers("documents", "read", (wide, Value::Null), (narrow, Value::Null));
            assert_eq!(answer, expected, "{wide} {narrow}");
        }
    }

    #[test]
    fn a_connection_beside_the_name_counts_as_one_before_it() {
        let beside = |connection: &str| json!({ "connection": connection });
        for (wide, narrow, expected) in [
            (("*", Value::Null), ("*", beside("crm")), false),
            (("*", beside("crm")), ("crm/orders", Value::Null), true),
            (("*", beside("param:/connection")), ("orders", beside("param:/connection")), true),
            (("*", beside("param:/connection")), ("orders", beside("param:/elsewhere")), false),
            (("*", beside("param:/connection")), ("orders", Value::Null), false),
            (("*/*", Value::Null), ("*", beside("param:/connection")), true),
            (("param:/c", beside("crm")), ("param:/c", Value::Null), false),
        ] {
            assert_eq!(covers("documents", "read", wide.clone(), narrow.clone()), expected, "{wide:?} {narrow:?}");
        }
    }

    #[test]
    fn hosts_are_compared_by_scheme_host_and_port() {
        for (wide, narrow, expected) in [
            ("*", "https://example.com:8443", true),
            ("*", "param:/url", true),
            ("*.example.com", "api.example.com", true),
            ("*.example.com", "*.api.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "evilexample.com", false),
            ("*.example.com", "*", false),
            ("example.com", "https://example.com", true),
            ("example.com", "https://EXAMPLE.com:443", true),
            ("example.com", "http://example.com", false),
            ("example.com", "example.com:8443", false),
            ("example.com:*", "example.com:8443", true),
            ("https://*", "https://example.com", true),
            ("https://*", "*", false),
            ("param:/url", "example.com", false),
            ("example.com", "param:/url", false),
        ] {
            assert_eq!(covers("http", "send", (wide, Value::Null), (narrow, Value::Null)), expected, "{wide} {narrow}");
        }
    }

    #[test]
    fn labels_are_compared_as_patterns_and_a_star_stands_for_any_parameter() {
        for capability in ["email", "files", "secrets", "insight"] {
            for (wide, narrow, expected) in [
                ("*", "exports", true),
                ("*", "param:/folder", true),
                ("exports", "param:/folder", false),
                ("exp*", "exports", true),
                ("param:/folder", "exports", false),
                ("exports", "backups", false),
            ] {
                let answer = covers(capability, "read", (wide, Value::Null), (narrow, Value::Null));
                assert_eq!(answer, expected, "{capability} {wide} {narrow}");
            }
        }
    }

    #[test]
    fn lists_narrow_and_their_absence_widens() {
        for (capability, key, wide, narrow, expected) in [
            ("http", "methods", Value::Null, json!(["GET"]), true),
            ("http", "methods", json!(["GET"]), Value::Null, false),
            ("http", "methods", json!(["GET", "POST"]), json!(["get"]), true),
            ("http", "methods", json!(["GET"]), json!(["GET", "POST"]), false),
            ("http", "methods", json!(["GET"]), json!("GET"), false),
            ("documents", "fields", Value::Null, json!(["name"]), true),
            ("documents", "fields", json!(["address"]), json!(["address.city"]), true),
            ("documents", "fields", json!(["address.city"]), json!(["address"]), false),
            ("documents", "fields", json!(["name"]), json!(["name", "names"]), false),
            ("email", "recipients", Value::Null, json!(["*@example.com"]), true),
            ("email", "recipients", json!(["*"]), json!(["*@example.com"]), true),
            ("email", "recipients", json!(["a@example.com"]), json!(["*@example.com"]), false),
            // What is not understood is never taken for narrower.
            ("http", "later", Value::Null, json!(true), false),
            ("http", "later", json!(true), Value::Null, false),
            ("http", "fields", Value::Null, json!(["name"]), false),
            ("files", "on_failure", Value::Null, json!("remove"), true),
            ("files", "on_failure", json!("remove"), Value::Null, true),
        ] {
            let extra = |value: &Value| if value.is_null() { Value::Null } else { json!({ key: value }) };
            let answer = covers(capability, "send", ("*", extra(&wide)), ("*", extra(&narrow)));
            assert_eq!(answer, expected, "{capability} {key} {wide} {narrow}");
        }
    }

    #[test]
    fn capability_and_access_have_to_agree_but_seeing_a_secret_is_also_using_it() {
        let plain = |capability: &str, access: &str| need(capability, "*", access, Value::Null);
        assert!(!plain("documents", "read").covers(&plain("documents", "write")));
        assert!(!plain("documents", "write").covers(&plain("documents", "read")));
        assert!(!plain("files", "read").covers(&plain("documents", "read")));
        assert!(plain("secrets", "reveal").covers(&plain("secrets", "use")));
        assert!(!plain("secrets", "use").covers(&plain("secrets", "reveal")));
    }
}
