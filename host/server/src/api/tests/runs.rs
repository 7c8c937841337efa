//! Runs: started by hand, waited for, watched, cancelled, repeated, removed.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use bson::oid::ObjectId;
use bson::{DateTime, doc};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::scene::{Scene, authorised, sample};

const PATIENCE: Duration = Duration::from_secs(30);

/// A job whose runs go on until they are told to stop.
async fn slow_job(scene: &Scene) -> String {
    let mut body = sample();
    body["parameters"]["collection"] = json!("slow");
    scene.post("/jobs", body).await.json["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manual_run_that_is_waited_for_answers_with_its_result_and_log() {
    let scene = Scene::start().await;
    let job = scene.job().await;
    let answer = scene.post(&format!("/jobs/{job}/run?wait=30"), json!({"parameters": {"dry_run": false}})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let run = &answer.json;
    assert_eq!(
        (&run["status"], &run["trigger"], &run["triggered_by"]),
        (&json!("success"), &json!("manual"), &json!("admin"))
    );
    assert_eq!(run["result"]["records_processed"], 3);
    assert_eq!(run["parameters"]["dry_run"], false);
    assert_eq!(run["parameters"]["collection"], "logs", "parameters are laid over the job's own");
    assert_eq!(run["logs"].as_array().unwrap().len(), 3);
    let id = run["id"].as_str().unwrap();
    assert_eq!(scene.get(&format!("/executions/{id}")).await.json["status"], "success");
    let history = scene.get(&format!("/jobs/{job}/executions")).await.json;
    assert_eq!((&history["total"], &history["executions"][0]["id"]), (&json!(1), &json!(id)));
    assert!(history["executions"][0].get("logs").is_none());
    let status = scene.get("/status").await.json;
    assert_eq!((&status["total_jobs"], &status["success_rate"]), (&json!(1), &json!(1.0)));
    assert_eq!(status["templates"]["database_cleanup"]["runs"]["success"], 1);
    let metrics = scene.get("!/metrics").await.text;
    assert!(metrics.contains("sandglass_executions_ended{status=\"success\"} 1"), "{metrics}");
    assert!(metrics.contains("sandglass_runs_ended_total{trigger=\"manual\",status=\"success\"} 1"), "{metrics}");
    assert!(metrics.contains("sandglass_start_lateness_seconds_bucket{le=\"0.001\"}"), "{metrics}");
    assert!(!metrics.contains(&job), "no job is a label");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn run_now_starts_one_run_of_a_new_job() {
    let scene = Scene::start().await;
    let mut body = sample();
    body["run_now"] = json!(true);
    let job = scene.post("/jobs", body).await.json["id"].as_str().unwrap().to_owned();
    assert_eq!(scene.get(&format!("/jobs/{job}/executions")).await.json["executions"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_read_by_level_tail_and_line() {
    let scene = Scene::start().await;
    let id = scene.execution().await;
    let read = async |query: &str| -> Vec<String> {
        let answer = scene.get(&format!("/executions/{id}/logs{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let lines = answer.json["logs"].as_array().unwrap().clone();
        lines.iter().map(|line| format!("{}:{}", line["line"], line["message"].as_str().unwrap())).collect()
    };
    assert_eq!(read("").await, ["0:begin", "1:work", "2:end"]);
    assert_eq!(read("?level=warning").await, ["2:end"]);
    assert_eq!(read("?tail=2").await, ["1:work", "2:end"]);
    assert_eq!(read("?from_line=1&limit=1").await, ["1:work"]);
    let followed = scene.get(&format!("/executions/{id}/logs?follow=true")).await;
    assert_eq!(followed.text.matches("event: log").count(), 3, "{}", followed.text);
    assert!(followed.text.contains("event: end") && followed.text.contains("\"success\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_is_refused_while_one_is_active_and_cancel_ends_it() {
    let scene = Scene::start().await;
    let job = slow_job(&scene).await;
    let run = format!("/jobs/{job}/run");
    let first = scene.post(&run, json!({})).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let id = first.json["id"].as_str().unwrap().to_owned();
    let second = scene.post(&run, json!({})).await;
    assert_eq!((second.status, &second.json["code"]), (StatusCode::CONFLICT, &json!("overlap")));
    assert_eq!(second.json["errors"][0]["message"], json!(id));
    let removed = scene.call(Method::DELETE, &format!("/executions/{id}"), None).await;
    assert_eq!((removed.status, &removed.json["code"]), (StatusCode::CONFLICT, &json!("still_active")));
    let cancelled = scene.call(Method::POST, &format!("/executions/{id}/cancel"), None).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{}", cancelled.text);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while scene.get(&format!("/executions/{id}")).await.json["status"] != "cancelled" {
        assert!(tokio::time::Instant::now() < deadline, "it was not cancelled");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let again = scene.call(Method::POST, &format!("/executions/{id}/cancel"), None).await;
    assert_eq!((again.status, &again.json["code"]), (StatusCode::CONFLICT, &json!("already_ended")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_execution_can_be_repeated_explained_and_removed() {
    let scene = Scene::start().await;
    let id = scene.execution().await;
    let answer = scene.call(Method::POST, &format!("/executions/{id}/rerun?wait=30"), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!((&answer.json["rerun_of"], &answer.json["status"]), (&json!(id), &json!("success")));
    assert_eq!(scene.get(&format!("/executions/{id}/effects")).await.json["effects"], json!([]));
    assert_eq!(scene.call(Method::DELETE, &format!("/executions/{id}"), None).await.status, StatusCode::OK);
    for path in [format!("/executions/{id}"), format!("/executions/{id}/logs"), format!("/executions/{id}/effects")] {
        assert_eq!(scene.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let job = answer.json["job_id"].as_str().unwrap();
    let why = scene.get(&format!("/jobs/{job}/why?at=2027-01-01T00:00:00Z")).await;
    assert_eq!(why.status, StatusCode::OK, "{}", why.text);
    assert!(!why.json["steps"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_pages_by_cursor_without_a_gap() {
    let scene = Scene::start().await;
    let job = scene.job().await;
    for _ in 0..5 {
        assert_eq!(scene.post(&format!("/jobs/{job}/run?wait=30"), json!({})).await.json["status"], "success");
    }
    let mut seen: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = scene.get(&format!("/executions?page_size=2{cursor}")).await.json;
        seen.extend(page["executions"].as_array().unwrap().iter().map(|run| run["id"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    seen.dedup();
    assert_eq!(seen.len(), 5);
    assert_eq!(scene.get("/executions?search=work").await.json["executions"].as_array().unwrap().len(), 5);
    assert_eq!(scene.get("/executions?trigger=schedule").await.json["executions"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_idempotency_key_starts_one_run() {
    let scene = Scene::start().await;
    let job = scene.job().await;
    let path = format!("/jobs/{job}/run?wait=30");
    let key = [("idempotency-key", "run-1")];
    let first = scene.call_with(Method::POST, &path, None, &key).await;
    let second = scene.call_with(Method::POST, &path, None, &key).await;
    assert_eq!(first.json["id"], second.json["id"]);
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert_eq!(scene.get("/executions").await.json["total"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_hangs_up_and_repeats_its_request_gets_the_run_it_started() {
    let scene = Scene::start().await;
    let job = slow_job(&scene).await;
    let path = format!("/jobs/{job}/run?wait=60");
    let key = [("idempotency-key", "run-1")];
    let running = async {
        loop {
            let all = scene.get("/executions?status=running").await;
            if let Some(run) = all.json["executions"].as_array().and_then(|all| all.first()) {
                return run["id"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    // The request is dropped as soon as its run is seen.
    let started = tokio::select! {
        answer = scene.call_with(Method::POST, &path, None, &key) => panic!("answered already: {}", answer.text),
        started = tokio::time::timeout(PATIENCE, running) => started.expect("a run in time"),
    };
    assert_eq!(scene.post(&format!("/executions/{started}/cancel"), json!({})).await.status, StatusCode::OK);
    let again = async {
        loop {
            let answer = scene.call_with(Method::POST, &path, None, &key).await;
            if answer.status != StatusCode::CONFLICT {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let again = tokio::time::timeout(PATIENCE, again).await.expect("an answer in time");
    assert_eq!((again.status, &again.json["id"]), (StatusCode::OK, &json!(started)), "{}", again.text);
    assert_eq!(scene.get("/executions").await.json["total"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_never_ends_is_given_up_even_where_a_request_may_wait() {
    let (mut state, _) = Scene::state().await;
    state.request_timeout = Duration::from_millis(50);
    let router = crate::api::router(state);
    let request = authorised(Method::POST, &format!("/jobs/{}/run?wait=300", "a".repeat(24)));
    let body = Body::from_stream(futures::stream::pending::<std::io::Result<Vec<u8>>>());
    let request = request.header("content-type", "application/json").body(body).unwrap();
    let response = tokio::time::timeout(PATIENCE, router.oneshot(request)).await.expect("an answer in time");
    assert_eq!(response.unwrap().status(), StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watchers_hear_of_a_run_and_are_let_go_when_the_server_stops() {
    let scene = Scene::start().await;
    let job = scene.job().await;
    let request = authorised(Method::GET, &format!("/events?job_id={job}")).body(Body::empty()).unwrap();
    let response = scene.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    let mut text = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert_eq!(scene.post(&format!("/jobs/{job}/run?wait=30"), json!({})).await.json["status"], "success");
    while !text.contains("\"success\"") {
        let next = tokio::time::timeout(PATIENCE, stream.next()).await.expect("an event in time");
        text += std::str::from_utf8(&next.unwrap().unwrap()).unwrap();
    }
    assert!(text.contains("event: execution"), "{text}");
    scene.stopping.cancel();
    let end = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(PATIENCE, end).await.expect("the stream ends with the server");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_finds_a_line_wherever_in_the_log_it_stands() {
    let scene = Scene::start().await;
    let id = scene.execution().await;
    let execution = scene.get(&format!("/executions/{id}")).await.json;
    let job = execution["job_id"].as_str().unwrap();
    let (_, other) = (scene.execution().await, "0123456789abcdef01234567");
    let chunk = doc! {
        "_id": { "e": 1, "n": 1_000 },
        "execution_id": id.parse::<ObjectId>().unwrap(),
        "job_id": job,
        "first_line": 1_000,
        "lines": [{ "timestamp": DateTime::now(), "level": "INFO", "message": "needle in the rest" }],
    };
    scene.database.insert("job_execution_logs", vec![chunk]).await.unwrap();
    let found = async |path: &str| -> Vec<String> {
        let answer = scene.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let all = answer.json["executions"].as_array().unwrap().clone();
        all.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found("/executions?search=NEEDLE").await, [id.as_str()]);
    assert_eq!(found(&format!("/jobs/{job}/executions?search=needle&from=2020-01-01T00:00:00Z")).await, [id.as_str()]);
    assert_eq!(found("/executions?search=work").await.len(), 2);
    assert_eq!(found("/executions?search=nowhere").await, [""; 0]);
    assert_eq!(found(&format!("/executions?search=needle&job_id={other}")).await, [""; 0]);
    assert_eq!(found("/executions?search=needle&until=2020-01-01T00:00:00Z").await, [""; 0]);
}
