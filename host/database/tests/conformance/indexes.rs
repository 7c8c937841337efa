//! Indexes, bulks and concurrent writes, on every engine.

use std::sync::Arc;

use sandglass_database::{
    Change, Database, Delete, Error, Find, FindAndUpdate, Index, Outcome, Return, Update, Write,
    bson::{Bson, Document, doc},
    collect,
};

use crate::engine::{self, Engine};

/// Runs the check on every engine, with threads so that writes can really meet.
fn on_every_engine<F>(check: impl Fn(Arc<dyn Database>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    on(engine::all_writers(), check);
}

fn on<F>(engines: impl Future<Output = Vec<Engine>>, check: impl Fn(Arc<dyn Database>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let name = std::thread::current().name().unwrap().rsplit("::").next().unwrap().to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for engine in runtime.block_on(engines) {
        eprintln!("engine: {}", engine.name);
        let outcome = runtime.block_on(runtime.spawn(check(engine.database.clone())));
        match (outcome, engine.faults.of(&name)) {
            (Ok(()), None) | (Err(_), Some(_)) => runtime.block_on(engine.finish()),
            (Ok(()), Some(reason)) => panic!("{name} is marked as a fault of the server ({reason}), but passes"),
            (Err(error), None) => panic!("{} fails: {error}", engine.name),
        }
    }
}

async fn insert(database: &dyn Database, document: Document) -> Result<(), Error> {
    let mut report = database.insert("c", vec![document]).await?;
    report.failed.pop().map_or(Ok(()), |(_, error)| Err(error))
}

async fn ids(database: &dyn Database, filter: Document) -> Vec<i32> {
    let find = Find::by(filter).sorted(doc! { "_id": 1 });
    let found = collect(database.find("c", find).await.unwrap()).await.unwrap();
    found.iter().map(|document| document.get_i32("_id").unwrap()).collect()
}

fn is_duplicate(result: Result<(), Error>, index: &str) -> bool {
    matches!(result, Err(Error::DuplicateKey { index: name, .. }) if name == index)
}

#[test]
fn a_unique_index_names_itself_and_the_key_it_has_already() {
    on_every_engine(|database| async move {
        let index = Index::on(doc! { "a": 1, "b": -1 }).unique();
        database.create_index("c", index).await.unwrap();
        insert(&*database, doc! { "_id": 1, "a": 1, "b": "x" }).await.unwrap();
        insert(&*database, doc! { "_id": 2, "a": 1, "b": "y" }).await.unwrap();
        let error = insert(&*database, doc! { "_id": 3, "a": 1.0, "b": "x" }).await.unwrap_err();
        let key = Bson::Array(vec![Bson::Double(1.0), "x".into()]);
        assert_eq!(error, Error::DuplicateKey { collection: "c".into(), index: "a_1_b_-1".into(), key });
        let again = insert(&*database, doc! { "_id": 1, "a": 9 }).await;
        assert!(is_duplicate(again, "_id_"), "an _id is unique without being asked");
        assert_eq!(ids(&*database, doc! {}).await, [1, 2]);
    });
}

#[test]
fn a_missing_field_is_a_key_too_unless_the_index_is_sparse() {
    on_every_engine(|database| async move {
        database.create_index("c", Index::on(doc! { "a": 1 }).unique()).await.unwrap();
        insert(&*database, doc! { "_id": 1 }).await.unwrap();
        assert!(is_duplicate(insert(&*database, doc! { "_id": 2, "a": null }).await, "a_1"));
        database.drop_index("c", "a_1").await.unwrap();
        database.create_index("c", Index::on(doc! { "a": 1 }).unique().sparse()).await.unwrap();
        insert(&*database, doc! { "_id": 2 }).await.unwrap();
        insert(&*database, doc! { "_id": 3, "a": null }).await.unwrap();
        assert!(is_duplicate(insert(&*database, doc! { "_id": 4, "a": null }).await, "a_1"));
        insert(&*database, doc! { "_id": 5, "a": 7 }).await.unwrap();
        // A sparse index knows nothing of the documents without the field.
        assert_eq!(ids(&*database, doc! { "a": null }).await, [1, 2, 3]);
        assert_eq!(ids(&*database, doc! { "a": { "$in": [7, null] } }).await, [1, 2, 3, 5]);
        assert_eq!(ids(&*database, doc! { "a": 7 }).await, [5]);
        assert_eq!(ids(&*database, doc! { "a": { "$ne": 7 } }).await, [1, 2, 3]);
    });
}

#[test]
fn a_partial_index_only_sees_the_documents_of_its_filter() {
    on_every_engine(|database| async move {
        let mut index = Index::on(doc! { "job": 1 }).unique();
        index.partial = Some(doc! { "state": "running" });
        database.create_index("c", index).await.unwrap();
        for (id, state) in [(1, "done"), (2, "done"), (3, "running")] {
            insert(&*database, doc! { "_id": id, "job": 1, "state": state }).await.unwrap();
        }
        assert!(is_duplicate(insert(&*database, doc! { "_id": 4, "job": 1, "state": "running" }).await, "job_1"));
        let enter = Update::one(doc! { "_id": 1 }, doc! { "$set": { "state": "running" } });
        let refused = database.update("c", enter.clone()).await.map(|_| ());
        assert!(is_duplicate(refused, "job_1"));
        assert_eq!(ids(&*database, doc! { "state": "done" }).await, [1, 2], "a refused update changes nothing");
        let leave = Update::one(doc! { "_id": 3 }, doc! { "$set": { "state": "done" } });
        assert_eq!(database.update("c", leave).await.unwrap().modified, 1);
        assert_eq!(database.update("c", enter).await.unwrap().modified, 1);
        assert_eq!(ids(&*database, doc! { "job": 1 }).await, [1, 2, 3]);
        assert_eq!(ids(&*database, doc! { "job": 1, "state": "running" }).await, [1]);
        assert_eq!(ids(&*database, doc! { "job": 1, "state": { "$in": ["running", "done"] } }).await, [1, 2, 3]);
    });
}

#[test]
fn an_array_has_an_entry_for_each_of_its_elements() {
    on_every_engine(|database| async move {
        database.create_index("c", Index::on(doc! { "tags": 1 }).unique()).await.unwrap();
        insert(&*database, doc! { "_id": 1, "tags": ["a", "b", "a"] }).await.unwrap();
        assert!(is_duplicate(insert(&*database, doc! { "_id": 2, "tags": ["c", "b"] }).await, "tags_1"));
        insert(&*database, doc! { "_id": 2, "tags": [] }).await.unwrap();
        insert(&*database, doc! { "_id": 3, "tags": [["x"], null, 5] }).await.unwrap();
        assert_eq!(ids(&*database, doc! { "tags": "b" }).await, [1]);
        assert_eq!(ids(&*database, doc! { "tags": ["a", "b", "a"] }).await, [1]);
        assert_eq!(ids(&*database, doc! { "tags": [] }).await, [2]);
        assert_eq!(ids(&*database, doc! { "tags": ["x"] }).await, [3]);
        assert_eq!(ids(&*database, doc! { "tags": { "$gt": "a", "$lt": "b" } }).await, [1], "by two elements");
        assert_eq!(ids(&*database, doc! { "tags": null }).await, [3]);
        let pull = Update::one(doc! { "_id": 1 }, doc! { "$pull": { "tags": "b" } });
        assert_eq!(database.update("c", pull).await.unwrap().modified, 1);
        insert(&*database, doc! { "_id": 4, "tags": "b" }).await.unwrap();
        assert_eq!(ids(&*database, doc! { "tags": "b" }).await, [4]);
    });
}

#[test]
fn arrays_in_two_fields_of_one_index_are_refused() {
    on_every_engine(|database| async move {
        database.create_index("c", Index::on(doc! { "a": 1, "b": 1 })).await.unwrap();
        let error = insert(&*database, doc! { "_id": 1, "a": [1, 2], "b": [3, 4] }).await.unwrap_err();
        assert!(
            matches!(&error, Error::Invalid { message } if message.contains('a') && message.contains('b')),
            "{error}"
        );
        insert(&*database, doc! { "_id": 1, "a": [1, 2], "b": 3 }).await.unwrap();
        let both = Update::one(doc! { "_id": 1 }, doc! { "$set": { "b": [3] } });
        assert!(matches!(database.update("c", both).await, Err(Error::Invalid { .. })));
        assert_eq!(ids(&*database, doc! { "a": 2, "b": 3 }).await, [1]);
    });
}

#[test]
fn an_index_is_made_once_and_not_over_duplicates() {
    on_every_engine(|database| async move {
        insert(&*database, doc! { "_id": 1, "a": 1 }).await.unwrap();
        insert(&*database, doc! { "_id": 2, "a": 1 }).await.unwrap();
        let unique = Index::on(doc! { "a": 1 }).unique();
        let refused = database.create_index("c", unique.clone()).await;
        assert!(is_duplicate(refused, "a_1"));
        assert_eq!(database.indexes("c").await.unwrap(), []);
        let plain = Index::on(doc! { "a": 1 });
        database.create_index("c", plain.clone()).await.unwrap();
        database.create_index("c", plain.clone()).await.unwrap();
        assert_eq!(database.indexes("c").await.unwrap(), [plain]);
        assert!(matches!(database.create_index("c", unique).await, Err(Error::Invalid { .. })));
        assert!(matches!(database.drop_index("c", "b_1").await, Err(Error::NotFound { .. })));
        for wrong in [doc! {}, doc! { "a": 0 }, doc! { "a": "text" }] {
            let index = Index { name: "wrong".into(), ..Index::on(wrong) };
            assert!(matches!(database.create_index("c", index).await, Err(Error::Invalid { .. })));
        }
    });
}

#[test]
fn a_write_that_fails_in_a_bulk_does_not_stop_its_neighbours() {
    on_every_engine(|database| async move {
        database.create_index("c", Index::on(doc! { "a": 1 }).unique().sparse()).await.unwrap();
        let insert = |document: Document| Write::Insert { collection: "c".into(), document };
        let update = |update: Update| Write::Update { collection: "c".into(), update };
        let phases = vec![
            vec![insert(doc! { "_id": 1, "a": 1 }), insert(doc! { "_id": 2, "a": 1 }), insert(doc! { "_id": 3 })],
            vec![
                update(Update::one(doc! { "a": 1 }, doc! { "$inc": { "n": 5 } })),
                // Not the one that is deleted: writes of a phase have no order.
                update(Update::one(doc! { "_id": 1 }, doc! { "$inc": { "_id": 5 } })),
                update(Update::one(doc! { "_id": 9 }, doc! { "$set": { "n": 1 } }).upserting()),
                Write::Delete { collection: "c".into(), delete: Delete { filter: doc! { "_id": 3 }, limit: Some(1) } },
            ],
        ];
        let outcomes = database.bulk(phases).await.unwrap();
        assert_eq!(outcomes[0][0], Ok(Outcome::Inserted));
        assert!(matches!(outcomes[0][1], Err(Error::DuplicateKey { .. })));
        assert_eq!(outcomes[0][2], Ok(Outcome::Inserted));
        assert!(matches!(&outcomes[1][0], Ok(Outcome::Updated(report)) if report.matched == 1 && report.modified == 1));
        assert!(matches!(outcomes[1][1], Err(Error::Invalid { .. })), "{:?}", outcomes[1]);
        assert!(matches!(&outcomes[1][2], Ok(Outcome::Updated(report)) if report.upserted_id == Some(9.into())));
        assert_eq!(outcomes[1][3], Ok(Outcome::Deleted(1)));
        assert_eq!(ids(&*database, doc! {}).await, [1, 9]);
        assert_eq!(ids(&*database, doc! { "n": 5 }).await, [1]);
    });
}

#[test]
fn an_update_of_many_that_fails_changes_none() {
    on(engine::all_in_one_step(), |database| async move {
        database.create_index("c", Index::on(doc! { "a": 1 }).unique()).await.unwrap();
        for id in 1..=3 {
            insert(&*database, doc! { "_id": id, "a": id }).await.unwrap();
        }
        let clash = Update::many(doc! {}, doc! { "$set": { "a": 7 } });
        assert!(is_duplicate(database.update("c", clash).await.map(|_| ()), "a_1"));
        for id in 1..=3 {
            assert_eq!(ids(&*database, doc! { "a": id }).await, [id]);
        }
    });
}

#[test]
fn everything_is_claimed_once_however_many_ask() {
    on_every_engine(|database| async move {
        for id in 0..60 {
            insert(&*database, doc! { "_id": id, "state": "due", "prio": id % 3 }).await.unwrap();
        }
        database.create_index("c", Index::on(doc! { "state": 1, "prio": -1 })).await.unwrap();
        let claim = FindAndUpdate {
            filter: doc! { "state": "due" },
            change: Some(Change::Operators(doc! { "$set": { "state": "taken" }, "$inc": { "token": 1 } })),
            sort: Some(doc! { "prio": -1, "_id": 1 }),
            projection: Some(doc! { "token": 1 }),
            upsert: false,
            array_filters: Vec::new(),
            give_back: Return::After,
        };
        let workers: Vec<_> = (0..8)
            .map(|_| {
                let (database, claim) = (database.clone(), claim.clone());
                tokio::spawn(async move {
                    let mut claimed = Vec::new();
                    while let Some(document) = database.find_one_and_update("c", claim.clone()).await.unwrap() {
                        assert_eq!(document.get_i32("token").unwrap(), 1);
                        claimed.push(document.get_i32("_id").unwrap());
                    }
                    claimed
                })
            })
            .collect();
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.await.unwrap());
        }
        all.sort_unstable();
        assert_eq!(all, (0..60).collect::<Vec<_>>());
    });
}

#[test]
fn no_increment_is_lost() {
    on_every_engine(|database| async move {
        let workers: Vec<_> = (0..8)
            .map(|_| {
                let database = database.clone();
                tokio::spawn(async move {
                    for _ in 0..25 {
                        let add = Update::one(doc! { "_id": 1 }, doc! { "$inc": { "n": 1 } }).upserting();
                        database.update("c", add).await.unwrap();
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
        assert_eq!(ids(&*database, doc! { "n": 200 }).await, [1]);
    });
}
