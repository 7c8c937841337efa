//! What a grant would deny: each need beside the rights, with the parameters filled in. What the gate decides at a call
//! is decided there; this looks ahead, from the texts alone.

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::grant::{Grant, PARAMETER, Right, Scope, scopes};
use crate::model::template::Need;

/// Something that a component asks for and would not get.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Denial {
    pub(super) capability: String,
    /// With parameters filled in.
    pub(super) target: String,
    pub(super) access: String,
    /// Why the component wants it.
    pub(super) reason: String,
    /// Whether it says that it can do without.
    pub(super) optional: bool,
    /// The right that would allow it.
    pub(super) would_allow: Value,
}

/// The needs that no right covers. A parameter that is not set needs nothing.
pub(super) fn denials(needs: &[Need], grant: &Grant, parameters: &Value) -> Vec<Denial> {
    let mut found = Vec::new();
    for need in needs {
        for target in targets(&need.target, parameters) {
            let asked = Need { target: target.clone(), extra: filled(need.extra.as_ref(), parameters), ..need.clone() };
            if grant.rights.iter().any(|right| allows(right, &asked, parameters)) {
                continue;
            }
            let mut would_allow = json!({
                "capability": need.capability, "target": target, "access": [need.access],
            });
            if let (Some(fields), Some(connection)) =
                (would_allow.as_object_mut(), asked.extra.as_ref().and_then(|extra| extra.get("connection")))
            {
                fields.insert("extra".to_owned(), json!({ "connection": connection }));
            }
            found.push(Denial {
                capability: need.capability.clone(),
                target,
                access: need.access.clone(),
                reason: need.reason.clone(),
                optional: need.optional,
                would_allow,
            });
        }
    }
    found
}

fn allows(right: &Right, asked: &Need, parameters: &Value) -> bool {
    right.access.iter().any(|access| {
        targets(&right.target, parameters).into_iter().any(|target| {
            let given = Need {
                capability: right.capability.clone(),
                target,
                access: access.clone(),
                extra: filled(right.extra.as_ref(), parameters),
                ..asked.clone()
            };
            given.covers(asked)
        })
    })
}

/// The target with parameters filled in.
fn targets(target: &str, parameters: &Value) -> Vec<String> {
    let text = |scope: Scope| match scope {
        Scope::Pattern(text) | Scope::Literal(text) => text,
    };
    scopes(target, parameters).into_iter().map(text).collect()
}

/// `extra` with parameters filled in.
fn filled(extra: Option<&Value>, parameters: &Value) -> Option<Value> {
    let Value::Object(members) = extra? else { return extra.cloned() };
    let fill = |value: &Value| {
        let pointer = value.as_str().and_then(|text| text.strip_prefix(PARAMETER));
        pointer.map_or_else(|| value.clone(), |pointer| parameters.pointer(pointer).cloned().unwrap_or_default())
    };
    Some(members.iter().map(|(key, value)| (key.clone(), fill(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;
    use crate::model::grant::Limits;

    fn need(target: &str, access: &str, optional: bool) -> Need {
        Need {
            capability: "documents".into(),
            target: target.into(),
            access: access.into(),
            reason: "to see".into(),
            optional,
            extra: None,
        }
    }

    fn found(needs: &[Need], rights: Value, parameters: Value) -> Vec<(String, String)> {
        let rights: Vec<Right> = serde_json::from_value(rights).unwrap();
        let grant = Grant { template_type: "t".into(), digest: Digest("d".into()), rights, limits: Limits::default() };
        denials(needs, &grant, &parameters).into_iter().map(|denial| (denial.target, denial.access)).collect()
    }

    #[test]
    fn what_no_right_covers_is_named_with_the_parameters_filled_in() {
        let needs = [need("param:/collection", "read", false), need("param:/archive", "write", true)];
        let parameters = json!({"collection": "orders"});
        let denied = ("orders".to_owned(), "read".to_owned());
        assert_eq!(found(&needs, json!([]), parameters.clone()), [denied.clone()]);
        for (target, access, is_enough) in [
            ("*", "read", true),
            ("orders", "read", true),
            ("param:/collection", "read", true),
            ("orders", "write", false),
            ("logs", "read", false),
        ] {
            let rights = json!([{"capability": "documents", "target": target, "access": [access]}]);
            let expected = if is_enough { Vec::new() } else { vec![denied.clone()] };
            assert_eq!(found(&needs, rights, parameters.clone()), expected, "{target} {access}");
        }
    }
}
