//! Folders on a real disk: what is stored, what leaves nothing, and what hostile surroundings cannot do.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::draft::{Draft, Placed, remove_leftovers};
use super::info::FileInfo;
use super::list::Page;
use super::local::Local;
use super::name::FileName;
use crate::capabilities::{ErrorKind, GateError};

struct Scene {
    folder: Arc<Local>,
    outer: tempfile::TempDir,
}

impl Scene {
    fn new(quota_bytes: u64) -> Self {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("root");
        std::fs::create_dir(&root).unwrap();
        Self { folder: Arc::new(Local::new("exports", root, quota_bytes)), outer }
    }

    fn root(&self) -> PathBuf {
        self.outer.path().join("root")
    }

    fn draft(&self, bytes: &[u8]) -> Draft {
        let mut draft = Draft::begin(Arc::clone(&self.folder)).unwrap();
        draft.write(bytes).unwrap();
        draft
    }

    fn place(&self, text: &str, bytes: &[u8], overwrite: bool) -> Result<Placed, GateError> {
        self.draft(bytes).place(&name(text), overwrite, |_| Ok(()))
    }

    fn store(&self, text: &str, bytes: &[u8]) -> FileInfo {
        self.place(text, bytes, false).unwrap().keep().unwrap()
    }

    fn read(&self, text: &str) -> Vec<u8> {
        self.folder.read(&name(text), 0, 1_000).unwrap()
    }

    fn list(&self, prefix: &str, after: Option<&str>, max: usize) -> Vec<String> {
        let page = Page { prefix: prefix.to_owned(), after: after.map(str::to_owned), max };
        let list = self.folder.entries(&page, &CancellationToken::new()).unwrap();
        list.into_iter().map(|info| info.name).collect()
    }

    fn temporaries(&self) -> usize {
        std::fs::read_dir(self.root().join(".sandglass/writing")).map_or(0, Iterator::count)
    }
}

fn name(text: &str) -> FileName {
    FileName::parse(text).unwrap()
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, GateError>) -> (ErrorKind, &'static str) {
    let error = outcome.unwrap_err();
    assert!(!error.message.contains("/tmp/."), "a path of the machine shows: {error}");
    (error.kind, error.reason)
}

#[test]
fn a_finished_file_is_there_with_its_checksum_and_nothing_is_left_beside_it() {
    let scene = Scene::new(0);
    let info = scene.store("2026-11-23/orders.bson", b"hello");
    assert_eq!((info.name.as_str(), info.size), ("2026-11-23/orders.bson", 5));
    let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    assert_eq!(info.sha256.as_deref(), Some(hash));
    assert_eq!(std::fs::read(scene.root().join("2026-11-23/orders.bson")).unwrap(), b"hello");
    let found = scene.folder.info(&name("2026-11-23/orders.bson")).unwrap();
    assert_eq!((found.size, found.modified), (info.size, info.modified));
    assert!(found.sha256.is_none_or(|kept| kept == hash));
    assert_eq!(scene.temporaries(), 0);

    std::fs::write(scene.root().join("2026-11-23/orders.bson"), "other").unwrap();
    let changed = scene.folder.info(&name("2026-11-23/orders.bson")).unwrap();
    assert_eq!(changed.sha256, None, "a checksum that does not hold any more");
}

#[test]
fn pieces_are_read_from_any_offset_and_nothing_stands_behind_the_end() {
    let scene = Scene::new(0);
    scene.store("a", b"0123456789");
    let read = |offset, max| scene.folder.read(&name("a"), offset, max).unwrap();
    assert_eq!(read(0, 4), b"0123");
    assert_eq!(read(8, 4), b"89");
    assert_eq!(read(10, 4), b"");
    assert_eq!(read(u64::MAX, 4), b"");
    assert_eq!(read(3, 0), b"");
}

#[test]
fn an_unfinished_file_leaves_nothing_and_gives_its_space_back() {
    let scene = Scene::new(10);
    scene.folder.space.measured(0);
    for _ in 0..5 {
        let draft = scene.draft(b"12345678");
        assert_eq!(scene.temporaries(), 1);
        drop(draft);
        assert_eq!(scene.temporaries(), 0);
    }
    assert_eq!(scene.list("", None, 10), Vec::<String>::new());
}

#[test]
fn a_file_that_nobody_took_note_of_is_taken_away_and_what_it_replaced_comes_back() {
    let scene = Scene::new(0);
    drop(scene.place("a/b/new", b"new", false).unwrap());
    assert!(!scene.root().join("a").exists(), "the folders went with it");

    scene.store("a/old", b"old");
    drop(scene.place("a/old", b"new", true).unwrap());
    assert_eq!(scene.read("a/old"), b"old");
    scene.place("a/old", b"new", true).unwrap().keep();
    assert_eq!(scene.read("a/old"), b"new");
    assert_eq!(scene.temporaries(), 0);
}

#[test]
fn without_overwrite_one_of_many_wins_and_the_others_are_told() {
    let scene = Arc::new(Scene::new(0));
    let start = Arc::new(std::sync::Barrier::new(8));
    let threads: Vec<_> = (0..8_u8)
        .map(|number| {
            let (scene, start) = (Arc::clone(&scene), Arc::clone(&start));
            std::thread::spawn(move || {
                let draft = scene.draft(&[number; 100]);
                start.wait();
                let placed = draft.place(&name("deep/down/one"), false, |_| Ok(()));
                placed.map(|mut placed| placed.keep()).map_err(|error| (error.kind, error.reason))
            })
        })
        .collect();
    let outcomes: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let lost = outcomes.iter().filter(|outcome| **outcome == Err((ErrorKind::Conflict, "file-exists"))).count();
    assert_eq!(lost, 7, "{outcomes:?}");
    let bytes = scene.read("deep/down/one");
    assert!(bytes.len() == 100 && bytes.iter().all(|byte| *byte == bytes[0]), "a mixture of two files");
    assert_eq!(scene.temporaries(), 0);
}

#[test]
fn names_and_folders_do_not_take_each_others_place() {
    let scene = Scene::new(0);
    scene.store("a/b", b"1");
    scene.store("c", b"2");
    assert_eq!(refused(scene.place("a", b"x", true)), (ErrorKind::Conflict, "name-taken"));
    assert_eq!(refused(scene.place("a", b"x", false)), (ErrorKind::Conflict, "file-exists"));
    assert_eq!(refused(scene.place("c/d", b"x", true)), (ErrorKind::Conflict, "name-taken"));
    assert_eq!(refused(scene.folder.read(&name("a"), 0, 1)), (ErrorKind::NotFound, "unknown-file"));
    assert_eq!(refused(scene.folder.read(&name("c/d"), 0, 1)), (ErrorKind::NotFound, "unknown-file"));
    assert_eq!(refused(scene.folder.delete(&name("a"))), (ErrorKind::NotFound, "unknown-file"));
    assert_eq!(refused(scene.folder.delete(&name("none"))), (ErrorKind::NotFound, "unknown-file"));
    assert_eq!((scene.read("a/b"), scene.read("c")), (b"1".to_vec(), b"2".to_vec()));
    assert_eq!(scene.temporaries(), 0);
}

#[test]
fn a_deleted_file_takes_its_empty_folders_along_and_no_others() {
    let scene = Scene::new(0);
    scene.store("a/b/c/one", b"1");
    scene.store("a/two", b"2");
    scene.folder.delete(&name("a/b/c/one")).unwrap();
    assert!(!scene.root().join("a/b").exists());
    scene.folder.delete(&name("a/two")).unwrap();
    assert!(!scene.root().join("a").exists() && scene.root().exists());
}

/// Everything that can be done with a name.
fn try_everything(scene: &Scene, text: &str) {
    let name = name(text);
    let link = (ErrorKind::Denied, "link");
    assert_eq!(refused(scene.folder.info(&name)), link, "{text}");
    assert_eq!(refused(scene.folder.read(&name, 0, 100)), link, "{text}");
    assert_eq!(refused(scene.folder.delete(&name)), link, "{text}");
}

#[test]
fn links_lead_nowhere() {
    let scene = Scene::new(0);
    let outside = scene.outer.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "secret").unwrap();
    let root = scene.root();
    std::fs::create_dir(root.join("real")).unwrap();
    symlink(&outside, root.join("folder")).unwrap();
    symlink("../outside", root.join("relative")).unwrap();
    symlink(outside.join("secret"), root.join("file")).unwrap();
    symlink(outside.join("nothing"), root.join("dangling")).unwrap();
    symlink(&outside, root.join("real/deep")).unwrap();
    symlink("/", root.join("slash")).unwrap();
    for text in ["folder/secret", "relative/secret", "file", "dangling", "real/deep/secret", "slash/etc/passwd"] {
        try_everything(&scene, text);
    }
    for text in ["folder/new", "relative/new", "real/deep/new", "slash/tmp/new", "dangling/new"] {
        assert_eq!(refused(scene.place(text, b"x", true)), (ErrorKind::Denied, "link"), "{text}");
    }
    assert_eq!(refused(scene.place("file", b"x", false)), (ErrorKind::Conflict, "file-exists"));
    assert_eq!(scene.list("", None, 100), Vec::<String>::new(), "links are no files");

    // To overwrite a link replaces the link itself.
    scene.place("file", b"mine", true).unwrap().keep();
    assert_eq!(scene.read("file"), b"mine");
    assert_eq!(std::fs::read_to_string(outside.join("secret")).unwrap(), "secret");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
}

#[test]
fn our_own_corner_may_be_a_link_and_still_nothing_leaves_the_folder() {
    let scene = Scene::new(0);
    let outside = scene.outer.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    symlink(&outside, scene.root().join(".sandglass")).unwrap();
    assert_eq!(Draft::begin(Arc::clone(&scene.folder)).unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn a_folder_that_is_swapped_for_a_link_at_any_moment_leads_nowhere() {
    let scene = Arc::new(Scene::new(0));
    let outside = scene.outer.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("victim"), "secret").unwrap();
    let root = scene.root();
    std::fs::create_dir(root.join("d")).unwrap();
    std::fs::write(root.join("d/victim"), "mine").unwrap();
    symlink(&outside, root.join("l")).unwrap();
    let is_over = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let swapper = {
        let (root, is_over) = (root.clone(), Arc::clone(&is_over));
        std::thread::spawn(move || {
            let mut swaps = 0_u64;
            let here = rustix::fs::open(&root, rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty()).unwrap();
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                rustix::fs::renameat_with(&here, "d", &here, "l", rustix::fs::RenameFlags::EXCHANGE).unwrap();
                swaps += 1;
            }
            swaps
        })
    };
    let (mut reads, mut writes) = (0, 0);
    for number in 0..2_000 {
        match scene.folder.read(&name("d/victim"), 0, 100) {
            Ok(bytes) => {
                assert_eq!(bytes, b"mine");
                reads += 1;
            }
            Err(error) => assert!(error.kind == ErrorKind::Denied || error.kind == ErrorKind::NotFound, "{error}"),
        }
        if number % 20 == 0
            && let Ok(mut placed) = scene.place(&format!("d/new-{number}"), b"x", false)
        {
            placed.keep();
            writes += 1;
        }
    }
    is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    let swaps = swapper.join().unwrap();
    assert!(swaps > 10 && reads > 10, "{swaps} swaps, {reads} reads, {writes} writes");
    let left: Vec<_> = std::fs::read_dir(&outside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["victim"]);
}

#[test]
fn pipes_and_sockets_are_no_files_and_hold_nobody_up() {
    let scene = Scene::new(0);
    let pipe = std::process::Command::new("mkfifo").arg(scene.root().join("pipe")).status().unwrap();
    assert!(pipe.success());
    let _socket = std::os::unix::net::UnixListener::bind(scene.root().join("socket")).unwrap();
    for text in ["pipe", "socket"] {
        assert_eq!(refused(scene.folder.read(&name(text), 0, 1)), (ErrorKind::NotFound, "unknown-file"), "{text}");
    }
    assert_eq!(scene.list("", None, 10), Vec::<String>::new());
}

#[test]
fn lists_are_sorted_by_whole_names_and_go_page_by_page() {
    let scene = Scene::new(0);
    let mut all = ["a", "a.b", "a-c/x", "b/c/d", "b/c.d", "b/c-d", "z/1", "z/2", "z/10"].map(str::to_owned).to_vec();
    all.sort();
    for text in &all {
        if text != "a" {
            scene.store(text, b"1");
        }
    }
    scene.store("a", b"1");
    std::fs::write(scene.root().join(".hidden"), "").unwrap();
    std::fs::write(scene.root().join("bad\\name"), "").unwrap();
    assert_eq!(scene.list("", None, 100), all);
    for size in 1..=all.len() {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = scene.list("", after.as_deref(), size);
            assert!(page.len() <= size);
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            seen.extend(page);
        }
        assert_eq!(seen, all, "pages of {size}");
    }
    assert_eq!(scene.list("b/c", None, 100), ["b/c-d", "b/c.d", "b/c/d"]);
    assert_eq!(scene.list("b/c/", None, 100), ["b/c/d"]);
    assert_eq!(scene.list("z/", Some("z/1"), 1), ["z/10"]);
    assert_eq!(scene.list("nothing", None, 100), Vec::<String>::new());
    assert_eq!(scene.list("", None, 0), Vec::<String>::new());
}

#[test]
fn the_quota_counts_what_others_put_there_too() {
    let scene = Scene::new(100);
    std::fs::create_dir(scene.root().join("sub")).unwrap();
    std::fs::write(scene.root().join("sub/theirs"), [0; 60]).unwrap();
    assert!(scene.folder.space.wants_measuring());
    scene.folder.space.measured(scene.folder.measure(&CancellationToken::new()).unwrap());
    scene.store("mine", &[1; 40]);
    let mut draft = Draft::begin(Arc::clone(&scene.folder)).unwrap();
    assert_eq!(refused(draft.write(&[0; 1])), (ErrorKind::Limit, "quota"));
    scene.folder.delete(&name("sub/theirs")).unwrap();
    draft.write(&[0; 60]).unwrap();
    assert_eq!(refused(draft.write(&[0; 1])), (ErrorKind::Limit, "quota"));
}

#[test]
fn a_start_removes_what_a_killed_server_left_and_not_what_another_is_writing() {
    let scene = Scene::new(0);
    let live = scene.draft(b"live");
    let writing = scene.root().join(".sandglass/writing");
    std::fs::write(writing.join("0123456789abcdef01234567"), "left over").unwrap();
    std::fs::write(writing.join("0123456789abcdef01234568"), "left over").unwrap();
    assert_eq!(remove_leftovers(&scene.folder), 2);
    live.place(&name("live"), false, |_| Ok(())).unwrap().keep();
    assert_eq!(scene.read("live"), b"live");
    assert_eq!(remove_leftovers(&Local::new("none", scene.root().join("nothing"), 0)), 0);
}

#[test]
fn a_failed_announcement_leaves_nothing() {
    let scene = Scene::new(0);
    let failed = || GateError::new(ErrorKind::Unavailable, "no-journal", "");
    let placed = scene.draft(b"1").place(&name("a/b"), false, |_| Err(failed()));
    assert_eq!(refused(placed), (ErrorKind::Unavailable, "no-journal"));
    assert!(!scene.root().join("a").exists());
    assert_eq!(scene.temporaries(), 0);
}

/// A small file system of its own; None where this user may not mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        let options = ["-t", "tmpfs", "-o", "size=64k", "tmpfs"];
        let mounted = std::process::Command::new("mount").args(options).arg(at).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "{} stays mounted", self.0.display());
    }
}

#[test]
fn a_full_disk_is_named_and_nothing_half_written_stays() {
    let scene = Scene::new(0);
    let Some(_disk) = SmallDisk::mount(&scene.root()) else {
        eprintln!("SKIPPED: a full disk is not tried, for this user may not mount a small one");
        return;
    };
    scene.store("kept", &[7; 8_192]);
    let mut draft = Draft::begin(Arc::clone(&scene.folder)).unwrap();
    let error = (0..32).find_map(|_| draft.write(&[1; 8_192]).err()).expect("256 KiB do not fit into 64");
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Limit, "folder exports: no space left"));
    drop(draft);
    assert_eq!(scene.temporaries(), 0);
    assert_eq!(scene.read("kept"), [7; 1_000]);
    scene.store("after", &[1; 8_192]);
}
