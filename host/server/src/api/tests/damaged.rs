//! Jobs whose document another tool damaged: seen, explained, mended, deleted.

use axum::http::{Method, StatusCode};
use bson::oid::ObjectId;
use bson::{Bson, Document, doc};
use sandglass_database::Update;
use serde_json::{Value, json};

use super::scene::{Scene, sample};

/// A stored job with these fields set to what does not belong there.
async fn damaged(scene: &Scene, fields: Document) -> String {
    let id = scene.job().await;
    let own = doc! { "_id": id.parse::<ObjectId>().unwrap() };
    scene.database.update("dynamic_jobs", Update::one(own, doc! { "$set": fields })).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_cannot_be_read_stands_in_the_list_with_the_reason() {
    let scene = Scene::start().await;
    let good = scene.job().await;
    let id = damaged(&scene, doc! { "schedule": Bson::Null, "name": "Nightly" }).await;
    let list = scene.get("/jobs").await.json;
    assert_eq!(list["total"], 2);
    let found = list["jobs"].as_array().unwrap();
    assert_eq!(found.iter().map(|job| job["id"].as_str().unwrap()).collect::<Vec<_>>(), [id.as_str(), good.as_str()]);
    assert_eq!((&found[0]["name"], &found[0]["status"]), (&json!("Nightly"), &json!("blocked")));
    assert!(found[0]["status_reason"].as_str().unwrap().contains("`schedule`"), "{}", found[0]["status_reason"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_for_a_job_that_cannot_be_read_is_told_what_was_found_and_the_way_out() {
    let scene = Scene::start().await;
    let id = damaged(&scene, doc! { "schedule": Bson::Null, "enabled": "yes" }).await;
    let body = Some(json!({}));
    for (method, path, body) in [
        (Method::GET, "", None),
        (Method::POST, "/run", body.clone()),
        (Method::POST, "/run", Some(json!({"parameters": {"days_old": 3}}))),
        (Method::POST, "/disable", None),
        (Method::POST, "/enable", None),
        (Method::POST, "/restore", None),
    ] {
        let answer = scene.call(method.clone(), &format!("/jobs/{id}{path}"), body).await;
        // A run of a job that the planner knew before is a run.
        if path == "/run" && answer.status == StatusCode::OK {
            continue;
        }
        assert_eq!(answer.status, StatusCode::CONFLICT, "{method} {path}: {}", answer.text);
        assert_eq!(answer.json["code"], "job_unreadable");
        let places: Vec<_> = answer.json["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
        assert_eq!(places, ["/schedule", "/enabled"], "{}", answer.text);
        let detail = answer.json["detail"].as_str().unwrap();
        assert!(detail.contains("PUT") && detail.contains("delete") && detail.contains("Null"), "{detail}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_that_gives_every_damaged_field_mends_the_job() {
    let scene = Scene::start().await;
    let fields = doc! { "schedule": 7, "priority": "high", "version": "three", "next_run_at": "tomorrow" };
    let id = damaged(&scene, fields).await;
    let path = format!("/jobs/{id}");
    let put = async |body: Value| scene.call(Method::PUT, &path, Some(body)).await;
    let answer = put(json!({"name": "other", "priority": 3})).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    assert_eq!(answer.json["errors"][0]["pointer"], "/schedule");
    assert_eq!(answer.json["errors"].as_array().unwrap().len(), 1);
    let answer = put(json!({"schedule": {"type": "cron", "expression": "61 * * * *"}, "priority": 3})).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    assert_eq!(scene.get(&path).await.status, StatusCode::CONFLICT, "nothing was written");
    let answer = put(json!({"schedule": sample()["schedule"], "priority": 3})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let job = scene.get(&path).await.json;
    assert_eq!((&job["priority"], &job["name"]), (&json!(3), &sample()["name"]), "what could be read is kept");
    assert_eq!(job["status"], "active");
    assert!(job["next_run_at"].is_string());
    let run = scene.post(&format!("{path}/run?wait=30"), json!({})).await;
    assert_eq!(run.json["status"], "success", "{}", run.text);
    assert_eq!(scene.audited("job.mend").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_cannot_be_read_can_be_deleted() {
    let scene = Scene::start().await;
    let id = damaged(&scene, doc! { "schedule": "hourly", "enabled": 3, "deleted_at": "never" }).await;
    let path = format!("/jobs/{id}");
    let answer = scene.call(Method::DELETE, &path, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(scene.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(scene.get("/jobs").await.json["total"], 0);
    assert_eq!(scene.audited("job.delete").await, 1);
}
