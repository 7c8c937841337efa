//! Single writes.

use bson::{Bson, doc};
use sandglass_database::{Change, Database, Delete, Error, Find, FindAndUpdate, Return, Update};

use crate::setup::{Scratch, numbers};

#[tokio::test]
async fn what_was_inserted_is_found_with_its_fields_in_order() {
    let database = Scratch::new();
    database.insert_all("things", [doc! { "b": 1, "_id": 7, "a": "x" }]).await;
    let found = database.all("things", Find::by(doc! { "_id": 7 })).await.unwrap();
    assert_eq!(found, [doc! { "_id": 7, "b": 1, "a": "x" }]);
    assert_eq!(database.count("things", doc! {}).await.unwrap(), 1);
    assert_eq!(database.count("nowhere", doc! {}).await.unwrap(), 0);
}

#[tokio::test]
async fn a_document_that_fails_does_not_stop_its_neighbours() {
    let database = Scratch::new();
    let report = database
        .insert("things", vec![doc! { "_id": 1 }, doc! { "_id": 1.0 }, doc! { "_id": [1] }, doc! { "_id": 2 }])
        .await
        .unwrap();
    assert_eq!(report.inserted, 2);
    let [(1, Error::DuplicateKey { collection, index, key }), (2, Error::Invalid { .. })] = report.failed.as_slice()
    else {
        panic!("{:?}", report.failed)
    };
    assert_eq!((collection.as_str(), index.as_str()), ("things", "_id_"));
    assert_eq!(*key, Bson::Array(vec![Bson::Double(1.0)]));
    assert_eq!(database.count("things", doc! {}).await.unwrap(), 2);
    database.assert_sound();
}

#[tokio::test]
async fn an_update_reports_what_it_met_and_what_it_changed() {
    let database = Scratch::new();
    database.insert_all("things", (0..10).map(|n| doc! { "_id": n, "even": n % 2 == 0 })).await;
    let report = database.update("things", Update::many(doc! { "even": true }, doc! { "$inc": { "n": 1 } })).await;
    assert_eq!(report.map(|report| (report.matched, report.modified)), Ok((5, 5)));
    let report = database.update("things", Update::one(doc! { "_id": 3 }, doc! { "$set": { "even": false } })).await;
    assert_eq!(report.map(|report| (report.matched, report.modified)), Ok((1, 0)));
    let limited = Update { limit: Some(2), ..Update::many(doc! { "even": false }, doc! { "$set": { "late": true } }) };
    assert_eq!(database.update("things", limited).await.unwrap().modified, 2);
    assert_eq!(database.count("things", doc! { "late": true }).await.unwrap(), 2);
}

#[tokio::test]
async fn an_upsert_inserts_what_filter_and_operators_say() {
    let database = Scratch::new();
    let upsert = || Update::one(doc! { "_id": "a", "kind": "x" }, doc! { "$inc": { "n": 1 } }).upserting();
    let first = database.update("things", upsert()).await.unwrap();
    assert_eq!((first.matched, first.upserted_id), (0, Some(Bson::from("a"))));
    let second = database.update("things", upsert()).await.unwrap();
    assert_eq!((second.matched, second.upserted_id), (1, None));
    assert_eq!(database.all("things", Find::default()).await.unwrap(), [doc! { "_id": "a", "kind": "x", "n": 2 }]);
}

#[tokio::test]
async fn a_delete_takes_as_many_as_it_may() {
    let database = Scratch::new();
    database.insert_all("things", (0..10).map(|n| doc! { "_id": n })).await;
    let delete = |limit| Delete { filter: doc! { "_id": { "$gte": 4 } }, limit };
    assert_eq!(database.delete("things", delete(Some(1))).await, Ok(1));
    assert_eq!(database.delete("things", delete(None)).await, Ok(5));
    assert_eq!(database.ids("things", Find::default()).await, numbers(0..4));
    database.assert_sound();
}

#[tokio::test]
async fn a_long_update_and_a_long_delete_go_in_slices_and_do_all() {
    let database = Scratch::new();
    database.create_index("things", sandglass_database::Index::on(doc! { "n": 1 })).await.unwrap();
    database.insert_all("things", (0..3_000).map(|n| doc! { "_id": n, "n": n })).await;
    // Along the index that the update itself changes: nobody may be met twice.
    let update = Update::many(doc! { "n": { "$gte": 0 } }, doc! { "$inc": { "n": 10_000 } });
    let report = database.update("things", update).await.unwrap();
    assert_eq!((report.matched, report.modified), (3_000, 3_000));
    assert_eq!(database.count("things", doc! { "n": { "$gte": 10_000, "$lt": 13_000 } }).await, Ok(3_000));
    database.assert_sound();
    let delete = Delete { filter: doc! { "n": { "$gte": 10_500 } }, limit: None };
    assert_eq!(database.delete("things", delete).await, Ok(2_500));
    assert_eq!(database.count("things", doc! {}).await, Ok(500));
    database.assert_sound();
}

#[tokio::test]
async fn find_one_and_update_takes_the_first_of_an_order() {
    let database = Scratch::new();
    database.insert_all("queue", (0..5).map(|n| doc! { "_id": n, "rank": 5 - n, "taken": false })).await;
    let command = |give_back| FindAndUpdate {
        filter: doc! { "taken": false },
        change: Some(Change::Operators(doc! { "$set": { "taken": true } })),
        sort: Some(doc! { "rank": 1 }),
        projection: None,
        upsert: false,
        array_filters: Vec::new(),
        give_back,
    };
    let before = database.find_one_and_update("queue", command(Return::Before)).await.unwrap();
    assert_eq!(before, Some(doc! { "_id": 4, "rank": 1, "taken": false }));
    let after = database.find_one_and_update("queue", command(Return::After)).await.unwrap();
    assert_eq!(after, Some(doc! { "_id": 3, "rank": 2, "taken": true }));
    let remove = FindAndUpdate { change: None, sort: Some(doc! { "rank": -1 }), ..command(Return::Before) };
    let removed = database.find_one_and_update("queue", remove).await.unwrap().unwrap();
    assert_eq!(removed.get_i32("_id").unwrap(), 0);
    assert_eq!(database.count("queue", doc! {}).await, Ok(4));
    database.assert_sound();
}

#[tokio::test]
async fn a_command_that_makes_no_sense_is_refused_by_name() {
    let database = Scratch::new();
    let refused = database.count("things", doc! { "$where": "1" }).await.unwrap_err();
    assert!(matches!(&refused, Error::Unsupported { what } if what.contains("$where")), "{refused}");
    let refused = database.insert("a$b", vec![doc! {}]).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid { .. }), "{refused}");
}
