//! What is wrong with parameters, and what the form says of them.

use sandglass_sdk::fakes;
use serde_json::{Value, json};

use super::{filled, run};
use crate::{Parameters, ReportGeneration};

fn problems(parameters: Value) -> Vec<String> {
    let problems = fakes::validate::<ReportGeneration>(parameters);
    problems.into_iter().map(|problem| problem.pointer).collect()
}

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    assert_eq!(problems(json!({"report_type": "user_activity"})), [""; 0]);
    assert_eq!(problems(json!({"report_type": "custom"})), ["/source/collection", "/pipeline"]);
    assert_eq!(
        problems(json!({
            "report_type": "custom", "title": " ", "connection": "a b", "timezone": "Mars", "start_date": "soon",
            "source": {"collection": "system.x", "users_collection": "a/b", "date_field": "$x", "user_field": "a..b"},
            "pipeline": [{"$match": {}, "$limit": 1}, {"$out": "x"}, {"match": {}}, {}],
            "destination": "email", "recipients": ["a@b.de", "A@b.de", "nobody", "x@y..de"], "subject": "a\nb",
            "file_name": "../{when}", "folder": "a/b", "top": 0,
        })),
        [
            "/connection",
            "/source/collection",
            "/source/users_collection",
            "/source/date_field",
            "/source/user_field",
            "/pipeline/0",
            "/pipeline/1",
            "/pipeline/2",
            "/pipeline/3",
            "/timezone",
            "/start_date",
            "/start_date",
            "/file_name",
            "/file_name",
            "/folder",
            "/recipients/1",
            "/recipients/2",
            "/recipients/3",
            "/subject",
            "/top",
            "/title"
        ]
    );
    let custom = |more: Value| {
        let mut all = json!({"report_type": "user_activity", "date_range": "custom"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        problems(all)
    };
    assert_eq!(custom(json!({})), ["/start_date"]);
    assert_eq!(custom(json!({"start_date": "2026-11-02", "end_date": "2026-11-01"})), ["/end_date"]);
    assert_eq!(custom(json!({"start_date": "2026-11-01", "end_date": "2026-11-01"})), [""; 0]);
    let hours = json!({"start_date": "2026-01-01", "end_date": "2026-12-31", "group_by": "hour"});
    assert_eq!(custom(hours), ["/group_by"]);
    assert_eq!(problems(json!({"report_type": "engagement", "pipeline": [{"$limit": 1}]})), ["/pipeline"]);
    assert_eq!(problems(json!({"report_type": "engagement", "recipients": ["a@b.de"]})), ["/recipients"]);
    assert_eq!(problems(json!({"report_type": "engagement", "destination": "email"})), ["/recipients"]);
    assert_eq!(problems(json!({"report_type": "sales"})), ["/report_type"]);
    assert_eq!(problems(json!({"report_type": "engagement", "colour": 1})), ["/colour"]);
}

#[test]
fn every_field_of_the_form_explains_itself_and_every_example_is_accepted() {
    let schema = sandglass_sdk::schema_of::<Parameters>();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], json!(["report_type"]));
    let fields = schema["properties"].as_object().unwrap();
    let inner = fields["source"]["properties"].as_object().unwrap();
    assert_eq!((fields.len(), inner.len()), (20, 8));
    for (name, field) in fields.iter().chain(inner) {
        for key in ["title", "description", "examples", "x-ui"] {
            assert!(field.get(key).is_some(), "{name} has no {key}: {field}");
        }
    }
    // A host fills defaults in, and nothing may be null.
    assert!(!fields["source"]["default"].to_string().contains("null"), "{}", fields["source"]["default"]);
    let examples = schema["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 3);
    for example in examples {
        assert_eq!(problems(example.clone()), [""; 0], "{example}");
        let _world = filled();
        run(example.clone());
    }
}
