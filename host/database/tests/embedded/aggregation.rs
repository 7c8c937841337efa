//! Pipelines over stored collections.

use bson::doc;
use sandglass_database::{Database, Error, Index, collect};

use crate::setup::Scratch;

async fn answer(database: &Scratch, pipeline: Vec<bson::Document>) -> Vec<bson::Document> {
    collect(database.aggregate("orders", pipeline).await.expect("a pipeline")).await.expect("its answer")
}

#[tokio::test]
async fn a_pipeline_matches_orders_groups_and_looks_up() {
    let database = Scratch::new();
    database.create_index("orders", Index::on(doc! { "n": 1 })).await.unwrap();
    database.insert_all("orders", (0..2_000).map(|n| doc! { "_id": n, "n": n, "customer": n % 3 })).await;
    database.insert_all("customers", (0..3).map(|n| doc! { "_id": n, "name": format!("customer {n}") })).await;
    let found = answer(
        &database,
        vec![
            doc! { "$match": { "n": { "$gte": 500 } } },
            doc! { "$match": { "n": { "$lt": 1_400 } } },
            doc! { "$group": { "_id": "$customer", "count": { "$sum": 1 }, "most": { "$max": "$n" } } },
            doc! { "$sort": { "_id": 1 } },
            doc! { "$lookup": { "from": "customers", "localField": "_id", "foreignField": "_id", "as": "who" } },
            doc! { "$project": { "count": 1, "most": 1, "name": { "$arrayElemAt": ["$who.name", 0] } } },
        ],
    )
    .await;
    assert_eq!(
        found,
        [
            doc! { "_id": 0, "count": 300, "most": 1_398, "name": "customer 0" },
            doc! { "_id": 1, "count": 300, "most": 1_399, "name": "customer 1" },
            doc! { "_id": 2, "count": 300, "most": 1_397, "name": "customer 2" },
        ]
    );
}

#[tokio::test]
async fn window_stages_keep_their_order() {
    let database = Scratch::new();
    database.insert_all("orders", (0..20).map(|n| doc! { "_id": n, "rank": -n })).await;
    let ids = |pipeline| async {
        let found = answer(&database, pipeline).await;
        found.iter().map(|document| document.get_i32("_id").unwrap()).collect::<Vec<_>>()
    };
    let (sort, skip, limit) = (doc! { "$sort": { "rank": 1 } }, doc! { "$skip": 2 }, doc! { "$limit": 3 });
    assert_eq!(ids(vec![sort.clone(), skip.clone(), limit.clone()]).await, [17, 16, 15]);
    assert_eq!(ids(vec![sort.clone(), limit.clone(), skip.clone()]).await, [17]);
    assert_eq!(ids(vec![limit.clone(), sort.clone()]).await, [2, 1, 0]);
    assert_eq!(ids(vec![limit, doc! { "$match": { "_id": { "$gte": 2 } } }]).await, [2]);
    assert_eq!(ids(vec![skip.clone(), skip, doc! { "$limit": 1 }]).await, [4]);
}

#[tokio::test]
async fn a_stage_that_writes_is_refused_by_name() {
    let database = Scratch::new();
    let refused = database.aggregate("orders", vec![doc! { "$out": "elsewhere" }]).await.map(|_| ()).unwrap_err();
    assert!(matches!(&refused, Error::Unsupported { what } if what.contains("$out")), "{refused}");
}
