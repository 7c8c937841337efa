//! The document in the repository is the one that the code makes, so that a change of the interface is seen.
//! `SANDGLASS_WRITE_OPENAPI=1 cargo test -p sandglass openapi` writes it anew.

use std::path::Path;

use serde_json::Value;

use crate::api::openapi::text;
use crate::api::router::routes;

#[test]
fn the_openapi_document_in_the_repository_is_in_step_with_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let made = text(&routes().into_openapi());
    if std::env::var_os("SANDGLASS_WRITE_OPENAPI").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == made, "host/server/openapi.json is out of step; SANDGLASS_WRITE_OPENAPI=1 writes it anew");
}

#[test]
fn every_reference_of_the_openapi_document_leads_somewhere() {
    let document: Value = serde_json::from_str(&text(&routes().into_openapi())).unwrap();
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
