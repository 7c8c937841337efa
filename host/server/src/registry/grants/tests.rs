//! Grants against a store in memory.

use chrono::DateTime;
use sandglass_database::memory::Memory;
use serde_json::json;

use super::*;
use crate::model::template::{Metadata, Need, OnLost};

pub(super) fn template() -> Template {
    let need = |capability: &str, target: &str, access: &str, optional: bool| Need {
        capability: capability.into(),
        target: target.into(),
        access: access.into(),
        reason: "To work.".into(),
        optional,
        extra: None,
    };
    let needs = vec![
        need("documents", "param:/collection", "read", false),
        need("documents", "param:/collection", "write", false),
        need("files", "param:/folder", "write", true),
        need("http", "*", "send", true),
    ];
    let metadata = Metadata {
        name: "sweeper".into(),
        version: "1.0.0".into(),
        title: "Sweeper".into(),
        description: String::new(),
        icon: String::new(),
        category: String::new(),
        tags: Vec::new(),
        needs,
        on_lost: OnLost::Retry,
        dry_run: None,
        extra: None,
    };
    Template {
        digest: Digest::of(b"sweeper"),
        metadata,
        schema: json!({}),
        imports: Vec::new(),
        size_bytes: 0,
        built_in: false,
        admitted_at: DateTime::UNIX_EPOCH,
    }
}

pub(super) fn host() -> HostOffer {
    HostOffer {
        limits: Limits {
            memory_bytes: Some(64 << 20),
            cpu_seconds: Some(10),
            result_bytes: Some(1 << 20),
            log_bytes: Some(32 << 20),
            http_requests: Some(100),
            http_body_bytes: Some(10 << 20),
            file_bytes: Some(1 << 30),
            files: Some(100),
        },
        connections: ["default".to_owned()].into(),
        folders: ["exports".to_owned()].into(),
        identities: Default::default(),
    }
}

#[tokio::test]
async fn a_version_is_given_once_and_an_older_one_changes_nothing() {
    let store = GrantStore::new(Arc::new(Memory::new()));
    let grant = |target: &str| Grant {
        template_type: "sweeper".into(),
        digest: Digest::of(b"sweeper"),
        rights: grant_rights(target),
        limits: Limits::default(),
    };
    let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    assert_eq!(store.replace(&grant("a"), Some(1), "ann", at).await, Ok(None), "there is nothing yet");
    assert_eq!(store.replace(&grant("a"), None, "ann", at).await, Ok(Some(1)));
    assert_eq!(store.replace(&grant("b"), None, "bob", at).await, Ok(None));
    assert_eq!(store.replace(&grant("b"), Some(1), "bob", at).await, Ok(Some(2)));
    assert_eq!(store.replace(&grant("c"), Some(1), "cat", at).await, Ok(None));
    let stored = store.get(&Digest::of(b"sweeper")).await.unwrap().unwrap();
    assert_eq!((stored.grant, stored.version, stored.set), (grant("b"), 2, Some(("bob".to_owned(), at))));
    assert_eq!(stored.is_default, Some(false));
}

#[tokio::test]
async fn a_default_that_has_no_version_yet_can_be_changed() {
    let store = GrantStore::new(Arc::new(Memory::new()));
    let grant = Grant {
        template_type: "sweeper".into(),
        digest: Digest::of(b"sweeper"),
        rights: grant_rights("*"),
        limits: Limits::default(),
    };
    store.ensure_default(&grant).await.unwrap();
    let stored = store.get(&grant.digest).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.is_default, stored.set), (1, Some(true), None));
    let changed = Grant { rights: Vec::new(), ..grant };
    let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    assert_eq!(store.replace(&changed, Some(1), "ann", at).await, Ok(Some(2)));
    assert_eq!(store.get(&changed.digest).await.unwrap().unwrap().is_default, Some(false));
}

fn grant_rights(target: &str) -> Vec<crate::model::grant::Right> {
    serde_json::from_value(json!([{ "capability": "documents", "target": target, "access": ["read"] }])).unwrap()
}
