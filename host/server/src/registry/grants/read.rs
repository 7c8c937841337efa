//! A grant as an administrator writes it: read whole, every fault at its place. Pure.

use serde_json::Value;

use super::HostOffer;
use crate::capabilities::right;
use crate::model::Digest;
use crate::model::grant::{self, Limits, Right};
use crate::model::template::{Problem, Template};
use crate::registry::fields::{Fields, Problems, wrong_type};

const MOST_RIGHTS: usize = 200;

/// Names of limits, the least that lets a run work, and the key of the configuration that bounds each.
const LIMITS: [(&str, u64, &str); 8] = [
    ("memory_bytes", 1 << 20, "sandbox.memory_bytes"),
    ("cpu_seconds", 1, "sandbox.cpu_seconds"),
    ("result_bytes", 1_024, "sandbox.result_bytes"),
    ("log_bytes", 0, "sandbox.log_bytes"),
    ("http_requests", 0, "http.requests"),
    ("http_body_bytes", 0, "http.body_bytes"),
    ("file_bytes", 0, "files.file_bytes"),
    ("files", 0, "files.files_per_run"),
];

/// What somebody wants to grant.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) rights: Vec<Right>,
    pub(super) limits: Limits,
}

/// The digest that a body names. A fault in it is told by [`read`].
pub(super) fn digest(body: &Value) -> Option<Digest> {
    body.get("digest").and_then(Value::as_str).map(|text| Digest(text.to_owned()))
}

/// Reads `digest`, `as_asked` or `rights`, and `limits`.
///
/// # Errors
/// Every problem with its pointer.
pub(super) fn read(body: &Value, template: &Template, host: &HostOffer) -> Result<Asked, Vec<Problem>> {
    let mut problems = Problems::default();
    let Some(mut fields) = Fields::of(body, "", &mut problems) else { return Err(problems.into_vec()) };
    fields.text("digest", &mut problems);
    let as_asked = fields.boolean("as_asked", &mut problems).unwrap_or(false);
    let given = fields.list("rights", MOST_RIGHTS, &mut problems);
    let named = body.get("rights").is_some_and(|rights| !rights.is_null());
    let rights = match (given, as_asked) {
        (Some(_), true) => {
            problems.add("/as_asked", "not_together", "leave out either `rights` or `as_asked`");
            Vec::new()
        }
        (None, true) => grant::asked_for(&template.metadata.needs),
        (Some(items), false) => {
            items.into_iter().filter_map(|(pointer, item)| read_right(&pointer, item, &mut problems)).collect()
        }
        (None, false) => {
            if !named {
                let message = "say what is granted, or `\"as_asked\": true` for exactly what the template asks for";
                problems.add("/rights", "required", message);
            }
            Vec::new()
        }
    };
    let limits = match fields.value("limits") {
        None => Limits::default(),
        Some(limits) => read_limits(limits, template.built_in, host, &mut problems),
    };
    fields.finish(&mut problems);
    if problems.is_empty() { Ok(Asked { rights, limits }) } else { Err(problems.into_vec()) }
}

fn read_right(pointer: &str, item: &Value, problems: &mut Problems) -> Option<Right> {
    let before = problems.len();
    let mut fields = Fields::of(item, pointer, problems)?;
    let mut required = |field: &'static str, problems: &mut Problems| {
        let at = fields.pointer(field);
        let there = item.get(field).is_some_and(|value| !value.is_null());
        if !there {
            problems.add(at, "required", "a right names capability, target and access");
        }
        fields.text(field, problems).map(str::to_owned)
    };
    let capability = required("capability", problems);
    let target = required("target", problems);
    let access = match fields.list("access", 10, problems) {
        None => {
            if item.get("access").is_none_or(Value::is_null) {
                problems.add(fields.pointer("access"), "required", "a right names capability, target and access");
            }
            None
        }
        Some(items) => Some(
            items
                .into_iter()
                .filter_map(|(pointer, item)| {
                    let word = item.as_str().map(str::to_owned);
                    if word.is_none() {
                        wrong_type(problems, &pointer, "a text", item);
                    }
                    word
                })
                .collect(),
        ),
    };
    let extra = fields.value("extra").cloned();
    fields.finish(problems);
    let right = Right { capability: capability?, target: target?, access: access?, extra };
    if problems.len() == before {
        let faults = right::check(&right).into_iter();
        problems.extend(faults.map(|fault| Problem {
            pointer: format!("{pointer}{}", fault.pointer),
            code: fault.code.to_owned(),
            message: fault.message,
        }));
    }
    Some(right)
}

fn read_limits(value: &Value, is_built_in: bool, host: &HostOffer, problems: &mut Problems) -> Limits {
    let mut limits = Limits::default();
    let Some(mut fields) = Fields::of(value, "/limits", problems) else { return limits };
    for (name, least, key) in LIMITS {
        let Some(value) = fields.value(name) else { continue };
        let pointer = fields.pointer(name);
        // The time of a built-in template is bounded by its job's `timeout_seconds` alone.
        let most = if is_built_in && name == "cpu_seconds" { None } else { *slot(&mut host.limits.clone(), name) };
        match value.as_u64() {
            None if !value.is_number() => wrong_type(problems, &pointer, "a whole number", value),
            None => problems.add(pointer, "out_of_range", format!("must be a whole number from {least}, not {value}")),
            Some(number) if number < least => {
                problems.add(pointer, "out_of_range", format!("with less than {least} no run works"));
            }
            Some(number) => match most.filter(|most| number > *most) {
                Some(most) => {
                    let message = format!("this host allows {most} ({key}), which a grant can lower and not raise");
                    problems.add(pointer, "out_of_range", message);
                }
                None => *slot(&mut limits, name) = Some(number),
            },
        }
    }
    fields.finish(problems);
    limits
}

fn slot<'a>(limits: &'a mut Limits, name: &str) -> &'a mut Option<u64> {
    match name {
        "memory_bytes" => &mut limits.memory_bytes,
        "cpu_seconds" => &mut limits.cpu_seconds,
        "result_bytes" => &mut limits.result_bytes,
        "log_bytes" => &mut limits.log_bytes,
        "http_requests" => &mut limits.http_requests,
        "http_body_bytes" => &mut limits.http_body_bytes,
        "file_bytes" => &mut limits.file_bytes,
        _ => &mut limits.files,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registry::grants::tests::{host, template};

    fn faults(body: Value) -> Vec<(String, String)> {
        let problems = read(&body, &template(), &host()).err().unwrap_or_default();
        problems.into_iter().map(|problem| (problem.pointer, problem.code)).collect()
    }

    #[test]
    fn rights_and_limits_are_read_as_they_are_written() {
        let body = json!({
            "digest": "ab",
            "rights": [{ "capability": "documents", "target": "logs", "access": ["read"], "extra": { "fields": ["at"] } }],
            "limits": { "http_requests": 0, "memory_bytes": 1 << 20, "files": null },
        });
        let asked = read(&body, &template(), &host()).unwrap();
        assert_eq!(json!(asked.rights), body["rights"]);
        let limits = Limits { http_requests: Some(0), memory_bytes: Some(1 << 20), ..Limits::default() };
        assert_eq!(asked.limits, limits);
        assert_eq!(digest(&body), Some(Digest("ab".into())));
    }

    #[test]
    fn exactly_what_is_asked_for_takes_one_word() {
        let asked = read(&json!({ "as_asked": true }), &template(), &host()).unwrap();
        assert_eq!(asked.rights, grant::asked_for(&template().metadata.needs));
        assert_eq!(asked.rights.len(), 3);
    }

    #[test]
    fn no_right_at_all_has_to_be_said() {
        assert_eq!(read(&json!({ "rights": [] }), &template(), &host()).unwrap().rights, []);
        assert_eq!(faults(json!({})), [("/rights".into(), "required".into())]);
        assert_eq!(faults(json!({ "rights": null })), [("/rights".into(), "required".into())]);
        assert_eq!(faults(json!({ "as_asked": false })), [("/rights".into(), "required".into())]);
    }

    #[test]
    fn every_fault_is_told_at_once_at_its_place() {
        let body = json!({
            "rights": [
                { "capability": "sockets", "target": "*", "access": ["read"] },
                { "capability": "documents", "access": "read", "why": 1 },
                { "capability": "documents", "target": "dynamic_jobs", "access": ["peek"] },
                7,
            ],
            "limits": { "memory_bytes": 1, "http_requests": 1_000_000, "files": -1, "file_bytes": "1", "disk": 1 },
            "rihgts": [],
        });
        let expected = [
            ("/rights/0/capability", "unknown_capability"),
            ("/rights/1/target", "required"),
            ("/rights/1/access", "wrong_type"),
            ("/rights/1/why", "unknown_field"),
            ("/rights/2/access/0", "unknown_access"),
            ("/rights/2/target", "own_collection"),
            ("/rights/3", "wrong_type"),
            ("/limits/memory_bytes", "out_of_range"),
            ("/limits/http_requests", "out_of_range"),
            ("/limits/file_bytes", "wrong_type"),
            ("/limits/files", "out_of_range"),
            ("/limits/disk", "unknown_field"),
            ("/rihgts", "unknown_field"),
        ];
        let expected: Vec<_> = expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())).into();
        assert_eq!(faults(body), expected);
        assert_eq!(faults(json!([])), [(String::new(), "wrong_type".into())]);
        assert_eq!(faults(json!({ "rights": [], "as_asked": true })), [("/as_asked".into(), "not_together".into())]);
    }

    #[test]
    fn computing_time_is_bounded_by_the_host_for_what_was_dropped_in_only() {
        let body = json!({ "rights": [], "limits": { "cpu_seconds": 1_000 } });
        assert_eq!(faults(body.clone()), [("/limits/cpu_seconds".into(), "out_of_range".into())]);
        let built_in = Template { built_in: true, ..template() };
        assert_eq!(read(&body, &built_in, &host()).unwrap().limits.cpu_seconds, Some(1_000));
    }
}
