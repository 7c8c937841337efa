//! Parameters that are not right, each refused with the pointer of its place.

use serde_json::{Value, json};

use super::{Scene, body, people};

/// Each rule of the schema once, with the pointer of the field that breaks it.
fn against_the_schema() -> Vec<(Value, &'static str)> {
    let long = |length: usize| "x".repeat(length);
    let columns = |column: Value| json!({"format": "csv", "csv": {"columns": [column]}});
    vec![
        (json!({"collection": null}), "/collection"),
        (json!({"collection": ""}), "/collection"),
        (json!({"collection": long(201)}), "/collection"),
        (json!({"collection": 7}), "/collection"),
        (json!({"connection": ""}), "/connection"),
        (json!({"connection": long(65)}), "/connection"),
        (json!({"connection": {}}), "/connection"),
        (json!({"filter": []}), "/filter"),
        (json!({"filter": "{}"}), "/filter"),
        (json!({"projection": ["name"]}), "/projection"),
        (json!({"sort": "name"}), "/sort"),
        (json!({"limit": -1}), "/limit"),
        (json!({"limit": 1.5}), "/limit"),
        (json!({"limit": 1_000_000_000_001_u64}), "/limit"),
        (json!({"skip": -1}), "/skip"),
        (json!({"skip": "10"}), "/skip"),
        (json!({"skip": 1_000_000_000_001_u64}), "/skip"),
        (json!({"format": "pdf"}), "/format"),
        (json!({"format": true}), "/format"),
        (json!({"json_style": "strict"}), "/json_style"),
        (json!({"csv": []}), "/csv"),
        (json!({"csv": {"separator": ";"}}), "/csv/separator"),
        (json!({"csv": {"delimiter": ""}}), "/csv/delimiter"),
        (json!({"csv": {"delimiter": ";;"}}), "/csv/delimiter"),
        (json!({"csv": {"header": "yes"}}), "/csv/header"),
        (json!({"csv": {"flatten": 1}}), "/csv/flatten"),
        (json!({"csv": {"null_text": null}}), "/csv/null_text"),
        (json!({"csv": {"null_text": long(101)}}), "/csv/null_text"),
        (json!({"csv": {"excel_safe": "no"}}), "/csv/excel_safe"),
        (json!({"csv": {"columns": {}}}), "/csv/columns"),
        (json!({"csv": {"columns": vec![json!({"path": "a"}); 1_001]}}), "/csv/columns"),
        (columns(json!("name")), "/csv/columns/0"),
        (columns(json!({"title": "Name"})), "/csv/columns/0/path"),
        (columns(json!({"path": ""})), "/csv/columns/0/path"),
        (columns(json!({"path": long(301)})), "/csv/columns/0/path"),
        (columns(json!({"path": "a", "title": ""})), "/csv/columns/0/title"),
        (columns(json!({"path": "a", "title": long(201)})), "/csv/columns/0/title"),
        (columns(json!({"path": "a", "width": 5})), "/csv/columns/0/width"),
        (json!({"destination": "ftp"}), "/destination"),
        (json!({"folder": ""}), "/folder"),
        (json!({"folder": long(65)}), "/folder"),
        (json!({"file_name": ""}), "/file_name"),
        (json!({"file_name": long(201)}), "/file_name"),
        (json!({"compression": "zip"}), "/compression"),
        (json!({"overwrite": "true"}), "/overwrite"),
        (json!({"keep_last": -1}), "/keep_last"),
        (json!({"keep_last": 1_001}), "/keep_last"),
        (json!({"colour": "red"}), "/colour"),
    ]
}

/// Each rule that only the template knows.
fn against_the_template() -> Vec<(Value, Vec<&'static str>)> {
    vec![
        (json!({"collection": "system.users"}), vec!["/collection"]),
        (json!({"collection": "crm/users", "connection": "crm"}), vec!["/collection"]),
        (json!({"collection": "crm/"}), vec!["/collection"]),
        (json!({"filter": {"$where": "1"}}), vec!["/filter/$where"]),
        (json!({"projection": {"a": 1, "b": 0}}), vec!["/projection/b"]),
        (json!({"projection": {"a": "yes"}}), vec!["/projection/a"]),
        (json!({"projection": {"a..b": 1}}), vec!["/projection/a..b"]),
        (json!({"sort": {"a": "up", "$b": 1}}), vec!["/sort/a", "/sort/$b"]),
        (json!({"format": "xlsx", "limit": 100_001}), vec!["/limit"]),
        (json!({"format": "xlsx", "compression": "gzip"}), vec!["/compression"]),
        (json!({"csv": {"delimiter": "\""}}), vec!["/csv/delimiter"]),
        (json!({"csv": {"delimiter": "ä"}}), vec!["/csv/delimiter"]),
        (json!({"csv": {"null_text": "a\nb"}}), vec!["/csv/null_text"]),
        (json!({"csv": {"columns": [{"path": "a"}]}}), vec!["/csv/columns"]),
        (
            json!({"format": "csv", "csv": {"columns": [{"path": "a."}, {"path": "b"}, {"path": "c", "title": "b"}]}}),
            vec!["/csv/columns/0/path", "/csv/columns/2/title"],
        ),
        (
            json!({"format": "csv", "projection": {"b": 1}, "csv": {"columns": [{"path": "a"}]}}),
            vec!["/csv/columns/0/path"],
        ),
        (json!({"file_name": "{user}"}), vec!["/file_name"]),
        (json!({"file_name": "../../etc/passwd"}), vec!["/file_name"]),
        (json!({"file_name": "sandglass/x"}), vec!["/file_name"]),
        (json!({"file_name": "{job}", "keep_last": 2}), vec!["/keep_last"]),
        (json!({"destination": "memory", "keep_last": 2}), vec!["/keep_last"]),
        (
            json!({"collection": "a$b", "sort": {"a": 0}, "file_name": "a:{b}"}),
            vec!["/collection", "/sort/a", "/file_name", "/file_name"],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_is_told_with_its_pointer_and_no_job_is_made() {
    let scene = Scene::with(&[("people", people())]).await;
    let refused = async |more: &Value| {
        let mut parameters = json!({"collection": "people"});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = scene.client.post("/jobs", &body("Wrong", parameters)).await;
        assert_eq!(answer.status, 422, "{more}: {answer:?}");
        let mut pointers = Vec::new();
        for error in answer.json()["errors"].as_array().unwrap() {
            assert!(error["message"].as_str().is_some_and(|message| message.len() > 5), "{more}: {error}");
            pointers.push(error["pointer"].as_str().unwrap().to_owned());
        }
        pointers
    };
    let mut tried = 0;
    for (parameters, pointer) in against_the_schema() {
        assert_eq!(refused(&parameters).await, [format!("/parameters{pointer}")], "{parameters}");
        tried += 1;
    }
    for (parameters, pointers) in against_the_template() {
        let expected = pointers.iter().map(|pointer| format!("/parameters{pointer}")).collect::<Vec<_>>();
        assert_eq!(refused(&parameters).await, expected, "{parameters}");
        tried += 1;
    }
    let answer = scene.client.post("/jobs", &body("Wrong", json!({}))).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    assert_eq!(answer.json()["errors"][0]["pointer"], "/parameters/collection", "{answer:?}");
    assert_eq!((tried, scene.client.get("/jobs").await.ok()["total"].as_u64()), (70, Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_form_run_on_the_demo_data() {
    let scene = Scene::set_up(&[], |setup| setup.argument("--demo")).await;
    let template = scene.client.get("/templates/data_export").await.ok();
    let schema = &template["parameter_schema"];
    let examples = schema["examples"].as_array().unwrap_or_else(|| panic!("no examples in {template}"));
    assert_eq!(examples.len(), 3);
    for example in examples {
        let run = scene.export(example.clone()).await;
        assert_eq!(run["status"], "success", "{run}");
        assert!(run["result"]["details"]["rows"].as_u64() > Some(1_000), "{run}");
        assert_eq!(run["result"]["warnings"], json!([]), "{run}");
    }
    assert_eq!(scene.files().len(), 3);
}
