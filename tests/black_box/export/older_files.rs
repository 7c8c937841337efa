//! Names that are taken, and older files.

use serde_json::json;

use super::{Scene, people};

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_is_a_clear_failure_until_overwriting_is_on() {
    let scene = Scene::with(&[("people", people())]).await;
    let parameters = json!({"collection": "people", "file_name": "team/people", "format": "csv", "limit": 1});
    scene.exported(parameters.clone()).await;
    let before = std::fs::read(scene.exports.join("team/people.csv")).unwrap();
    let run = scene.export(json!({"collection": "people", "file_name": "team/people", "format": "csv"})).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(run["error"].to_string().contains("exports/team/people.csv is there already"), "{run}");
    assert_eq!(run["attempts"].as_array().map(Vec::len), Some(1), "another try would fail the same way: {run}");
    assert_eq!(std::fs::read(scene.exports.join("team/people.csv")).unwrap(), before);
    let parameters = json!({"collection": "people", "file_name": "team/people", "format": "csv", "overwrite": true});
    assert_eq!(scene.exported(parameters).await["rows"], 3);
    assert_eq!(scene.files(), ["team/people.csv"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_last_files_of_the_job_itself_are_kept() {
    let scene = Scene::with(&[("people", people())]).await;
    let parameters = json!({"collection": "people", "file_name": "{job}-{execution}", "keep_last": 2});
    let one = scene.job("Nightly run", parameters.clone()).await;
    let other = scene.job("Nightly run", parameters).await;
    let mut of_one = Vec::new();
    for _ in 0..2 {
        of_one.push(scene.run(&one).await["result"]["details"]["file"].as_str().unwrap().to_owned());
    }
    let mut expected = of_one.clone();
    for _ in 0..2 {
        expected.push(scene.run(&other).await["result"]["details"]["file"].as_str().unwrap().to_owned());
    }
    let by_hand = ["Nightly_run-0123456789abcdef01234567.jsonl", "notes.txt"];
    for name in by_hand {
        std::fs::write(scene.exports.join(name), "by hand").unwrap();
        expected.push(name.to_owned());
    }
    let third = scene.run(&one).await;
    assert_eq!(third["status"], "success", "{third}");
    assert_eq!(third["result"]["details"]["deleted"], json!([of_one[0]]), "{third}");
    expected.retain(|name| *name != of_one[0]);
    expected.push(third["result"]["details"]["file"].as_str().unwrap().to_owned());
    expected.sort();
    assert_eq!(scene.files(), expected);
}
