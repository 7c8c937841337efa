//! What is right in form, but may not do what was meant: told beside the answer, since the configuration can change.

use super::HostOffer;
use crate::model::grant::{PARAMETER, Right};
use crate::model::template::{Problem, Template};

/// Everything about rights that is worth a second look.
pub(super) fn warnings(rights: &[Right], template: &Template, host: &HostOffer) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut warn = |pointer: String, code: &str, message: String| {
        found.push(Problem { pointer, code: code.to_owned(), message });
    };
    for (place, right) in rights.iter().enumerate() {
        let pointer = |field: &str| format!("/rights/{place}/{field}");
        for (index, access) in right.access.iter().enumerate() {
            let asks = |needs: &str| needs == access || (access == "reveal" && needs == "use");
            let is_asked =
                template.metadata.needs.iter().any(|need| need.capability == right.capability && asks(&need.access));
            if !is_asked {
                let message =
                    format!("the template does not ask for {} ({access}): this has no effect", right.capability);
                warn(pointer(&format!("access/{index}")), "not_asked", message);
            }
        }
        if right.target.starts_with(PARAMETER) {
            if !template.metadata.needs.iter().any(|need| need.target == right.target) {
                let message = format!("no need of the template follows {}: look at its parameters", right.target);
                warn(pointer("target"), "not_asked", message);
            }
            continue;
        }
        let (known, place_of_it) = match right.capability.as_str() {
            "files" => (&host.folders, "[folders]"),
            "email" => (&host.identities, "[email.identities]"),
            "documents" => (&host.connections, "[connections]"),
            _ => continue,
        };
        let name = match (right.capability.as_str(), right.target.split_once('/')) {
            ("documents", Some((connection, _))) => connection,
            ("documents", None) => continue,
            _ => right.target.as_str(),
        };
        if !name.contains('*') && !known.contains(name) {
            let message = format!("{name:?} does not stand under {place_of_it} in the configuration today");
            warn(pointer("target"), "not_configured", message);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registry::grants::tests::{host, template};

    #[test]
    fn what_has_no_effect_or_is_not_configured_is_told_at_its_place() {
        let rights: Vec<Right> = serde_json::from_value(json!([
            { "capability": "documents", "target": "crm/orders", "access": ["read"] },
            { "capability": "documents", "target": "*/*", "access": ["read", "manage"] },
            { "capability": "documents", "target": "default/orders", "access": ["read"] },
            { "capability": "files", "target": "attic", "access": ["write"] },
            { "capability": "files", "target": "exports", "access": ["write"] },
            { "capability": "email", "target": "*", "access": ["send"] },
            { "capability": "files", "target": "param:/place", "access": ["write"] },
            { "capability": "files", "target": "param:/folder", "access": ["write"] },
        ]))
        .unwrap();
        let found = warnings(&rights, &template(), &host());
        let found: Vec<_> = found.iter().map(|one| (one.pointer.as_str(), one.code.as_str())).collect();
        let expected = [
            ("/rights/0/target", "not_configured"),
            ("/rights/1/access/1", "not_asked"),
            ("/rights/3/target", "not_configured"),
            ("/rights/5/access/0", "not_asked"),
            ("/rights/6/target", "not_asked"),
        ];
        assert_eq!(found, expected);
    }
}
