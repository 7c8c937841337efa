//! A change or removal with a bound never goes beyond it, on every engine.

use sandglass_database::{Delete, Update, bson::doc};

#[test]
fn a_bound_holds_for_changes_upserts_and_removals() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for engine in runtime.block_on(crate::engine::all()) {
        runtime.block_on(async {
            let (database, name) = (&engine.database, engine.name);
            let rows = (0..6).map(|n| doc! { "_id": n, "state": "new" }).collect();
            database.insert("bounded", rows).await.unwrap();
            let change = |limit| Update {
                limit: Some(limit),
                upsert: true,
                ..Update::many(doc! { "state": "new" }, doc! { "$set": { "state": "old" } })
            };
            for (limit, matched) in [(0, 0), (1, 1), (2, 2)] {
                let report = database.update("bounded", change(limit)).await.unwrap();
                assert_eq!((report.matched, report.upserted_id), (matched, None), "{name}, {limit}");
            }
            assert_eq!(database.count("bounded", doc! { "state": "old" }).await.unwrap(), 3, "{name}");
            for (limit, gone) in [(0, 0), (2, 2), (100, 4)] {
                let delete = Delete { limit: Some(limit), filter: doc! {} };
                assert_eq!(database.delete("bounded", delete).await.unwrap(), gone, "{name}, {limit}");
            }
            engine.finish().await;
        });
    }
}
