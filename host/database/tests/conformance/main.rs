//! What MongoDB answers, as data, asked of every engine. Golden cases were made with an independent implementation
//! (`golden/README.md`), `cases` are our own. What we refuse by design is listed in `differences.json` with its operator;
//! nothing else may differ. Known faults of the test server stand in `wire_faults.json`; they are asked as well, and must
//! still be there. `SANDGLASS_CONFORMANCE_DIR` names another folder of case files, `SANDGLASS_TEST_MONGODB_URI` another
//! MongoDB server.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bounds;
mod case;
mod engine;
mod faults;
mod indexes;
mod refusals;
mod run;
mod tally;
#[path = "../../../../tests/src/wire.rs"]
mod wire;

use std::path::{Path, PathBuf};

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

#[test]
fn golden_filters_are_answered_alike() {
    tally::file(&tests().join("golden/filters.jsonl"), 650);
}

#[test]
fn golden_sorts_are_answered_alike() {
    tally::file(&tests().join("golden/sorts.jsonl"), 111);
}

#[test]
fn golden_projections_are_answered_alike() {
    tally::file(&tests().join("golden/projections.jsonl"), 90);
}

#[test]
fn golden_counts_and_distinct_values_are_answered_alike() {
    tally::file(&tests().join("golden/distinct_count.jsonl"), 40);
}

#[test]
fn golden_updates_are_answered_alike() {
    tally::file(&tests().join("golden/updates.jsonl"), 526);
}

#[test]
fn golden_pipelines_are_answered_alike() {
    tally::file(&tests().join("golden/pipelines.jsonl"), 468);
}

#[test]
fn golden_expressions_are_answered_alike() {
    tally::file(&tests().join("golden/expressions.jsonl"), 910);
}

#[test]
fn golden_dates_are_answered_alike() {
    tally::file(&tests().join("golden/dates.jsonl"), 414);
}

#[test]
fn own_cases_of_filters_over_awkward_documents_are_answered_alike() {
    tally::file(&tests().join("cases/filters.jsonl"), 334);
}

#[test]
fn own_cases_of_sorts_over_awkward_documents_are_answered_alike() {
    tally::file(&tests().join("cases/sorts.jsonl"), 48);
}

#[test]
fn own_cases_of_updates_are_answered_alike() {
    tally::file(&tests().join("cases/updates.jsonl"), 125);
}

#[test]
fn own_cases_of_projections_are_answered_alike() {
    tally::file(&tests().join("cases/projections.jsonl"), 8);
}

#[test]
fn own_cases_of_pipelines_are_answered_alike() {
    tally::file(&tests().join("cases/pipelines.jsonl"), 16);
}

#[test]
fn own_cases_of_expressions_are_answered_alike() {
    tally::file(&tests().join("cases/expressions.jsonl"), 92);
}

/// Only with `SANDGLASS_CONFORMANCE_DIR`, and then it must hold cases.
#[test]
fn cases_of_another_folder_are_answered_alike() {
    let Ok(folder) = std::env::var("SANDGLASS_CONFORMANCE_DIR") else { return };
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("SANDGLASS_CONFORMANCE_DIR is {folder}: {error}"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "SANDGLASS_CONFORMANCE_DIR is {folder}, which holds no *.jsonl");
    for file in files {
        tally::file(&file, 1);
    }
}
