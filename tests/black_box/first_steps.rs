//! What a new user does first.

use std::process::Command;

use sandglass_tests::{Setup, command};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_customers_sample_test_passes() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/customer/test_dynamic_scheduler.py");
    let token = "test-token-0123456789-0123456789-0123456789";
    let output = Command::new("python3")
        .arg(script)
        .envs([("SANDGLASS_URL", server.base()), ("SANDGLASS_TOKEN", token)])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("Ran 3 tests"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn demo_data_gives_every_template_something_to_work_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).argument("--demo").start().await;
    let client = server.client();
    let body = json!({
        "name": "Old logs", "template_type": "database_cleanup",
        "parameters": {"collection": "logs", "days_old": 30, "date_field": "created_at"},
        "schedule": {"type": "cron", "expression": "0 8 * * *", "timezone": "Europe/Berlin"},
    });
    let job = client.post("/jobs", &body).await.ok();
    let run = client.post(&format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap()), &json!({})).await.ok();
    assert_eq!(run["status"], "success", "{run}");
    let matched = run["result"]["details"]["matched"].as_u64().unwrap();
    server.terminate(60).await;
    let before = chrono::Utc::now() - chrono::Duration::days(30);
    let filter = json!({"created_at": {"$lt": {"$date": before.to_rfc3339()}}}).to_string();
    let counted = command(folder.path()).args(["data", "count", "logs", "--filter", &filter]).output().unwrap();
    let counted: u64 = String::from_utf8(counted.stdout).unwrap().trim().parse().unwrap();
    assert!(matched > 1_000 && counted.abs_diff(matched) <= 5, "the job saw {matched}, the command {counted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_health_and_static_files_answer_a_stranger() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let stranger = server.stranger();
    for open in ["/healthz", "/readyz", "/docs"] {
        assert_eq!(stranger.get(open).await.status, 200, "{open}");
    }
    let document: Value = server.client().get("/openapi.json").await.ok();
    let mut tried = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            if ["/healthz", "/readyz", "/docs", "/api/auth/login", "/api/auth/setup", "/api/auth/invitation"]
                .iter()
                .any(|open| path.starts_with(open))
            {
                continue;
            }
            let path = path
                .replace("{id}", "65f000000000000000000001")
                .replace("{type}", "database_cleanup")
                .replace("{name}", "ann");
            let answer = stranger.send(stranger.request(&method.to_uppercase(), &path)).await;
            assert_eq!(answer.status, 401, "{method} {path}");
            assert_eq!(answer.content_type, "application/problem+json", "{method} {path}");
            tried += 1;
        }
    }
    assert!(tried >= 25, "only {tried} routes are described");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_folder_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let _server = Setup::on(folder.path()).start().await;
    let second = command(folder.path()).args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    let told = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success());
    assert!(told.contains("another process") || told.contains("in use"), "{told}");
}

#[test]
fn a_command_whose_reader_goes_away_ends_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path())
        .args(["config", "reference"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let told = child.wait_with_output().unwrap();
    assert!(told.stderr.is_empty(), "{}", String::from_utf8_lossy(&told.stderr));
}

#[test]
fn schedule_explain_says_what_a_cron_line_means() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "schedule",
        "explain",
        "0 8 * * 1-5",
        "--timezone",
        "Europe/Berlin",
        "--after",
        "2026-10-23T12:00:00Z",
        "--count",
        "2",
    ];
    let output = command(folder.path()).args(arguments).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.starts_with("At 08:00 every weekday, Europe/Berlin"), "{told}");
    assert!(told.contains("2026-10-26T07:00:00Z") && told.contains("2026-10-27T07:00:00Z"), "{told}");
    let wrong = command(folder.path()).args(["schedule", "explain", "0 8 * * 9"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("day-of-week"), "{wrong:?}");
}
