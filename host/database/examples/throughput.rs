//! Figures of the embedded engine on this machine: `cargo run --release -p sandglass-database --example throughput`.
//! A folder may be named; it should be on the disk that will hold the data. A second word `runs` leaves all but
//! whole runs out.

use std::{
    error::Error,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use bson::{Document, doc};
use sandglass_database::{
    Database, Find, Index, Update, Write, collect,
    embedded::{Embedded, Options},
};

type Outcome = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome {
    let folder =
        std::env::args().nth(1).map_or_else(|| std::env::temp_dir().join("sandglass-throughput"), PathBuf::from);
    let _ = std::fs::remove_dir_all(&folder);
    let database = Arc::new(Embedded::open(&folder, Options::default())?);
    if std::env::args().nth(2).is_none_or(|what| what != "runs") {
        singles(&database).await?;
        concurrent(&database).await?;
        batches(&database).await?;
        scans(&database).await?;
        equality(&database).await?;
    }
    for group in [10, 100, 1_000] {
        runs(&database, group).await?;
    }
    drop(database);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// User and system time of this process so far.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn report(what: &str, count: u64, began: Instant, cpu_before: Duration) {
    let (wall, cpu) = (began.elapsed().as_secs_f64(), (cpu() - cpu_before).as_secs_f64());
    let count = count as f64;
    println!("{what:<56} {:>10.0}/s {:>8.1} µs CPU each", count / wall, cpu / count * 1e6);
}

fn document(n: i64) -> Document {
    doc! {
        "_id": n, "job_id": format!("job-{}", n % 1000), "status": "success", "n": n, "due": bson::DateTime::from_millis(n),
        "result": { "records": n % 17, "text": "a few words of result" }, "attempt": 1, "host": "host-1", "ok": true,
    }
}

async fn singles(database: &Embedded) -> Outcome {
    let (began, before, count) = (Instant::now(), cpu(), 5_000);
    for n in 0..count {
        database.insert("singles", vec![document(n)]).await?;
    }
    report("single inserts, one caller, durable", count as u64, began, before);
    Ok(())
}

async fn concurrent(database: &Arc<Embedded>) -> Outcome {
    let (began, before, count) = (Instant::now(), cpu(), 100_000);
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let database = Arc::clone(database);
            tokio::spawn(async move {
                for n in 0..count / 64 {
                    database.insert("concurrent", vec![document(task * 1_000_000 + n)]).await?;
                }
                Ok::<_, sandglass_database::Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    report("single inserts, 64 callers, durable", count as u64, began, before);
    Ok(())
}

async fn batches(database: &Embedded) -> Outcome {
    database.create_index("batches", Index::on(doc! { "job_id": 1 })).await?;
    let (began, before, count) = (Instant::now(), cpu(), 300_000);
    for batch in 0..count / 1_000 {
        database.insert("batches", (0..1_000).map(|n| document(batch * 1_000 + n)).collect()).await?;
    }
    report("inserts in batches of 1,000, one index", count as u64, began, before);
    Ok(())
}

async fn scans(database: &Embedded) -> Outcome {
    let (began, before) = (Instant::now(), cpu());
    let found = database.count("batches", doc! { "n": { "$lt": 0 }, "status": "success" }).await?;
    assert_eq!(found, 0, "nothing is below zero");
    report("documents scanned by a filter without an index", 300_000, began, before);
    let (began, before) = (Instant::now(), cpu());
    let found = collect(database.find("batches", Find::by(doc! {})).await?).await?;
    report("documents read and decoded", found.len() as u64, began, before);
    let (began, before) = (Instant::now(), cpu());
    let mut raw = database.find_raw("batches", Find::by(doc! {})).await?;
    while !raw.next(1 << 20).await?.is_empty() {}
    report("documents read raw", 300_000, began, before);
    let (began, before) = (Instant::now(), cpu());
    let top = Find::by(doc! {}).sorted(doc! { "n": -1 }).limited(20);
    assert_eq!(collect(database.find("batches", top).await?).await?.len(), 20, "twenty are there");
    report("documents sorted without an index, 20 wanted", 300_000, began, before);
    Ok(())
}

async fn equality(database: &Arc<Embedded>) -> Outcome {
    for (what, by_id) in [("_id lookups, 16 callers", true), ("index equality, 10 documents, 16 callers", false)] {
        let (began, before, count) = (Instant::now(), cpu(), 40_000);
        let tasks: Vec<_> = (0..16_i64)
            .map(|task| {
                let database = Arc::clone(database);
                tokio::spawn(async move {
                    for n in 0..count / 16 {
                        let filter = match by_id {
                            true => doc! { "_id": (task * 7_919 + n * 104_729) % 300_000 },
                            false => doc! { "job_id": format!("job-{}", (task + n) % 1_000) },
                        };
                        let mut cursor = database.find("batches", Find::by(filter).limited(10)).await?;
                        assert!(!cursor.next(10).await?.is_empty(), "all are there");
                    }
                    Ok::<_, sandglass_database::Error>(())
                })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        report(what, count as u64, began, before);
    }
    let (began, before, count) = (Instant::now(), cpu(), 5_000);
    for n in 0..count {
        let filter = doc! { "_id": (n * 104_729) % 300_000 };
        let mut cursor = database.find("batches", Find::by(filter)).await?;
        assert_eq!(cursor.next(10).await?.len(), 1, "it is there");
    }
    report("_id lookups, one caller", count as u64, began, before);
    Ok(())
}

/// What a scheduler does with a run: make it and move its job on, then end it. Two transactions a group.
async fn runs(database: &Embedded, group: i64) -> Outcome {
    let (jobs, runs) = (format!("jobs_{group}"), format!("runs_{group}"));
    for keys in [doc! { "next_run_at": 1 }, doc! { "enabled": 1 }, doc! { "type": 1 }] {
        database.create_index(&jobs, Index::on(keys)).await?;
    }
    for keys in [doc! { "job_id": 1, "_id": -1 }, doc! { "status": 1 }, doc! { "started_at": 1 }] {
        database.create_index(&runs, Index::on(keys)).await?;
    }
    database.create_index(&runs, Index::on(doc! { "overlap_key": 1 }).unique().sparse()).await?;
    for keys in [doc! { "host": 1 }, doc! { "retry_at": 1 }] {
        database.create_index(&runs, Index::on(keys).sparse()).await?;
    }
    let job = |n: i64| {
        doc! {
            "_id": format!("job-{n}"), "name": format!("Job {n}"), "type": "webhook_trigger", "enabled": true,
            "schedule": { "interval": { "seconds": 1 } }, "parameters": { "url": "http://127.0.0.1/", "n": n },
            "next_run_at": bson::DateTime::from_millis(0), "version": 1, "shard": 3, "created_by": "somebody",
        }
    };
    database.insert(&jobs, (0..group).map(job).collect()).await?;
    let at = bson::DateTime::from_millis;
    let rounds = 20_000 / group;
    let (began, before) = (Instant::now(), cpu());
    for round in 0..rounds {
        let claims = (0..group).map(|n| Write::Insert {
            collection: runs.clone(),
            document: doc! {
                "_id": format!("job-{n}@{round}"), "job_id": format!("job-{n}"), "status": "queued",
                "scheduled_for": at(round), "host": "host-1", "token": 1_i64, "overlap_key": format!("job-{n}#0"),
                "parameters": { "url": "http://127.0.0.1/", "n": n }, "trigger": "schedule",
            },
        });
        let advances = (0..group).map(|n| Write::Update {
            collection: jobs.clone(),
            update: Update::one(
                doc! { "_id": format!("job-{n}"), "next_run_at": at(round) },
                doc! { "$set": { "next_run_at": at(round + 1) } },
            ),
        });
        check(database.bulk(vec![claims.collect(), advances.collect()]).await?, group * 2)?;
        let ends = (0..group).map(|n| Write::Update {
            collection: runs.clone(),
            update: Update::one(
                doc! { "_id": format!("job-{n}@{round}"), "token": 1_i64, "status": "queued" },
                doc! {
                    "$set": {
                        "status": "success", "started_at": at(round), "ended_at": at(round + 1), "duration_ms": 1_i64,
                        "result": { "records_affected": 5, "message": "done" }, "logs": ["one line of a log"],
                    },
                    "$unset": { "overlap_key": "", "host": "" },
                },
            ),
        });
        check(database.bulk(vec![ends.collect()]).await?, group)?;
    }
    report(&format!("whole runs in groups of {group}"), (rounds * group) as u64, began, before);
    Ok(())
}

fn check(outcomes: Vec<Vec<sandglass_database::Result<sandglass_database::Outcome>>>, expected: i64) -> Outcome {
    let mut done = 0;
    for outcome in outcomes.into_iter().flatten() {
        match outcome? {
            sandglass_database::Outcome::Updated(report) => done += report.modified as i64,
            _ => done += 1,
        }
    }
    assert_eq!(done, expected, "every write of a run is done");
    Ok(())
}
