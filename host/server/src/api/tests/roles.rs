//! The table of roles and routes, by real requests: every route of the OpenAPI document, with every role and without.

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::reach::address;
use super::scene::{Scene, TOKEN};
use crate::api::access::{Need, RULES};
use crate::model::Role;
use crate::registry::{Access, Client};

const PASSWORD: &str = "correct horse battery";

/// How a caller proves who it is.
enum Shown {
    Nothing,
    Bearer(String),
    Cookie(String),
}

/// Status, and the code of a refusal.
async fn ask(scene: &Scene, method: &Method, path: &str, shown: &Shown) -> (StatusCode, String) {
    let mut request = Request::builder().method(method.clone()).uri(address(path));
    match shown {
        Shown::Nothing => {}
        Shown::Bearer(token) => request = request.header("authorization", format!("Bearer {token}")),
        Shown::Cookie(secret) => {
            let cookie = format!("__Host-sandglass={secret}");
            request = request.header("cookie", cookie).header("sec-fetch-site", "same-origin");
        }
    }
    let response = scene.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status();
    if status.is_success() {
        // The stream of events has no end.
        return (status, String::new());
    }
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    (status, problem["code"].as_str().unwrap().to_owned())
}

/// What security.md says of roles, written down a second time.
fn allows(role: Role, need: Need) -> bool {
    match (role, need) {
        (Role::Admin, _) | (_, Need::Open | Need::Own | Need::Read) => true,
        (Role::Operator, Need::Operate) | (Role::Auditor, Need::Oversee) => true,
        (Role::Operator, Need::Oversee | Need::Define) | (Role::Auditor, Need::Operate | Need::Define) => false,
    }
}

async fn proofs(access: &Access, role: Role) -> [Shown; 2] {
    let body = json!({ "name": format!("the-{role}"), "role": role, "password": PASSWORD });
    let user = access.create_user(body, "tests").await.unwrap().user.name;
    let token = access.create_token_of(&user, json!({ "name": "table" }), "tests").await.unwrap();
    let body = json!({ "name": user.as_str(), "password": PASSWORD });
    let session = access.sign_in(body, Client::default()).await.unwrap();
    [Shown::Bearer(token.secret.to_string()), Shown::Cookie(session.secret.to_string())]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_lets_in_exactly_the_roles_that_it_is_for() {
    let (state, database) = Scene::state().await;
    let access = state.access.clone();
    let scene = Scene::on(state, database);
    let mut callers = vec![(Some(Role::Admin), Shown::Bearer(TOKEN.to_owned()))];
    for role in Role::ALL {
        callers.extend(proofs(&access, role).await.map(|shown| (Some(role), shown)));
    }
    callers.push((None, Shown::Nothing));
    callers.push((None, Shown::Bearer("sgl_unknown".into())));
    callers.push((None, Shown::Cookie("sgs_unknown".into())));
    let mut asked = 0;
    for (method, path, need) in RULES {
        // They end the sessions that the table goes on with; for those who are let in they have tests of their own.
        let ends_sessions = *path == "/api/auth/logout" || (*path == "/api/auth/sessions" && method == Method::DELETE);
        for (role, shown) in &callers {
            if ends_sessions && role.is_some() {
                continue;
            }
            asked += 1;
            let (status, code) = ask(&scene, method, path, shown).await;
            let place = format!("{method} {path} as {role:?}: {status} {code}");
            match role {
                _ if *need == Need::Open => assert!(!["unauthenticated", "forbidden"].contains(&&*code), "{place}"),
                None => assert_eq!((status, &*code), (StatusCode::UNAUTHORIZED, "unauthenticated"), "{place}"),
                Some(role) if allows(*role, *need) => {
                    assert!(!["unauthenticated", "forbidden", "internal"].contains(&&*code), "{place}");
                }
                Some(_) => assert_eq!((status, &*code), (StatusCode::FORBIDDEN, "forbidden"), "{place}"),
            }
        }
    }
    assert!(asked >= 45 * callers.len(), "{asked}");
}
