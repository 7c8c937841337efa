//! Costly reads: they share the few threads with everybody else, and end with the interest in them.

use std::time::Duration;

use bson::{Bson, Document, doc};
use futures::FutureExt as _;
use sandglass_database::{
    Database, Find,
    embedded::{Embedded, Options},
};
use tokio::time::timeout;

use crate::setup::Scratch;

const PATIENCE: Duration = Duration::from_secs(30);

/// One thread that reads, and documents for [`costly`] to work on.
async fn scratch() -> Scratch {
    let database = Scratch::with(Options { readers: 1, ..Options::default() });
    database.insert_all("events", (0..20_000).map(|n| doc! { "_id": n, "kind": "x" })).await;
    database
}

/// A filter that takes minutes for all documents and finds none.
fn costly() -> Document {
    let fields = (0..12_000).map(|n| Bson::Document(Document::from_iter([(format!("field{n}"), Bson::Int32(1))])));
    doc! { "$or": fields.collect::<Vec<_>>() }
}

async fn answers(database: &Embedded) -> bool {
    let mut find = database.find("events", Find::by(doc! { "_id": 7 })).await.unwrap();
    timeout(PATIENCE, find.next(1)).await.expect("an answer in time").unwrap().len() == 1
}

#[tokio::test]
async fn a_read_that_nobody_waits_for_gives_its_thread_back() {
    let database = scratch().await;
    assert!(timeout(Duration::from_millis(100), database.count("events", costly())).await.is_err());
    assert!(answers(&database).await);
    let group = doc! { "$group": { "_id": null } };
    let pipeline = vec![doc! { "$match": costly() }, group];
    assert!(timeout(Duration::from_millis(100), database.aggregate("events", pipeline)).await.is_err());
    assert!(answers(&database).await);
    let by_kind = Find { sort: Some(doc! { "kind": 1 }), ..Find::by(costly()) };
    assert!(timeout(Duration::from_millis(100), database.all("events", by_kind)).await.is_err());
    assert!(answers(&database).await);
}

#[tokio::test]
async fn a_costly_read_that_goes_on_lets_others_in() {
    let database = scratch().await;
    let mut all = Box::pin(database.all("events", Find::by(costly())));
    assert!(timeout(Duration::from_millis(100), &mut all).await.is_err());
    tokio::select! {
        _ = &mut all => panic!("the costly read was not costly"),
        answered = answers(&database) => assert!(answered),
    }
    assert!(all.now_or_never().is_none());
}
