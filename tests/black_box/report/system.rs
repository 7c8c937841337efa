//! What is reported about the server itself.

use sandglass_tests::{MailServer, Setup, run_python, wait_for};
use serde_json::{Value, json};

use super::{close, details, execution, job, server};

/// What the figures about runs should be, from the executions as the interface shows them.
const RUNS: &str = "\
import json, statistics, sys
runs = json.load(open(sys.argv[1]))
status = [run['status'] for run in runs]
took = sorted(run['duration_seconds'] for run in runs if run.get('duration_seconds') is not None)
cut = statistics.quantiles(took, n=100, method='inclusive')
made = sum(1 for one in status if one in ('success', 'failed', 'timeout', 'lost'))
print(json.dumps({'runs': len(runs), 'jobs': len({run['job_id'] for run in runs}),
    'success_rate': status.count('success') / made, 'failures': made - status.count('success'),
    'mean_duration': statistics.fmean(took), 'p95_duration': cut[94], 'longest_run': took[-1]}))";

#[tokio::test(flavor = "multi_thread")]
async fn figures_about_runs_equal_those_of_the_history() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let client = server.client();
    let reporter = job(&client).await;
    let mut others = Vec::new();
    for (name, parameters) in [
        ("Good", json!({"collection": "events", "conditions": {"event": "x"}})),
        ("Bad", json!({"collection": "job_executions", "conditions": {"event": "x"}})),
    ] {
        let body = json!({
            "name": name, "template_type": "database_cleanup", "parameters": parameters,
            "schedule": {"type": "interval", "interval_seconds": 86_400},
        });
        others.push(client.post("/jobs", &body).await.ok()["id"].as_str().unwrap().to_owned());
    }
    for turn in 0..9 {
        let job = &others[usize::from(turn % 3 == 0)];
        client.post(&format!("/jobs/{job}/run?wait=120"), &json!({})).await.ok();
    }
    let all = client.get("/executions?page_size=100").await.ok()["executions"].clone();
    assert_eq!(all.as_array().unwrap().len(), 9, "{all}");
    let file = folder.path().join("runs.json");
    std::fs::write(&file, all.to_string()).unwrap();
    let expected: Value = serde_json::from_str(&run_python(RUNS, &[file.to_str().unwrap()])).unwrap();

    let parameters = json!({"report_type": "system_stats", "date_range": "last_24h", "timezone": "Asia/Kolkata"});
    let run = execution(&client, &reporter, &parameters).await;
    let found = &run["result"]["details"]["report"];
    for (id, value) in expected.as_object().unwrap() {
        let value_found = &found["sections"]["runs"]["figures"][id]["value"];
        assert!(close(value_found, value), "{id}: {value_found}, expected {value}");
    }
    let failing = &found["sections"]["attention"]["tables"]["failing_jobs"]["rows"];
    assert_eq!((&failing[0]["job"], &failing[0]["failures"]), (&json!("Bad"), &json!(3)), "{failing}");
    let series = found["sections"]["runs"]["tables"]["series"]["rows"].as_array().unwrap();
    let sum = |name: &str| series.iter().map(|row| row[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("succeeded"), sum("failed")), (6, 3), "{series:?}");
    let collections = found["sections"]["storage"]["tables"]["collections"]["rows"].as_array().unwrap();
    let names: Vec<&Value> = collections.iter().map(|row| &row["collection"]).collect();
    assert_eq!(names, [&json!("events"), &json!("users")]);

    let effects = client.get(&format!("/executions/{}/effects", run["id"].as_str().unwrap())).await.ok();
    let reads = effects["effects"].as_array().unwrap();
    let read = reads.iter().find(|effect| effect["operation"] == "statistics").unwrap();
    assert_eq!((&read["capability"], &read["target"], &read["items"]), (&json!("insight"), &json!("runs"), &json!(9)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_reaches_a_mail_server_with_its_figures_and_itself_attached() {
    let folder = tempfile::tempdir().unwrap();
    let mail = MailServer::friendly().await;
    let server = Setup::on(folder.path())
        .with("SANDGLASS_EMAIL__IDENTITIES__DEFAULT__HOST", "127.0.0.1")
        .with("SANDGLASS_EMAIL__IDENTITIES__DEFAULT__PORT", &mail.port().to_string())
        .with("SANDGLASS_EMAIL__IDENTITIES__DEFAULT__TLS", "none")
        .with("SANDGLASS_EMAIL__IDENTITIES__DEFAULT__FROM", "sandglass@example.com")
        .start()
        .await;
    let client = server.client();
    let reporter = job(&client).await;
    let parameters = json!({
        "report_type": "collection_summary", "format": "html", "destination": "email",
        "recipients": ["one@example.com", "two@example.com"], "subject": "Bestände, täglich",
    });
    let sent = details(&client, &reporter, &parameters).await;
    assert_eq!(sent["accepted"], json!(["one@example.com", "two@example.com"]), "{sent}");
    let content = wait_for("mail", 30, || async { mail.contents().pop() }).await;
    let file = folder.path().join("mail.eml");
    std::fs::write(&file, content).unwrap();
    let read = run_python(
        "import email, email.policy, json, sys\n\
         mail = email.message_from_bytes(open(sys.argv[1], 'rb').read(), policy=email.policy.default)\n\
         found = [part for part in mail.iter_attachments()]\n\
         print(json.dumps({'subject': mail['subject'], 'text': mail.get_body(('plain',)).get_content(),\n\
             'html': mail.get_body(('html',)).get_content(), 'name': found[0].get_filename(),\n\
             'type': found[0].get_content_type(), 'page': found[0].get_content()}))",
        &[file.to_str().unwrap()],
    );
    let read: Value = serde_json::from_str(&read).unwrap();
    assert_eq!((&read["subject"], &read["type"]), (&json!("Bestände, täglich"), &json!("text/html")));
    assert!(read["text"].as_str().unwrap().contains("Documents: 0"), "{read}");
    assert!(read["page"].as_str().unwrap().starts_with("<!doctype html>"), "{read}");
    assert!(read["name"].as_str().unwrap().ends_with(".html"), "{read}");
}
