use sandglass_sdk::ErrorKind;
use sandglass_sdk::chrono::{DateTime, TimeDelta};

use super::*;

/// Runs on so many days, and gives the names of the backups.
fn runs(world: &World, days: std::ops::Range<i64>, parameters: &Value) -> Vec<String> {
    let first = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let on_day = |day| {
        world.set_clock(first + TimeDelta::days(day));
        name_of(&run(parameters.clone()).unwrap())
    };
    days.map(on_day).collect()
}

fn finished(world: &World) -> Vec<String> {
    let files = world.files("backups").into_iter();
    files.filter_map(|(name, _)| name.strip_suffix("/manifest.json").map(str::to_owned)).collect()
}

#[test]
fn keep_last_keeps_the_newest_and_deletes_the_oldest_first() {
    let world = world();
    let names = runs(&world, 0..5, &json!({}));
    world.set_clock(DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::days(9));
    let outcome = run(json!({"retention": {"keep_last": 3}})).unwrap();
    assert_eq!(outcome.details["deleted"], json!(names[..3]));
    assert_eq!(outcome.details["kept"], 3);
    assert!(outcome.message.ends_with("and deleted 3 old backups"), "{}", outcome.message);
    assert_eq!(finished(&world), [&names[3], &names[4], &name_of(&outcome)].map(String::clone));
    assert!(!world.files("backups").iter().any(|(name, _)| name.starts_with(&names[0])), "nothing of it is left");
}

#[test]
fn a_backup_goes_only_when_neither_number_nor_age_keeps_it() {
    let world = world();
    runs(&world, 0..6, &json!({}));
    let names = runs(&world, 6..7, &json!({"retention": {"keep_last": 2, "keep_days": 4}}));
    assert_eq!(finished(&world).len(), 4, "days 3 (3 days old), 4, 5 and 6");
    assert_eq!(finished(&world).last(), names.last());
    runs(&world, 7..8, &json!({"retention": {"keep_days": 1}}));
    assert_eq!(finished(&world).len(), 1, "the new one always stays");
}

#[test]
fn other_jobs_and_unfinished_or_foreign_folders_are_left_alone() {
    let world = world();
    runs(&world, 0..1, &json!({}));
    world.set_job(json!({"id": "00000000000000000000000b", "name": "Nightly", "tags": []}));
    let other = runs(&world, 1..2, &json!({})).remove(0);
    world.set_job(json!({"id": "00000000000000000000000a", "name": "Renamed", "tags": []}));
    world.file("backups", "Nightly/2020-01-01T000000Z-unfinished/default/users.bson", b"");
    world.file("backups", "by hand/manifest.json", b"{\"name\": \"no manifest of ours\"}");
    let renamed = runs(&world, 2..3, &json!({"retention": {"keep_last": 1}})).remove(0);
    assert_eq!(finished(&world), [other, renamed, "by hand".to_owned()]);
    assert!(world.files("backups").iter().any(|(name, _)| name.contains("unfinished")));
}

#[test]
fn a_deletion_that_stops_in_the_middle_is_taken_up_by_the_next_run() {
    let world = world();
    let old = runs(&world, 0..1, &json!({})).remove(0);
    world.fail_next("files.delete", ErrorKind::Unavailable, "disk");
    world.set_clock(DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::days(1));
    let outcome = run(json!({"retention": {"keep_last": 1}})).unwrap();
    assert!(outcome.warnings[0].contains(&old), "{:?}", outcome.warnings);
    assert_eq!(manifest(&world, &old)["state"], "being_deleted", "it is never taken for a backup again");
    let restore = json!({"mode": "restore", "restore": {"backup": old, "replace": true}});
    assert!(run(restore).unwrap_err().message.contains("is being deleted"));

    runs(&world, 2..3, &json!({"retention": {"keep_last": 5}}));
    assert!(!world.files("backups").iter().any(|(name, _)| name.starts_with(&old)));
    assert_eq!(finished(&world).len(), 2);
}

#[test]
fn a_manifest_that_leads_elsewhere_deletes_nothing_there() {
    let world = world();
    let old = runs(&world, 0..1, &json!({})).remove(0);
    let text = manifest(&world, &old).to_string().replace("default/users.bson.gz", "../../precious.txt");
    world.file("backups", &format!("{old}/manifest.json"), text.as_bytes());
    world.file("backups", "precious.txt", b"1");
    runs(&world, 1..2, &json!({"retention": {"keep_last": 1}}));
    assert!(world.files("backups").iter().any(|(name, _)| name == "precious.txt"));
    assert!(finished(&world).contains(&old), "what cannot be trusted is left alone");
}
