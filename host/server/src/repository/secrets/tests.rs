//! Life of secrets in a store and of keys in a folder.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use bson::{Bson, doc};
use chrono::{DateTime, Utc};
use sandglass_database::memory::Memory;
use sandglass_database::{Database, Find, Update, collect};
use zeroize::Zeroizing;

use super::*;
use crate::config;
use crate::model::SecretLabel;

fn settings(key: &str, previous: &str) -> config::Secrets {
    config::Secrets { key: key.to_owned(), previous_key: previous.to_owned() }
}

async fn open(database: &Memory, folder: &Path, settings: &config::Secrets) -> Result<Secrets, SecretsError> {
    Secrets::open(Arc::new(database.clone()), Keyring::read(settings, folder)?).await
}

fn label(text: &str) -> SecretLabel {
    text.parse().unwrap()
}

fn new(name: &str, text: &str) -> NewSecret {
    let text = Zeroizing::new(text.to_owned());
    NewSecret { label: label(name), text, description: None, hosts: Vec::new() }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

async fn text_of(secrets: &Secrets, name: &str) -> String {
    secrets.resolve(&label(name)).await.unwrap().unwrap().1.to_string()
}

#[tokio::test]
async fn a_secret_is_set_replaced_listed_and_deleted() {
    let (database, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    let secrets = open(&database, folder.path(), &settings("", "")).await.unwrap();
    let first = NewSecret {
        description: Some("for the shop".into()),
        hosts: vec!["a.example".into()],
        ..new("shop", "hunter2")
    };
    assert_eq!(secrets.set(&first, "ann", now()).await.unwrap().version, 1);
    let later = now() + chrono::Duration::seconds(5);
    let info = secrets.set(&new("shop", "hunter3"), "ben", later).await.unwrap();
    assert_eq!((info.version, info.created_by.as_str(), info.updated_by.as_str()), (2, "ann", "ben"));
    assert_eq!((info.created_at, info.updated_at), (now(), later));
    assert_eq!((info.description.clone(), info.hosts.len()), (None, 0), "a replacement replaces everything");
    assert_eq!(text_of(&secrets, "shop").await, "hunter3");
    assert_eq!(secrets.list().await.unwrap(), [info]);
    assert!(secrets.resolve(&label("other")).await.unwrap().is_none());
    assert!(secrets.delete(&label("shop")).await.unwrap());
    assert!(!secrets.delete(&label("shop")).await.unwrap());
    assert_eq!(secrets.list().await.unwrap(), []);
}

#[tokio::test]
async fn neither_text_nor_key_stands_in_the_database_and_the_key_file_is_for_its_owner() {
    let (database, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    let secrets = open(&database, folder.path(), &settings("", "")).await.unwrap();
    secrets.set(&new("shop", "correct horse"), "ann", now()).await.unwrap();
    let file = folder.path().join("keys/secrets.key");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let key = std::fs::read_to_string(&file).unwrap();
    let rows = collect(database.find(COLLECTION, Find::default()).await.unwrap()).await.unwrap();
    assert_eq!(rows.len(), 2, "the secret and the self-test");
    let stored = format!("{rows:?}");
    assert!(!stored.contains("correct horse") && !stored.contains(key.trim()));
}

#[tokio::test]
async fn rows_that_were_exchanged_or_changed_do_not_open() {
    let (database, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    let secrets = open(&database, folder.path(), &settings("", "")).await.unwrap();
    let narrow = NewSecret { hosts: vec!["a.example".into()], ..new("a", "text of a") };
    secrets.set(&narrow, "ann", now()).await.unwrap();
    secrets.set(&new("b", "text of b"), "ann", now()).await.unwrap();
    let rows = collect(database.find(COLLECTION, Find::by(doc! { "_id": "b" })).await.unwrap()).await.unwrap();
    let part = |field: &str| rows[0].get(field).unwrap().clone();
    let mut tried = 0;
    for change in [
        doc! { "nonce": part("nonce"), "ciphertext": part("ciphertext") },
        doc! { "version": 7_i64 },
        doc! { "hosts": ["*"] },
    ] {
        let before = collect(database.find(COLLECTION, Find::by(doc! { "_id": "a" })).await.unwrap()).await.unwrap();
        let update = Update::one(doc! { "_id": "a" }, doc! { "$set": change });
        assert_eq!(database.update(COLLECTION, update).await.unwrap().modified, 1);
        let error = secrets.resolve(&label("a")).await.unwrap_err();
        assert!(matches!(error, SecretsError::Damaged { ref label } if label == "a"), "{error}");
        let mut back = before[0].clone();
        back.remove("_id");
        database.update(COLLECTION, Update::one(doc! { "_id": "a" }, doc! { "$set": back })).await.unwrap();
        assert_eq!(text_of(&secrets, "a").await, "text of a");
        tried += 1;
    }
    assert_eq!(tried, 3);
}

#[tokio::test]
async fn without_the_right_key_nothing_opens_and_the_error_names_the_way_out() {
    let (database, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    let secrets = open(&database, folder.path(), &settings("", "")).await.unwrap();
    secrets.set(&new("shop", "hunter2"), "ann", now()).await.unwrap();

    let empty = tempfile::tempdir().unwrap();
    let error = open(&database, empty.path(), &settings("", "")).await.err().unwrap();
    assert!(matches!(error, SecretsError::WrongKey { .. }), "{error}");
    assert!(!empty.path().join("keys/secrets.key").exists(), "a new key must not hide the loss of the old one");
    let other = "ab".repeat(32);
    let error = open(&database, empty.path(), &settings(&other, "")).await.err().unwrap().to_string();
    assert!(error.contains("SANDGLASS_SECRETS__KEY") && error.contains("secret delete --all"), "{error}");
    assert!(!error.contains(&other), "{error}");

    assert_eq!(discard_all(&database).await.unwrap(), 1);
    let anew = open(&database, empty.path(), &settings(&other, "")).await.unwrap();
    assert_eq!(anew.list().await.unwrap(), []);
}

#[tokio::test]
async fn a_damaged_self_test_is_seen_at_start() {
    let (database, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    open(&database, folder.path(), &settings("", "")).await.unwrap();
    let broken = doc! { "$set": { "ciphertext": Bson::Binary(bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![0; 25] }) } };
    database.update(COLLECTION, Update::one(doc! { "_id": SELF_TEST }, broken)).await.unwrap();
    let error = open(&database, folder.path(), &settings("", "")).await.err().unwrap();
    assert!(matches!(error, SecretsError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn keys_that_are_none_are_named_by_where_they_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let error = Keyring::read(&settings("nonsense", ""), folder.path()).err().unwrap().to_string();
    assert!(error.contains("SANDGLASS_SECRETS__KEY") && !error.contains("nonsense"), "{error}");
    std::fs::create_dir(folder.path().join("keys")).unwrap();
    std::fs::write(folder.path().join("keys/secrets.key"), "damaged").unwrap();
    let error = Keyring::read(&settings("", ""), folder.path()).err().unwrap().to_string();
    assert!(error.contains("keys/secrets.key") && !error.contains("damaged"), "{error}");
}

#[tokio::test]
async fn a_rotation_moves_everything_to_a_new_key_and_gives_up_the_old_one() {
    let (database, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    let secrets = open(&database, folder.path(), &settings("", "")).await.unwrap();
    for number in 0..20 {
        secrets.set(&new(&format!("s{number}"), &format!("text {number}")), "ann", now()).await.unwrap();
    }
    let old = std::fs::read_to_string(folder.path().join("keys/secrets.key")).unwrap();
    let keyring = Keyring::read(&settings("", ""), folder.path()).unwrap();
    let rotated = rotate(Arc::new(database.clone()), keyring).await.unwrap();
    assert_eq!((rotated.moved, rotated.kept), (20, 0));
    assert_ne!(std::fs::read_to_string(folder.path().join("keys/secrets.key")).unwrap(), old);
    assert!(!folder.path().join("keys/secrets.next.key").exists());

    let after = open(&database, folder.path(), &settings("", "")).await.unwrap();
    for number in 0..20 {
        assert_eq!(text_of(&after, &format!("s{number}")).await, format!("text {number}"));
    }
    assert!(after.list().await.unwrap().iter().all(|info| info.key == rotated.key && info.version == 1));
    let error = open(&database, tempfile::tempdir().unwrap().path(), &settings(&old, "")).await.err().unwrap();
    assert!(matches!(error, SecretsError::WrongKey { .. }), "the old key opens nothing: {error}");
}

#[tokio::test]
async fn a_rotation_that_was_cut_off_goes_on_where_it_stopped() {
    let (database, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    let secrets = open(&database, folder.path(), &settings("", "")).await.unwrap();
    for number in 0..6 {
        secrets.set(&new(&format!("s{number}"), "text"), "ann", now()).await.unwrap();
    }
    // What a crash after three rows leaves: the next key's file, and rows under both keys.
    let mut keyring = Keyring::read(&settings("", ""), folder.path()).unwrap();
    keyring.begin_rotation().unwrap();
    let half = Secrets::open(Arc::new(database.clone()), keyring).await.unwrap();
    for number in 0..3 {
        half.set(&new(&format!("s{number}"), "text"), "ann", now()).await.unwrap();
    }
    // A server that starts now reads both, and seals under the next one.
    let between = open(&database, folder.path(), &settings("", "")).await.unwrap();
    assert_eq!((text_of(&between, "s0").await.as_str(), text_of(&between, "s5").await.as_str()), ("text", "text"));

    let keyring = Keyring::read(&settings("", ""), folder.path()).unwrap();
    let rotated = rotate(Arc::new(database.clone()), keyring).await.unwrap();
    assert_eq!((rotated.moved, rotated.kept), (3, 3));
    let after = open(&database, folder.path(), &settings("", "")).await.unwrap();
    for number in 0..6 {
        assert_eq!(text_of(&after, &format!("s{number}")).await, "text");
    }
}

#[tokio::test]
async fn a_configured_key_takes_over_from_a_previous_one() {
    let (database, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    let (first, second) = ("11".repeat(32), "22".repeat(32));
    let secrets = open(&database, folder.path(), &settings(&first, "")).await.unwrap();
    secrets.set(&new("shop", "hunter2"), "ann", now()).await.unwrap();
    assert!(!folder.path().join("keys").exists(), "no file beside a configured key");

    let both = settings(&second, &first);
    let between = open(&database, folder.path(), &both).await.unwrap();
    assert_eq!(text_of(&between, "shop").await, "hunter2");
    let keyring = Keyring::read(&both, folder.path()).unwrap();
    assert_eq!(rotate(Arc::new(database.clone()), keyring).await.unwrap().moved, 1);
    let after = open(&database, folder.path(), &settings(&second, "")).await.unwrap();
    assert_eq!(text_of(&after, "shop").await, "hunter2");
}

#[tokio::test(flavor = "multi_thread")]
async fn replacements_at_the_same_time_leave_one_whole_secret() {
    let (database, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    let secrets = open(&database, folder.path(), &settings("", "")).await.unwrap();
    let tasks: Vec<_> = (0..4)
        .map(|number| {
            let secrets = secrets.clone();
            tokio::spawn(async move { secrets.set(&new("shop", &format!("text {number}")), "ann", now()).await })
        })
        .collect();
    let mut stored = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => stored += 1,
            Err(SecretsError::Contended(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    let (info, text) = secrets.resolve(&label("shop")).await.unwrap().unwrap();
    assert_eq!(info.version, stored);
    assert!(text.starts_with("text "));
}
