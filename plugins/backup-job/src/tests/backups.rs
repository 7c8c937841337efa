use sandglass_sdk::FailureKind;
use sha2::Digest as _;

use super::*;

#[test]
fn the_layout_is_mongodumps_and_the_manifest_is_written_last() {
    let world = world();
    let outcome = run(json!({})).unwrap();
    let backup = name_of(&outcome);
    assert_eq!(backup, "Nightly/2027-01-15T080000Z-01234567");
    let names = world.files("backups").into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let expected = [
        "default/orders.bson.gz",
        "default/orders.metadata.json.gz",
        "default/users.bson.gz",
        "default/users.metadata.json.gz",
        "manifest.json",
    ];
    assert_eq!(names, expected.map(|name| format!("{backup}/{name}")));

    let metadata = unpacked(&file(&world, &format!("{backup}/default/users.metadata.json.gz")));
    let metadata = serde_json::from_slice::<Value>(&metadata).unwrap();
    assert_eq!(metadata["indexes"][0]["name"], "_id_");
    assert_eq!(metadata["indexes"][1]["key"], json!({"name": {"$numberInt": "1"}}));
    assert_eq!(metadata["indexes"][1]["unique"], true);
    assert_eq!((&metadata["collectionName"], &metadata["type"]), (&json!("users"), &json!("collection")));

    assert_eq!((outcome.records_processed, outcome.records_affected), (2503, 2503));
    assert_eq!(outcome.message, format!("backed up 2503 documents of 2 collections to backups/{backup}"));
    let created = world.calls().iter().filter(|call| *call == "files.create").count();
    assert_eq!(created, 5);
    assert_eq!(world.progress().last().unwrap().done, 2503);
    assert_eq!(world.progress().last().unwrap().total, Some(2503));
}

#[test]
fn the_manifest_says_what_was_stored() {
    let world = world();
    let backup = name_of(&run(json!({"compression": "none"})).unwrap());
    let manifest = manifest(&world, &backup);
    assert_eq!(manifest["state"], "complete");
    assert_eq!(manifest["job"], json!({"id": "00000000000000000000000a", "name": "Nightly"}));
    assert_eq!((&manifest["documents"], &manifest["verified"]), (&json!(2503), &json!(true)));
    let users = &manifest["collections"][1];
    assert_eq!((&users["name"], &users["documents"], &users["indexes"]), (&json!("users"), &json!(3), &json!(1)));
    assert_eq!(users["data"]["name"], "default/users.bson");
    let bytes = file(&world, &format!("{backup}/default/users.bson"));
    assert_eq!(users["bytes"], bytes.len());
    let digest = sha2::Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(users["data"]["sha256"], digest);
}

#[test]
fn gzip_holds_the_same_bytes_as_no_compression() {
    let world = world();
    let plain = name_of(&run(json!({"compression": "none"})).unwrap());
    world.set_attempt(2);
    let packed = name_of(&run(json!({"collections": ["users", "orders"]})).unwrap());
    assert_eq!(packed, format!("{plain}-2"));
    for name in ["users", "orders"] {
        let plain = file(&world, &format!("{plain}/default/{name}.bson"));
        assert_eq!(unpacked(&file(&world, &format!("{packed}/default/{name}.bson.gz"))), plain, "{name}");
    }
}

#[test]
fn names_of_any_kind_and_empty_collections_are_backed_up() {
    let world = World::new();
    world.collection("größe: x/y", json!([]));
    world.collection("a b", json!([{"_id": 1}]));
    world.drop_collection("größe: x/y");
    world.collection("größe: x", json!([]));
    let outcome = run(json!({"compression": "none"})).unwrap();
    let backup = name_of(&outcome);
    assert_eq!(file(&world, &format!("{backup}/default/gr%C3%B6%C3%9Fe:%20x.bson")), b"");
    assert_eq!(file(&world, &format!("{backup}/default/a%20b.bson")).len(), 14);
    assert_eq!(outcome.records_processed, 1);
}

#[test]
fn another_connection_has_a_folder_of_its_own() {
    let world = World::new();
    world.collection("crm/people", json!([{"_id": 1}]));
    world.collection("people", json!([]));
    let backup = name_of(&run(json!({"connection": "crm", "include_indexes": false})).unwrap());
    assert_eq!(manifest(&world, &backup)["collections"][0]["data"]["name"], "crm/people.bson.gz");
    assert!(!world.calls().iter().any(|call| call == "documents.indexes"));
}

#[test]
fn a_document_of_sixteen_megabytes_passes() {
    let world = World::new();
    let text = "x".repeat((16 << 20) - 100);
    world.collection("big", json!([{"_id": 1, "text": text}, {"_id": 2}]));
    let outcome = run(json!({})).unwrap();
    assert_eq!(outcome.details["documents"], 2);
    let backup = name_of(&outcome);
    let plain = unpacked(&file(&world, &format!("{backup}/default/big.bson.gz")));
    assert_eq!(plain.len() as u64, outcome.details["bytes"].as_u64().unwrap());
}

#[test]
fn a_flipped_byte_is_found_and_no_manifest_is_written() {
    for name in ["users.bson.gz", "orders.bson.gz", "users.metadata.json.gz"] {
        let world = world();
        world.before("files.read", move |world| {
            for (file, mut bytes) in world.files("backups") {
                if file.ends_with(name) {
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 1;
                    world.file("backups", &file, &bytes);
                }
            }
        });
        let failure = run(json!({})).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Retryable, "{failure:?}");
        assert!(failure.message.contains(name), "{}", failure.message);
        assert!(!world.files("backups").iter().any(|(name, _)| name.ends_with("manifest.json")));
    }
}

#[test]
fn a_collection_that_vanishes_is_a_warning_and_is_left_out() {
    let world = world();
    world.before("documents.find-raw", |world| {
        // Everything of orders is in the cursor already; users is next.
        world.drop_collection("users");
    });
    let outcome = run(json!({})).unwrap();
    assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
    assert!(outcome.warnings[0].contains("users vanished"), "{:?}", outcome.warnings);
    let manifest = manifest(&world, &name_of(&outcome));
    assert_eq!(manifest["collections"].as_array().unwrap().len(), 1);
    assert_eq!(manifest["warnings"].as_array().unwrap().len(), 1);
    assert!(!world.files("backups").iter().any(|(name, _)| name.contains("users")));
}

#[test]
fn a_stop_leaves_no_manifest_and_says_how_far_it_came() {
    for questions in 0..12 {
        let world = world();
        world.stop_after(questions);
        let Err(failure) = run(json!({"retention": {"keep_last": 1}})) else { continue };
        assert_eq!(failure.kind, FailureKind::Interrupted, "{failure:?}");
        assert!(!world.files("backups").iter().any(|(name, _)| name.ends_with("manifest.json")));
    }
}
