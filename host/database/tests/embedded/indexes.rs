//! Indexes: what they refuse, what they narrow, and that they never change an answer.

use bson::{Bson, Document, doc};
use proptest::prelude::*;
use sandglass_database::{Database, Delete, Error, Find, Index, Update};

use crate::setup::{Scratch, numbers};

fn duplicate_of(outcome: Result<impl std::fmt::Debug, Error>) -> (String, Bson) {
    match outcome {
        Err(Error::DuplicateKey { index, key, .. }) => (index, key),
        other => panic!("not a duplicate: {other:?}"),
    }
}

async fn insert_one(database: &Scratch, document: Document) -> Result<(), Error> {
    let report = database.insert("things", vec![document]).await?;
    report.failed.into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
}

#[tokio::test]
async fn a_unique_index_refuses_a_second_document_and_names_index_and_key() {
    let database = Scratch::new();
    database.create_index("things", Index::on(doc! { "a": 1, "b": -1 }).unique()).await.unwrap();
    insert_one(&database, doc! { "_id": 1, "a": 1, "b": "x" }).await.unwrap();
    insert_one(&database, doc! { "_id": 2, "a": 1, "b": "y" }).await.unwrap();
    let (index, key) = duplicate_of(insert_one(&database, doc! { "_id": 3, "a": 1.0, "b": "x" }).await);
    assert_eq!((index.as_str(), key), ("a_1_b_-1", Bson::Array(vec![Bson::Double(1.0), Bson::from("x")])));
    let update = Update::one(doc! { "_id": 2 }, doc! { "$set": { "b": "x" } });
    duplicate_of(database.update("things", update).await);
    let same = Update::one(doc! { "_id": 2 }, doc! { "$set": { "b": "y", "c": 1 } });
    assert_eq!(database.update("things", same).await.unwrap().modified, 1, "its own key is no obstacle");
    // Taken back as a whole: the id of the refused one is free.
    insert_one(&database, doc! { "_id": 3, "a": 2 }).await.unwrap();
    duplicate_of(insert_one(&database, doc! { "_id": 4, "a": 2, "b": null }).await);
    database.assert_sound();
}

#[tokio::test]
async fn a_unique_index_over_an_array_guards_each_element() {
    let database = Scratch::new();
    database.create_index("things", Index::on(doc! { "tags": 1 }).unique()).await.unwrap();
    insert_one(&database, doc! { "_id": 1, "tags": ["a", "b", "a"] }).await.unwrap();
    duplicate_of(insert_one(&database, doc! { "_id": 2, "tags": ["c", "b"] }).await);
    duplicate_of(insert_one(&database, doc! { "_id": 3, "tags": "a" }).await);
    insert_one(&database, doc! { "_id": 4, "tags": ["c"] }).await.unwrap();
    let pull = Update::one(doc! { "_id": 1 }, doc! { "$pull": { "tags": "b" } });
    assert_eq!(database.update("things", pull).await.unwrap().modified, 1);
    insert_one(&database, doc! { "_id": 5, "tags": "b" }).await.unwrap();
    assert_eq!(database.ids("things", Find::by(doc! { "tags": "b" })).await, numbers([5]));
    database.assert_sound();
}

#[tokio::test]
async fn a_sparse_unique_index_lets_documents_without_the_field_in() {
    let database = Scratch::new();
    database.create_index("things", Index::on(doc! { "key": 1 }).unique().sparse()).await.unwrap();
    database.insert_all("things", (0..5).map(|n| doc! { "_id": n })).await;
    insert_one(&database, doc! { "_id": 5, "key": null }).await.unwrap();
    duplicate_of(insert_one(&database, doc! { "_id": 6, "key": null }).await);
    let unset = Update::one(doc! { "_id": 5 }, doc! { "$unset": { "key": "" } });
    database.update("things", unset).await.unwrap();
    insert_one(&database, doc! { "_id": 6, "key": null }).await.unwrap();
    assert_eq!(database.count("things", doc! { "key": null }).await, Ok(7), "missing counts as null");
    let present = Find::by(doc! { "key": { "$exists": true } });
    assert!(database.explain("things", &present).unwrap().contains("index key_1"));
    assert_eq!(database.ids("things", present).await, numbers([6]));
    database.assert_sound();
}

#[tokio::test]
async fn a_partial_index_holds_and_guards_only_its_part() {
    let database = Scratch::new();
    let mut index = Index::on(doc! { "owner": 1 }).unique();
    index.partial = Some(doc! { "state": "active" });
    database.create_index("things", index).await.unwrap();
    insert_one(&database, doc! { "_id": 1, "owner": "x", "state": "active" }).await.unwrap();
    insert_one(&database, doc! { "_id": 2, "owner": "x", "state": "done" }).await.unwrap();
    duplicate_of(insert_one(&database, doc! { "_id": 3, "owner": "x", "state": "active" }).await);
    let revive = Update::one(doc! { "_id": 2 }, doc! { "$set": { "state": "active" } });
    duplicate_of(database.update("things", revive.clone()).await);
    let finish = Update::one(doc! { "_id": 1 }, doc! { "$set": { "state": "done" } });
    database.update("things", finish).await.unwrap();
    database.update("things", revive).await.unwrap();
    let inside = Find::by(doc! { "owner": "x", "state": "active" });
    assert!(database.explain("things", &inside).unwrap().contains("index owner_1"));
    assert_eq!(database.ids("things", inside).await, numbers([2]));
    let outside = Find::by(doc! { "owner": "x" });
    assert!(database.explain("things", &outside).unwrap().contains("whole collection"));
    assert_eq!(database.ids("things", outside).await, numbers([1, 2]));
    database.assert_sound();
}

#[tokio::test]
async fn an_index_over_documents_that_break_it_is_not_made() {
    let database = Scratch::new();
    database.insert_all("things", [doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 1 }]).await;
    duplicate_of(database.create_index("things", Index::on(doc! { "a": 1 }).unique()).await);
    assert_eq!(database.indexes("things").await, Ok(vec![]));
    database.create_index("things", Index::on(doc! { "a": 1 })).await.unwrap();
    database.create_index("things", Index::on(doc! { "a": 1 })).await.unwrap();
    let other = database.create_index("things", Index { unique: true, ..Index::on(doc! { "a": 1 }) }).await;
    assert!(matches!(other, Err(Error::Invalid { .. })), "{other:?}");
    database.drop_index("things", "a_1").await.unwrap();
    assert!(matches!(database.drop_index("things", "a_1").await, Err(Error::NotFound { .. })));
    database.assert_sound();
}

#[tokio::test]
async fn a_key_of_a_megabyte_is_indexed_like_any_other() {
    let database = Scratch::new();
    database.create_index("things", Index::on(doc! { "text": 1 }).unique()).await.unwrap();
    let long = "long".repeat(250_000);
    insert_one(&database, doc! { "_id": 1, "text": &long }).await.unwrap();
    insert_one(&database, doc! { "_id": 2, "text": format!("{long}!") }).await.unwrap();
    duplicate_of(insert_one(&database, doc! { "_id": 3, "text": &long }).await);
    assert_eq!(database.ids("things", Find::by(doc! { "text": long })).await, numbers([1]));
    database.assert_sound();
}

#[tokio::test]
async fn the_planner_takes_the_index_that_fixes_most() {
    let database = Scratch::new();
    for keys in [doc! { "job": 1, "_id": -1 }, doc! { "state": 1 }, doc! { "state": 1, "due": 1 }] {
        database.create_index("runs", Index::on(keys)).await.unwrap();
    }
    let explained = |find: Find| database.explain("runs", &find).unwrap();
    for (find, expected) in [
        (Find::by(doc! { "_id": 5 }), "index _id_, 1 equal"),
        (Find::by(doc! { "_id": { "$gt": 5 } }), "index _id_, 0 equal, 1 narrowed"),
        (Find::by(doc! { "state": "x" }), "index state_1, 1 equal"),
        (Find::by(doc! { "state": "x", "due": { "$lte": 3 } }), "index state_1_due_1, 1 equal, 1 narrowed"),
        (
            Find::by(doc! { "state": { "$in": ["x", "y"] }, "due": 3 }),
            "index state_1_due_1, 0 equal, 2 narrowed, 2 ranges",
        ),
        (
            Find::by(doc! { "job": "j" }).sorted(doc! { "_id": -1 }),
            "index job_1__id_-1, 1 equal, 0 narrowed, 1 ranges, in the order",
        ),
        (Find::by(doc! { "job": "j" }).sorted(doc! { "_id": 1 }), "backwards, in the order"),
        (
            Find::by(doc! {}).sorted(doc! { "_id": -1 }),
            "index _id_, 0 equal, 0 narrowed, 1 ranges, backwards, in the order",
        ),
        (Find::by(doc! { "other": 1 }), "whole collection"),
        (Find::by(doc! { "other": 1 }).sorted(doc! { "due": 1 }), "whole collection, then sorted in memory"),
        (
            Find::by(doc! { "state": "x" }).sorted(doc! { "due": -1 }),
            "index state_1_due_1, 1 equal, 0 narrowed, 1 ranges, backwards, in the order",
        ),
    ] {
        let found = explained(find.clone());
        assert!(found.contains(expected), "{find:?}: {found}");
    }
}

#[tokio::test]
async fn an_index_that_has_met_arrays_gives_each_document_once() {
    let database = Scratch::new();
    database.create_index("things", Index::on(doc! { "n": 1 })).await.unwrap();
    database.insert_all("things", (0..50).map(|n| doc! { "_id": n, "n": [n, n + 1, n + 2] })).await;
    let find = Find::by(doc! { "n": { "$gte": 10, "$lte": 20 } });
    assert!(database.explain("things", &find).unwrap().contains("index n_1"));
    let mut cursor = database.find("things", find).await.unwrap();
    let mut seen = Vec::new();
    loop {
        let batch = cursor.next(3).await.unwrap();
        if batch.is_empty() {
            break;
        }
        seen.extend(batch.iter().map(|document| document.get_i32("_id").unwrap()));
    }
    seen.sort_unstable();
    assert_eq!(seen, (8..=20).collect::<Vec<_>>());
    // Two elements may meet the two ends of a range: an index must not ask for one that meets both.
    assert_eq!(database.count("things", doc! { "n": { "$gt": 10, "$lt": 11 } }).await, Ok(2));
}

fn value() -> impl Strategy<Value = Bson> {
    let plain = prop_oneof![
        (-3..4).prop_map(Bson::Int32),
        (-3..4_i64).prop_map(Bson::Int64),
        prop_oneof![Just(f64::NAN), Just(-0.0), Just(1.5), Just(2.0), Just(f64::INFINITY)].prop_map(Bson::Double),
        prop_oneof![Just(""), Just("a"), Just("a\0b"), Just("b")].prop_map(Bson::from),
        any::<bool>().prop_map(Bson::Boolean),
        Just(Bson::Null),
        Just(Bson::DateTime(bson::DateTime::from_millis(-1))),
        Just(Bson::MinKey),
    ];
    let inner = plain.clone();
    prop_oneof![
        6 => plain.clone(),
        2 => prop::collection::vec(plain.clone(), 0..4).prop_map(Bson::Array),
        1 => inner.prop_map(|value| Bson::Document(doc! { "x": value })),
        1 => prop::collection::vec(plain.prop_map(|value| Bson::Document(doc! { "x": value })), 0..3)
            .prop_map(Bson::Array),
    ]
}

fn document() -> impl Strategy<Value = Document> {
    (prop::option::of(value()), prop::option::of(value())).prop_map(|(a, b)| {
        let fields = [("a", a), ("b", b)];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    })
}

fn condition() -> impl Strategy<Value = Bson> {
    let operator = prop_oneof![Just("$gt"), Just("$gte"), Just("$lt"), Just("$lte"), Just("$eq"), Just("$ne")];
    prop_oneof![
        value(),
        (operator.clone(), value()).prop_map(|(operator, value)| Bson::Document(doc! { operator: value })),
        (operator.clone(), value(), operator, value()).prop_map(|(first, a, second, b)| Bson::Document(
            Document::from_iter([(first.into(), a), (second.into(), b)])
        )),
        prop::collection::vec(value(), 0..4).prop_map(|values| Bson::Document(doc! { "$in": values })),
        any::<bool>().prop_map(|exists| Bson::Document(doc! { "$exists": exists })),
    ]
}

fn filter() -> impl Strategy<Value = Document> {
    let path = prop_oneof![Just("a"), Just("b"), Just("a.x"), Just("a.0")];
    prop::collection::vec((path, condition()), 0..3).prop_map(|clauses| {
        doc! { "$and": clauses.into_iter().map(|(path, condition)| doc! { path: condition }).chain([doc! {}]).collect::<Vec<_>>() }
    })
}

fn indexes() -> impl Strategy<Value = Vec<Index>> {
    let one = || (prop_oneof![Just("a"), Just("b"), Just("a.x")], prop_oneof![Just(1), Just(-1)]);
    let index = (prop::collection::vec(one(), 1..3), 0..4).prop_map(|(fields, kind)| {
        let keys = fields.into_iter().map(|(path, direction)| (path.to_owned(), Bson::Int32(direction))).collect();
        let mut index = Index::on(keys);
        index.sparse = kind == 1;
        index.partial = (kind == 2).then(|| doc! { "b": { "$gt": 0 } });
        index
    });
    prop::collection::vec(index, 1..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn an_index_never_changes_an_answer(
        documents in prop::collection::vec(document(), 0..30),
        filters in prop::collection::vec(filter(), 1..8),
        indexes in indexes(),
        (path, direction) in (prop_oneof![Just("a"), Just("b")], prop_oneof![Just(1), Just(-1)]),
        batch in 1_usize..4,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let database = Scratch::new();
            for index in indexes {
                // The same name twice with another kind is refused; the first stands.
                database.create_index("with", index).await.ok();
            }
            let numbered: Vec<_> = (0..)
                .zip(documents)
                .map(|(n, mut document)| {
                    document.insert("_id", n);
                    document
                })
                .collect();
            // Two arrays under one index are refused; then the other collection must not have the document either.
            let refused = database.insert("with", numbered.clone()).await.unwrap().failed;
            let is_in = |n: &usize| !refused.iter().any(|(position, _)| position == n);
            let accepted = numbered.into_iter().enumerate().filter(|(n, _)| is_in(n)).map(|(_, document)| document);
            database.insert_all("without", accepted).await;
            for filter in &filters {
                for sort in [None, Some(doc! { path: direction, "_id": 1 })] {
                    let find = Find { sort: sort.clone(), ..Find::by(filter.clone()) };
                    let mut expected = database.ids("without", find.clone()).await;
                    let mut cursor = database.find("with", find.clone()).await.unwrap();
                    let mut found = Vec::new();
                    loop {
                        let documents = cursor.next(batch).await.unwrap();
                        if documents.is_empty() {
                            break;
                        }
                        found.extend(documents.iter().map(|document| document.get("_id").unwrap().clone()));
                    }
                    if sort.is_none() {
                        expected.sort_by_key(Bson::as_i32);
                        found.sort_by_key(Bson::as_i32);
                    }
                    let plan = database.explain("with", &find).unwrap();
                    assert_eq!(found, expected, "{plan}\n{filter}");
                }
            }
            for filter in filters {
                let change = Update::many(filter.clone(), doc! { "$set": { "b": 1 }, "$inc": { "n": 1 } });
                if let Ok(with) = database.update("with", change.clone()).await {
                    assert_eq!(database.update("without", change).await.unwrap(), with);
                }
                let delete = Delete { filter, limit: None };
                assert_eq!(
                    database.delete("with", delete.clone()).await.unwrap(),
                    database.delete("without", delete).await.unwrap()
                );
            }
            database.assert_sound();
        });
    }
}
