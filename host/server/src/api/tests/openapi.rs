//! The document in the repository is the one that the code makes, so that a change of the interface is seen.
//! `SANDGLASS_WRITE_OPENAPI=1 cargo test -p sandglass openapi` writes it anew.

use std::path::Path;

use serde_json::{Value, json};

use crate::api::access::{Need, RULES};
use crate::api::error::Code;
use crate::api::openapi::{complete, text};
use crate::api::router::routes;

#[test]
fn the_openapi_document_in_the_repository_is_in_step_with_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let made = text(&complete(routes().into_openapi()));
    if std::env::var_os("SANDGLASS_WRITE_OPENAPI").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == made, "host/server/openapi.json is out of step; SANDGLASS_WRITE_OPENAPI=1 writes it anew");
}

#[test]
fn every_reference_of_the_openapi_document_leads_somewhere() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut seen = 0;
    visit(&document, &mut |reference| {
        seen += 1;
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference} leads nowhere");
    });
    assert!(seen > 50, "only {seen} references were seen");
}

fn visit(value: &Value, check: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                match inner.as_str() {
                    Some(reference) if name == "$ref" => check(reference),
                    _ => visit(inner, check),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, check)),
        _ => {}
    }
}

fn document() -> Value {
    serde_json::from_str(&text(&complete(routes().into_openapi()))).unwrap()
}

#[test]
fn every_guarded_route_says_that_it_refuses_without_a_token() {
    let document = document();
    let mut guarded = 0;
    for (method, path, need) in RULES.iter().filter(|(_, path, _)| !path.starts_with("/docs")) {
        let operation = &document["paths"][path][method.as_str().to_lowercase()];
        let says = |status: &str| operation["responses"].get(status).is_some();
        assert!(says("400"), "{method} {path}: an unknown parameter is refused");
        assert_eq!(path.contains('{'), says("404"), "{method} {path}");
        if operation.get("requestBody").is_some() {
            assert!(["413", "415", "422"].into_iter().all(says), "{method} {path} reads a body");
        }
        if *need != Need::Open {
            guarded += 1;
            assert!(["401", "403", "503"].into_iter().all(says), "{method} {path} is guarded");
        }
    }
    assert!(guarded >= 25, "{guarded}");
}

/// Whether a description lists words as `one`, `two` or `three`.
fn lists_words(about: &str) -> bool {
    let quoted: Vec<&str> = about.split('`').collect();
    let between = |place: usize| quoted.get(place).is_some_and(|text| matches!(text.trim(), "," | "or" | ", or"));
    (2..quoted.len()).step_by(2).any(between)
}

/// Calls with the place and the schema of everything that is a text, parameters included.
fn texts(place: &str, value: &Value, take: &mut impl FnMut(&str, &Value, &str)) {
    match value {
        Value::Object(fields) => {
            let about = fields.get("description").and_then(Value::as_str).unwrap_or_default();
            let schema = fields.get("schema").unwrap_or(value);
            if schema.get("type").is_some_and(|kind| kind == "string" || kind == &json!(["string", "null"])) {
                take(place, schema, about);
            } else if schema.get("type").is_none() && schema.get("$ref").is_none() && lists_words(about) {
                // A value of any type whose words are listed is a text in truth.
                take(place, schema, about);
            }
            fields.iter().for_each(|(name, inner)| texts(&format!("{place}/{name}"), inner, take));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place_in, inner)| texts(&format!("{place}/{place_in}"), inner, take));
        }
        _ => {}
    }
}

#[test]
fn a_field_that_holds_one_of_a_few_words_has_them_in_its_schema() {
    let document = document();
    let (mut seen, mut enums) = (0, 0);
    texts("", &document, &mut |place, schema, about| {
        seen += 1;
        enums += usize::from(schema.get("enum").is_some());
        let is_list = schema.get("enum").is_some() || schema.get("oneOf").is_some();
        assert!(is_list || !lists_words(about), "{place} lists its words in prose only: {about}");
    });
    assert!(seen > 60 && enums >= 15, "{seen} texts, {enums} lists of words");
    let schemas = &document["components"]["schemas"];
    let words = |schema: &str, field: &str| {
        let text = schemas[schema]["properties"][field].to_string();
        let name = text.split("#/components/schemas/").nth(1).and_then(|rest| rest.split('"').next());
        let name = name.unwrap_or_else(|| panic!("{schema}.{field} is {text}"));
        schemas[name]["enum"].as_array().unwrap_or_else(|| panic!("{name} has no words")).len()
    };
    for (schema, field, number) in [
        ("Job", "status", 4),
        ("Job", "overlap_policy", 4),
        ("Job", "on_lost", 2),
        ("JobRequest", "overlap_policy", 4),
        ("Schedule", "type", 3),
        ("Dst", "gap", 2),
        ("Dst", "fold", 3),
        ("RetryPolicy", "backoff", 2),
        ("Misfire", "policy", 3),
        ("Execution", "status", 8),
        ("Execution", "trigger", 4),
        ("Execution", "skip_reason", 8),
        ("Attempt", "status", 8),
        ("LogLine", "level", 4),
        ("Template", "state", 6),
        ("Template", "source", 3),
        ("Problem", "code", Code::ALL.len()),
    ] {
        assert_eq!(words(schema, field), number, "{schema}.{field}");
    }
}
