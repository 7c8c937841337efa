//! What happens to a template at the moment when something else happens: a grant that is changed, hooks of other
//! templates' jobs, bytes that nobody needs any more.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::scene::{BUILT_IN, Held, Played, Scene, component};
use crate::model::job::{Hook, Hooks};
use crate::model::template::{Stand, Standing};
use crate::registry::templates::dropin::Approval;
use crate::registry::templates::standing::Granting;

fn targets(rights: &[crate::model::grant::Right]) -> Vec<&str> {
    rights.iter().map(|right| right.target.as_str()).collect()
}

fn read(target: &str) -> Value {
    json!({ "rights": [{ "capability": "documents", "target": target, "access": ["read"] }] })
}

#[tokio::test]
async fn a_grant_that_is_narrowed_while_a_version_is_examined_is_handed_on_as_it_is_by_then() {
    let (scene, held) = (Scene::new(), Arc::new(Held::default()));
    let host = scene.start_with(Played::held(held.clone())).await;
    let first = host.install(&component("hello", "1", "*")).await.unwrap().template.digest;
    host.grant(&first, "*").await;
    host.job("hello", json!({ "slow": true })).await;
    let drop_in = host.drop_in.clone();
    let bytes = component("hello", "2", "*").to_string().into_bytes();
    let source = crate::model::template::Source::Upload;
    let install = tokio::spawn(async move { drop_in.install(bytes, source, "admin").await });
    held.asked.notified().await;
    host.grants().set("hello", &read("orders"), None, "ann").await.unwrap();
    held.go.notify_one();
    let second = install.await.unwrap().unwrap();
    assert_eq!(host.templates.in_force("hello"), Some(second.template.digest.clone()));
    assert_eq!(targets(&second.grant.unwrap().rights), ["orders"], "not what it was when the examination began");
}

#[tokio::test]
async fn a_grant_that_is_set_while_a_version_takes_over_reaches_that_version() {
    let scene = Scene::new();
    let host = scene.start().await;
    let first = host.install(&component("hello", "1", "*")).await.unwrap().template.digest;
    host.grant(&first, "*").await;
    let waiting = host.install(&component("hello", "2", "**")).await.unwrap().template.digest;
    let alone = host.templates.grants_alone().await;
    let grants = host.grants();
    let set = tokio::spawn(async move { grants.set("hello", &read("orders"), None, "ann").await });
    // It has begun, and waits for the take-over.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(!set.is_finished());
    let entry = host.templates.entry(&waiting).unwrap();
    let stand = Stand {
        standing: Standing::InForce,
        since: chrono::DateTime::UNIX_EPOCH,
        by: "admin".into(),
        source: crate::model::template::Source::Upload,
        reason: None,
    };
    let granted = host.templates.grant_for("hello", &first).unwrap();
    let granting = Granting::Give(crate::model::grant::Grant { digest: waiting.clone(), ..(*granted).clone() });
    host.templates.take_over(entry, stand, granting).await.unwrap();
    drop(alone);
    assert_eq!(set.await.unwrap().unwrap().grant.digest, waiting);
    let in_force = host.templates.grant_for("hello", &waiting).unwrap();
    assert_eq!(targets(&in_force.rights), ["orders"]);
}

/// A job of another template that runs `hello` before and after.
async fn job_with_hook(host: &super::scene::Host, parameters: Value) -> crate::model::JobId {
    let hook = |parameters| Hook::Template { template: "hello".into(), parameters };
    let hooks = Hooks { pre: vec![hook(json!({}))], post: vec![hook(parameters)] };
    host.job_with(BUILT_IN, json!({}), hooks).await
}

fn with_schema(mut component: Value, schema: Value) -> Value {
    component["schema"] = schema;
    component
}

#[tokio::test]
async fn a_version_that_a_hook_of_another_templates_job_does_not_fit_waits() {
    let scene = Scene::new();
    let host = scene.start().await;
    let first = host.install(&component("hello", "1", "orders")).await.unwrap().template.digest;
    host.grant(&first, "orders").await;
    let job = job_with_hook(&host, json!({ "a": "text" })).await;
    let strict = json!({ "type": "object", "properties": { "a": { "type": "integer" } } });
    let waits = host.install(&with_schema(component("hello", "2", "orders"), strict)).await.unwrap();
    assert_eq!(waits.readiness.as_str(), "awaiting_approval");
    let reason = waits.readiness.reason().unwrap();
    assert!(
        reason.contains("the parameters of 1 jobs do not fit it") && reason.contains("its post-hook: "),
        "{reason}"
    );
    let before = host.stored_job(job).await;
    host.drop_in.approve("hello", &Approval::default(), "admin").await.unwrap();
    assert_eq!(host.stored_job(job).await.hooks, before.hooks, "what does not fit stays as it is");
}

#[tokio::test]
async fn hooks_get_the_defaults_of_the_version_that_takes_over() {
    let scene = Scene::new();
    let host = scene.start().await;
    let first = host.install(&component("hello", "1", "orders")).await.unwrap().template.digest;
    host.grant(&first, "orders").await;
    let job = job_with_hook(&host, json!({ "a": 1 })).await;
    let untouched = host.job(BUILT_IN, json!({})).await;
    let schema = json!({
        "type": "object", "required": ["b"],
        "properties": { "a": { "type": "integer" }, "b": { "type": "integer", "default": 7 } },
    });
    let second = host.install(&with_schema(component("hello", "2", "orders"), schema)).await.unwrap();
    assert!(second.readiness.is_ready(), "{second:?}");
    let stored = host.stored_job(job).await;
    let parameters = |hook: &Hook| match hook {
        Hook::Template { parameters, .. } => parameters.clone(),
        Hook::Http { .. } => Value::Null,
    };
    assert_eq!(parameters(&stored.hooks.pre[0]), json!({ "b": 7 }));
    assert_eq!(parameters(&stored.hooks.post[0]), json!({ "a": 1, "b": 7 }));
    assert_eq!(host.stored_job(untouched).await.version, 1);
}

#[tokio::test]
async fn a_start_removes_the_bytes_of_versions_that_nothing_runs_and_keeps_the_others() {
    let scene = Scene::new();
    let host = scene.start().await;
    let files = || -> BTreeSet<String> {
        let kept = std::fs::read_dir(scene.folder.path().join("components")).unwrap();
        kept.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let mut versions = Vec::new();
    for version in ["1", "2", "3"] {
        versions.push(host.install(&component("hello", version, "orders")).await.unwrap().template.digest);
    }
    // One more waits, and a job stays with the first version.
    host.grant(&versions[0], "orders").await;
    host.grant(&versions[2], "orders").await;
    versions.push(host.install(&component("hello", "4", "*")).await.unwrap().template.digest);
    let job = host.job("hello", json!({})).await;
    let mut stays = host.stored_job(job).await;
    stays.template_digest = Some(versions[0].clone());
    let save = crate::repository::Jobs::save(&stays, stays.version);
    scene.database.bulk(vec![vec![save]]).await.unwrap();
    // And a template that was taken away.
    let gone = host.install(&component("other", "1", "orders")).await.unwrap().template.digest;
    host.drop_in.retire("other", None, false, "admin").await.unwrap();
    let compiled = |digest| scene.folder.path().join(format!("components/{digest}-00ff.cwasm"));
    for digest in versions.iter().chain([&gone]) {
        std::fs::write(compiled(digest), "code").unwrap();
    }
    assert_eq!(files().len(), 10);

    let host = scene.start().await;
    let needed = [&versions[0], &versions[2], &versions[3]];
    let expected = needed.iter().flat_map(|digest| [format!("{digest}.wasm"), format!("{digest}-00ff.cwasm")]);
    assert_eq!(files(), expected.collect());
    assert!(host.templates.readiness("hello", Some(&versions[0])).is_ready(), "the job's version was brought back");
    // What was swept comes back with its bytes.
    let back = host.install(&component("other", "1", "orders")).await.unwrap();
    assert_eq!(back.template.digest, gone);
}
