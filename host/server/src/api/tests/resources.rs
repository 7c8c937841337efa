//! Jobs and templates: made, read, changed, deleted.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::scene::{Scene, sample};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_customers_sample_test_passes() {
    let scene = Scene::start().await;
    let answer = scene.get("/templates").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json["templates"][0]["type"], "database_cleanup");
    let answer = scene.post("/jobs", sample()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let job = &answer.json;
    assert_eq!(job["parameters"]["dry_run"], true, "the schema's default is filled in");
    assert_eq!((&job["status"], &job["version"], &job["created_by"]), (&json!("active"), &json!(1), &json!("admin")));
    assert!(job["next_run_at"].as_str().unwrap().ends_with('Z'));
    assert!(job["schedule_text"].as_str().unwrap().contains("hour"), "{}", job["schedule_text"]);
    let id = job["id"].as_str().unwrap();
    let read = scene.get(&format!("/jobs/{id}")).await;
    assert_eq!(&read.json, job);
    assert_eq!(read.headers["etag"], "\"1\"");
    assert_eq!(scene.audited("job.create").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_touches_the_fields_that_it_names_and_null_resets_one() {
    let scene = Scene::start().await;
    let id = scene.job().await;
    let path = format!("/jobs/{id}");
    let first = scene.get(&path).await.json;
    let change = json!({"name": "other", "priority": 9, "tags": ["a"], "timeout_seconds": 10});
    let answer = scene.call(Method::PUT, &path, Some(change)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.headers["etag"], "\"2\"");
    assert_eq!(answer.json["parameters"], first["parameters"]);
    assert_eq!((&answer.json["name"], &answer.json["priority"]), (&json!("other"), &json!(9)));
    let answer =
        scene.call(Method::PUT, &path, Some(json!({"priority": null, "tags": null, "timeout_seconds": null}))).await;
    let changed = &answer.json;
    assert_eq!(
        (&changed["priority"], &changed["tags"], &changed["timeout_seconds"]),
        (&json!(5), &json!([]), &json!(300))
    );
    assert_eq!(changed["name"], "other");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_get_shows_may_be_put_back_as_it_is() {
    let scene = Scene::start().await;
    let id = scene.job().await;
    let path = format!("/jobs/{id}");
    let shown = scene.get(&path).await.json;
    let answer = scene.call(Method::PUT, &path, Some(shown.clone())).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    for (field, value) in shown.as_object().unwrap() {
        if !["version", "updated_at", "next_run_at"].contains(&field.as_str()) {
            assert_eq!(&answer.json[field], value, "{field}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_of_an_old_version_is_refused_and_changes_nothing() {
    let scene = Scene::start().await;
    let id = scene.job().await;
    let path = format!("/jobs/{id}");
    let put = async |name: &str, tag: &str| {
        let header = [("if-match", tag)];
        let headers: &[(&str, &str)] = if tag.is_empty() { &[] } else { &header };
        scene.call_with(Method::PUT, &path, Some(json!({"name": name})), headers).await
    };
    assert_eq!(put("second", "\"1\"").await.status, StatusCode::OK);
    let stale = put("third", "\"1\"").await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(stale.json["code"], "stale_version");
    assert_eq!(put("third", "nonsense").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(scene.get(&path).await.json["name"], "second");
    assert_eq!(put("third", "*").await.status, StatusCode::OK);
    assert_eq!(put("fourth", "").await.status, StatusCode::OK);
    let deleted = scene.call_with(Method::DELETE, &path, None, &[("if-match", "\"1\"")]).await;
    assert_eq!(deleted.status, StatusCode::PRECONDITION_FAILED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_with_nothing_to_come_is_refused_when_a_job_is_changed() {
    let scene = Scene::start().await;
    let id = scene.job().await;
    let schedule = json!({"type": "once", "run_at": "2020-01-01T00:00:00Z"});
    let answer = scene.call(Method::PUT, &format!("/jobs/{id}"), Some(json!({"schedule": schedule}))).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_job_is_gone_and_can_be_taken_back() {
    let scene = Scene::start().await;
    let id = scene.job().await;
    let answer = scene.call(Method::DELETE, &format!("/jobs/{id}"), None).await;
    assert_eq!((answer.status, &answer.json["deleted"]), (StatusCode::OK, &json!(true)));
    assert_eq!(scene.get(&format!("/jobs/{id}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(scene.get("/jobs").await.json["total"], 0);
    let answer = scene.call(Method::POST, &format!("/jobs/{id}/restore"), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(scene.get("/jobs").await.json["total"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_job_has_no_next_run_until_it_is_enabled() {
    let scene = Scene::start().await;
    let id = scene.job().await;
    let answer = scene.call(Method::POST, &format!("/jobs/{id}/disable"), None).await;
    assert_eq!((&answer.json["status"], &answer.json["next_run_at"]), (&json!("disabled"), &Value::Null));
    let answer = scene.call(Method::POST, &format!("/jobs/{id}/enable"), None).await;
    assert_eq!(answer.json["status"], "active");
    assert!(answer.json["next_run_at"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_filter_sort_and_page_with_an_exact_total() {
    let scene = Scene::start().await;
    for (name, tag, enabled) in [("alpha", "x", true), ("beta", "y", true), ("gamma", "x", false)] {
        let mut body = sample();
        body["name"] = json!(name);
        body["tags"] = json!([tag]);
        body["enabled"] = json!(enabled);
        assert_eq!(scene.post("/jobs", body).await.status, StatusCode::OK);
    }
    let names = async |query: &str| -> (Vec<String>, Value) {
        let answer = scene.get(&format!("/jobs?sort=name{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let jobs = answer.json["jobs"].as_array().unwrap().clone();
        (jobs.iter().map(|job| job["name"].as_str().unwrap().to_owned()).collect(), answer.json["total"].clone())
    };
    assert_eq!(names("").await, (vec!["alpha".into(), "beta".into(), "gamma".into()], json!(3)));
    assert_eq!(names("&page_size=1&page=2").await, (vec!["beta".into()], json!(3)));
    assert_eq!(names("&tag=x").await, (vec!["alpha".into(), "gamma".into()], json!(2)));
    assert_eq!(names("&status=active").await, (vec!["alpha".into(), "beta".into()], json!(2)));
    assert_eq!(names("&status=disabled").await, (vec!["gamma".into()], json!(1)));
    assert_eq!(names("&status=blocked").await.1, json!(0));
    assert_eq!(names("&search=ET").await, (vec!["beta".into()], json!(1)));
    assert_eq!(names("&search=.*").await.1, json!(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_idempotency_key_creates_one_job_and_gives_one_answer() {
    let scene = Scene::start().await;
    let send = async |body: Value, key: &str| {
        scene.call_with(Method::POST, "/jobs", Some(body), &[("idempotency-key", key)]).await
    };
    let first = send(sample(), "k1").await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let again = send(sample(), "k1").await;
    assert_eq!((again.status, &again.json), (StatusCode::OK, &first.json));
    assert_eq!(again.headers["etag"], first.headers["etag"]);
    let mut other = sample();
    other["name"] = json!("other");
    let reused = send(other.clone(), "k1").await;
    assert_eq!(
        (reused.status, &reused.json["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency_key_reused"))
    );
    let mut broken = sample();
    broken["priority"] = json!(99);
    assert_eq!(send(broken, "k2").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(send(other, "k2").await.status, StatusCode::OK, "a refused request does not use its key up");
    assert_eq!(scene.get("/jobs").await.json["total"], 2);
    assert_eq!(send(sample(), &"k".repeat(256)).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_shows_what_it_asks_for_and_what_it_may_have() {
    let scene = Scene::start().await;
    let answer = scene.get("/templates/database_cleanup").await;
    let template = &answer.json;
    assert_eq!((&template["state"], &template["category"]), (&json!("ready"), &json!("Database")));
    assert_eq!(template["imports"], json!(["sandglass:documents/write.delete"]));
    assert_eq!(template["needs"][0]["capability"], "documents");
    assert!(template["grant"]["rights"].as_array().unwrap().iter().any(|right| right["capability"] == "http"));
    assert_eq!(template["parameter_schema"]["required"], json!(["collection"]));
    assert_eq!(scene.get("/templates/none").await.status, StatusCode::NOT_FOUND);
    assert_eq!(scene.get("/templates?category=database").await.json["templates"].as_array().unwrap().len(), 1);
    assert_eq!(scene.get("/templates?category=other").await.json["templates"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_shows_runs_in_both_clocks_words_and_the_change_of_time() {
    let scene = Scene::start().await;
    let body = json!({
        "schedule": {"type": "cron", "expression": "30 2 * * *", "timezone": "Europe/Berlin"},
        "after": "2027-03-26T12:00:00Z",
        "count": 3,
    });
    let answer = scene.post("/schedules/preview", body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let runs = ["2027-03-27T01:30:00.000Z", "2027-03-28T01:00:00.000Z", "2027-03-29T00:30:00.000Z"];
    assert_eq!(answer.json["runs"], json!(runs));
    assert!(answer.json["local"][0].as_str().unwrap().starts_with("2027-03-27T02:30:00"));
    assert!(answer.json["text"].as_str().unwrap().contains("02:30"));
    assert!(!answer.json["notes"].as_array().unwrap().is_empty());
    for count in [0, 101] {
        let body = json!({"schedule": {"type": "interval", "interval_seconds": 60}, "count": count});
        assert_eq!(scene.post("/schedules/preview", body).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_only_an_email_identity_names_is_in_use() {
    let scene = Scene::start().await;
    for label in ["smtp", "other"] {
        let set = scene.post("/secrets", json!({ "label": label, "value": "x" })).await;
        assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    }
    let refused = scene.call(Method::DELETE, "/secrets/smtp", None).await;
    assert_eq!((refused.status, &refused.json["code"]), (StatusCode::CONFLICT, &json!("in_use")), "{}", refused.text);
    let problem = &refused.json["errors"][0];
    assert_eq!(problem["code"], "used_by_identity", "{}", refused.text);
    assert!(problem["message"].as_str().unwrap().contains("email.identities.ops.password_secret"), "{}", refused.text);
    assert_eq!(scene.call(Method::DELETE, "/secrets/other", None).await.status, StatusCode::OK);
    assert_eq!(scene.call(Method::DELETE, "/secrets/smtp?force=true", None).await.status, StatusCode::OK);
}
