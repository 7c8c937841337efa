//! Costly reads: they share the few threads with everybody else, and end with the interest in them.

use std::{sync::Arc, time::Duration};

use bson::{Bson, Document, doc};
use futures::{
    FutureExt as _,
    future::{BoxFuture, select_all},
};
use sandglass_database::{
    Database, Delete, Error, Find, Index, Update,
    embedded::{Embedded, Options},
};
use tokio::time::timeout;

use crate::setup::Scratch;

const PATIENCE: Duration = Duration::from_secs(30);

/// Threads that read, and documents for [`costly`] to work on.
async fn scratch(readers: usize) -> Scratch {
    let database = Scratch::with(Options { readers, ..Options::default() });
    database.insert_all("events", (0..20_000).map(|n| doc! { "_id": n, "kind": "x" })).await;
    database
}

/// A filter that takes minutes for all documents and finds none.
fn costly() -> Document {
    doc! { "$expr": { "$gt": [{ "$size": { "$range": [0, 100_000] } }, 1_000_000] } }
}

async fn answers(database: &Embedded) -> bool {
    let mut find = database.find("events", Find::by(doc! { "_id": 7 })).await.unwrap();
    timeout(PATIENCE, find.next(1)).await.expect("an answer in time").unwrap().len() == 1
}

#[tokio::test]
async fn a_read_that_nobody_waits_for_gives_its_thread_back() {
    let database = scratch(1).await;
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
    let database = scratch(1).await;
    let mut all = Box::pin(database.all("events", Find::by(costly())));
    assert!(timeout(Duration::from_millis(100), &mut all).await.is_err());
    tokio::select! {
        _ = &mut all => panic!("the costly read was not costly"),
        answered = answers(&database) => assert!(answered),
    }
    assert!(all.now_or_never().is_none());
}

#[tokio::test]
async fn as_many_costly_reads_as_there_are_threads_leave_one_to_others() {
    let database = scratch(4).await;
    let by_kind = || Find { sort: Some(doc! { "kind": 1 }), ..Find::by(costly()) };
    let group = || vec![doc! { "$match": costly() }, doc! { "$group": { "_id": null } }];
    let lookup = doc! { "from": "events", "let": {}, "pipeline": [{ "$match": costly() }], "as": "found" };
    let mut long: Vec<BoxFuture<'_, ()>> = Vec::new();
    for _ in 0..2 {
        let lookup = vec![doc! { "$lookup": lookup.clone() }];
        long.push(Box::pin(database.count("events", costly()).map(drop)));
        long.push(Box::pin(database.distinct("events", "kind", costly()).map(drop)));
        long.push(Box::pin(database.aggregate("events", group()).map(drop)));
        long.push(Box::pin(database.aggregate("events", lookup).map(drop)));
        long.push(Box::pin(database.all("events", by_kind()).map(drop)));
    }
    let mut long = select_all(long);
    assert!(timeout(Duration::from_millis(300), &mut long).await.is_err(), "the costly reads were not costly");
    for _ in 0..20 {
        tokio::select! {
            biased;
            answered = answers(&database) => assert!(answered),
            _ = &mut long => panic!("a costly read was not costly"),
        }
    }
}

#[tokio::test]
async fn a_filter_with_very_many_conditions_is_refused_by_their_number() {
    let database = scratch(1).await;
    let fields = |most| (0..most).map(|n| Bson::Document(Document::from_iter([(format!("f{n}"), Bson::Int32(1))])));
    let any = |most| doc! { "$or": fields(most).collect::<Vec<_>>() };
    assert_eq!(database.count("events", any(2_000)).await, Ok(0));
    for filter in [any(12_000), doc! { "$nor": [any(1_500), any(1_500)] }, doc! { "a": { "$elemMatch": any(2_000) } }] {
        let refused = database.count("events", filter).await.unwrap_err();
        assert!(matches!(&refused, Error::Invalid { message } if message.contains("conditions")), "{refused}");
    }
    let many = doc! { "_id": { "$in": (0..20_000).collect::<Vec<_>>() } };
    assert_eq!(database.count("events", many).await, Ok(20_000));
}

#[tokio::test]
async fn values_too_many_for_a_list_are_refused_before_they_fill_the_memory() {
    let database = scratch(1).await;
    let text = "x".repeat(1 << 20);
    database.insert_all("texts", (0..20).map(|n| doc! { "_id": n, "text": format!("{n} {text}") })).await;
    let refused = database.distinct("texts", "text", doc! {}).await.unwrap_err();
    assert!(matches!(&refused, Error::TooLarge { what, .. } if what.contains("$group")), "{refused}");
    assert_eq!(database.distinct("texts", "_id", doc! {}).await.map(|values| values.len()), Ok(20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_are_costly_to_change_are_changed_in_short_turns() {
    let database = Arc::new(Scratch::new());
    database.create_index("wide", Index::on(doc! { "values": 1 })).await.unwrap();
    let wide = |n: i32| doc! { "_id": n, "values": (n * 1_000..n * 1_000 + 300).collect::<Vec<_>>() };
    let documents: Vec<_> = (0..500).map(wide).collect();
    let mut most = [0; 3];
    // On a machine that is busy elsewhere those who write may sleep through a whole turn of work: then once more.
    for _ in 0..6 {
        for (what, most) in ["insert", "update", "delete"].into_iter().zip(&mut most) {
            let (documents, long) = (documents.clone(), Arc::clone(&database));
            let long = tokio::spawn(async move {
                match what {
                    "insert" => long.insert("wide", documents).await.map(|report| report.inserted),
                    "update" => {
                        let operators = doc! { "$push": { "values": { "$each": [-1, -2], "$position": 0 } } };
                        long.update("wide", Update::many(doc! {}, operators)).await.map(|report| report.modified)
                    }
                    _ => long.delete("wide", Delete::default()).await,
                }
            });
            let mut between = 0;
            while !long.is_finished() {
                database.insert_all("others", [doc! { "n": between }]).await;
                between += 1;
            }
            assert_eq!(long.await.unwrap(), Ok(500), "{what}");
            *most = between.max(*most);
        }
        if most.iter().all(|between| *between > 3) {
            break;
        }
    }
    // In one piece each would let in two: the write before it and the one that waits until its end.
    assert!(most.iter().all(|between| *between > 3), "{most:?} writes of others");
    database.assert_sound();
}
