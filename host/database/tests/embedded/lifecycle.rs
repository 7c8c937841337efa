//! Opening, closing, copying; collections that come and go; a full disk.

use std::sync::mpsc;

use bson::doc;
use sandglass_database::{
    Database, Delete, Error, Find, Index,
    embedded::{Embedded, Options},
};
use tempfile::TempDir;

use crate::setup::{Scratch, numbers};

#[tokio::test]
async fn everything_is_there_after_closing_and_opening() {
    let database = Scratch::new();
    let index = Index { partial: Some(doc! { "n": { "$gt": 1 } }), ..Index::on(doc! { "n": -1 }).unique() };
    database.create_index("things", index.clone()).await.unwrap();
    database.insert_all("things", (0..10).map(|n| doc! { "_id": n, "n": n, "tags": ["a", "b"] })).await;
    let database = database.reopened().await;
    assert_eq!(database.indexes("things").await, Ok(vec![index]));
    assert_eq!(database.ids("things", Find::by(doc! { "n": { "$gt": 7 } })).await.len(), 2);
    assert_eq!(database.count("things", doc! {}).await, Ok(10));
    database.assert_sound();
}

#[tokio::test]
async fn a_folder_that_is_in_use_is_refused_in_plain_words() {
    let database = Scratch::new();
    let refused = Embedded::open(database.folder.path(), Options::default()).map(|_| ()).unwrap_err();
    assert!(matches!(&refused, Error::Unavailable { message } if message.contains("in use")), "{refused}");
}

#[tokio::test]
async fn a_file_of_a_later_format_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("documents.sqlite");
    let later = rusqlite::Connection::open(&file).unwrap();
    later.execute_batch("PRAGMA user_version = 99; CREATE TABLE precious (a)").unwrap();
    drop(later);
    let refused = Embedded::open(folder.path(), Options::default()).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("format 99"), "{refused}");
    let again = rusqlite::Connection::open(&file).unwrap();
    assert_eq!(again.query_row("SELECT count(*) FROM precious", [], |row| row.get::<_, i64>(0)), Ok(0));
}

#[tokio::test]
async fn a_file_of_another_program_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("documents.sqlite");
    let foreign = rusqlite::Connection::open(&file).unwrap();
    foreign.execute_batch("CREATE TABLE precious (a)").unwrap();
    drop(foreign);
    let before = std::fs::read(&file).unwrap();
    let refused = Embedded::open(folder.path(), Options::default()).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("another program"), "{refused}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_called_damaged() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("documents.sqlite"), "not a database ".repeat(1_000)).unwrap();
    let refused = Embedded::open(folder.path(), Options::default()).map(|_| ()).unwrap_err();
    assert!(matches!(refused, Error::Corrupted { .. }), "{refused}");
}

#[tokio::test]
async fn collections_can_be_made_renamed_and_dropped() {
    let database = Scratch::new();
    database.create_collection("empty").await.unwrap();
    database.create_collection("empty").await.unwrap();
    database.create_index("old", Index::on(doc! { "n": 1 })).await.unwrap();
    database.insert_all("old", (0..3).map(|n| doc! { "_id": n, "n": n })).await;
    let names = || async {
        let all = database.collections().await.unwrap();
        all.into_iter().map(|info| (info.name, info.count)).collect::<Vec<_>>()
    };
    assert_eq!(names().await, [("empty".into(), 0), ("old".into(), 3)]);
    let refused = database.rename_collection("old", "empty", false).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    let missing = database.rename_collection("nowhere", "new", false).await;
    assert!(matches!(missing, Err(Error::NotFound { .. })), "{missing:?}");
    database.rename_collection("old", "empty", true).await.unwrap();
    assert_eq!(names().await, [("empty".into(), 3)]);
    assert_eq!(database.ids("empty", Find::by(doc! { "n": { "$gte": 1 } })).await, numbers([1, 2]));
    assert!(database.explain("empty", &Find::by(doc! { "n": 1 })).unwrap().contains("index n_1"));
    database.drop_collection("empty").await.unwrap();
    database.drop_collection("empty").await.unwrap();
    assert_eq!(names().await, []);
    database.insert_all("empty", [doc! { "_id": 1 }]).await;
    assert_eq!(database.indexes("empty").await, Ok(vec![]));
    database.assert_sound();
}

#[tokio::test]
async fn a_cursor_notices_that_its_collection_was_replaced() {
    let database = Scratch::new();
    database.insert_all("things", (0..10).map(|n| doc! { "_id": n })).await;
    let mut cursor = database.find("things", Find::default()).await.unwrap();
    assert_eq!(cursor.next(5).await.unwrap().len(), 5);
    database.drop_collection("things").await.unwrap();
    database.insert_all("things", (100..110).map(|n| doc! { "_id": n })).await;
    let refused = cursor.next(5).await.unwrap_err();
    assert!(refused.is_transient(), "{refused}");
}

#[tokio::test]
async fn a_copy_opens_as_a_database_of_its_own() {
    let database = Scratch::new();
    database.create_index("things", Index::on(doc! { "n": 1 })).await.unwrap();
    database.insert_all("things", (0..500).map(|n| doc! { "_id": n, "n": n })).await;
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("documents.sqlite");
    database.copy_to(&copy).unwrap();
    assert!(matches!(database.copy_to(&copy), Err(Error::Invalid { .. })), "an existing file is not overwritten");
    database.delete("things", Delete::default()).await.unwrap();
    let copied = Embedded::open(folder.path(), Options::default()).unwrap();
    assert_eq!(copied.count("things", doc! { "n": { "$gte": 250 } }).await, Ok(250));
    assert_eq!(copied.integrity_check(), Ok(vec![]));
}

#[tokio::test]
async fn a_full_disk_refuses_writes_keeps_what_is_there_and_recovers() {
    let database = Scratch::with(Options { max_pages: Some(300), ..Options::default() });
    let (told, fatal) = mpsc::channel();
    database.on_fatal(move |why| told.send(why).unwrap());
    let text = "x".repeat(2_000);
    let mut stored = 0;
    let refused = loop {
        match database.insert("things", vec![doc! { "_id": stored, "text": &text }]).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 10_000, "the disk never fills");
    };
    assert!(stored > 100, "{stored}");
    assert!(refused.is_transient() && refused.to_string().contains("disk is full"), "{refused}");
    assert_eq!(database.count("things", doc! {}).await.unwrap(), stored as u64);
    assert_eq!(database.delete("things", Delete { filter: doc! {}, limit: Some(50) }).await, Ok(50));
    database.insert_all("things", (0..20).map(|n| doc! { "_id": format!("again-{n}"), "text": &text })).await;
    database.assert_sound();
    assert!(fatal.try_recv().is_err(), "a full disk is no reason to stop");
}

#[tokio::test]
async fn dropping_the_database_finishes_what_was_queued() {
    let folder = TempDir::new().unwrap();
    let database = Embedded::open(folder.path(), Options::default()).unwrap();
    let mut queued = Vec::new();
    for n in 0..50 {
        let mut insert = Box::pin(database.insert("things", vec![doc! { "_id": n }]));
        // Polled once, so that it is in the queue, and then abandoned.
        assert!(futures::poll!(&mut insert).is_pending());
        queued.push(insert);
    }
    drop(queued);
    database.close().await;
    let database = Embedded::open(folder.path(), Options::default()).unwrap();
    assert_eq!(database.count("things", doc! {}).await, Ok(50));
}
