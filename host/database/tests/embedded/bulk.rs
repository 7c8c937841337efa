//! Groups of writes in phases.

use bson::doc;
use sandglass_database::{Database, Delete, Error, Find, Index, Outcome, Update, UpdateReport, Write};

use crate::setup::{Scratch, numbers};

fn insert(document: bson::Document) -> Write {
    Write::Insert { collection: "runs".into(), document }
}

#[tokio::test]
async fn each_write_of_a_bulk_has_its_own_outcome() {
    let database = Scratch::new();
    database.create_index("runs", Index::on(doc! { "overlap_key": 1 }).unique().sparse()).await.unwrap();
    database.insert_all("jobs", [doc! { "_id": "j", "next": 1 }]).await;
    let update = |from: i32| Write::Update {
        collection: "jobs".into(),
        update: Update::one(doc! { "_id": "j", "next": from }, doc! { "$set": { "next": from + 1 } }),
    };
    let outcomes = database
        .bulk(vec![
            vec![
                insert(doc! { "_id": 1, "overlap_key": "j#0" }),
                insert(doc! { "_id": 2, "overlap_key": "j#0" }),
                insert(doc! { "_id": 1 }),
                insert(doc! { "_id": 3 }),
                insert(doc! { "_id": 4 }),
            ],
            vec![
                update(1),
                update(1),
                Write::Update {
                    collection: "jobs".into(),
                    update: Update::one(doc! {}, doc! { "$nonsense": { "a": 1 } }),
                },
            ],
            vec![Write::Delete {
                collection: "runs".into(),
                delete: Delete { filter: doc! { "_id": 3 }, limit: Some(1) },
            }],
        ])
        .await
        .unwrap();
    let [inserts, updates, deletes] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert_eq!(inserts[0], Ok(Outcome::Inserted));
    assert!(matches!(&inserts[1], Err(Error::DuplicateKey { index, .. }) if index == "overlap_key_1"));
    assert!(matches!(&inserts[2], Err(Error::DuplicateKey { index, .. }) if index == "_id_"));
    assert_eq!(inserts[3..], [Ok(Outcome::Inserted), Ok(Outcome::Inserted)]);
    let report = |matched| UpdateReport { matched, modified: matched, upserted_id: None };
    assert_eq!(updates[0], Ok(Outcome::Updated(report(1))));
    assert_eq!(updates[1], Ok(Outcome::Updated(report(0))));
    assert!(updates[2].is_err());
    assert_eq!(*deletes, [Ok(Outcome::Deleted(1))]);
    assert_eq!(database.ids("runs", Find::default()).await, numbers([1, 4]));
    database.assert_sound();
}

#[tokio::test]
async fn an_update_of_many_that_is_refused_half_way_leaves_nothing() {
    let database = Scratch::new();
    database.create_index("runs", Index::on(doc! { "key": 1 }).unique()).await.unwrap();
    database.insert_all("runs", (0..5).map(|n| doc! { "_id": n, "key": n })).await;
    let same = Write::Update {
        collection: "runs".into(),
        update: Update::many(doc! {}, doc! { "$set": { "key": 9 }, "$inc": { "touched": 1 } }),
    };
    let outcomes = database.bulk(vec![vec![insert(doc! { "_id": 5, "key": 5 }), same]]).await.unwrap();
    assert_eq!(outcomes[0][0], Ok(Outcome::Inserted));
    assert!(matches!(outcomes[0][1], Err(Error::DuplicateKey { .. })));
    assert_eq!(database.count("runs", doc! { "touched": { "$exists": true } }).await, Ok(0));
    assert_eq!(database.count("runs", doc! {}).await, Ok(6));
    database.assert_sound();
}
