//! A real file of public data, cleaned up by jobs that run every two seconds.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use sandglass_tests::{Client, Setup, command, public_data, wait_for};
use serde_json::{Value, json};

/// The rows that a job with this condition and age should remove, read from the file itself.
fn expected(now: DateTime<Utc>, days_old: i64) -> (usize, usize) {
    let text = std::fs::read_to_string(public_data("vega_datasets/_data/seattle-weather.csv")).unwrap();
    let rows: Vec<Vec<String>> =
        text.lines().skip(1).map(|line| line.split(',').map(|cell| cell.trim().to_owned()).collect()).collect();
    let old = |row: &&Vec<String>| {
        let date = NaiveDate::parse_from_str(&row[0].replace('/', "-"), "%Y-%m-%d").unwrap();
        date.and_hms_opt(0, 0, 0).unwrap().and_utc() < now - Duration::days(days_old) && row.last().unwrap() == "rain"
    };
    (rows.len(), rows.iter().filter(old).count())
}

async fn finished_runs(client: &Client, job: &str) -> Vec<Value> {
    let page = client.get(&format!("/jobs/{job}/executions?page_size=100")).await.ok();
    let runs = page["executions"].as_array().unwrap().clone();
    runs.into_iter().filter(|run| run["status"] == "success" || run["status"] == "failed").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_up_job_first_counts_then_removes_exactly_what_it_should() {
    let folder = tempfile::tempdir().unwrap();
    let file = public_data("vega_datasets/_data/seattle-weather.csv");
    let import = command(folder.path())
        .args(["data", "import", "--collection", "weather", "--date", "date"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(import.status.success(), "{import:?}");

    // Between two days of the data, so that the border moves past no row while the test runs.
    let border = NaiveDate::from_ymd_opt(2014, 6, 30).unwrap().and_hms_opt(12, 0, 0).unwrap().and_utc();
    let now = Utc::now();
    let days_old = (now - border).num_days();
    let (rows, matching) = expected(now, days_old);
    assert!(rows > 1_400 && matching > 100, "the file has {rows} rows, {matching} match");

    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let body = json!({
        "name": "Old rain", "template_type": "database_cleanup",
        "parameters": {"collection": "weather", "date_field": "date", "days_old": days_old,
            "conditions": {"weather": "rain"}, "batch_size": 50, "dry_run": true},
        "schedule": {"type": "interval", "interval_seconds": 2},
    });
    let job = client.post("/jobs", &body).await.ok();
    let id = job["id"].as_str().unwrap().to_owned();
    let first_next = job["next_run_at"].as_str().unwrap().to_owned();

    let dry = wait_for("two dry runs", 120, || async {
        let runs = finished_runs(&client, &id).await;
        (runs.len() >= 2).then_some(runs)
    })
    .await;
    for run in &dry {
        assert_eq!(run["status"], "success", "{run}");
    }
    let run = client.get(&format!("/executions/{}", dry[0]["id"].as_str().unwrap())).await.ok();
    assert_eq!(run["result"]["details"]["matched"].as_u64(), Some(matching as u64), "{run}");
    assert_eq!(run["result"]["records_affected"], 0, "{run}");

    let moved = client.get(&format!("/jobs/{id}")).await.ok();
    assert!(moved["next_run_at"].as_str().unwrap() > first_next.as_str(), "{moved}");

    let change = json!({"parameters": {"collection": "weather", "date_field": "date", "days_old": days_old,
        "conditions": {"weather": "rain"}, "batch_size": 50, "dry_run": false}});
    client.put(&format!("/jobs/{id}"), &change).await.ok();
    let real = wait_for("a run that removed something", 120, || async {
        let page = client.get(&format!("/jobs/{id}/executions?page_size=100")).await.ok();
        let runs = page["executions"].as_array().unwrap().clone();
        for run in runs {
            let run = client.get(&format!("/executions/{}", run["id"].as_str().unwrap())).await.ok();
            if run["result"]["records_affected"].as_u64().unwrap_or(0) > 0 {
                return Some(run);
            }
        }
        None
    })
    .await;
    assert_eq!(real["result"]["details"]["deleted"].as_u64(), Some(matching as u64), "{real}");
    let batches = matching.div_ceil(50) as u64;
    assert!(real["result"]["details"]["batches"].as_u64().unwrap() >= batches, "{real}");
    assert!(real["duration_seconds"].as_f64().unwrap() > 0.0, "{real}");
    assert!(real["execution_host"].as_str().is_some_and(|host| !host.is_empty()), "{real}");
    assert!(!real["logs"].as_array().unwrap().is_empty(), "{real}");

    let effects = client.get(&format!("/executions/{}/effects", real["id"].as_str().unwrap())).await.ok();
    let deletes = effects["effects"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|effect| effect["operation"].as_str().is_some_and(|operation| operation.contains("delete")));
    assert_eq!(deletes.count() as u64, batches, "{effects}");
    let reads = effects["effects"].as_array().unwrap().iter().find(|effect| effect["operation"] == "next");
    assert!(reads.is_some_and(|sum| sum["items"].as_u64() >= Some(matching as u64)), "{effects}");

    assert_eq!(server.terminate(60).await, Some(0));
    let count = |filter: &str| {
        let output = command(folder.path()).args(["data", "count", "weather", "--filter", filter]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse::<usize>().unwrap()
    };
    assert_eq!(count("{}"), rows - matching);
    let border = json!({"weather": "rain", "date": {"$lt": {"$date": border.to_rfc3339()}}}).to_string();
    assert_eq!(count(&border), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sandglass_own_collections_are_out_of_reach_and_the_customers_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let body = json!({
        "name": "Too curious", "template_type": "database_cleanup",
        "parameters": {"collection": "job_executions", "conditions": {"status": "success"}, "dry_run": false},
        "schedule": {"type": "interval", "interval_seconds": 3600},
    });
    let job = client.post("/jobs", &body).await.ok();
    let run = client.post(&format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap()), &json!({})).await.ok();
    assert_eq!(run["status"], "failed", "{run}");
    let effects = client.get(&format!("/executions/{}/effects", run["id"].as_str().unwrap())).await.ok();
    assert!(effects["effects"].to_string().contains("denied"), "{effects}");
    for (collection, status) in
        [("sandglass_audit", "failed"), ("SANDGLASS_grants", "failed"), ("users", "success"), ("audit", "success")]
    {
        let parameters = json!({"collection": collection, "conditions": {"a": 1}, "dry_run": true});
        let path = format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap());
        let run = client.post(&path, &json!({"parameters": parameters})).await.ok();
        assert_eq!(run["status"], status, "{collection}: {run}");
    }
}
