//! Reading: order, window, batches.

use bson::{Bson, RawDocument, doc};
use sandglass_database::{Database, Delete, Error, Find, Index, Update};

use crate::setup::{Scratch, numbers};

#[tokio::test]
async fn order_and_window_are_the_same_with_and_without_an_index() {
    let database = Scratch::new();
    database.insert_all("things", (0..200).map(|n| doc! { "_id": n, "rank": (n * 37) % 200 })).await;
    let page = || Find { skip: 20, ..Find::by(doc! {}).sorted(doc! { "rank": -1 }).limited(10) };
    let plain = database.ids("things", page()).await;
    assert_eq!(plain.len(), 10);
    assert!(database.explain("things", &page()).unwrap().contains("sorted in memory"));
    database.create_index("things", Index::on(doc! { "rank": 1 })).await.unwrap();
    let explained = database.explain("things", &page()).unwrap();
    assert!(explained.contains("index rank_1") && explained.contains("backwards"), "{explained}");
    assert_eq!(database.ids("things", page()).await, plain);
}

#[tokio::test]
async fn a_cursor_gives_its_documents_in_batches_of_the_size_asked_for() {
    let database = Scratch::new();
    database.insert_all("things", (0..25).map(|n| doc! { "_id": n })).await;
    let mut cursor = database.find("things", Find::default()).await.unwrap();
    let mut sizes = Vec::new();
    loop {
        let batch = cursor.next(10).await.unwrap();
        sizes.push(batch.len());
        if batch.is_empty() {
            break;
        }
    }
    assert_eq!(sizes, [10, 10, 5, 0]);
}

#[tokio::test]
async fn a_cursor_goes_on_while_the_collection_changes() {
    let database = Scratch::new();
    database.create_index("things", Index::on(doc! { "rank": 1 })).await.unwrap();
    database.insert_all("things", (0..100).map(|n| doc! { "_id": n, "rank": n })).await;
    for find in [Find::default(), Find::default().sorted(doc! { "rank": 1 }), Find::default().sorted(doc! { "_id": 1 })]
    {
        let mut cursor = database.find("things", find).await.unwrap();
        let first = cursor.next(10).await.unwrap();
        assert_eq!(first.len(), 10);
        // The last one given, one ahead, and a new one at the end.
        let gone = doc! { "_id": { "$in": [9, 50] } };
        assert_eq!(database.delete("things", Delete { filter: gone, limit: None }).await, Ok(2));
        database.insert_all("things", [doc! { "_id": 100, "rank": 100 }]).await;
        let mut rest = Vec::new();
        loop {
            let batch = cursor.next(7).await.unwrap();
            if batch.is_empty() {
                break;
            }
            rest.extend(batch.into_iter().map(|document| document.get("_id").unwrap().clone()));
        }
        assert_eq!(rest, numbers((10..50).chain(51..101)));
        database.delete("things", Delete { filter: doc! { "_id": 100 }, limit: None }).await.unwrap();
        database.insert_all("things", [9, 50].map(|n| doc! { "_id": n, "rank": n })).await;
        // Rows put back stand at the end of the collection; rewrite it in order for the next kind of walk.
        database.delete("things", Delete::default()).await.unwrap();
        database.insert_all("things", (0..100).map(|n| doc! { "_id": n, "rank": n })).await;
    }
}

#[tokio::test]
async fn raw_batches_hold_whole_documents_up_to_the_size() {
    let database = Scratch::new();
    database.insert_all("things", (0..50).map(|n| doc! { "_id": n, "text": "x".repeat(100) })).await;
    let mut cursor = database.find_raw("things", Find::default()).await.unwrap();
    let (mut seen, mut batches) = (Vec::new(), 0);
    loop {
        let batch = cursor.next(1_000).await.unwrap();
        if batch.is_empty() {
            break;
        }
        assert!(batch.len() <= 1_000);
        batches += 1;
        let mut rest = batch.as_slice();
        while !rest.is_empty() {
            let size = i32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
            let document = RawDocument::from_bytes(&rest[..size]).unwrap();
            seen.push(Bson::Int32(document.get_i32("_id").unwrap()));
            rest = &rest[size..];
        }
    }
    assert_eq!(seen, numbers(0..50));
    assert!(batches > 5, "{batches}");
    let mut cursor = database.find_raw("things", Find::default()).await.unwrap();
    assert!(cursor.next(10).await.unwrap().len() > 100, "one that alone is larger is given all the same");
}

#[tokio::test]
async fn distinct_takes_arrays_apart() {
    let database = Scratch::new();
    let documents = [doc! { "tag": ["a", "b"] }, doc! { "tag": "b" }, doc! { "other": 1 }, doc! { "tag": "c" }];
    database.insert_all("things", documents).await;
    let mut values = database.distinct("things", "tag", doc! {}).await.unwrap();
    values.sort_by_key(ToString::to_string);
    assert_eq!(values, ["a", "b", "c"].map(Bson::from));
}

#[tokio::test]
async fn a_sort_that_would_hold_too_much_is_refused_with_a_way_out() {
    let database = Scratch::new();
    let big = "x".repeat(4 << 20);
    for n in 0..30 {
        database.insert_all("things", [doc! { "_id": n, "rank": -n, "big": &big }]).await;
    }
    let sorted = Find::default().sorted(doc! { "rank": 1 });
    let mut cursor = database.find("things", sorted.clone()).await.unwrap();
    let refused = cursor.next(1).await.unwrap_err();
    assert!(matches!(&refused, Error::TooLarge { .. }) && refused.to_string().contains("index"), "{refused}");
    assert_eq!(database.ids("things", sorted.limited(2)).await, numbers([29, 28]));
}

#[tokio::test]
async fn what_was_acknowledged_is_seen_by_the_next_read() {
    let database = Scratch::new();
    database.insert_all("things", [doc! { "_id": 0, "n": 0 }]).await;
    for n in 1..200 {
        database.update("things", Update::one(doc! { "_id": 0 }, doc! { "$set": { "n": n } })).await.unwrap();
        assert_eq!(database.all("things", Find::default()).await.unwrap(), [doc! { "_id": 0, "n": n }]);
    }
}
