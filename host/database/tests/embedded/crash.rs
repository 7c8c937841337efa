//! The process is killed, or its disk fails under it, at moments of chance: whatever was acknowledged must be there,
//! a bulk must be there as a whole or not at all, and the file must be sound.
//!
//! This test binary runs itself again as the process that dies.

use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use bson::{Bson, doc};
use sandglass_database::{
    Database, Find, Index, Update, Write,
    embedded::{Embedded, Options},
};
use tempfile::TempDir;

/// Folder in which the second process works.
const FOLDER: &str = "SANDGLASS_CRASH_FOLDER";
/// Which life of the second process it is, so that its ids are its own.
const LIFE: &str = "SANDGLASS_CRASH_LIFE";
/// What the second process ends with when the database tells it that the disk has failed.
const DISK_FAILED: i32 = 74;
const CYCLES: u64 = 25;

/// The body of the second process. Called by an ordinary test run it has nothing to do.
#[test]
fn second_process() {
    let (Ok(folder), Ok(life)) = (std::env::var(FOLDER), std::env::var(LIFE)) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(write_for_ever(Path::new(&folder), &life));
}

async fn write_for_ever(folder: &Path, life: &str) {
    let database = Arc::new(match Embedded::open(folder, Options::default()) {
        Ok(database) => database,
        Err(error) => {
            say(&format!("refused {error}"));
            return;
        }
    });
    database.on_fatal(|_| std::process::exit(DISK_FAILED));
    database.create_index("runs", Index::on(doc! { "job": 1, "_id": -1 })).await.unwrap();
    database.create_index("runs", Index::on(doc! { "key": 1 }).unique().sparse()).await.unwrap();
    let callers: Vec<_> = (0..6)
        .map(|caller| tokio::spawn(write_as(Arc::clone(&database), format!("{life}-{caller}"), caller)))
        .collect();
    for caller in callers {
        // A refusal while the disk fails; the process is about to be ended.
        let _ = caller.await;
    }
    std::thread::sleep(Duration::from_secs(60));
}

async fn write_as(database: Arc<Embedded>, name: String, caller: i32) {
    for n in 0.. {
        let id = format!("{name}-{n}");
        let run = doc! { "_id": &id, "job": caller, "key": &id, "text": "x".repeat(300) };
        if caller % 2 == 0 {
            let report = database.insert("runs", vec![run]).await;
            if !report.is_ok_and(|report| report.inserted == 1) {
                return;
            }
        } else {
            let insert = |collection: &str, document| Write::Insert { collection: collection.into(), document };
            let advance = Update::one(doc! { "_id": caller }, doc! { "$inc": { "runs": 1_i64 } }).upserting();
            let phases = vec![
                vec![insert("runs", run), insert("twins", doc! { "_id": &id })],
                vec![Write::Update { collection: "jobs".into(), update: advance }],
            ];
            if database.bulk(phases).await.is_err() {
                return;
            }
        }
        say(&format!("stored {id}"));
    }
}

/// One whole line at once; the harness does not capture it.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // The reader may be gone already.
    let _ = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
}

/// Starts the second process; `wrapper` is a shell command before it.
fn start(folder: &Path, life: u64, wrapper: &str) -> Child {
    let program = std::env::current_exe().unwrap();
    Command::new("sh")
        .arg("-c")
        .arg(format!("{wrapper} exec \"$0\" --exact crash::second_process --nocapture --test-threads=1"))
        .arg(program)
        .env(FOLDER, folder)
        .env(LIFE, life.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Reads what the process says until `enough`, and then on to its end after `then`.
fn listen(child: &mut Child, enough: usize, then: impl FnOnce(&mut Child)) -> Vec<String> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut stored, mut then) = (Vec::new(), Some(then));
    let deadline = Instant::now() + Duration::from_secs(120);
    // A killed process can leave half a line without its end; an id that was cut is not among those stored.
    while let Some(Ok(line)) = lines.next() {
        assert!(Instant::now() < deadline, "the second process is too slow");
        assert!(!line.contains("refused"), "{line}");
        if let Some((_, id)) = line.split_once("stored ") {
            stored.push(id.to_owned());
        }
        if stored.len() >= enough
            && let Some(then) = then.take()
        {
            then(child);
        }
    }
    stored
}

/// Opens what the dead process left, and checks it.
async fn check(folder: &Path, acknowledged: &HashSet<String>, cut: Option<&String>) {
    let database = Embedded::open(folder, Options::default()).unwrap();
    assert_eq!(database.integrity_check(), Ok(vec![]));
    let ids = |collection: &'static str, filter| {
        let database = &database;
        async move {
            let cursor = database.find(collection, Find::by(filter)).await.unwrap();
            let all = sandglass_database::collect(cursor).await.unwrap();
            all.into_iter().map(|document| document.get_str("_id").unwrap().to_owned()).collect::<HashSet<_>>()
        }
    };
    let runs = ids("runs", doc! {}).await;
    let lost: Vec<_> = acknowledged.difference(&runs).filter(|id| Some(*id) != cut).collect();
    assert_eq!(lost, Vec::<&String>::new(), "acknowledged and gone");
    let grouped = ids("runs", doc! { "job": { "$in": [1, 3, 5] } }).await;
    assert_eq!(grouped, ids("twins", doc! {}).await, "a bulk is whole or not there");
    let jobs = sandglass_database::collect(database.find("jobs", Find::default()).await.unwrap()).await.unwrap();
    let advanced: i64 = jobs.iter().filter_map(|job| job.get("runs").and_then(Bson::as_i64)).sum();
    assert_eq!(advanced, grouped.len() as i64, "as many advances as runs");
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed_again_and_again() {
    let folder = TempDir::new().unwrap();
    let mut acknowledged = HashSet::new();
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
    let mut random = seed;
    for life in 0..CYCLES {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let enough = 10 + (random >> 33) % 60;
        let pause = Duration::from_micros((random >> 17) % 5_000);
        let mut child = start(folder.path(), life, "");
        let stored = listen(&mut child, enough as usize, |child| {
            // The moment is the point, not the time: anything from the middle of a group to the middle of a commit.
            std::thread::sleep(pause);
            child.kill().unwrap();
        });
        child.wait().unwrap();
        assert!(stored.len() as u64 >= enough, "seed {seed}, life {life}: only {} stored", stored.len());
        let last = stored.last().cloned();
        acknowledged.extend(stored);
        check(folder.path(), &acknowledged, last.as_ref()).await;
    }
    println!("{CYCLES} kills, {} acknowledged writes, all there (seed {seed})", acknowledged.len());
    assert!(acknowledged.len() as u64 >= CYCLES * 10);
}

#[tokio::test]
async fn a_write_that_the_disk_refuses_ends_the_writer_and_loses_nothing_acknowledged() {
    let folder = TempDir::new().unwrap();
    // No file may pass 2 MiB: then a write of the log fails, which is not a full disk but a failing one.
    let mut child = start(folder.path(), 0, "trap '' XFSZ; ulimit -f 4096;");
    let stored = listen(&mut child, usize::MAX, |_| {});
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(DISK_FAILED), "the process was told");
    assert!(stored.len() > 100, "only {} stored", stored.len());
    check(folder.path(), &stored.into_iter().collect(), None).await;
}

#[tokio::test]
async fn a_second_process_on_the_same_folder_is_refused() {
    let folder = TempDir::new().unwrap();
    let database = Embedded::open(folder.path(), Options::default()).unwrap();
    let output = start(folder.path(), 0, "").wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("refused") && said.contains("in use by another process"), "{said}");
    database.insert("things", vec![doc! { "_id": 1 }]).await.unwrap();
    drop(database);
    let mut child = start(folder.path(), 1, "");
    let stored = listen(&mut child, 5, |child| child.kill().unwrap());
    child.wait().unwrap();
    assert!(stored.len() >= 5, "the lock goes with the process that held it");
}
