//! What a report job may not say, and what the answer points at.

use sandglass_tests::Setup;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_parameter_is_pointed_at_before_a_job_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::on(folder.path()).start().await;
    let client = server.client();
    let custom = |more: Value| {
        let mut all = json!({"report_type": "custom", "source": {"collection": "a"}, "pipeline": [{"$limit": 1}]});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let activity = |more: Value| {
        let mut all = json!({"report_type": "user_activity"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let cases = [
        // By the schema.
        (json!({}), vec!["/report_type"]),
        (json!({"report_type": "sales"}), vec!["/report_type"]),
        (activity(json!({"colour": 1})), vec!["/colour"]),
        (activity(json!({"date_range": "last_year"})), vec!["/date_range"]),
        (activity(json!({"group_by": "minute"})), vec!["/group_by"]),
        (activity(json!({"format": "pdf"})), vec!["/format"]),
        (activity(json!({"destination": "fax"})), vec!["/destination"]),
        (activity(json!({"top": 0})), vec!["/top"]),
        (activity(json!({"top": 101})), vec!["/top"]),
        (activity(json!({"top": "ten"})), vec!["/top"]),
        (activity(json!({"compare_previous": "yes"})), vec!["/compare_previous"]),
        (activity(json!({"title": ""})), vec!["/title"]),
        (activity(json!({"source": "events"})), vec!["/source"]),
        (activity(json!({"source": {"table": "events"}})), vec!["/source/table"]),
        (activity(json!({"source": {"user_field": 1}})), vec!["/source/user_field"]),
        (custom(json!({"pipeline": {"$limit": 1}})), vec!["/pipeline"]),
        (custom(json!({"pipeline": ["$limit"]})), vec!["/pipeline/0"]),
        (activity(json!({"recipients": "a@b.de"})), vec!["/recipients"]),
        // By the template.
        (activity(json!({"connection": "a b"})), vec!["/connection"]),
        (activity(json!({"timezone": "Mars/Olympus"})), vec!["/timezone"]),
        (activity(json!({"start_date": "2026-11-01"})), vec!["/start_date"]),
        (activity(json!({"end_date": "2026-11-01"})), vec!["/end_date"]),
        (activity(json!({"date_range": "custom"})), vec!["/start_date"]),
        (activity(json!({"date_range": "custom", "start_date": "soon"})), vec!["/start_date"]),
        (
            activity(json!({"date_range": "custom", "start_date": "2026-11-02", "end_date": "2026-11-01"})),
            vec!["/end_date"],
        ),
        (
            activity(json!({
                "date_range": "custom", "start_date": "2026-01-01", "end_date": "2026-12-01", "group_by": "hour"
            })),
            vec!["/group_by"],
        ),
        (activity(json!({"source": {"collection": "system.users"}})), vec!["/source/collection"]),
        (activity(json!({"source": {"collection": "crm/users"}})), vec!["/source/collection"]),
        (activity(json!({"source": {"users_collection": "$x"}})), vec!["/source/users_collection"]),
        (
            activity(json!({"source": {"date_field": "$at", "event_field": "a..b"}})),
            vec!["/source/date_field", "/source/event_field"],
        ),
        (activity(json!({"pipeline": [{"$limit": 1}]})), vec!["/pipeline"]),
        (json!({"report_type": "custom"}), vec!["/source/collection", "/pipeline"]),
        (
            custom(json!({"pipeline": [{"$limit": 1, "$skip": 1}, {"$out": "x"}, {"limit": 1}]})),
            vec!["/pipeline/0", "/pipeline/1", "/pipeline/2"],
        ),
        (activity(json!({"destination": "file", "file_name": "../../{user}"})), vec!["/file_name"]),
        (activity(json!({"folder": "a/b"})), vec!["/folder"]),
        (activity(json!({"destination": "email"})), vec!["/recipients"]),
        (activity(json!({"recipients": ["a@example.com"]})), vec!["/recipients"]),
        (
            activity(json!({"destination": "email", "recipients": ["a@example.com", "nobody", "A@EXAMPLE.com"]})),
            vec!["/recipients/1", "/recipients/2"],
        ),
        (
            activity(json!({"destination": "email", "recipients": ["a@example.com"], "subject": "a\r\nBcc: x@y.de"})),
            vec!["/subject"],
        ),
    ];
    for (parameters, expected) in cases {
        let body = json!({
            "name": "Wrong", "template_type": "report_generation", "parameters": parameters,
            "schedule": {"type": "interval", "interval_seconds": 3600},
        });
        let answer = client.post("/jobs", &body).await;
        assert_eq!(answer.status, 422, "{parameters}: {answer:?}");
        let problems = answer.json()["errors"].as_array().cloned().unwrap_or_default();
        let pointers: Vec<&str> = problems.iter().filter_map(|problem| problem["pointer"].as_str()).collect();
        for pointer in expected {
            let pointer = format!("/parameters{pointer}");
            assert!(pointers.contains(&pointer.as_str()), "{parameters}: {pointer} is not among {problems:?}");
        }
    }
    let jobs = client.get("/jobs").await.ok();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 0, "{jobs}");
}
