//! Many at once: nothing is lost, nothing is done twice.

use std::sync::Arc;

use bson::doc;
use sandglass_database::{Change, Database, Find, FindAndUpdate, Index, Return, Update};

use crate::setup::Scratch;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_increment_is_lost() {
    let database = Arc::new(Scratch::new());
    database.insert_all("counters", [doc! { "_id": "c", "n": 0_i64 }]).await;
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let database = Arc::clone(&database);
            tokio::spawn(async move {
                for _ in 0..50 {
                    let update = Update::one(doc! { "_id": "c" }, doc! { "$inc": { "n": 1_i64 } });
                    assert_eq!(database.update("counters", update).await.unwrap().modified, 1);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(database.all("counters", Find::default()).await.unwrap(), [doc! { "_id": "c", "n": 1_600_i64 }]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_piece_of_work_is_claimed_once() {
    let database = Arc::new(Scratch::new());
    database.create_index("work", Index::on(doc! { "state": 1, "rank": 1 })).await.unwrap();
    database.insert_all("work", (0..300).map(|n| doc! { "_id": n, "state": "queued", "rank": -n, "token": 0 })).await;
    let tasks: Vec<_> = (0..16)
        .map(|worker| {
            let database = Arc::clone(&database);
            tokio::spawn(async move {
                let mut claimed = Vec::new();
                loop {
                    let command = FindAndUpdate {
                        filter: doc! { "state": "queued" },
                        change: Some(Change::Operators(
                            doc! { "$set": { "state": "running", "worker": worker }, "$inc": { "token": 1 } },
                        )),
                        sort: Some(doc! { "rank": 1 }),
                        projection: Some(doc! { "_id": 1 }),
                        upsert: false,
                        array_filters: Vec::new(),
                        give_back: Return::After,
                    };
                    match database.find_one_and_update("work", command).await.unwrap() {
                        Some(document) => claimed.push(document.get_i32("_id").unwrap()),
                        None => return claimed,
                    }
                }
            })
        })
        .collect();
    let mut claimed = Vec::new();
    for task in tasks {
        claimed.extend(task.await.unwrap());
    }
    claimed.sort_unstable();
    assert_eq!(claimed, (0..300).collect::<Vec<_>>());
    assert_eq!(database.count("work", doc! { "token": 1 }).await, Ok(300));
    database.assert_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_see_either_all_of_a_bulk_or_nothing() {
    let database = Arc::new(Scratch::new());
    database.insert_all("pair", [doc! { "_id": 0, "n": 0 }, doc! { "_id": 1, "n": 0 }]).await;
    let writer = {
        let database = Arc::clone(&database);
        tokio::spawn(async move {
            for n in 1..200 {
                let set = |id: i32| sandglass_database::Write::Update {
                    collection: "pair".into(),
                    update: Update::one(doc! { "_id": id }, doc! { "$set": { "n": n } }),
                };
                database.bulk(vec![vec![set(0)], vec![set(1)]]).await.unwrap();
            }
        })
    };
    let mut reads = 0;
    while !writer.is_finished() || reads < 50 {
        let found = database.all("pair", Find::default()).await.unwrap();
        assert_eq!(found[0].get_i32("n").unwrap(), found[1].get_i32("n").unwrap());
        reads += 1;
    }
    writer.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_go_on_while_the_schema_changes() {
    let database = Arc::new(Scratch::new());
    database.insert_all("things", (0..200).map(|n| doc! { "_id": n, "n": n % 10 })).await;
    let changer = {
        let database = Arc::clone(&database);
        tokio::spawn(async move {
            for round in 0..20 {
                database.create_index("things", Index::on(doc! { "n": 1 })).await.unwrap();
                database.create_collection(&format!("other-{round}")).await.unwrap();
                database.drop_index("things", "n_1").await.unwrap();
                database.drop_collection(&format!("other-{round}")).await.unwrap();
            }
        })
    };
    let mut reads = 0;
    while !changer.is_finished() || reads < 50 {
        assert_eq!(database.count("things", doc! { "n": 3 }).await, Ok(20));
        assert_eq!(database.all("things", Find::by(doc! { "n": 3 })).await.unwrap().len(), 20);
        reads += 1;
    }
    changer.await.unwrap();
    database.assert_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_log_stays_short_while_somebody_always_reads() {
    let database = Arc::new(Scratch::new());
    database.insert_all("read", (0..20_000).map(|n| doc! { "_id": n, "n": n })).await;
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (database, stop) = (Arc::clone(&database), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut reads = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    assert_eq!(database.count("read", doc! { "n": { "$lt": 0 } }).await, Ok(0));
                    reads += 1;
                }
                reads
            })
        })
        .collect();
    let log = database.folder.path().join("documents.sqlite-wal");
    let (text, mut longest, mut written) = ("x".repeat(1 << 20), 0, 0);
    // Three times the length at which the log is due to be cut, in groups small enough to be looked at.
    for n in 0..200 {
        database.insert_all("written", [doc! { "_id": n, "text": &text }]).await;
        written += text.len() as u64;
        longest = longest.max(std::fs::metadata(&log).unwrap().len());
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut reads = 0;
    for reader in readers {
        reads += reader.await.unwrap();
    }
    assert!(reads > 20, "{reads} reads");
    assert!(written > 190 << 20 && longest < 180 << 20, "{written} bytes written, the log had {longest}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_long_delete_lets_others_write_in_between() {
    let database = Arc::new(Scratch::new());
    let mut most = 0;
    // On a machine that is busy elsewhere the one who writes may sleep through a whole delete: then once more.
    for _ in 0..10 {
        for part in 0..10 {
            database.insert_all("old", (0..2_000).map(|n| doc! { "_id": part * 2_000 + n })).await;
        }
        let delete = {
            let database = Arc::clone(&database);
            tokio::spawn(async move { database.delete("old", sandglass_database::Delete::default()).await })
        };
        let mut between = 0;
        while !delete.is_finished() {
            database.insert_all("new", [doc! { "between": between }]).await;
            between += 1;
        }
        assert_eq!(delete.await.unwrap(), Ok(20_000));
        most = most.max(between);
        if most > 3 {
            break;
        }
    }
    // Forty slices, each of which lets in what has come meanwhile. In one piece it would let in two: the one before it
    // and the one that waits until its end.
    assert!(most > 3, "{most} writes");
    database.assert_sound();
}
