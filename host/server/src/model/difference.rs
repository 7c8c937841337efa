//! What a new version of a template asks for beside the one before. Pure: the admission decides by it whether the new
//! one waits for a person, and the person reads it.

use serde::Serialize;

use super::template::{Need, Template};

/// What changed in what a template asks for.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Difference {
    pub needs_added: Vec<AddedNeed>,
    pub needs_removed: Vec<Need>,
    /// The same capability, target and access: another reason, another `extra`, optional or not.
    pub needs_changed: Vec<ChangedNeed>,
    /// Functions that the bytes import and did not import before, sorted.
    pub functions_added: Vec<String>,
    pub functions_removed: Vec<String>,
}

/// A need that was not there before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AddedNeed {
    #[serde(flatten)]
    pub need: Need,
    /// Whether it reaches further than every need before.
    pub is_more: bool,
}

/// A need that is there in another form.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangedNeed {
    pub before: Need,
    pub after: Need,
    /// Whether it reaches further than every need before.
    pub is_more: bool,
}

impl Difference {
    /// From one version of a template to another.
    pub fn between(before: &Template, after: &Template) -> Self {
        let known = &before.metadata.needs;
        let is_more = |need: &Need| !known.iter().any(|before| before.covers(need));
        // What stands in both, letter by letter, is no difference.
        let mut gone = known.clone();
        let mut new = after.metadata.needs.clone();
        new.retain(|need| match gone.iter().position(|before| before == need) {
            Some(place) => {
                gone.remove(place);
                false
            }
            None => true,
        });
        let mut difference = Self::default();
        for need in new {
            let is_more = is_more(&need);
            match gone.iter().position(|before| is_same(before, &need)) {
                Some(place) => {
                    difference.needs_changed.push(ChangedNeed { before: gone.remove(place), after: need, is_more });
                }
                None => difference.needs_added.push(AddedNeed { need, is_more }),
            }
        }
        difference.needs_removed = gone;
        difference.functions_added = missing_in(&before.imports, &after.imports);
        difference.functions_removed = missing_in(&after.imports, &before.imports);
        difference
    }

    /// Whether the new version asks for anything that the one before did not: a need that no former one covers, or a
    /// function that it did not import. What is narrower is not more.
    pub fn asks_for_more(&self) -> bool {
        !self.functions_added.is_empty()
            || self.needs_added.iter().any(|added| added.is_more)
            || self.needs_changed.iter().any(|changed| changed.is_more)
    }

    /// Whether both ask for the same, in the same words.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same for a person: one sentence a change, what is more first.
    pub fn words(&self) -> Vec<String> {
        let mut more = Vec::new();
        let mut other = Vec::new();
        for AddedNeed { need, is_more } in &self.needs_added {
            let (list, note) =
                if *is_more { (&mut more, "") } else { (&mut other, ", which it asked for before already") };
            list.push(format!("asks also for {}{note}: {}", described(need), reason(need)));
        }
        for ChangedNeed { before, after, is_more } in &self.needs_changed {
            let list = if *is_more { &mut more } else { &mut other };
            list.push(format!("asks otherwise for {}: {}", named(after), changes(before, after).join("; ")));
        }
        more.extend(self.functions_added.iter().map(|function| format!("can call {function} now")));
        other.extend(self.needs_removed.iter().map(|need| format!("does without {}", described(need))));
        other.extend(self.functions_removed.iter().map(|function| format!("cannot call {function} any more")));
        more.append(&mut other);
        more
    }
}

fn is_same(one: &Need, other: &Need) -> bool {
    one.capability == other.capability && one.target == other.target && one.access == other.access
}

/// Those of `these` that `those` lack, sorted and each once.
fn missing_in(those: &[String], these: &[String]) -> Vec<String> {
    let mut missing: Vec<String> = these.iter().filter(|name| !those.contains(name)).cloned().collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

fn named(need: &Need) -> String {
    let target = match need.target.strip_prefix(super::grant::PARAMETER) {
        Some(pointer) => format!("what the parameter {pointer} names"),
        None => need.target.clone(),
    };
    format!("{} ({}, {target})", need.capability, need.access)
}

fn described(need: &Need) -> String {
    let extra = need.extra.as_ref().map(|extra| format!(" with {extra}")).unwrap_or_default();
    let optional = if need.optional { ", if it can have that" } else { "" };
    format!("{}{extra}{optional}", named(need))
}

fn reason(need: &Need) -> &str {
    if need.reason.is_empty() { "it gives no reason" } else { &need.reason }
}

fn changes(before: &Need, after: &Need) -> Vec<String> {
    let mut changes = Vec::new();
    if before.extra != after.extra {
        let shown = |need: &Need| need.extra.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
        changes.push(format!("with {} instead of {}", shown(after), shown(before)));
    }
    if before.optional != after.optional {
        changes.push(if after.optional { "it can do without now" } else { "it cannot do without any more" }.to_owned());
    }
    if before.reason != after.reason {
        changes.push(format!("the reason is now: {}", reason(after)));
    }
    changes
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Digest;
    use crate::model::template::{Metadata, OnLost};

    fn need(capability: &str, target: &str, access: &str) -> Need {
        Need {
            capability: capability.into(),
            target: target.into(),
            access: access.into(),
            reason: "To work.".into(),
            optional: false,
            extra: None,
        }
    }

    fn template(needs: Vec<Need>, imports: &[&str]) -> Template {
        let metadata = Metadata {
            name: "sweeper".into(),
            version: "1.0.0".into(),
            title: "Sweeper".into(),
            description: String::new(),
            icon: String::new(),
            category: String::new(),
            tags: Vec::new(),
            needs,
            on_lost: OnLost::Retry,
            dry_run: None,
            extra: None,
        };
        Template {
            digest: Digest::of(b""),
            metadata,
            schema: json!({}),
            imports: imports.iter().map(|name| (*name).to_owned()).collect(),
            size_bytes: 0,
            built_in: false,
            admitted_at: DateTime::UNIX_EPOCH,
        }
    }

    fn between(before: Vec<Need>, after: Vec<Need>) -> Difference {
        Difference::between(&template(before, &[]), &template(after, &[]))
    }

    const READ: &str = "sandglass:documents/read.collection.find";
    const DELETE: &str = "sandglass:documents/write.delete";

    #[test]
    fn a_template_does_not_differ_from_itself() {
        let one = template(vec![need("http", "*", "send"), need("http", "*", "send")], &[READ]);
        let difference = Difference::between(&one, &one);
        assert!(difference.is_empty() && !difference.asks_for_more());
        assert_eq!(difference.words(), Vec::<String>::new());
    }

    #[test]
    fn the_order_of_needs_and_imports_is_no_difference() {
        let (read, write) = (need("documents", "a", "read"), need("documents", "a", "write"));
        let before = template(vec![read.clone(), write.clone()], &[READ, DELETE]);
        let after = template(vec![write, read], &[DELETE, READ]);
        assert!(Difference::between(&before, &after).is_empty());
    }

    #[test]
    fn a_new_need_is_more() {
        let read = need("documents", "orders", "read");
        let write = need("documents", "orders", "write");
        let difference = between(vec![read.clone()], vec![read, write.clone()]);
        assert_eq!(difference.needs_added, [AddedNeed { need: write, is_more: true }]);
        assert!(difference.asks_for_more());
        assert_eq!(difference.words(), ["asks also for documents (write, orders): To work."]);
    }

    #[test]
    fn a_need_that_is_gone_is_not_more() {
        let difference = between(vec![need("http", "*", "send")], Vec::new());
        assert_eq!(difference.needs_removed, [need("http", "*", "send")]);
        assert!(!difference.asks_for_more() && !difference.is_empty());
        assert_eq!(difference.words(), ["does without http (send, *)"]);
    }

    #[test]
    fn a_narrower_target_takes_the_place_of_the_wider_one_without_being_more() {
        let difference = between(vec![need("documents", "*", "read")], vec![need("documents", "orders", "read")]);
        assert_eq!(difference.needs_added.len(), 1);
        assert_eq!(difference.needs_removed.len(), 1);
        assert!(!difference.asks_for_more());
        assert!(difference.words()[0].contains("which it asked for before already"), "{:?}", difference.words());
    }

    #[test]
    fn a_wider_target_is_more_even_if_another_need_goes() {
        let before = vec![need("documents", "orders", "read"), need("documents", "logs", "read")];
        assert!(between(before, vec![need("documents", "*", "read")]).asks_for_more());
    }

    #[test]
    fn another_parameter_is_more() {
        let (one, other) = (need("documents", "param:/a", "read"), need("documents", "param:/b", "read"));
        let difference = between(vec![one], vec![other]);
        assert!(difference.asks_for_more());
        assert!(difference.words()[0].contains("what the parameter /b names"), "{:?}", difference.words());
    }

    #[test]
    fn a_changed_extra_is_more_exactly_if_it_reaches_further() {
        let with = |extra: Value| Need { extra: Some(extra), ..need("http", "example.com", "send") };
        for (before, after, expected) in [
            (json!({ "methods": ["GET"] }), json!({ "methods": ["GET", "POST"] }), true),
            (json!({ "methods": ["GET", "POST"] }), json!({ "methods": ["GET"] }), false),
            (json!({ "methods": ["GET"] }), json!({}), true),
            (json!({}), json!({ "methods": ["GET"] }), false),
            (json!({}), json!({ "unheard_of": 1 }), true),
        ] {
            let difference = between(vec![with(before.clone())], vec![with(after.clone())]);
            let changed = difference.needs_changed.first().unwrap();
            assert_eq!((changed.is_more, difference.asks_for_more()), (expected, expected), "{before} {after}");
            assert!(difference.needs_added.is_empty() && difference.needs_removed.is_empty());
            assert!(difference.words()[0].contains("instead of"), "{:?}", difference.words());
        }
    }

    #[test]
    fn another_reason_and_needing_it_at_all_cost_are_changes_but_not_more() {
        let before = Need { optional: true, ..need("email", "default", "send") };
        let after = Need { reason: "To tell you.".into(), ..need("email", "default", "send") };
        let difference = between(vec![before.clone()], vec![after.clone()]);
        assert_eq!(difference.needs_changed, [ChangedNeed { before, after, is_more: false }]);
        assert!(!difference.asks_for_more());
        assert_eq!(
            difference.words(),
            ["asks otherwise for email (send, default): it cannot do without any more; the reason is now: To tell \
                 you."]
        );
    }

    #[test]
    fn needs_of_one_name_are_paired_one_by_one() {
        let with = |method: &str| Need { extra: Some(json!({ "methods": [method] })), ..need("http", "*", "send") };
        let difference = between(vec![with("GET"), with("POST")], vec![with("POST"), with("PUT"), with("GET")]);
        assert_eq!(difference.needs_added, [AddedNeed { need: with("PUT"), is_more: true }]);
        assert!(difference.needs_changed.is_empty() && difference.needs_removed.is_empty());
    }

    #[test]
    fn a_second_need_that_the_first_covers_is_shown_but_not_more() {
        let all = need("files", "*", "read");
        let difference = between(vec![all.clone()], vec![all, need("files", "param:/folder", "read")]);
        assert_eq!(difference.needs_added.len(), 1);
        assert!(!difference.asks_for_more());
    }

    #[test]
    fn an_import_is_more_and_one_that_is_gone_is_not() {
        let (one, both) = (template(Vec::new(), &[READ]), template(Vec::new(), &[READ, DELETE, DELETE]));
        let more = Difference::between(&one, &both);
        assert_eq!(more.functions_added, [DELETE]);
        assert!(more.asks_for_more());
        assert_eq!(more.words(), ["can call sandglass:documents/write.delete now"]);
        let less = Difference::between(&both, &one);
        assert_eq!(less.functions_removed, [DELETE]);
        assert!(!less.asks_for_more());
    }

    #[test]
    fn what_is_more_is_said_first() {
        let before = template(vec![need("http", "*", "send"), need("files", "exports", "read")], &[]);
        let after = template(vec![need("http", "example.com", "send"), need("files", "backups", "read")], &[DELETE]);
        let words = Difference::between(&before, &after).words();
        let expected = [
            "asks also for files (read, backups): To work.",
            "can call sandglass:documents/write.delete now",
            "asks also for http (send, example.com), which it asked for before already: To work.",
            "does without http (send, *)",
            "does without files (read, exports)",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn everything_is_more_than_nothing() {
        let needs = vec![need("secrets", "shop", "use"), Need { optional: true, ..need("insight", "runs", "read") }];
        let difference = between(Vec::new(), needs);
        assert_eq!(difference.needs_added.iter().filter(|added| added.is_more).count(), 2);
        assert!(difference.asks_for_more());
    }

    #[test]
    fn it_is_written_as_the_interface_shows_it() {
        let difference = Difference::between(
            &template(Vec::new(), &[READ]),
            &template(vec![need("documents", "orders", "write")], &[DELETE]),
        );
        let expected = json!({
            "needs_added": [{ "capability": "documents", "target": "orders", "access": "write", "reason": "To work.",
                "optional": false, "extra": null, "is_more": true }],
            "needs_removed": [],
            "needs_changed": [],
            "functions_added": [DELETE],
            "functions_removed": [READ],
        });
        assert_eq!(json!(difference), expected);
    }
}
