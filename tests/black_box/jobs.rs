//! Jobs as documents: create, change, list, delete.

use sandglass_tests::{Client, Setup};
use serde_json::{Value, json};

fn body(name: &str) -> Value {
    json!({
        "name": name, "template_type": "database_cleanup",
        "parameters": {"collection": "logs", "days_old": 30, "date_field": "created_at"},
        "schedule": {"type": "interval", "interval_seconds": 3600},
    })
}

async fn create(client: &Client, name: &str) -> Value {
    client.post("/jobs", &body(name)).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_has_the_customers_fields_and_the_schemas_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let job = create(&server.client(), "Nightly").await;
    for field in [
        "id",
        "name",
        "description",
        "template_type",
        "parameters",
        "schedule",
        "enabled",
        "timeout_seconds",
        "retry_policy",
        "notifications",
        "created_by",
        "created_at",
        "updated_at",
        "last_run_at",
        "next_run_at",
        "version",
        "status",
        "tags",
        "overlap_policy",
        "max_concurrent",
        "misfire",
        "priority",
        "on_lost",
        "hooks",
        "template_digest",
    ] {
        assert!(job.get(field).is_some(), "{field} is missing in {job}");
    }
    assert_eq!(job["parameters"]["dry_run"], true);
    assert_eq!(job["parameters"]["batch_size"], 1_000);
    assert_eq!((job["status"].as_str(), job["version"].as_i64()), (Some("active"), Some(1)));
    let created: chrono::DateTime<chrono::Utc> = job["created_at"].as_str().unwrap().parse().unwrap();
    let next: chrono::DateTime<chrono::Utc> = job["next_run_at"].as_str().unwrap().parse().unwrap();
    assert_eq!((next - created).num_milliseconds(), 3_600_000, "{job}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_with_a_stale_version_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let job = create(&client, "First").await;
    let path = format!("/jobs/{}", job["id"].as_str().unwrap());
    let etag = client.get(&path).await.headers["etag"].to_str().unwrap().to_owned();
    let changed = client.put(&path, &json!({"name": "Second"})).await.ok();
    assert_eq!((changed["name"].as_str(), changed["version"].as_i64()), (Some("Second"), Some(2)));
    assert_eq!(changed["parameters"], job["parameters"]);
    let stale =
        client.send(client.request("PUT", &path).header("if-match", etag).json(&json!({"name": "Third"}))).await;
    assert_eq!(stale.status, 412, "{stale:?}");
    assert_eq!(client.get(&path).await.ok()["name"], "Second");
    let reset = client.put(&path, &json!({"description": "x", "timeout_seconds": 7})).await.ok();
    assert_eq!(reset["timeout_seconds"], 7);
    assert_eq!(client.put(&path, &json!({"timeout_seconds": null})).await.ok()["timeout_seconds"], 300);
    let whole = client.get(&path).await.ok();
    assert_eq!(client.put(&path, &whole).await.status, 200, "what GET shows, PUT takes");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_paged_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    for number in 0..7 {
        let mut body = body(&format!("Job {number}"));
        body["tags"] = json!([if number % 2 == 0 { "even" } else { "odd" }]);
        body["enabled"] = json!(number != 3);
        client.post("/jobs", &body).await.ok();
    }
    let page = client.get("/jobs?page=2&page_size=3&sort=name").await.ok();
    assert_eq!(
        (page["total"].as_u64(), page["page"].as_u64(), page["page_size"].as_u64()),
        (Some(7), Some(2), Some(3))
    );
    assert_eq!(page["jobs"][0]["name"], "Job 3");
    assert_eq!(client.get("/jobs?tag=even").await.ok()["total"], 4);
    assert_eq!(client.get("/jobs?enabled=false").await.ok()["total"], 1);
    assert_eq!(client.get("/jobs?search=job%205").await.ok()["total"], 1);
    assert_eq!(client.get("/jobs?template_type=webhook_trigger").await.ok()["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_job_has_no_next_run_and_a_deleted_one_is_gone_but_not_its_history() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let job = create(&client, "Paused").await;
    let path = format!("/jobs/{}", job["id"].as_str().unwrap());
    let run = client.post(&format!("{path}/run?wait=60"), &json!({})).await.ok();
    assert_eq!(run["status"], "success");
    let disabled = client.post(&format!("{path}/disable"), &json!({})).await.ok();
    assert_eq!((disabled["status"].as_str(), disabled["next_run_at"].is_null()), (Some("disabled"), true));
    let run = client.post(&format!("{path}/run?wait=60"), &json!({})).await.ok();
    assert_eq!(run["status"], "success", "a manual run works on a disabled job");
    let enabled = client.post(&format!("{path}/enable"), &json!({})).await.ok();
    assert!(enabled["next_run_at"].is_string());
    assert!((200..300).contains(&client.delete(&path).await.status));
    assert_eq!(client.get(&path).await.status, 404);
    assert_eq!(client.get(&format!("/executions/{}", run["id"].as_str().unwrap())).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_makes_one_job_however_often_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let send =
        |name: &str| client.send(client.request("POST", "/jobs").header("idempotency-key", "k-1").json(&body(name)));
    let first = send("Once").await.ok();
    let second = send("Once").await.ok();
    assert_eq!(first["id"], second["id"]);
    assert_eq!(send("Another").await.status, 422);
    assert_eq!(client.get("/jobs").await.ok()["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_names_the_instants_and_a_validation_stores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let asked = json!({"schedule": {"type": "cron", "expression": "30 2 * * *", "timezone": "America/New_York"},
        "after": "2026-03-07T12:00:00Z", "count": 3});
    let preview = client.post("/schedules/preview", &asked).await.ok();
    let runs: Vec<chrono::DateTime<chrono::Utc>> =
        preview["runs"].as_array().unwrap().iter().map(|run| run.as_str().unwrap().parse().unwrap()).collect();
    let expected: Vec<chrono::DateTime<chrono::Utc>> =
        ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z", "2026-03-10T06:30:00Z"]
            .map(|run| run.parse().unwrap())
            .to_vec();
    assert_eq!(runs, expected);
    assert!(preview["text"].as_str().unwrap().contains("02:30"), "{preview}");
    assert_eq!(client.post("/jobs/validate", &body("x")).await.status, 200);
    assert_eq!(client.post("/jobs/validate", &json!({"name": "x"})).await.status, 422);
    assert_eq!(client.get("/jobs").await.ok()["total"], 0);
}
