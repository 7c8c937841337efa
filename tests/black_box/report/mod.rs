//! Reports of the real server, compared with figures that Python computes from the raw rows, and read back by Python.

mod refusals;
mod system;

use std::path::Path;

use sandglass_tests::{Client, Server, Setup, command, run_python};
use serde_json::{Value, json};

const FIGURES: &str = include_str!("figures.py");
const READBACK: &str = include_str!("readback.py");

/// A server over the rows that `figures.py` writes.
async fn server(folder: &Path) -> Server {
    let rows = folder.to_str().unwrap();
    run_python(FIGURES, &["write", rows]);
    for collection in ["users", "events"] {
        let file = folder.join(format!("{collection}.jsonl"));
        let import = command(folder).args(["data", "import", "--collection", collection]).arg(&file).output().unwrap();
        assert!(import.status.success(), "{import:?}");
    }
    Setup::on(folder).start().await
}

/// A report job that other parameters can be tried with.
async fn job(client: &Client) -> String {
    let body = json!({
        "name": "Report <of> the week", "template_type": "report_generation",
        "parameters": {"report_type": "system_stats"},
        "schedule": {"type": "interval", "interval_seconds": 86_400},
    });
    client.post("/jobs", &body).await.ok()["id"].as_str().unwrap().to_owned()
}

async fn execution(client: &Client, job: &str, parameters: &Value) -> Value {
    client.post(&format!("/jobs/{job}/run?wait=120"), &json!({ "parameters": parameters })).await.ok()
}

/// The details of a run that succeeded.
async fn details(client: &Client, job: &str, parameters: &Value) -> Value {
    let run = execution(client, job, parameters).await;
    assert_eq!(run["status"], "success", "{parameters}: {run}");
    run["result"]["details"].clone()
}

/// Parameters for the time that `figures.py` looks at.
fn over(zone: &str, more: Value) -> Value {
    let mut parameters =
        json!({"date_range": "custom", "start_date": "2026-10-12", "end_date": "2026-11-02", "timezone": zone});
    parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    parameters
}

fn close(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() <= 1e-9 * one.abs().max(1.0),
        _ => one == other,
    }
}

/// Compares all figures of some sections; tells how many.
fn compare(report: &Value, expected: &Value, field: &str) -> usize {
    let mut compared = 0;
    for (section, figures) in expected.as_object().unwrap() {
        for (id, value) in figures.as_object().unwrap() {
            let found = &report["sections"][section]["figures"][id][field];
            assert!(close(found, value), "{section}/{id} {field}: {found}, expected {value}");
            compared += 1;
        }
    }
    compared
}

/// The rows of a table as lists.
fn rows(report: &Value, section: &str, table: &str) -> Vec<Vec<Value>> {
    let rows = report["sections"][section]["tables"][table]["rows"].as_array().unwrap();
    rows.iter().map(|row| row.as_object().unwrap().values().cloned().collect()).collect()
}

fn assert_rows(found: &[Vec<Value>], expected: &Value) {
    let expected = expected.as_array().unwrap();
    assert_eq!(found.len(), expected.len(), "{found:?}\n{expected:?}");
    for (found, expected) in found.iter().zip(expected) {
        for (place, value) in expected.as_array().unwrap().iter().enumerate() {
            assert!(close(&found[place], value), "{found:?}, expected {expected}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_equal_those_that_python_computes_from_the_raw_rows_in_every_zone() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let client = server.client();
    let job = job(&client).await;
    for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"] {
        let expected = run_python(FIGURES, &["expect", folder.path().to_str().unwrap(), zone]);
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let ask = async |more: Value| details(&client, &job, &over(zone, more)).await;

        let activity = json!({"report_type": "user_activity", "compare_previous": true, "top": 5});
        let found = &ask(activity).await["report"];
        let compared =
            compare(found, &expected["figures"], "value") + compare(found, &expected["previous"], "previous");
        assert_eq!(compared, 22, "{zone}");
        assert_rows(&rows(found, "activity", "series"), &expected["by_day"]);
        let top: Vec<Vec<Value>> =
            rows(found, "top", "top_users").into_iter().map(|row| vec![row[0].clone(), row[2].clone()]).collect();
        assert_rows(&top, &expected["top"]);

        let hours = json!({"report_type": "user_activity", "group_by": "hour"});
        let found = &ask(hours).await["report"];
        assert_rows(&rows(found, "activity", "series"), &expected["by_hour"]);

        let found = &ask(json!({"report_type": "engagement", "top": 20})).await["report"];
        assert_eq!(compare(found, &expected["engagement"], "value"), 10, "{zone}");
        assert_rows(&rows(found, "habits", "by_event"), &expected["by_event"]);
        let by_hour: Vec<Value> =
            rows(found, "habits", "by_hour_of_day").into_iter().map(|row| row[1].clone()).collect();
        assert_eq!(json!(by_hour), expected["hours"], "{zone}");
        assert_rows(&rows(found, "retention", "retention"), &expected["retention"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_format_is_read_back_by_another_reader_and_hostile_data_stays_text() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let client = server.client();
    let job = job(&client).await;
    let json =
        details(&client, &job, &over("Europe/Berlin", json!({"report_type": "user_activity", "top": 100}))).await;
    let report = &json["report"];
    let mut seen = Vec::new();
    for (format, ending) in [("html", "html"), ("csv", "csv"), ("markdown", "md"), ("json", "json")] {
        let file = json!({
            "report_type": "user_activity", "format": format, "destination": "file", "top": 100,
            "file_name": format!("r/{format}-{{date}}"), "title": "<script>title()</script> & \"co\"",
        });
        let made = details(&client, &job, &over("Europe/Berlin", file)).await;
        let path = folder.path().join("exports").join(made["file_name"].as_str().unwrap());
        assert!(path.to_str().unwrap().ends_with(&format!(".{ending}")), "{path:?}");
        assert_eq!(made["bytes"].as_u64(), Some(std::fs::metadata(&path).unwrap().len()), "{made}");
        let read = run_python(READBACK, &[format, path.to_str().unwrap()]);
        seen.push(serde_json::from_str::<Value>(&read).unwrap());
    }
    let [html, csv, markdown, file]: [Value; 4] = seen.try_into().unwrap();
    assert_eq!(file["sections"], report["sections"]);

    assert_eq!(html["faults"], json!([]), "{}", html["tags"]);
    let text = html["text"].as_str().unwrap();
    for hostile in [
        "<script>alert(1)</script>",
        "</title></style></svg><svg onload=alert(3)>",
        "<script>title()</script> & \"co\"",
    ] {
        assert!(text.contains(hostile), "{hostile} is not there as text");
    }
    let events = report["sections"]["activity"]["figures"]["events"]["value"].to_string();
    assert_eq!(html["figures"]["Events"], events.as_str());
    assert_eq!(markdown["figures"]["Events"], events.as_str());
    assert!(!markdown["text"].as_str().unwrap().contains("<script"), "{markdown}");

    let lines = csv["rows"].as_array().unwrap();
    for (section, found) in report["sections"].as_object().unwrap() {
        for (id, figure) in found["figures"].as_object().unwrap() {
            let line =
                lines.iter().find(|line| line["section"] == section.as_str() && line["name"] == id.as_str()).unwrap();
            let value: f64 = line["value"].as_str().unwrap().parse().unwrap();
            assert_eq!(Some(value), figure["value"].as_f64(), "{line}");
        }
    }
    let names: Vec<&Value> = lines.iter().filter(|line| line["name"] == "name").map(|line| &line["value"]).collect();
    assert!(names.contains(&&json!("'=HYPERLINK(\"http://x\")")), "{names:?}");
    assert!(names.contains(&&json!("\"><img src=x onerror=alert(2)>")), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_says_the_same_on_the_command_line_and_in_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let client = server.client();
    let job = job(&client).await;
    let stages = json!([{"$group": {"_id": "$event", "n": {"$sum": 1}}}, {"$sort": {"n": -1, "_id": 1}}]);
    let custom = json!({"report_type": "custom", "source": {"collection": "events"}, "pipeline": stages});
    let found = details(&client, &job, &custom).await;
    let rows = found["report"]["sections"]["rows"]["tables"]["rows"]["rows"].as_array().unwrap().clone();
    let forbidden = json!({
        "report_type": "custom", "source": {"collection": "job_executions"}, "pipeline": [{"$limit": 1}]
    });
    let run = execution(&client, &job, &forbidden).await;
    assert_eq!(run["status"], "failed", "{run}");
    let joined = json!({
        "report_type": "custom", "source": {"collection": "events"},
        "pipeline": [{"$limit": 1}, {"$lookup": {"from": "dynamic_jobs", "localField": "a", "foreignField": "b", "as": "c"}}],
    });
    let run = execution(&client, &job, &joined).await;
    assert!(run["status"] == "failed" && run["error"].to_string().contains("dynamic_jobs"), "{run}");
    assert_eq!(server.terminate(60).await, Some(0));

    let aggregate = |pipeline: &str, more: &[&str]| {
        command(folder.path())
            .args(["data", "aggregate", "events", "--pipeline", pipeline])
            .args(more)
            .output()
            .unwrap()
    };
    let printed = aggregate(&stages.to_string(), &[]);
    let lines: Vec<Value> =
        String::from_utf8(printed.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, rows);
    let counted = run_python(
        "import collections,json,sys\n\
         rows = [json.loads(line) for line in open(sys.argv[1])]\n\
         found = collections.Counter(row['event'] for row in rows).items()\n\
         print(json.dumps([{'_id': k, 'n': n} for k, n in sorted(found, key=lambda item: (-item[1], item[0]))]))",
        &[folder.path().join("events.jsonl").to_str().unwrap()],
    );
    assert_eq!(json!(rows), serde_json::from_str::<Value>(&counted).unwrap());

    let cut = aggregate(r#"[{"$match": {}}]"#, &["--limit", "7", "--canonical"]);
    assert_eq!(String::from_utf8(cut.stdout).unwrap().lines().count(), 7);
    assert!(String::from_utf8(cut.stderr).unwrap().contains("there are more"));
    for (pipeline, expected) in [
        ("{}", "no array"),
        ("[", "not JSON"),
        (r#"[{"$out": "x"}]"#, "$out"),
        (r#"[{"$match": {"$where": "1"}}]"#, "$where"),
    ] {
        let refused = aggregate(pipeline, &[]);
        assert!(!refused.status.success(), "{pipeline}");
        let told = String::from_utf8(refused.stderr).unwrap();
        assert!(told.contains(expected), "{pipeline}: {told}");
    }
}
