//! Collections that are not there: what each template that reads or writes one makes of a misspelt name.

use sandglass_tests::{Client, Setup};
use serde_json::{Value, json};

use crate::mail::{Sink, setup};

async fn run(client: &Client, template: &str, parameters: Value) -> Value {
    let body = json!({
        "name": "Misspelt", "template_type": template, "parameters": parameters,
        "schedule": {"type": "interval", "interval_seconds": 3600}, "retry_policy": {"max_retries": 0},
    });
    let job = client.post("/jobs", &body).await.ok();
    client.post(&format!("/jobs/{}/run?wait=90", job["id"].as_str().unwrap()), &json!({})).await.ok()
}

fn warned(run: &Value, part: &str) {
    assert_eq!(run["status"], "success", "{run}");
    let warnings = run["result"]["warnings"].to_string();
    assert!(warnings.contains(part), "{part} is missing in {warnings}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_is_not_there_is_told_by_every_template_that_reads_one() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(&[]).await;
    let server = setup(folder.path(), sink.port).argument("--demo").start().await;
    let client = server.client();

    for dry_run in [true, false] {
        let missing = json!({"collection": "ordres", "days_old": 1, "dry_run": dry_run});
        warned(&run(&client, "database_cleanup", missing).await, "there is no collection ordres");
        let field = json!({"collection": "logs", "days_old": 1, "date_field": "craeted_at", "dry_run": dry_run});
        let run = run(&client, "database_cleanup", field).await;
        warned(&run, "the field craeted_at");
        warned(&run, "did you mean created_at?");
    }
    let custom = json!({
        "report_type": "custom", "source": {"collection": "ordres"}, "pipeline": [{"$limit": 5}], "format": "json",
    });
    let report = run(&client, "report_generation", custom).await;
    warned(&report, "there is no collection ordres");
    warned(&report, "did you mean orders?");
    let activity = json!({"report_type": "user_activity", "source": {"collection": "evnets"}});
    warned(&run(&client, "report_generation", activity).await, "did you mean events?");
    let mail = json!({
        "recipients": ["anna@example.com"], "subject": "{{ rows | length }}", "body": "b",
        "query": {"collection": "ordres"},
    });
    warned(&run(&client, "email_notification", mail).await, "there is no collection ordres");

    // What leaves nothing behind that would be of any use fails instead.
    let export = run(&client, "data_export", json!({"collection": "ordres"})).await;
    assert_eq!(export["status"], "failed", "{export}");
    assert!(export["error"].as_str().unwrap().contains("there is no collection ordres"), "{export}");
    let folder = run(&client, "data_export", json!({"collection": "orders", "folder": "exprots"})).await;
    let error = folder["error"].as_str().unwrap();
    assert!(error.contains("there is no folder \"exprots\"; there") && error.contains("exports"), "{error}");
    let backup = run(&client, "backup_job", json!({"collections": ["ordres"]})).await;
    assert_eq!(backup["status"], "failed", "{backup}");
    assert!(backup["error"].as_str().unwrap().contains("ordres"), "{backup}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_warned_of_where_all_names_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).argument("--demo").start().await;
    let client = server.client();
    for parameters in [
        json!({"collection": "logs", "days_old": 36_000}),
        json!({"collection": "logs", "conditions": {"level": "NOSUCH"}, "dry_run": false}),
    ] {
        let run = run(&client, "database_cleanup", parameters).await;
        assert_eq!((&run["status"], &run["result"]["warnings"]), (&json!("success"), &json!([])), "{run}");
    }
}
