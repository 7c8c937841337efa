//! What takes over, what waits, and what becomes of jobs and grants.

use serde_json::{Value, json};

use super::scene::{BUILT_IN, Played, Scene, component};
use crate::model::event::{Event, TemplateChange};
use crate::model::template::Source;
use crate::registry::JobError;
use crate::registry::templates::Readiness;
use crate::registry::templates::dropin::{Approval, DropInError};

fn with(mut component: Value, field: &str, value: Value) -> Value {
    component[field] = value;
    component
}

#[tokio::test]
async fn a_new_template_is_in_force_and_nothing_is_granted_to_it() {
    let scene = Scene::new();
    let mut host = scene.start().await;
    let view = host.install(&component("hello", "1", "orders")).await.unwrap();
    assert!(view.grant.is_none());
    assert!(matches!(&view.readiness, Readiness::NotGranted(reason) if reason.contains("hello")), "{view:?}");
    assert_eq!(view.stand.map(|stand| (stand.by, stand.source)), Some(("admin".into(), Source::Upload)));
    let told = host.events.try_recv().unwrap();
    assert!(matches!(told, Event::Template { change: TemplateChange::Admitted, .. }), "{told:?}");
    host.grant(&view.template.digest, "orders").await;
    assert!(host.templates.readiness("hello", None).is_ready());
}

#[tokio::test]
async fn the_name_of_a_template_that_comes_with_the_server_is_taken() {
    let scene = Scene::new();
    let host = scene.start().await;
    let error = host.install(&component(BUILT_IN, "2", "*")).await.unwrap_err();
    assert!(matches!(error, DropInError::BuiltIn { .. }) && error.to_string().contains("another name"), "{error}");
    // The very bytes of the built-in one are no way around it, and do it no harm.
    host.install(&component(BUILT_IN, "1", "*")).await.unwrap_err();
    assert!(host.templates.readiness(BUILT_IN, None).is_ready());
}

#[tokio::test]
async fn bytes_that_are_no_component_are_refused_and_leave_nothing_behind() {
    let scene = Scene::new();
    let host = scene.start().await;
    let schema = json!({ "type": "object", "properties": { "a": { "$ref": "https://example.com/schema" } } });
    for broken in [json!({ "name": "hello" }), with(component("hello", "1", "orders"), "schema", schema)] {
        let error = host.install(&broken).await.unwrap_err();
        assert!(error.is_components_fault(), "{error}");
    }
    assert!(host.templates.get("hello").is_none());
    assert_eq!(std::fs::read_dir(scene.folder.path().join("components")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_version_that_asks_for_no_more_takes_over_with_the_grant_and_the_jobs() {
    let scene = Scene::new();
    let host = scene.start().await;
    let first = host.install(&component("hello", "1", "*")).await.unwrap().template.digest;
    let granted = host.grant(&first, "*").await;
    let job = host.job("hello", json!({})).await;
    let second = host.install(&component("hello", "2", "orders")).await.unwrap();
    assert!(second.readiness.is_ready(), "{second:?}");
    let second = second.template.digest;
    assert_eq!(host.templates.grant_for("hello", &second).unwrap().rights, granted.rights);
    assert_eq!(host.digest_of(job).await, second);
    assert_eq!(host.on_record(&first).await.0, "replaced");
    assert!(host.templates.readiness("hello", Some(&first)).is_ready(), "claims on the former one still run");
}

#[tokio::test]
async fn a_version_that_asks_for_more_waits_and_jobs_stay_until_somebody_approves() {
    let scene = Scene::new();
    let host = scene.start().await;
    let first = host.install(&component("hello", "1", "orders")).await.unwrap().template.digest;
    host.grant(&first, "orders").await;
    let job = host.job("hello", json!({})).await;
    let waiting = host.install(&component("hello", "2", "*")).await.unwrap();
    let reason = waiting.readiness.reason().unwrap().to_owned();
    assert_eq!(waiting.readiness.as_str(), "awaiting_approval");
    assert!(reason.contains("asks for more than version 1") && reason.contains("approve"), "{reason}");
    assert_eq!(host.templates.in_force("hello"), Some(first.clone()));
    assert_eq!(host.digest_of(job).await, first);
    assert_eq!(host.templates.get("hello").unwrap().waiting.unwrap().template.digest, waiting.template.digest);

    let other = Approval { digest: Some(first.clone()), ..Approval::default() };
    let error = host.drop_in.approve("hello", &other, "admin").await.unwrap_err();
    assert!(matches!(error, DropInError::OtherWaits { .. }), "{error}");
    let (view, moved) = host.drop_in.approve("hello", &Approval::default(), "admin").await.unwrap();
    assert_eq!((view.template.digest.clone(), moved.moved, moved.left.len()), (waiting.template.digest.clone(), 1, 0));
    assert_eq!(host.digest_of(job).await, waiting.template.digest);
    let rights = &view.grant.unwrap().rights;
    assert_eq!(rights.iter().map(|right| right.target.as_str()).collect::<Vec<_>>(), ["orders"], "no more than before");
    let error = host.drop_in.approve("hello", &Approval::default(), "admin").await.unwrap_err();
    assert!(matches!(error, DropInError::NothingWaits { .. }), "{error}");
    let error = host.drop_in.approve("none", &Approval::default(), "admin").await.unwrap_err();
    assert!(matches!(error, DropInError::NotFound), "{error}");
}

#[tokio::test]
async fn an_approval_may_grant_what_is_new() {
    let scene = Scene::new();
    let host = scene.start().await;
    let first = host.install(&component("hello", "1", "orders")).await.unwrap().template.digest;
    host.grant(&first, "orders").await;
    host.install(&component("hello", "2", "logs")).await.unwrap();
    let approval = Approval { digest: None, grant_needs: true };
    let (view, _) = host.drop_in.approve("hello", &approval, "admin").await.unwrap();
    let rights = &view.grant.unwrap().rights;
    assert_eq!(rights.iter().map(|right| right.target.as_str()).collect::<Vec<_>>(), ["orders", "logs"]);
}

#[tokio::test]
async fn what_was_granted_to_a_version_while_it_waited_stays_as_it_is() {
    let scene = Scene::new();
    let host = scene.start().await;
    let first = host.install(&component("hello", "1", "orders")).await.unwrap().template.digest;
    host.grant(&first, "orders").await;
    let second = host.install(&component("hello", "2", "logs")).await.unwrap().template.digest;
    host.grant(&second, "logs").await;
    let (view, _) = host.drop_in.approve("hello", &Approval::default(), "admin").await.unwrap();
    let rights = &view.grant.unwrap().rights;
    assert_eq!(rights.iter().map(|right| right.target.as_str()).collect::<Vec<_>>(), ["logs"]);
}

#[tokio::test]
async fn a_version_that_a_jobs_parameters_do_not_fit_waits_and_names_those_it_leaves() {
    let scene = Scene::new();
    let host = scene.start().await;
    let first = host.install(&component("hello", "1", "orders")).await.unwrap().template.digest;
    host.grant(&first, "orders").await;
    let (fits, does_not) = (host.job("hello", json!({ "a": 1 })).await, host.job("hello", json!({ "a": "x" })).await);
    let unwelcome = host.job("hello", json!({ "a": 2, "b": "unwelcome" })).await;
    let schema = json!({ "type": "object", "properties": { "a": { "type": "integer" }, "c": { "default": 7 } } });
    let second = host.install(&with(component("hello", "2", "orders"), "schema", schema)).await.unwrap();
    let reason = second.readiness.reason().unwrap();
    assert!(reason.contains("2 jobs do not fit") && reason.contains("must be of type integer"), "{reason}");
    let (_, moved) = host.drop_in.approve("hello", &Approval::default(), "admin").await.unwrap();
    assert_eq!(moved.moved, 1);
    let left: Vec<_> = moved.left.iter().map(|left| (left.id, left.problems[0].pointer.as_str())).collect();
    assert_eq!(left.len(), 2);
    assert!(left.contains(&(does_not, "/a")) && left.contains(&(unwelcome, "/a")), "{left:?}");
    assert_eq!(host.digest_of(fits).await, second.template.digest);
    assert_eq!(host.digest_of(does_not).await, first);
    // An edit that the former version takes leaves a job there; one that the new one takes as well lets it move on; one
    // that neither takes is held against the new one.
    assert_eq!(host.edit(does_not, json!({ "a": "y" })).await.unwrap().template_digest, Some(first.clone()));
    let moved = host.edit(unwelcome, json!({ "a": 3 })).await.unwrap();
    assert_eq!(moved.template_digest.as_ref(), Some(&second.template.digest));
    assert_eq!(moved.parameters, json!({ "a": 3, "c": 7 }), "with the defaults of the new schema");
    let refused = host.edit(does_not, json!({ "a": "unwelcome" })).await.unwrap_err();
    assert!(matches!(&refused, JobError::Invalid(all) if all[0].code == "wrong_type"), "{refused:?}");
    // They run on as they were approved, also after a start.
    let host = scene.start().await;
    assert_eq!(host.templates.readiness("hello", Some(&first)), Readiness::Ready(first.clone()));
    assert_eq!(host.templates.in_force("hello"), Some(second.template.digest));
}

#[tokio::test]
async fn where_nothing_was_granted_nothing_waits_for_its_needs_and_nothing_comes_back() {
    let scene = Scene::new();
    let host = scene.start().await;
    let first = host.install(&component("hello", "1", "orders")).await.unwrap().template.digest;
    host.grant(&first, "orders").await;
    let second = host.install(&component("hello", "2", "orders")).await.unwrap().template.digest;
    // An operator takes everything from the second one; going back to the first must not bring it back.
    crate::repository::GrantStore::new(scene.database.clone()).remove(&second).await.unwrap();
    host.templates.state.write().grants.remove(&second);
    let back = host.install(&component("hello", "1", "orders")).await.unwrap();
    assert_eq!(back.readiness.as_str(), "not_granted");
    let more = host.install(&component("hello", "3", "*")).await.unwrap();
    assert_eq!(more.readiness.as_str(), "not_granted", "in force, and without a grant");
}

#[tokio::test]
async fn a_start_brings_back_what_was_in_force_and_what_waited() {
    let scene = Scene::new();
    let host = scene.start().await;
    let first = host.install(&component("hello", "1", "orders")).await.unwrap().template.digest;
    let granted = host.grant(&first, "orders").await;
    let second = host.install(&component("hello", "2", "*")).await.unwrap().template.digest;
    for _ in 0..2 {
        let host = scene.start().await;
        assert_eq!(host.templates.readiness("hello", None), Readiness::Ready(first.clone()));
        assert_eq!(host.templates.grant_for("hello", &first).as_deref(), Some(&granted));
        let view = host.templates.get("hello").unwrap();
        assert_eq!(view.waiting.unwrap().template.digest, second);
        assert!(host.templates.readiness("hello", Some(&second)).reason().unwrap().contains("asks for more"));
    }
}

#[tokio::test]
async fn a_component_whose_bytes_or_words_changed_since_does_not_run_and_says_so() {
    let scene = Scene::new();
    let host = scene.start().await;
    let hello = component("hello", "1", "orders");
    let digest = host.install(&hello).await.unwrap().template.digest;
    host.grant(&digest, "orders").await;
    let lying = scene.start_with(Played::otherwise()).await;
    let reason = lying.templates.readiness("hello", None).reason().unwrap().to_owned();
    assert!(reason.contains("describes itself in another way"), "{reason}");
    std::fs::write(scene.folder.path().join(format!("components/{digest}.wasm")), "changed").unwrap();
    let host = scene.start().await;
    let reason = host.templates.readiness("hello", None).reason().unwrap().to_owned();
    assert!(reason.contains("somebody changed it. Install the component again"), "{reason}");
    host.install(&hello).await.unwrap();
    assert!(host.templates.readiness("hello", None).is_ready(), "the way out that the message names works");
    assert!(scene.start().await.templates.readiness("hello", None).is_ready());
}
