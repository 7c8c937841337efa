//! What is taken away, and what comes back.

use serde_json::json;

use super::scene::{BUILT_IN, Scene, component};
use crate::registry::templates::Readiness;
use crate::registry::templates::dropin::DropInError;

#[tokio::test]
async fn a_template_that_jobs_use_is_taken_away_by_force_only_and_comes_back_as_it_was() {
    let scene = Scene::new();
    let host = scene.start().await;
    let hello = component("hello", "1", "orders");
    let digest = host.install(&hello).await.unwrap().template.digest;
    host.grant(&digest, "orders").await;
    let job = host.job("hello", json!({})).await;
    let refused = host.drop_in.retire("hello", None, false, "admin").await.unwrap_err();
    assert!(matches!(&refused, DropInError::InUse(jobs) if jobs[0].0 == job), "{refused}");
    assert!(host.templates.readiness("hello", None).is_ready());
    let gone = host.drop_in.retire("hello", None, true, "admin").await.unwrap();
    assert_eq!((gone.digest, gone.jobs.len()), (digest.clone(), 1));
    for host in [host, scene.start().await] {
        for asked in [None, Some(&digest)] {
            let readiness = host.templates.readiness("hello", asked);
            assert!(matches!(&readiness, Readiness::Retired(why) if why.contains("install it again")), "{readiness:?}");
        }
        assert!(host.templates.list().iter().all(|view| view.template.metadata.name != "hello"));
        assert_eq!(host.templates.out_of_force().len(), 1);
        assert_eq!(host.on_record(&digest).await, ("retired".into(), Some("taken away".into())));
        assert!(matches!(host.drop_in.retire("hello", None, true, "admin").await.unwrap_err(), DropInError::NotFound));
    }
    let host = scene.start().await;
    host.install(&hello).await.unwrap();
    assert!(host.templates.readiness("hello", Some(&digest)).is_ready(), "the same bytes have the same grant");
    assert!(host.templates.out_of_force().is_empty());
}

#[tokio::test]
async fn what_comes_with_the_server_stays() {
    let host = Scene::new().start().await;
    let error = host.drop_in.retire(BUILT_IN, None, true, "admin").await.unwrap_err();
    assert!(error.to_string().contains("comes with the server"), "{error}");
    assert!(matches!(host.drop_in.retire("none", None, true, "admin").await.unwrap_err(), DropInError::NotFound));
}

#[tokio::test]
async fn a_version_that_waits_can_be_declined() {
    let scene = Scene::new();
    let host = scene.start().await;
    let first = host.install(&component("hello", "1", "orders")).await.unwrap().template.digest;
    host.grant(&first, "orders").await;
    let second = host.install(&component("hello", "2", "*")).await.unwrap().template.digest;
    host.drop_in.retire("hello", Some(&second), false, "admin").await.unwrap();
    assert_eq!(host.on_record(&second).await, ("declined".into(), Some("a person said no".into())));
    for host in [host, scene.start().await] {
        assert_eq!(host.templates.readiness("hello", None), Readiness::Ready(first.clone()));
        assert!(host.templates.get("hello").unwrap().waiting.is_none());
    }
}
