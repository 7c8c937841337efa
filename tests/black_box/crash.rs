//! `kill -9` at random moments, many times: every due instant is decided once, and nothing acknowledged is lost.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sandglass_tests::{Client, Setup, wait_for};
use serde_json::{Value, json};

const CYCLES: u64 = 50;
const JOBS_AT_START: usize = 12;

fn instant(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap_or_else(|| panic!("{value} is no instant")).parse().unwrap()
}

async fn create(client: &Client, number: usize) -> Option<String> {
    let policy = ["skip", "queue_one", "allow", "replace"][number % 4];
    let body = json!({
        "name": format!("Load {number}"), "template_type": "database_cleanup",
        "parameters": {"collection": "nothing", "conditions": {"a": 1}, "dry_run": number.is_multiple_of(2)},
        "schedule": {"type": "interval", "interval_seconds": 1},
        "overlap_policy": policy,
    });
    let answer = client.post("/jobs", &body).await;
    (answer.status == 200).then(|| answer.json()["id"].as_str().unwrap().to_owned())
}

/// Every decision of a job, the oldest first.
async fn decisions(client: &Client, job: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut path = format!("/jobs/{job}/executions?page_size=200");
    loop {
        let page = client.get(&path).await.ok();
        all.extend(page["executions"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/jobs/{job}/executions?page_size=200&cursor={cursor}"),
            None => break,
        }
    }
    all.retain(|execution| execution["trigger"] == "schedule");
    all.reverse();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_nothing_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut jobs = Vec::new();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for cycle in 0..CYCLES {
        let server = Setup::on(folder.path()).start().await;
        let client = server.client();
        let wanted = if cycle == 0 { JOBS_AT_START } else { 1 };
        for _ in 0..wanted {
            jobs.extend(create(&client, jobs.len()).await);
        }
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        tokio::time::sleep(Duration::from_millis(100 + random % 1_400)).await;
        server.kill();
    }
    assert!(jobs.len() >= JOBS_AT_START + 30, "only {} jobs were acknowledged", jobs.len());

    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    for job in &jobs {
        let answer = client.post(&format!("/jobs/{job}/disable"), &json!({})).await;
        assert_eq!(answer.status, 200, "acknowledged job {job} is gone: {answer:?}");
    }
    wait_for("end of all runs", 120, || async {
        let status = client.get("/status").await.ok();
        (status["running"] == 0 && status["queued"] == 0).then_some(())
    })
    .await;

    let mut seen = 0;
    let mut by_status = BTreeMap::<String, u64>::new();
    for job in &jobs {
        let definition = client.get(&format!("/jobs/{job}")).await.ok();
        let phase = instant(&definition["created_at"]);
        let mut next = phase + chrono::Duration::seconds(1);
        for decision in decisions(&client, job).await {
            let status = decision["status"].as_str().unwrap().to_owned();
            assert!(!["queued", "running"].contains(&status.as_str()), "{decision}");
            let (first, last, count) = match decision["skipped"].as_object() {
                Some(skipped) => {
                    (instant(&skipped["first"]), instant(&skipped["last"]), skipped["count"].as_i64().unwrap())
                }
                None => (instant(&decision["scheduled_for"]), instant(&decision["scheduled_for"]), 1),
            };
            assert_eq!(first, next, "job {job}: instant {next} has no decision, or two; next is {decision}");
            assert_eq!((last - first).num_seconds() + 1, count, "{decision}");
            next = last + chrono::Duration::seconds(1);
            seen += count;
            *by_status.entry(status).or_default() += 1;
        }
        let disabled = instant(&definition["updated_at"]);
        assert!(
            next > disabled - chrono::Duration::seconds(1),
            "job {job} has no decision for {next}, before {disabled}"
        );
    }
    println!("decisions of {} jobs over {CYCLES} kills: {seen} instants, {by_status:?}", jobs.len());
    assert!(seen >= 500, "only {seen} instants were decided");
    assert!(by_status.get("success").is_some_and(|runs| *runs >= 200), "{by_status:?}");
}
