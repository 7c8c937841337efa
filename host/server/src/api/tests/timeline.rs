//! What ran and what is planned, on a line; and the newest runs in the list of jobs.

use axum::http::StatusCode;
use bson::{DateTime as BsonDate, Document, doc, oid::ObjectId};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::scene::{Scene, sample};

fn hour(offset: i64) -> DateTime<Utc> {
    let now = Utc::now().timestamp();
    DateTime::from_timestamp(now - now % 3600, 0).unwrap() + Duration::hours(offset)
}

fn text(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

async fn job(scene: &Scene, name: &str, schedule: Value) -> String {
    let mut body = sample();
    (body["name"], body["schedule"]) = (json!(name), schedule);
    let answer = scene.post("/jobs", body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json["id"].as_str().unwrap().to_owned()
}

fn every(seconds: u32) -> Value {
    json!({ "type": "interval", "interval_seconds": seconds })
}

/// Executions of the past, as the store holds them: the `number`th ended `number` times `step` seconds after `from`.
async fn past(scene: &Scene, job: &str, from: DateTime<Utc>, step: i64, count: i64) {
    let documents: Vec<Document> = (0..count)
        .map(|number| {
            let at = from + Duration::seconds(number * step);
            let mut id = [0u8; 12];
            id[..4].copy_from_slice(&u32::try_from(at.timestamp()).unwrap().to_be_bytes());
            id[4..].copy_from_slice(&number.to_be_bytes());
            doc! {
                "_id": ObjectId::from_bytes(id), "job_id": job, "job_name": "n", "template_type": "database_cleanup",
                "status": if number % 10 == 0 { "failed" } else { "success" }, "trigger": "schedule",
                "scheduled_for": BsonDate::from_millis(at.timestamp_millis()),
                "started_at": BsonDate::from_millis(at.timestamp_millis()),
                "duration_seconds": 1.5,
            }
        })
        .collect();
    let report = scene.database.insert("job_executions", documents).await.unwrap();
    assert!(report.failed.is_empty(), "{:?}", report.failed);
}

async fn timeline(scene: &Scene, query: &str) -> Value {
    let answer = scene.get(&format!("/timeline?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_shows_what_ran_before_now_and_what_is_planned_after_it() {
    let scene = Scene::start().await;
    let id = job(&scene, "hourly", every(3600)).await;
    past(&scene, &id, hour(-3), 3600, 3).await;
    let (from, to) = (text(hour(-2)), text(hour(22)));
    let found = timeline(&scene, &format!("from={from}&to={to}")).await;
    let lane = &found["lanes"][0];
    assert_eq!((&lane["job_id"], &lane["job_name"], &lane["status"]), (&json!(id), &json!("hourly"), &json!("active")));
    let runs: Vec<_> = lane["runs"].as_array().unwrap().iter().map(|run| run["scheduled_for"].clone()).collect();
    // The latest first; the one of three hours ago lies outside.
    assert_eq!(runs, [json!(text(hour(-1))), json!(text(hour(-2)))]);
    assert_eq!((&lane["runs"][0]["status"], &lane["runs"][0]["duration_seconds"]), (&json!("success"), &json!(1.5)));
    let planned = lane["planned"].as_array().unwrap();
    assert!((21..=23).contains(&planned.len()), "{planned:?}");
    let now: DateTime<Utc> = found["now"].as_str().unwrap().parse().unwrap();
    assert!(planned.iter().all(|at| at.as_str().unwrap().parse::<DateTime<Utc>>().unwrap() >= now));
    assert_eq!(
        (found["slots"].as_array().unwrap().len(), &lane["sums"], &lane["is_at_least"]),
        (24, &json!([]), &json!(false))
    );
    assert_eq!((&found["total"], &found["load"]), (&json!(1), &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_runs_of_a_job_are_summed_from_counters_and_those_that_go_on_stay_marks() {
    let scene = Scene::start().await;
    let id = job(&scene, "busy", every(60)).await;
    past(&scene, &id, hour(-2), 60, 120).await;
    for (hours, good, bad) in [(-2, 54, 6), (-1, 53, 7)] {
        scene
            .database
            .insert(
                "job_counters",
                vec![doc! {
                    "_id": format!("{id}:{hours}"), "job_id": id.as_str(), "success": good, "failed": bad,
                    "hour": BsonDate::from_millis(hour(hours).timestamp_millis()),
                }],
            )
            .await
            .unwrap();
    }
    let (from, to) = (text(hour(-2)), text(hour(3)));
    let found = timeline(&scene, &format!("from={from}&to={to}&job_id={id}")).await;
    let lane = &found["lanes"][0];
    assert_eq!((&lane["runs"], &lane["planned"]), (&json!([]), &json!([])));
    let sums = lane["sums"].as_array().unwrap();
    assert_eq!(sums[0], json!({ "slot": 0, "planned": 0, "runs": { "success": 54, "failed": 6 } }));
    assert_eq!(sums[1]["runs"]["failed"], 7);
    let planned: u64 = sums.iter().map(|sum| sum["planned"].as_u64().unwrap()).sum();
    assert!((119..=181).contains(&planned), "{planned}");
    assert!(found.to_string().len() < 4_000, "what is summed is short");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_job_plans_nothing_and_pages_hold_lanes_by_name() {
    let scene = Scene::start().await;
    for name in ["b", "a", "c"] {
        job(&scene, name, every(3600)).await;
    }
    let off = job(&scene, "d", every(3600)).await;
    scene.post(&format!("/jobs/{off}/disable"), json!({})).await;
    let found = timeline(&scene, "page_size=2").await;
    let names = |found: &Value| {
        found["lanes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|lane| lane["job_name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!((names(&found), &found["total"]), (vec!["a".to_owned(), "b".to_owned()], &json!(4)));
    let found = timeline(&scene, "page_size=2&page=2").await;
    assert_eq!(names(&found), ["c", "d"]);
    assert_eq!((&found["lanes"][1]["status"], &found["lanes"][1]["planned"]), (&json!("disabled"), &json!([])));
    assert_eq!(timeline(&scene, "search=C").await["total"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_load_sums_all_jobs_and_says_when_it_is_not_whole() {
    let scene = Scene::start().await;
    for name in ["a", "b"] {
        job(&scene, name, every(3600)).await;
    }
    let (from, to) = (text(hour(1)), text(hour(3)));
    let found = timeline(&scene, &format!("from={from}&to={to}&load=true&page_size=1")).await;
    assert_eq!(found["load"], json!([{ "planned": 2, "runs": {} }, { "planned": 2, "runs": {} }]));
    assert_eq!((&found["load_is_whole"], found["lanes"].as_array().unwrap().len()), (&json!(true), 1));
    let secondly = json!({ "type": "cron", "expression": "* * * * *", "seconds": "*" });
    for name in ["c", "d", "e"] {
        job(&scene, name, secondly.clone()).await;
    }
    let found = timeline(&scene, &format!("from={from}&to={}&load=true", text(hour(40)))).await;
    assert_eq!(found["load_is_whole"], false);
    assert_eq!(found["lanes"][2]["is_at_least"].as_bool(), Some(false), "its own budget reaches");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_zone_decides_where_days_begin_and_changes_of_its_clock_are_told() {
    let scene = Scene::start().await;
    let found = timeline(&scene, "from=2027-03-01T00:00:00Z&to=2027-04-01T00:00:00Z&timezone=Europe/Berlin").await;
    assert_eq!(found["clock_changes"], json!([{ "at": "2027-03-28T01:00:00.000Z", "shift_seconds": 3600 }]));
    assert_eq!(found["slots"][1], "2027-03-01T23:00:00.000Z");
    assert_eq!(found["timezone"], "Europe/Berlin");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_cannot_be_is_told_field_by_field() {
    let scene = Scene::start().await;
    for (query, pointer) in [
        ("from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z", "?to"),
        ("from=2027-01-01T00:00:00Z&to=2027-03-01T00:00:00Z", "?to"),
        ("from=0001-01-01T00:00:00Z&to=9999-01-01T00:00:00Z", "?to"),
        ("from=yesterday", "?from"),
        ("timezone=Mars/Olympus", "?timezone"),
        ("load=true&tag=x", "?load"),
        ("job_id=x", "?job_id"),
        ("zone=UTC", "?zone"),
    ] {
        let answer = scene.get(&format!("/timeline?{query}")).await;
        assert_eq!(
            (answer.status, &answer.json["errors"][0]["pointer"]),
            (StatusCode::BAD_REQUEST, &json!(pointer)),
            "{query}"
        );
    }
    assert_eq!(scene.get("/timeline?job_id=65f1c0ffee65f1c0ffee65f1").await.status, StatusCode::NOT_FOUND);
    assert_eq!(scene.get("/timeline?from=9999-12-31T00:00:00Z").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_jobs_tells_the_newest_runs_of_each_when_asked() {
    let scene = Scene::start().await;
    let id = job(&scene, "hourly", every(3600)).await;
    past(&scene, &id, hour(-30), 3600, 30).await;
    job(&scene, "fresh", every(3600)).await;
    let plain = scene.get("/jobs").await.json;
    assert_eq!(plain["jobs"][0].get("recent_runs"), None);
    let found = scene.get("/jobs?recent=20&sort=name").await.json;
    assert_eq!(found["jobs"][0]["recent_runs"], json!([]));
    let runs = found["jobs"][1]["recent_runs"].as_array().unwrap();
    assert_eq!((runs.len(), &runs[0]["scheduled_for"]), (20, &json!(text(hour(-1)))));
    for wrong in ["0", "51", "many"] {
        assert_eq!(scene.get(&format!("/jobs?recent={wrong}")).await.json["errors"][0]["pointer"], "?recent");
    }
}
