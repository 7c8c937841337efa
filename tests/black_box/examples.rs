//! The examples that templates show in their forms: each is accepted, and those that need no counterpart do their work
//! on the demo data.

use sandglass_tests::Setup;
use serde_json::{Value, json};

/// Templates whose examples reach nothing but the store and the folders.
const SELF_CONTAINED: [&str; 4] = ["database_cleanup", "data_export", "report_generation", "backup_job"];

fn job(template: &str, parameters: &Value) -> Value {
    json!({
        "name": format!("Example of {template}"), "template_type": template, "parameters": parameters,
        "schedule": {"type": "cron", "expression": "0 4 1 1 *"},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_a_template_is_accepted_and_works_on_the_demo_data() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).argument("--demo").start().await;
    let client = server.client();

    let list = client.get("/templates").await.ok();
    let templates = list["templates"].as_array().unwrap();
    let types: Vec<&str> = templates.iter().filter_map(|template| template["type"].as_str()).collect();
    assert_eq!(types.len(), 6, "{types:?}");

    let mut ran = 0;
    for template in types {
        let whole = client.get(&format!("/templates/{template}")).await.ok();
        let examples =
            whole["parameter_schema"]["examples"].as_array().unwrap_or_else(|| panic!("{template} has none"));
        assert!(examples.len() >= 2, "{template} has {} examples", examples.len());
        for example in examples {
            let checked = client.post("/jobs/validate", &job(template, example)).await;
            assert_eq!(checked.status, 200, "{template} {example}: {checked:?}");
            // These need a mail server, and a backup that is there.
            let needs_more = example["destination"] == "email" || example["mode"] == "restore";
            if !SELF_CONTAINED.contains(&template) || needs_more {
                continue;
            }
            let made = client.post("/jobs", &job(template, example)).await.ok();
            let run =
                client.post(&format!("/jobs/{}/run?wait=60", made["id"].as_str().unwrap()), &json!({})).await.ok();
            assert_eq!(run["status"], "success", "{template} {example}: {run:#}");
            ran += 1;
        }
    }
    assert!(ran >= 8, "only {ran} examples ran");
}
