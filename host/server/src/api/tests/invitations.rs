//! Accounts whose person chooses the password by a link, and signing people out.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::scene::{Answer, Scene};

const PASSWORD: &str = "correct horse battery";

/// What a browser without a session sends.
async fn knock(scene: &Scene, path: &str, body: Value) -> Answer {
    let request = Request::builder().method(Method::POST).uri(path).header("content-type", "application/json");
    let request = request.header("host", "localhost:8000").header("origin", "http://localhost:8000");
    scene.send(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn choose(scene: &Scene, token: &Value, password: &str) -> Answer {
    knock(scene, "/api/auth/invitation", json!({ "token": token, "password": password })).await
}

async fn sign_in(scene: &Scene, password: &str) -> StatusCode {
    knock(scene, "/api/auth/login", json!({ "name": "ben", "password": password })).await.status
}

async fn invited(scene: &Scene) -> Value {
    let body = json!({ "name": "ben", "role": "operator", "invite": true });
    let made = scene.post("!/api/auth/users", body).await;
    assert_eq!((made.status, &made.json["has_password"]), (StatusCode::OK, &json!(false)), "{}", made.text);
    assert!(made.json["invitation_ends_at"].is_string());
    made.json["invitation"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_invited_chooses_a_password_once_is_signed_in_and_signs_in_with_it_from_then_on() {
    let scene = Scene::start().await;
    let token = invited(&scene).await;
    assert!(token.as_str().unwrap().starts_with("sgi_"));
    assert_eq!(sign_in(&scene, PASSWORD).await, StatusCode::UNAUTHORIZED, "nobody knows a password yet");
    assert_eq!(sign_in(&scene, "").await, StatusCode::UNAUTHORIZED);
    let weak = choose(&scene, &token, "short").await;
    assert_eq!(
        (weak.status, &weak.json["errors"][0]["pointer"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("/password"))
    );
    let begun = choose(&scene, &token, PASSWORD).await;
    assert_eq!(
        (begun.status, &begun.json["name"], &begun.json["role"]),
        (StatusCode::OK, &json!("ben"), &json!("operator"))
    );
    assert!(begun.headers["set-cookie"].to_str().unwrap().contains("sgs_"));
    let again = choose(&scene, &token, "another long password").await;
    assert_eq!((again.status, &again.json["code"]), (StatusCode::FORBIDDEN, &json!("invitation_closed")));
    assert_eq!(sign_in(&scene, PASSWORD).await, StatusCode::OK);
    let users = scene.get("!/api/auth/users").await.json;
    assert_eq!(users["users"][0]["has_password"], true);
    assert_eq!(users["users"][0]["invitation_ends_at"], Value::Null);
    assert!(!users.to_string().contains("sgi_"), "it is shown once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_for_a_forgotten_password_leaves_the_old_one_until_it_is_used_and_only_the_newest_works() {
    let scene = Scene::start().await;
    let body = json!({ "name": "ben", "role": "auditor", "password": PASSWORD });
    scene.post("!/api/auth/users", body).await;
    let link = async || scene.post("!/api/auth/users/ben/invitation", json!({})).await.json["invitation"].clone();
    let (old, new) = (link().await, link().await);
    assert_eq!(sign_in(&scene, PASSWORD).await, StatusCode::OK);
    assert_eq!(choose(&scene, &old, "another long password").await.json["code"], "invitation_closed");
    assert_eq!(choose(&scene, &json!(""), "another long password").await.json["code"], "invitation_closed");
    assert_eq!(choose(&scene, &new, "another long password").await.status, StatusCode::OK);
    assert_eq!(sign_in(&scene, PASSWORD).await, StatusCode::UNAUTHORIZED);
    let third = link().await;
    let set = json!({ "password": "a password that an admin set" });
    scene.call(Method::PUT, "!/api/auth/users/ben", Some(set)).await;
    assert_eq!(
        choose(&scene, &third, PASSWORD).await.json["code"],
        "invitation_closed",
        "a password set since ends it"
    );
    let fourth = link().await;
    scene.call(Method::PUT, "!/api/auth/users/ben", Some(json!({ "disabled": true }))).await;
    assert_eq!(
        choose(&scene, &fourth, PASSWORD).await.json["code"],
        "invitation_closed",
        "a shut account lets nobody in"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invited_admin_is_none_before_the_link_was_used() {
    let scene = Scene::start().await;
    scene.post("!/api/auth/users", json!({ "name": "ann", "role": "admin", "password": PASSWORD })).await;
    let made = scene.post("!/api/auth/users", json!({ "name": "ben", "role": "admin", "invite": true })).await;
    let refused = scene.call(Method::DELETE, "!/api/auth/users/ann", None).await;
    assert_eq!(
        (refused.status, &refused.json["code"]),
        (StatusCode::CONFLICT, &json!("last_admin")),
        "{}",
        refused.text
    );
    assert_eq!(choose(&scene, &made.json["invitation"], PASSWORD).await.status, StatusCode::OK);
    assert_eq!(scene.call(Method::DELETE, "!/api/auth/users/ann", None).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_account_takes_a_password_or_an_invitation_and_not_both() {
    let scene = Scene::start().await;
    let create = async |body| scene.post("!/api/auth/users", body).await.json["errors"].clone();
    let both = create(json!({ "name": "ben", "role": "admin", "invite": true, "password": PASSWORD })).await;
    assert_eq!((&both[0]["pointer"], &both[0]["code"]), (&json!("/invite"), &json!("conflict")));
    let none = create(json!({ "name": "ben", "role": "admin", "invite": false })).await;
    assert_eq!((&none[0]["pointer"], &none[0]["code"]), (&json!("/password"), &json!("required")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_everywhere_ends_all_sessions_and_ending_the_others_leaves_ones_own() {
    let scene = Scene::start().await;
    scene.post("!/api/auth/users", json!({ "name": "ben", "role": "auditor", "password": PASSWORD })).await;
    let mut cookies = Vec::new();
    for _ in 0..3 {
        let begun = knock(&scene, "/api/auth/login", json!({ "name": "ben", "password": PASSWORD })).await;
        cookies.push(begun.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned());
    }
    let ask = async |method: Method, path: &str, cookie: &str| {
        let request = Request::builder().method(method).uri(path).header("cookie", cookie);
        let request = request.header("host", "localhost:8000").header("origin", "http://localhost:8000");
        scene.send(request.body(Body::empty()).unwrap()).await
    };
    let ended = ask(Method::DELETE, "/api/auth/sessions", &cookies[0]).await;
    assert_eq!((ended.status, &ended.json["ended"]), (StatusCode::OK, &json!(2)), "{}", ended.text);
    assert_eq!(ask(Method::GET, "/api/auth/me", &cookies[0]).await.status, StatusCode::OK);
    assert_eq!(ask(Method::GET, "/api/auth/me", &cookies[1]).await.status, StatusCode::UNAUTHORIZED);
    let ended = scene.call(Method::DELETE, "!/api/auth/users/ben/sessions", None).await;
    assert_eq!(ended.json["ended"], 1);
    assert_eq!(ask(Method::GET, "/api/auth/me", &cookies[0]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(scene.audited("session.end_all").await, 2);
}
