//! Signing in and out, as a browser does it.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::scene::{Answer, Scene, TOKEN};
use crate::api::PublicAddress;

const PASSWORD: &str = "correct horse battery";

/// A browser at `http://localhost:8000`, with a cookie or without.
async fn browse(scene: &Scene, method: Method, path: &str, body: Option<Value>, cookie: Option<&str>) -> Answer {
    send(scene, method, path, body, cookie, &[("host", "localhost:8000"), ("origin", "http://localhost:8000")]).await
}

async fn send(
    scene: &Scene,
    method: Method,
    path: &str,
    body: Option<Value>,
    cookie: Option<&str>,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers.iter().copied().chain(cookie.map(|cookie| ("cookie", cookie))) {
        request = request.header(name, value);
    }
    let request = match body {
        None => request.body(Body::empty()),
        Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
    };
    scene.send(request.unwrap()).await
}

fn cookie(answer: &Answer) -> String {
    // The first of them; the other tells the browser apart from those of people who guess.
    let set = answer.headers["set-cookie"].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

async fn with_ann() -> Scene {
    let scene = Scene::start().await;
    let body = json!({"name": "ann", "role": "admin", "password": PASSWORD});
    assert_eq!(scene.post("!/api/auth/users", body).await.status, StatusCode::OK);
    scene
}

async fn sign_in(scene: &Scene) -> Answer {
    let body = json!({"name": "Ann", "password": PASSWORD});
    let answer = browse(scene, Method::POST, "/api/auth/login", Some(body), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_signs_in_works_and_signs_out() {
    let scene = with_ann().await;
    let answer = sign_in(&scene).await;
    let set = answer.headers["set-cookie"].to_str().unwrap();
    assert!(set.starts_with("__Host-sandglass=sgs_") && set.contains("HttpOnly; SameSite=Strict"), "{set}");
    assert!(set.ends_with("; Secure") && set.contains("Path=/;"), "{set}");
    assert!(!answer.text.contains("sgs_"), "pages have no way to read it");
    let session = cookie(&answer);
    let me = browse(&scene, Method::GET, "/api/auth/me", None, Some(&session)).await.json;
    assert_eq!((&me["name"], &me["role"], &me["way"]), (&json!("ann"), &json!("admin"), &json!("session")));
    assert_eq!(me["permissions"], json!(["read", "operate", "oversee", "define"]));
    assert_eq!(me["session"]["current"], true);
    let job = super::scene::sample();
    let made = browse(&scene, Method::POST, "/api/admin/scheduler/jobs", Some(job), Some(&session)).await;
    assert_eq!((made.status, &made.json["created_by"]), (StatusCode::OK, &json!("ann")), "{}", made.text);
    let out = browse(&scene, Method::POST, "/api/auth/logout", None, Some(&session)).await;
    assert_eq!(out.status, StatusCode::OK);
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    let after = browse(&scene, Method::GET, "/api/auth/me", None, Some(&session)).await;
    assert_eq!((after.status, &after.json["code"]), (StatusCode::UNAUTHORIZED, &json!("unauthenticated")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_with_a_cookie_has_to_come_from_our_own_pages_and_one_with_a_token_from_anywhere() {
    let scene = with_ann().await;
    let session = cookie(&sign_in(&scene).await);
    let host = ("host", "localhost:8000");
    let job = "/api/admin/scheduler/jobs";
    let mut refused = 0;
    for headers in [
        &[host, ("sec-fetch-site", "cross-site")][..],
        &[host, ("sec-fetch-site", "same-site"), ("origin", "http://localhost:8000")],
        &[host, ("origin", "https://evil.example")],
        &[host, ("origin", "null")],
        &[host],
    ] {
        for (method, path) in [
            (Method::POST, job),
            (Method::PUT, "/api/auth/users/ann"),
            (Method::DELETE, "/api/auth/users/ann"),
            (Method::POST, "/api/auth/logout"),
        ] {
            let body = Some(super::scene::sample());
            let answer = send(&scene, method.clone(), path, body, Some(&session), headers).await;
            assert_eq!(
                (answer.status, &answer.json["code"]),
                (StatusCode::FORBIDDEN, &json!("cross_site")),
                "{method} {path} {headers:?}"
            );
            refused += 1;
        }
    }
    assert_eq!(refused, 20);
    let login = json!({"name": "ann", "password": PASSWORD});
    let evil = [host, ("origin", "https://evil.example")];
    let answer = send(&scene, Method::POST, "/api/auth/login", Some(login), None, &evil).await;
    assert_eq!(answer.json["code"], "cross_site", "nobody is signed in by another site");
    let bearer = format!("Bearer {TOKEN}");
    let headers = [host, ("sec-fetch-site", "cross-site"), ("authorization", bearer.as_str())];
    let answer = send(&scene, Method::POST, job, Some(super::scene::sample()), Some(&session), &headers).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let read = send(&scene, Method::GET, job, None, Some(&session), &[host, ("sec-fetch-site", "cross-site")]).await;
    assert_eq!(read.status, StatusCode::OK, "reading changes nothing, and no other site sees the answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_would_drop_the_cookie_is_told_why_and_a_configured_plain_address_gets_another_one() {
    let (mut state, database) = Scene::state().await;
    let body = json!({"name": "ann", "role": "admin", "password": PASSWORD});
    state.access.create_user(body, "tests").await.unwrap();
    let (access, headers) = (state.access.clone(), [("host", "jobs.lan"), ("origin", "http://jobs.lan")]);
    let login = json!({"name": "ann", "password": PASSWORD});
    state.address = PublicAddress::of("http://jobs.lan");
    let scene = Scene::on(state, database);
    let answer = send(&scene, Method::POST, "/api/auth/login", Some(login.clone()), None, &headers).await;
    assert_eq!(answer.json["over_plain_http"], true, "{}", answer.text);
    assert!(cookie(&answer).starts_with("sandglass-plain=") && !answer.text.contains("Secure"));
    let me = send(&scene, Method::GET, "/api/auth/me", None, Some(&cookie(&answer)), &headers).await;
    assert_eq!(me.json["name"], "ann");
    assert_eq!(access.sessions(None).len(), 1);
    let other = with_ann().await;
    let answer = send(&other, Method::POST, "/api/auth/login", Some(login), None, &headers).await;
    assert_eq!((answer.status, &answer.json["code"]), (StatusCode::FORBIDDEN, &json!("plain_http")));
    assert!(answer.json["detail"].as_str().unwrap().contains("server.public_url"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_are_answered_alike_and_then_made_to_wait() {
    let scene = with_ann().await;
    let guess = |name: &'static str| {
        browse(&scene, Method::POST, "/api/auth/login", Some(json!({"name": name, "password": "wrong"})), None)
    };
    let (known, unknown) = (guess("ann").await, guess("nobody").await);
    for answer in [&known, &unknown] {
        assert_eq!((answer.status, &answer.json["code"]), (StatusCode::UNAUTHORIZED, &json!("wrong_credentials")));
        assert!(answer.headers.contains_key("www-authenticate") && !answer.headers.contains_key("set-cookie"));
    }
    assert_eq!(known.json["detail"], unknown.json["detail"]);
    for _ in 0..4 {
        guess("ann").await;
    }
    let answer = guess("ann").await;
    assert_eq!((answer.status, &answer.json["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("too_many_attempts")));
    assert_eq!(answer.headers["retry-after"], "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_or_ends_what_belongs_to_others_unless_that_is_their_role() {
    let scene = with_ann().await;
    let session = cookie(&sign_in(&scene).await);
    let ann = browse(&scene, Method::GET, "/api/auth/sessions", None, Some(&session)).await.json;
    let ann_id = ann["sessions"][0]["id"].as_str().unwrap().to_owned();
    for (name, role) in [("ops", "operator"), ("aud", "auditor")] {
        let body = json!({"name": name, "role": role, "password": PASSWORD});
        scene.post("!/api/auth/users", body).await;
        let login = json!({"name": name, "password": PASSWORD});
        let begun = browse(&scene, Method::POST, "/api/auth/login", Some(login), None).await;
        let own = cookie(&begun);
        for list in ["/api/auth/sessions", "/api/auth/tokens"] {
            let of = |user: &str| format!("{list}?user={user}");
            let expected = if role == "auditor" { StatusCode::OK } else { StatusCode::FORBIDDEN };
            for user in ["*", "ann"] {
                assert_eq!(
                    browse(&scene, Method::GET, &of(user), None, Some(&own)).await.status,
                    expected,
                    "{list} {name}"
                );
            }
            assert_eq!(browse(&scene, Method::GET, &of(name), None, Some(&own)).await.status, StatusCode::OK);
        }
        let end = format!("/api/auth/sessions/{ann_id}");
        assert_eq!(browse(&scene, Method::DELETE, &end, None, Some(&own)).await.status, StatusCode::NOT_FOUND);
        let token =
            browse(&scene, Method::POST, "/api/auth/tokens", Some(json!({"name": "t", "role": "admin"})), Some(&own))
                .await;
        assert_eq!(token.json["errors"][0]["code"], "more_than_owner");
        let token = browse(&scene, Method::POST, "/api/auth/tokens", Some(json!({"name": "t"})), Some(&own)).await;
        assert_eq!((token.status, &token.json["role"]), (StatusCode::OK, &json!(role)));
    }
    assert_eq!(browse(&scene, Method::GET, "/api/auth/me", None, Some(&session)).await.status, StatusCode::OK);
    let all = browse(&scene, Method::GET, "/api/auth/tokens?user=*&page_size=1", None, Some(&session)).await.json;
    assert_eq!((all["total"].as_u64(), all["tokens"].as_array().map(Vec::len)), (Some(2), Some(1)));
}
