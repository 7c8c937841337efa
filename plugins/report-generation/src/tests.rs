mod parameters;

use futures::executor::block_on;
use sandglass_database::memory::Memory;
use sandglass_database::{Database as _, collect, extended_json};
use sandglass_sdk::email::Receipt;
use sandglass_sdk::fakes::{self, World};
use sandglass_sdk::{Error, ErrorKind, FailureKind, Outcome};
use serde_json::{Value, json};

use super::ReportGeneration;

/// The world's clock stands at 2027-01-15T08:00:00Z, a Friday. Pipelines are answered by the real evaluator.
fn world() -> World {
    let world = World::new();
    world.answer_pipelines(|world, collection, stages| {
        let invalid = |message: String| Error {
            kind: ErrorKind::Invalid,
            reason: "unsupported".to_owned(),
            message,
            retry_after_ms: None,
            details: None,
        };
        let document = |value: &Value| extended_json::to_document(value.clone()).unwrap();
        let database = Memory::new();
        for name in world.collections() {
            let documents = world.documents(&name).iter().map(document).collect();
            block_on(database.insert(&name, documents)).unwrap();
        }
        let stages = stages.as_array().unwrap().iter().map(document).collect();
        let cursor = block_on(database.aggregate(collection, stages)).map_err(|error| invalid(error.to_string()))?;
        let rows = block_on(collect(cursor)).map_err(|error| invalid(error.to_string()))?;
        Ok(rows.into_iter().map(|row| extended_json::to_relaxed(row.into())).collect())
    });
    world
}

fn event(id: u64, user: Value, event: &str, at: &str) -> Value {
    json!({"_id": id, "user_id": user, "event": event, "timestamp": {"$date": at}})
}

/// Ada is old and active, Béla is new, Chen was active before only; one event names nobody, one user is unknown.
fn filled() -> World {
    let world = world();
    world.collection(
        "users",
        json!([
            {"_id": "a", "name": "Ada", "created_at": {"$date": "2026-06-01T00:00:00Z"}},
            {"_id": "b", "name": "<script>alert('Béla')</script>", "created_at": {"$date": "2027-01-12T09:00:00Z"}},
            {"_id": "c", "name": "Chen", "created_at": {"$date": "2026-12-28T00:00:00Z"}},
            {"_id": "d", "name": "Dalia", "created_at": "no date"},
        ]),
    );
    world.collection(
        "events",
        json!([
            event(1, json!("a"), "login", "2027-01-08T07:59:59.999Z"),
            event(2, json!("a"), "login", "2027-01-08T08:00:00Z"),
            event(3, json!("a"), "search", "2027-01-08T08:10:00Z"),
            event(4, json!("a"), "search", "2027-01-08T08:40:00Z"),
            event(5, json!("b"), "login", "2027-01-12T23:30:00Z"),
            event(6, json!(null), "login", "2027-01-13T10:00:00Z"),
            event(7, json!("x"), "=cmd()", "2027-01-14T12:00:00Z"),
            event(8, json!("a"), "login", "2027-01-15T07:59:59Z"),
            event(9, json!("a"), "login", "2027-01-15T08:00:00Z"),
            event(10, json!("c"), "login", "2027-01-02T12:00:00Z"),
            {"_id": 11, "user_id": "a", "event": "login", "timestamp": "2027-01-14T00:00:00Z"},
            {"_id": 12, "user_id": "a", "event": "login", "timestamp": [{"$date": "2027-01-14T00:00:00Z"}]},
        ]),
    );
    world
}

fn run(parameters: Value) -> Outcome {
    fakes::execute::<ReportGeneration>(parameters).unwrap()
}

fn report(parameters: Value) -> Value {
    run(parameters).details["report"].clone()
}

fn figure(report: &Value, section: &str, id: &str) -> Value {
    report["sections"][section]["figures"][id]["value"].clone()
}

#[test]
fn user_activity_counts_who_was_there_and_who_is_new() {
    let _world = filled();
    let outcome = run(json!({"report_type": "user_activity"}));
    assert_eq!(outcome.message, "User activity is in the result");
    assert_eq!(outcome.records_processed, 7);
    let report = &outcome.details["report"];
    for (section, id, value) in [
        ("activity", "active_users", json!(3)),
        ("activity", "events", json!(7)),
        ("activity", "events_per_user", json!(2)),
        ("activity", "most_events", json!(4)),
        ("activity", "active_last_day", json!(2)),
        ("activity", "active_last_7_days", json!(3)),
        ("activity", "active_last_30_days", json!(4)),
        ("arrivals", "new_users", json!(1)),
        ("arrivals", "returning_users", json!(1)),
        ("arrivals", "unknown_users", json!(1)),
        ("arrivals", "sign_ups", json!(1)),
    ] {
        assert_eq!(figure(report, section, id), value, "{id}");
    }
    let series = report["sections"]["activity"]["tables"]["series"]["rows"].as_array().unwrap();
    assert_eq!(series.len(), 8);
    assert_eq!(series[0], json!({"day": "2027-01-08", "active_users": 1, "events": 3, "sign_ups": 0}));
    assert_eq!(series[5], json!({"day": "2027-01-13", "active_users": 0, "events": 1, "sign_ups": 0}));
    let top = &report["sections"]["top"]["tables"]["top_users"]["rows"];
    assert_eq!(top[0], json!({"user": "a", "name": "Ada", "events": 4, "last": "2027-01-15T07:59:59+00:00"}));
    assert_eq!(top[2]["name"], Value::Null);
    assert_eq!(outcome.details["figures"]["activity"]["events"], 7);
    assert_eq!(outcome.warnings.len(), 2);
}

#[test]
fn without_users_the_first_event_decides_who_is_new() {
    let _world = filled();
    let parameters = json!({"report_type": "user_activity", "source": {"users_collection": "customers"}});
    let found = report(parameters);
    // Ada had an event before the time; the other two came within it.
    assert_eq!(figure(&found, "arrivals", "new_users"), 2);
    assert_eq!(figure(&found, "arrivals", "returning_users"), 1);
    assert_eq!(figure(&found, "arrivals", "sign_ups"), Value::Null);
}

#[test]
fn figures_carry_the_period_before_and_the_change() {
    let _world = filled();
    let found = report(json!({"report_type": "user_activity", "compare_previous": true}));
    let events = &found["sections"]["activity"]["figures"]["events"];
    assert_eq!(
        events,
        &json!({"label": "Events", "unit": "count", "value": 7, "previous": 2, "change": 5, "change_share": 2.5})
    );
    assert_eq!(found["previous_period"]["start"], "2027-01-01T08:00:00+00:00");
    assert_eq!(found["previous_period"]["end"], found["period"]["start"]);
}

#[test]
fn engagement_tells_sessions_stickiness_and_retention() {
    let _world = filled();
    let found = report(json!({"report_type": "engagement", "timezone": "Europe/Berlin"}));
    for (section, id, value) in [
        ("sessions", "sessions", json!(5)),
        ("sessions", "events_per_session", json!(1.2)),
        ("sessions", "longest_session", json!(600)),
        ("sessions", "median_session", json!(0)),
        ("sessions", "single_event_sessions", json!(0.8)),
        ("stickiness", "monthly_active_users", json!(4)),
    ] {
        assert_eq!(figure(&found, section, id), value, "{id}");
    }
    // Days with an active user, each once for each: 2, 8, 13 (in Berlin), 14 and 15 January; of 31 days.
    let daily = figure(&found, "stickiness", "daily_active_users").as_f64().unwrap();
    assert!((daily - 5.0 / 31.0).abs() < 1e-9, "{daily}");
    let hours = found["sections"]["habits"]["tables"]["by_hour_of_day"]["rows"].as_array().unwrap();
    assert_eq!((hours.len(), &hours[0]["events"], &hours[9]["events"]), (24, &json!(1), &json!(3)));
    let by_event = &found["sections"]["habits"]["tables"]["by_event"]["rows"];
    assert_eq!(by_event[0], json!({"event": "login", "events": 4, "users": 2}));
    let retention = found["sections"]["retention"]["tables"]["retention"]["rows"].as_array().unwrap();
    let row = |week: &str| retention.iter().find(|row| row["week"] == week).unwrap();
    assert_eq!((&row("2027-W02")["users"], &row("2027-W02")["week_0"]), (&json!(1), &json!(1)));
    assert_eq!((&row("2026-W53")["users"], &row("2026-W53")["week_0"]), (&json!(1), &json!(1)));
    assert_eq!(row("2026-W53")["week_1"], 0);
    assert_eq!(row("2026-W50")["week_0"], Value::Null);
}

#[test]
fn hours_that_the_clocks_show_twice_are_two_rows() {
    let world = world();
    world.set_clock("2026-10-25T12:00:00Z".parse().unwrap());
    let events = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T01:45:00Z"];
    let events: Vec<Value> = events.iter().zip(1..).map(|(at, id)| event(id, json!("a"), "x", at)).collect();
    world.collection("events", json!(events));
    let found = report(json!({
        "report_type": "user_activity", "date_range": "today", "timezone": "Europe/Berlin", "group_by": "hour"
    }));
    let rows = found["sections"]["activity"]["tables"]["series"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 14);
    assert_eq!((&rows[2]["hour"], &rows[2]["events"]), (&json!("2026-10-25T02:00+0200"), &json!(1)));
    assert_eq!((&rows[3]["hour"], &rows[3]["events"]), (&json!("2026-10-25T02:00+0100"), &json!(2)));
}

#[test]
fn system_stats_show_collections_and_jobs_and_do_without_the_latter() {
    let world = filled();
    let runs = json!({
        "total": 10, "failures": 1, "success_rate": 0.9, "by_status": {"success": 9, "failed": 1},
        "duration_seconds": {"count": 10, "mean": 2.0, "p50": 1.5, "p95": 4.0, "max": 5.0},
    });
    let mut line = runs.clone();
    line["start"] = json!("2027-01-14T00:00:00+00:00");
    let mut job = runs.clone();
    job["job_id"] = json!("0123");
    job["job_name"] = json!("Nightly");
    job["template_type"] = json!("backup_job");
    world.statistics(json!({
        "looked_at": 10, "truncated": true, "jobs": 2, "runs": runs, "series": [line], "slowest_jobs": [job],
        "failing_jobs": [],
    }));
    let outcome = run(json!({"report_type": "system_stats", "date_range": "yesterday"}));
    let found = &outcome.details["report"];
    assert_eq!(figure(found, "storage", "documents"), 16);
    assert_eq!(figure(found, "runs", "success_rate"), 0.9);
    assert_eq!(found["sections"]["runs"]["tables"]["series"]["rows"][0]["day"], "2027-01-14");
    assert_eq!(found["sections"]["attention"]["tables"]["slowest_jobs"]["rows"][0]["job"], "Nightly");
    assert!(outcome.warnings[0].contains("newest 10"), "{:?}", outcome.warnings);

    world.fail_next("insight.statistics", ErrorKind::Denied, "not-granted");
    let outcome = run(json!({"report_type": "system_stats"}));
    assert_eq!(outcome.details["report"]["sections"].get("runs"), None);
    assert!(outcome.warnings[0].contains("left out"), "{:?}", outcome.warnings);
    world.fail_next("insight.statistics", ErrorKind::Unavailable, "database-unavailable");
    let failure = fakes::execute::<ReportGeneration>(json!({"report_type": "system_stats"})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Retryable);
}

#[test]
fn a_summary_shows_what_a_collection_holds() {
    let _world = filled();
    let found = report(json!({"report_type": "collection_summary", "date_range": "last_7d"}));
    let rows = found["sections"]["overview"]["tables"]["collections"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["collection"], &rows[0]["documents"], &rows[0]["in_period"]),
        (&json!("events"), &json!(12), &json!(7))
    );
    assert_eq!((&rows[0]["date_field"], &rows[1]["date_field"]), (&json!("timestamp"), &json!("created_at")));
    assert_eq!(rows[0]["oldest"], "2027-01-02T12:00:00+00:00");
    assert_eq!(rows[1]["newest"], "2027-01-12T09:00:00+00:00");
    let fields = found["sections"]["collection_users"]["tables"]["fields"]["rows"].as_array().unwrap();
    assert_eq!(fields[2], json!({"field": "created_at", "types": "date 75 %, string 25 %", "present": 1}));
    let one = report(json!({"report_type": "collection_summary", "source": {"collection": "nothing"}}));
    assert_eq!(figure(&one, "overview", "collections"), 0);
    assert!(one["notes"][0].as_str().unwrap().contains("no collection nothing"));
}

#[test]
fn a_pipeline_of_ones_own_becomes_rows_and_takes_a_time_only_with_a_date_field() {
    let _world = filled();
    let parameters = |source: Value| {
        json!({
            "report_type": "custom", "source": source,
            "pipeline": [{"$group": {"_id": "$event", "n": {"$sum": 1}}}, {"$sort": {"n": -1, "_id": 1}}],
        })
    };
    let all = report(parameters(json!({"collection": "events"})));
    assert_eq!(all["sections"]["rows"]["tables"]["rows"]["rows"][0], json!({"_id": "login", "n": 9}));
    let recent = report(parameters(json!({"collection": "events", "date_field": "timestamp"})));
    assert_eq!(recent["sections"]["rows"]["tables"]["rows"]["rows"][0], json!({"_id": "login", "n": 4}));
    let wrong = json!({"report_type": "custom", "source": {"collection": "events"}, "pipeline": [{"$where": "1"}]});
    let problems = <ReportGeneration as sandglass_sdk::Template>::validate(&serde_json::from_value(wrong).unwrap());
    let problem = problems.iter().next().unwrap();
    assert!(problem.pointer == "/pipeline/0" && problem.message.contains("$where"), "{problem:?}");
}

#[test]
fn every_format_says_the_same_and_data_never_becomes_markup() {
    let _world = filled();
    let content = |format: &str| {
        let outcome = run(json!({"report_type": "user_activity", "format": format, "compare_previous": true}));
        outcome.details["content"].as_str().unwrap().to_owned()
    };
    let html = content("html");
    assert!(html.contains("<svg") && html.contains("&lt;script&gt;alert(&#39;Béla&#39;)&lt;/script&gt;"), "{html}");
    assert!(!html.contains("<script") && !html.contains("http://") && !html.contains("https://"));
    let markdown = content("markdown");
    assert!(markdown.contains("| Events | 7 | 2 | +250.0 % |"), "{markdown}");
    assert!(!markdown.contains("<script"));
    let csv = content("csv");
    assert!(csv.contains("activity,figures,,events,7,2,5\r\n"), "{csv}");
    assert!(csv.contains("activity,series,2027-01-08,events,3,,\r\n"), "{csv}");
    let events = run(json!({"report_type": "engagement", "format": "csv"})).details["content"].to_string();
    assert!(events.contains(",'=cmd(),"), "{events}");
}

#[test]
fn a_file_is_written_once_and_only_replaced_when_asked_for() {
    let world = filled();
    world.set_job(json!({"id": "1", "name": "Weekly report"}));
    let parameters = |overwrite: bool| {
        json!({
            "report_type": "engagement", "format": "html", "destination": "file",
            "file_name": "reports/{job}", "overwrite": overwrite,
        })
    };
    let outcome = run(parameters(false));
    assert_eq!(outcome.message, "Engagement was written to exports/reports/Weekly_report.html");
    let [(name, bytes)] = world.files("exports").try_into().unwrap();
    assert_eq!(
        (name.as_str(), outcome.details["bytes"].as_u64()),
        ("reports/Weekly_report.html", Some(bytes.len() as u64))
    );
    let failure = fakes::execute::<ReportGeneration>(parameters(false)).unwrap_err();
    assert!(failure.message.contains("overwrite"), "{}", failure.message);
    run(parameters(true));
}

#[test]
fn an_email_holds_the_figures_and_the_report_and_tells_who_was_refused() {
    let world = filled();
    world.receipt(Receipt {
        message_id: "<1@x>".into(),
        accepted: vec!["a@example.com".into()],
        refused: vec![("b@example.com".into(), "550 no such user".into())],
    });
    let parameters = json!({
        "report_type": "user_activity", "title": "Week <2>", "format": "csv", "destination": "email", "identity": "team",
        "recipients": ["a@example.com", "b@example.com"],
    });
    let outcome = run(parameters.clone());
    assert_eq!(outcome.message, "Week <2> was sent to 1 recipient");
    assert!(outcome.warnings.iter().any(|warning| warning.contains("550")));
    let [(identity, message)] = world.outbox().try_into().unwrap();
    assert_eq!(identity, "team");
    assert_eq!(message.subject, "Week <2>, 8 January 2027 08:00 – 15 January 2027 08:00");
    assert!(message.text.contains("Active users: 3"), "{}", message.text);
    assert!(message.html.unwrap().contains("Week &lt;2&gt;"));
    assert!(message.attachments[0].name.ends_with(".csv"), "{}", message.attachments[0].name);
    world.receipt(Receipt { message_id: String::new(), accepted: vec![], refused: vec![("a".into(), "no".into())] });
    let failure = fakes::execute::<ReportGeneration>(parameters).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Permanent);
}

#[test]
fn it_stops_between_two_questions_and_delivers_nothing() {
    let world = filled();
    world.stop_after(2);
    let parameters = json!({"report_type": "user_activity", "destination": "file"});
    let failure = fakes::execute::<ReportGeneration>(parameters).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Interrupted);
    assert_eq!(world.files("exports"), []);
    assert!(world.progress().iter().all(|step| step.done < step.total.unwrap()));
}

#[test]
fn an_empty_database_gives_an_empty_report() {
    let _world = world();
    for kind in ["user_activity", "engagement", "system_stats", "collection_summary"] {
        for format in ["json", "csv", "html", "markdown"] {
            let outcome = run(json!({"report_type": kind, "format": format, "compare_previous": true}));
            assert_eq!(outcome.records_processed, 0, "{kind} {format}");
        }
    }
}
