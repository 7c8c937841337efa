//! Bad parameters of every template, on the real server: each rule of its schema and each of its own, one at a time.

mod missing;
mod own_rules;
mod schema;
mod variants;

use sandglass_tests::{Client, Server, Setup};
use serde_json::{Value, json};

/// Every template that the server brings along, with its schema.
async fn templates(client: &Client) -> Vec<(String, Value)> {
    let list = client.get("/templates").await.ok();
    let mut found = Vec::new();
    for template in list["templates"].as_array().unwrap() {
        let name = template["type"].as_str().unwrap();
        let whole = client.get(&format!("/templates/{name}")).await.ok();
        found.push((name.to_owned(), whole["parameter_schema"].clone()));
    }
    assert_eq!(found.len(), 6, "{found:?}");
    found
}

async fn server() -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    (folder, server)
}

fn job(template: &str, parameters: &Value) -> Value {
    json!({
        "name": "Anything", "template_type": template, "parameters": parameters,
        "schedule": {"type": "interval", "interval_seconds": 3600},
    })
}

/// What is wrong with the parameters: pointer into them, and message.
async fn problems(client: &Client, template: &str, parameters: &Value) -> Vec<(String, String)> {
    let answer = client.post("/jobs/validate", &job(template, parameters)).await;
    assert_eq!(answer.status, 422, "{template} takes {parameters:.500}: {answer:?}");
    let problem = |error: &Value| {
        let pointer = error["pointer"].as_str()?.strip_prefix("/parameters")?;
        Some((pointer.to_owned(), error["message"].as_str()?.to_owned()))
    };
    answer.json()["errors"].as_array().unwrap().iter().filter_map(problem).collect()
}
