//! `sandglass restore` of what mongodump writes, into a database that `sandglass data` reads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use sandglass_tests::{command, run_python};

/// Makes and reads dumps.
pub const DUMP: &str = include_str!("dump.py");

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A dump of the database `shop`, with so many orders.
    fn with_dump(packing: &str, orders: usize) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        run_python(DUMP, &["write", &text(&place.dump()), "shop", packing, &orders.to_string()]);
        place
    }

    fn dump(&self) -> PathBuf {
        self.folder.path().join("dump")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn restore(&self, folder: &Path, arguments: &[&str]) -> Output {
        command(&self.data()).arg("restore").arg(folder).args(arguments).output().unwrap()
    }

    fn count(&self, collection: &str) -> usize {
        let output = command(&self.data()).args(["data", "count", collection]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    }

    /// Compares every document of a collection with the dump's, byte for byte.
    fn assert_same(&self, collection: &str, in_dump: &str) {
        let find = ["data", "find", collection, "--canonical", "--limit", "0"];
        let output = command(&self.data()).args(find).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let lines = self.folder.path().join("lines.json");
        fs::write(&lines, output.stdout).unwrap();
        run_python(DUMP, &["same", &text(&lines), in_dump, &text(&self.dump())]);
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn assert_fails(output: &Output, code: i32, words: &[&str]) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is missing in: {said}");
    }
}

#[test]
fn every_type_of_a_dump_comes_back_to_the_byte() {
    for packing in ["gzip", "none"] {
        let place = Place::with_dump(packing, 2_500);
        let output = place.restore(&place.dump(), &[]);
        assert!(output.status.success(), "{}", said(&output));
        for collection in ["types", "orders", "größe: x,y", "empty"] {
            place.assert_same(collection, collection);
        }
        assert_eq!((place.count("old"), place.count("orders")), (1, 2_500));
        assert!(said(&output).contains("orders: 2500 documents, 3 indexes"), "{}", said(&output));
    }
}

#[test]
fn the_folder_of_one_database_is_a_dump_as_well() {
    let place = Place::with_dump("none", 10);
    let output = place.restore(&place.dump().join("shop"), &["--collection", "orders", "--collection", "old"]);
    assert!(output.status.success(), "{}", said(&output));
    place.assert_same("orders", "orders");
    assert_eq!(place.count("types"), 0, "it was not asked for");
}

#[test]
fn what_exists_is_refused_unless_it_is_dropped_or_another_name_is_chosen() {
    let place = Place::with_dump("gzip", 10);
    assert!(place.restore(&place.dump(), &[]).status.success());
    let again = place.restore(&place.dump(), &[]);
    assert_fails(&again, 4, &["orders", "types", "already there", "--drop", "--to"]);
    let renamed = place.restore(&place.dump(), &["-c", "orders", "--to", "orders_2", "--no-indexes"]);
    assert!(renamed.status.success(), "{}", said(&renamed));
    assert!(said(&renamed).contains("orders_2: 10 documents, 0 indexes"), "{}", said(&renamed));
    place.assert_same("orders_2", "orders");
    let dropped = place.restore(&place.dump(), &["--drop"]);
    assert!(dropped.status.success(), "{}", said(&dropped));
    assert_eq!(place.count("orders"), 10);
}

#[test]
fn a_dry_run_reads_everything_and_makes_nothing() {
    let place = Place::with_dump("gzip", 1_234);
    let output = place.restore(&place.dump(), &["--dry-run"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("orders: 1234 documents, 3 indexes"), "{}", said(&output));
    assert!(!place.data().join("database").exists());
}

#[test]
fn damage_is_named_with_file_and_place_and_the_old_collections_stay() {
    let place = Place::with_dump("none", 3_000);
    assert!(place.restore(&place.dump(), &["-c", "orders"]).status.success());
    let file = place.dump().join("shop/orders.bson");
    let whole = fs::read(&file).unwrap();
    let first = whole[0] as usize;
    let mut wrong_length = whole.clone();
    wrong_length[first + 3] = 0x7f;
    let mut wrong_type = whole.clone();
    wrong_type[first + 4] = 0x55;
    let cut = whole[..whole.len() - 1].to_vec();
    let cut_length = whole[..first + 2].to_vec();
    let at_first = format!("at byte {first}");
    for (bytes, words) in
        [(wrong_length, &*at_first), (wrong_type, &at_first), (cut_length, &at_first), (cut, "the file ends after")]
    {
        fs::write(&file, bytes).unwrap();
        for more in [&["--drop"][..], &["--drop", "--dry-run"]] {
            let output = place.restore(&place.dump(), &[&["-c", "orders"], more].concat());
            assert_fails(&output, 1, &["orders.bson", words]);
        }
        assert_eq!(place.count("orders"), 3_000, "the old collection is as it was");
    }
    fs::write(&file, whole).unwrap();
    assert!(place.restore(&place.dump(), &["-c", "orders", "--drop"]).status.success(), "nothing is in the way");
}

#[test]
fn a_unique_index_that_the_documents_break_stops_the_restore() {
    let place = Place::with_dump("none", 20);
    let file = place.dump().join("shop/orders.metadata.json");
    let metadata = fs::read_to_string(&file).unwrap();
    fs::write(&file, metadata.replace("\"name\":\"zips\",", "\"name\":\"zips\",\"unique\":true,")).unwrap();
    let bson = place.dump().join("shop/orders.bson");
    let twice = [fs::read(&bson).unwrap(), fs::read(&bson).unwrap()].concat();
    fs::write(&bson, twice).unwrap();
    let output = place.restore(&place.dump(), &["-c", "orders"]);
    assert_fails(&output, 1, &["orders.bson", "duplicate key", "no collection was changed"]);
    assert_eq!(place.count("orders"), 0);
}

#[test]
fn links_bombs_and_doubles_are_refused() {
    let place = Place::with_dump("gzip", 10);
    let shop = place.dump().join("shop");
    std::os::unix::fs::symlink("/etc/passwd", shop.join("secret.bson")).unwrap();
    assert_fails(&place.restore(&place.dump(), &[]), 1, &["secret.bson", "link"]);
    fs::remove_file(shop.join("secret.bson")).unwrap();

    fs::write(shop.join("orders.bson"), b"").unwrap();
    assert_fails(&place.restore(&place.dump(), &[]), 4, &["orders", "twice"]);
    fs::remove_file(shop.join("orders.bson")).unwrap();

    let bomb = "import bson, gzip, sys\n\
        with gzip.open(sys.argv[1], 'wb') as file:\n\
        \x20   for one in range(120): file.write(bson.encode({'_id': one, 'zeros': bytes(1 << 20)}))";
    run_python(bomb, &[&text(&shop.join("bomb.bson.gz"))]);
    assert_fails(&place.restore(&place.dump(), &["-c", "bomb"]), 1, &["bomb.bson.gz", "more than a dump would"]);
    assert_eq!(place.count("bomb"), 0);

    let nothing = place.folder.path().join("nothing");
    fs::create_dir(&nothing).unwrap();
    assert_fails(&place.restore(&nothing, &[]), 3, &["no .bson files"]);
    assert_fails(&place.restore(&place.dump(), &["-c", "nowhere"]), 3, &["no collection nowhere"]);
    assert_fails(&place.restore(&place.dump(), &["--to", "x"]), 2, &["--collection"]);
    assert_fails(
        &place.restore(&place.dump(), &["-c", "old", "--to", "sandglass_audit"]),
        2,
        &["belongs to Sandglass"],
    );
}
