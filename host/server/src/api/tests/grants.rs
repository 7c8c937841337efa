//! Grants over HTTP: set, narrowed, taken away, and never by an older version.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::scene::{Answer, Scene, sample};
use crate::model::event::{Event, TemplateChange};

const GRANT: &str = "/templates/database_cleanup/grant";

async fn put(scene: &Scene, body: Value, seen: Option<i64>) -> Answer {
    let tag = seen.map(|version| format!("\"{version}\""));
    let headers: Vec<(&str, &str)> = tag.iter().map(|tag| ("if-match", tag.as_str())).collect();
    scene.call_with(Method::PUT, GRANT, Some(body), &headers).await
}

fn narrow() -> Value {
    json!({ "rights": [{ "capability": "documents", "target": "logs", "access": ["write"] }], "limits": { "files": 0 } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_is_changed_version_by_version_and_every_change_is_on_record() {
    let mut scene = Scene::start().await;
    let first = scene.get(GRANT).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    assert_eq!((&first.json["version"], &first.json["is_default"]), (&json!(1), &json!(true)));
    assert_eq!(first.headers[header::ETAG], "\"1\"");

    let second = put(&scene, narrow(), Some(1)).await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.text);
    assert_eq!(second.headers[header::ETAG], "\"2\"");
    assert_eq!(second.json["rights"], narrow()["rights"]);
    assert_eq!(second.json["limits"]["files"], 0);
    assert_eq!((&second.json["set_by"], &second.json["is_default"]), (&json!("admin"), &json!(false)));
    let shown = scene.get("/templates/database_cleanup").await;
    assert_eq!(shown.json["grant"]["rights"], narrow()["rights"], "in force at once: {}", shown.text);
    assert!(matches!(
        scene.events.try_recv(),
        Ok(Event::Template { template_type, change: TemplateChange::Granted, .. }) if template_type == "database_cleanup"
    ));

    let stale = put(&scene, narrow(), Some(1)).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED, "{}", stale.text);
    let blind = put(&scene, json!({ "as_asked": true }), None).await;
    assert_eq!(blind.json["version"], 3, "{}", blind.text);
    let asked = json!([{ "capability": "documents", "target": "param:/collection", "access": ["write"] }]);
    assert_eq!(blind.json["rights"], asked);

    assert_eq!(scene.audited("grant.set").await, 2, "a refused change is none");
    let entries = scene.get("/audit?action=grant.set&subject=database_cleanup").await;
    let details = &entries.json["entries"][0]["details"];
    assert_eq!((&details["before"]["rights"], &details["after"]["rights"]), (&narrow()["rights"], &asked));
    assert_eq!(entries.json["entries"][0]["actor"], "admin");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_away_whole_stops_the_jobs_until_something_is_granted() {
    let mut scene = Scene::start().await;
    let job = scene.job().await;
    let gone = scene.call(Method::DELETE, GRANT, None).await;
    assert_eq!(gone.status, StatusCode::OK, "{}", gone.text);
    assert_eq!((&gone.json["rights"], &gone.json["version"]), (&json!([]), &json!(2)));
    assert_eq!(scene.audited("grant.revoke").await, 1);
    assert_eq!(scene.get("/templates/database_cleanup").await.json["state"], "not_granted");
    let refused = scene.post(&format!("/jobs/{job}/run"), json!({})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    let mut met = Vec::new();
    while let Ok(event) = scene.events.try_recv() {
        met.push(event);
    }
    assert!(
        met.iter().any(|event| matches!(event, Event::Template { change: TemplateChange::Revoked, .. })),
        "{met:?}"
    );

    assert_eq!(put(&scene, json!({ "as_asked": true }), Some(2)).await.status, StatusCode::OK);
    let run = scene.post(&format!("/jobs/{job}/run?wait=30"), json!({})).await;
    assert_eq!(run.json["status"], "success", "{}", run.text);
    let stored = scene.post("/jobs", sample()).await;
    assert_eq!(stored.status, StatusCode::OK, "{}", stored.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_with_faults_is_refused_whole_and_changes_nothing() {
    let scene = Scene::start().await;
    let body = json!({
        "rights": [
            { "capability": "documents", "target": "sandglass_audit", "access": ["read"] },
            { "capability": "files", "target": "exports", "access": ["send"] },
        ],
        "limits": { "files": "many" },
        "digset": "x",
    });
    let refused = put(&scene, body, None).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    let pointers: Vec<&str> =
        refused.json["errors"].as_array().unwrap().iter().filter_map(|error| error["pointer"].as_str()).collect();
    assert_eq!(pointers, ["/rights/0/target", "/rights/1/access/0", "/limits/files", "/digset"]);
    let unknown = put(&scene, json!({ "as_asked": true, "digest": "00" }), None).await;
    assert_eq!(unknown.json["errors"][0]["pointer"], "/digest", "{}", unknown.text);
    assert_eq!(scene.get(GRANT).await.json["version"], 1);
    assert_eq!(scene.audited("grant.set").await, 0);
    for (method, path) in [(Method::PUT, "/templates/nobody/grant"), (Method::GET, "/templates/nobody/grant")] {
        let body = (method == Method::PUT).then(|| json!({ "as_asked": true }));
        assert_eq!(scene.call(method, path, body).await.status, StatusCode::NOT_FOUND);
    }
    let wrong = scene.call_with(Method::DELETE, GRANT, None, &[("if-match", "3")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_do_what_was_meant_is_told_beside_the_grant() {
    let scene = Scene::start().await;
    let body = json!({ "rights": [{ "capability": "files", "target": "attic", "access": ["read"] }] });
    let answer = put(&scene, body, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let codes: Vec<&str> =
        answer.json["warnings"].as_array().unwrap().iter().filter_map(|warning| warning["code"].as_str()).collect();
    assert_eq!(codes, ["not_asked", "not_configured"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_grant_would_stop_is_told_before_it_is_given() {
    let scene = Scene::start().await;
    let job = scene.job().await;
    let path = format!("{GRANT}/check");
    let check = |body: Value| scene.post(&path, body);
    let fine = check(json!({ "as_asked": true })).await;
    assert_eq!(fine.status, StatusCode::OK, "{}", fine.text);
    assert_eq!((&fine.json["jobs"], &fine.json["affected"]), (&json!(1), &json!(0)), "{}", fine.text);
    let right = json!({ "capability": "documents", "target": "orders", "access": ["write"] });
    let narrow = check(json!({ "rights": [right] })).await;
    let named = &narrow.json["affected_jobs"][0];
    assert_eq!((&named["id"], &named["is_new"]), (&json!(job), &json!(true)), "{}", narrow.text);
    assert_eq!(named["denied"][0]["grant_that_would_allow"]["target"], "logs", "{}", narrow.text);
    assert_eq!((&narrow.json["affected"], &narrow.json["is_complete"]), (&json!(1), &json!(true)));
    assert_eq!(scene.get(GRANT).await.json["version"], 1, "nothing was changed");

    put(&scene, json!({ "rights": [right] }), None).await;
    let again = check(json!({ "rights": [] })).await;
    assert_eq!(again.json["affected_jobs"][0]["is_new"], false, "it was stopped before: {}", again.text);
    let faulty = check(json!({ "rights": [{ "capability": "http", "target": "", "access": ["send"] }] })).await;
    assert_eq!(faulty.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", faulty.text);
    assert_eq!(faulty.json["errors"][0]["pointer"], "/rights/0/target", "{}", faulty.text);
    let offer = &scene.get(GRANT).await.json["offer"];
    assert!(offer["folders"].is_array() && offer["limits"].is_object(), "{offer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_valid_whatever_is_granted_and_the_check_says_what_it_would_be_denied() {
    let scene = Scene::start().await;
    let check = || scene.post("/jobs/validate", sample());
    let fine = check().await;
    assert_eq!(
        fine.json["forecast"],
        json!({ "would_run": true, "hindrance": null, "denied": [], "hooks": [] }),
        "{}",
        fine.text
    );
    assert_eq!(fine.json["template_type"], "database_cleanup");

    let right = json!({ "capability": "documents", "target": "orders", "access": ["write"] });
    put(&scene, json!({ "rights": [right] }), None).await;
    let narrowed = check().await;
    assert_eq!(narrowed.status, StatusCode::OK, "{}", narrowed.text);
    let denied = json!([{
        "capability": "documents", "target": "logs", "access": "write", "reason": "deletes what is old",
        "optional": false, "is_certain": true,
        "grant_that_would_allow": { "capability": "documents", "target": "logs", "access": ["write"] },
    }]);
    assert_eq!(
        (&narrowed.json["forecast"]["would_run"], &narrowed.json["forecast"]["denied"]),
        (&json!(false), &denied)
    );
    put(&scene, json!({ "rights": [right, denied[0]["grant_that_would_allow"]] }), None).await;
    assert_eq!(check().await.json["forecast"]["would_run"], true);

    scene.call(Method::DELETE, GRANT, None).await;
    let nothing = check().await;
    assert_eq!((nothing.status, &nothing.json["forecast"]["would_run"]), (StatusCode::OK, &json!(false)));
    assert!(nothing.json["forecast"]["hindrance"].as_str().is_some_and(|why| why.contains("nothing is granted")));
    assert_eq!(nothing.json["forecast"]["denied"], denied, "{}", nothing.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hooks_that_would_be_denied_are_foretold_with_their_place_and_one_before_the_run_stops_it() {
    let scene = Scene::start().await;
    let right = json!({ "capability": "documents", "target": "logs", "access": ["read", "write"] });
    put(&scene, json!({ "rights": [right] }), None).await;
    let hook = |collection: &str| {
        let parameters = json!({ "collection": collection, "days_old": 30, "date_field": "created_at" });
        json!({ "template": "database_cleanup", "parameters": parameters })
    };
    let mut job = sample();
    let mut forecast = async |hooks: Value| {
        job["hooks"] = hooks;
        let answer = scene.post("/jobs/validate", job.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json["forecast"].clone()
    };
    let fine = forecast(json!({ "pre": [hook("logs")], "post": [] })).await;
    assert_eq!((&fine["would_run"], &fine["hooks"]), (&json!(true), &json!([])), "{fine:#}");
    let behind = forecast(json!({ "pre": [], "post": [hook("logs"), hook("elsewhere")] })).await;
    assert_eq!(
        (&behind["would_run"], &behind["hooks"][0]["stops_the_run"]),
        (&json!(true), &json!(false)),
        "{behind:#}"
    );
    assert_eq!(behind["hooks"][0]["pointer"], "/hooks/post/1", "{behind:#}");
    let before = forecast(json!({ "pre": [hook("elsewhere")], "post": [] })).await;
    assert_eq!((&before["would_run"], &before["denied"]), (&json!(false), &json!([])), "{before:#}");
    let found = &before["hooks"][0];
    assert_eq!((&found["pointer"], &found["template"]), (&json!("/hooks/pre/0"), &json!("database_cleanup")));
    assert_eq!(found["denied"][0]["grant_that_would_allow"]["target"], "elsewhere", "{before:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_overview_shows_asked_granted_and_denied_and_how_much_it_stands_on() {
    let scene = Scene::start().await;
    scene.execution().await;
    let whole = scene.get("/templates/database_cleanup/capabilities").await;
    assert_eq!(whole.status, StatusCode::OK, "{}", whole.text);
    assert_eq!((&whole.json["runs"], &whole.json["is_complete"]), (&json!(1), &json!(true)), "{}", whole.text);
    let documents = &whole.json["capabilities"][0];
    assert_eq!(documents["capability"], "documents");
    assert_eq!(documents["needs"][0]["reason"], "deletes what is old");
    let delete = &documents["functions"][0];
    assert_eq!(
        (&delete["import"], &delete["is_declared"], &delete["is_granted"], &delete["used"]),
        (&json!("sandglass:documents/write.delete"), &json!(true), &json!(true), &Value::Null)
    );
    assert_eq!(scene.get("/templates/nobody/capabilities").await.status, StatusCode::NOT_FOUND);
}
