//! The form, and what is said about wrong parameters.

use sandglass_sdk::fakes;
use serde_json::{Value, json};

use crate::{DataExport, Parameters};

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    for (parameters, expected) in [
        (json!({"collection": "users"}), vec![]),
        (json!({}), vec![""]),
        (json!({"collection": 5}), vec!["/collection"]),
        (json!({"collection": "users", "colour": 1}), vec!["/colour"]),
        (json!({"collection": "system.users"}), vec!["/collection"]),
        (json!({"collection": "a$b"}), vec!["/collection"]),
        (json!({"collection": "crm/users", "connection": "crm"}), vec!["/collection"]),
        (json!({"collection": "crm/"}), vec!["/collection"]),
        (json!({"collection": "c", "filter": {"$where": "1"}}), vec!["/filter/$where"]),
        (
            json!({"collection": "c", "filter": {"$or": [{"a": 1}, {"$expr": {"$function": {}}}]}}),
            vec!["/filter/$or/1/$expr/$function"],
        ),
        (json!({"collection": "c", "projection": {"a": 1, "b": 0, "_id": 0}}), vec!["/projection/b"]),
        (json!({"collection": "c", "projection": {"a": "yes", "b..c": 1}}), vec!["/projection/a", "/projection/b..c"]),
        (json!({"collection": "c", "projection": {"a": 1, "b": {"$add": [1, 2]}, "c": "$d"}}), vec![]),
        (json!({"collection": "c", "sort": {"a": 1, "b": "up", "$c": -1}}), vec!["/sort/b", "/sort/$c"]),
        (json!({"collection": "c", "format": "xlsx", "limit": 100_001}), vec!["/limit"]),
        (json!({"collection": "c", "format": "xlsx", "compression": "gzip"}), vec!["/compression"]),
        (json!({"collection": "c", "csv": {"delimiter": "\""}}), vec!["/csv/delimiter"]),
        (json!({"collection": "c", "csv": {"delimiter": "§"}}), vec!["/csv/delimiter"]),
        (json!({"collection": "c", "csv": {"delimiter": ""}}), vec!["/csv/delimiter"]),
        (json!({"collection": "c", "csv": {"null_text": "a\nb"}}), vec!["/csv/null_text"]),
        (json!({"collection": "c", "csv": {"columns": [{"path": "a"}]}}), vec!["/csv/columns"]),
        (
            json!({"collection": "c", "format": "csv", "csv": {"columns": [
                {"path": "a."}, {"path": "b", "title": "X"}, {"path": "c", "title": "X"}, {"path": "b"}, {"path": "b"}
            ]}}),
            vec!["/csv/columns/0/path", "/csv/columns/2/title", "/csv/columns/4/path"],
        ),
        (
            json!({"collection": "c", "format": "csv", "projection": {"a.b": 1, "c": 1, "_id": 0}, "csv": {"columns": [
                {"path": "a.b"}, {"path": "a"}, {"path": "c.d"}, {"path": "x"}, {"path": "_id"}
            ]}}),
            vec!["/csv/columns/3/path", "/csv/columns/4/path"],
        ),
        (
            json!({"collection": "c", "format": "csv", "projection": {"secret": 0}, "csv": {"columns": [
                {"path": "secret.key"}, {"path": "secrets"}, {"path": "_id"}
            ]}}),
            vec!["/csv/columns/0/path"],
        ),
        (json!({"collection": "c", "file_name": "../{who}"}), vec!["/file_name", "/file_name"]),
        (json!({"collection": "c", "file_name": "{job}", "keep_last": 3}), vec!["/keep_last"]),
        (json!({"collection": "c", "destination": "memory", "keep_last": 3}), vec!["/keep_last"]),
        (
            json!({"collection": "/", "sort": {"a": 2}, "format": "xlsx", "compression": "gzip", "file_name": ":"}),
            vec!["/collection", "/sort/a", "/compression", "/file_name"],
        ),
    ] {
        let problems = fakes::validate::<DataExport>(parameters.clone());
        let found = problems.iter().map(|problem| problem.pointer.as_str()).collect::<Vec<_>>();
        assert_eq!(found, expected, "{parameters}: {problems:?}");
    }
}

#[test]
fn every_field_of_the_form_explains_itself() {
    fn check(pointer: &str, schema: &Value) {
        assert_eq!(schema["additionalProperties"], false, "{pointer}");
        for (name, field) in schema["properties"].as_object().unwrap() {
            let pointer = format!("{pointer}/{name}");
            for key in ["title", "description", "examples"] {
                assert!(field.get(key).is_some(), "{pointer} has no {key}: {field}");
            }
            for key in ["order", "widget", "help"] {
                assert!(field["x-ui"].get(key).is_some(), "{pointer} has no x-ui.{key}");
            }
            let has_default = field.get("default").is_some();
            assert_eq!(has_default, !["collection", "path", "title"].contains(&name.as_str()), "{pointer}");
            if field.get("properties").is_some() {
                check(&pointer, field);
            }
        }
    }
    let schema = sandglass_sdk::schema_of::<Parameters>();
    assert_eq!(schema["required"], json!(["collection"]));
    assert_eq!(schema["properties"].as_object().unwrap().len(), 16);
    check("", &schema);
    let column = &schema["properties"]["csv"]["properties"]["columns"]["items"];
    check("/csv/columns", column);
    let examples = schema["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 3);
    for example in examples {
        assert!(fakes::validate::<DataExport>(example.clone()).is_empty(), "{example}");
    }
}
