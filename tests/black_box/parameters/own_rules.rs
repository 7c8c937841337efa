//! The rules that only a template itself knows, each broken once. What its schema rules out already is not here; those of
//! `data_export` stand with its other tests.

use serde_json::{Value, json};

use super::{problems, server};

/// Pointer of the fault, a part of its message, and what is laid over parameters that are good.
type Rule = (&'static str, &'static str, Value);

fn of_database_cleanup() -> Vec<Rule> {
    let archive = |target: Value| json!({"archive_to": target});
    vec![
        ("/collection", "belongs to the database itself", json!({"collection": "system.users"})),
        ("/collection", "belongs to the database itself", json!({"collection": "a$b"})),
        ("/collection", "keep one of them", json!({"collection": "crm/logs", "connection": "crm"})),
        ("/collection", "name a collection", json!({"collection": "/logs"})),
        ("/collection", "name a collection", json!({"collection": "crm/"})),
        ("/days_old", "every document would go", json!({"days_old": null, "conditions": {}})),
        ("/date_field", "is no field name", json!({"date_field": "$at"})),
        ("/date_field", "is no field name", json!({"date_field": "meta..at"})),
        ("/archive_to/collection", "is the collection that is cleaned up", archive(json!({"collection": "logs"}))),
        ("/archive_to/collection", "belongs to the database", archive(json!({"collection": "system.x"}))),
        ("/archive_to/collection", "keep one of them", archive(json!({"collection": "a/b", "connection": "c"}))),
        ("/archive_to/collection", "name a collection", archive(json!({"collection": "a/"}))),
        ("/archive_to/file_name", "each has to be a plain name", file("../x")),
        ("/archive_to/file_name", "unknown place {when}", file("{when}.jsonl")),
        ("/archive_to/file_name", "without its `}`", file("a{b")),
        ("/archive_to/file_name", "holds", file("a\\b")),
        ("/conditions/level/$neq", "did you mean $ne", json!({"conditions": {"level": {"$neq": "DEBUG"}}})),
        ("/conditions/$where", "JavaScript", json!({"conditions": {"$where": "true"}})),
    ]
}

fn file(name: &str) -> Value {
    json!({"archive_to": {"folder": "exports", "file_name": name}})
}

fn of_email_notification() -> Vec<Rule> {
    let many: Vec<String> = (0..50).map(|number| format!("a{number}@example.com")).collect();
    let query = |fields: Value| json!({"query": fields});
    vec![
        ("/recipients/0", "is no address", json!({"recipients": ["nobody"]})),
        ("/recipients/1", "control character", json!({"recipients": ["a@example.com", "b@example.com\r\nBcc: c"]})),
        ("/cc/0", "is no address", json!({"cc": ["nobody"]})),
        ("/bcc/0", "is no address", json!({"bcc": ["nobody"]})),
        ("/reply_to", "is no address", json!({"reply_to": "nobody"})),
        ("/recipients", "at most 50 get one message", json!({"recipients": many, "cc": ["b@example.com"]})),
        ("/subject", "is empty", json!({"subject": "  "})),
        ("/subject", "write it on one line", json!({"subject": "a\nb"})),
        ("/subject", "line 1", json!({"subject": "{{ job.name"})),
        ("/subject", "which nothing stands for", json!({"subject": "{{ nothing }}"})),
        ("/body", "which nothing stands for", json!({"body": "{{ nothing }}"})),
        ("/body", "add `query`", json!({"body": "{{ rows }}"})),
        ("/body", "did you mean upper", json!({"body": "{{ job.name | uper }}"})),
        ("/body", "no test", json!({"body": "{% if job.name is strang %}x{% endif %}"})),
        ("/attachments/0", "which nothing stands for", json!({"attachments": ["{{ nothing }}.csv"]})),
        ("/query/collection", "none of your collections", query(json!({"collection": "system.users"}))),
        ("/query/collection", "keep one", query(json!({"collection": "crm/a", "connection": "crm"}))),
        ("/query/sort/a", "neither 1 nor -1", query(json!({"collection": "a", "sort": {"a": 2}}))),
        ("/query/filter/a/$neq", "did you mean $ne", query(json!({"collection": "a", "filter": {"a": {"$neq": 1}}}))),
    ]
}

fn of_report_generation() -> Vec<Rule> {
    let source = |fields: Value| json!({"source": fields});
    let custom =
        |pipeline: Value| json!({"report_type": "custom", "source": {"collection": "orders"}, "pipeline": pipeline});
    let times = |start: &str, end: &str| json!({"date_range": "custom", "start_date": start, "end_date": end});
    let mail = |recipients: Value| json!({"destination": "email", "recipients": recipients});
    vec![
        ("/connection", "is no name of a connection", json!({"connection": "a b"})),
        ("/source/collection", "into the parameter connection", source(json!({"collection": "crm/events"}))),
        ("/source/collection", "is no name of a collection", source(json!({"collection": " "}))),
        ("/source/collection", "belongs to the database itself", source(json!({"collection": "system.x"}))),
        ("/source/users_collection", "belongs to the database itself", source(json!({"users_collection": "a$"}))),
        ("/source/date_field", "is no field", source(json!({"date_field": "a..b"}))),
        ("/source/user_field", "is no field", source(json!({"user_field": "$user"}))),
        ("/source/event_field", "is no field", source(json!({"event_field": "a."}))),
        ("/source/users_id_field", "is no field", source(json!({"users_id_field": ".a"}))),
        ("/source/users_date_field", "is no field", source(json!({"users_date_field": "a\u{7}"}))),
        ("/source/users_name_field", "is no field", source(json!({"users_name_field": "a.$b"}))),
        ("/pipeline", "is only used by a custom report", json!({"pipeline": [{"$limit": 1}]})),
        ("/source/collection", "is missing", json!({"report_type": "custom", "pipeline": [{"$limit": 1}]})),
        ("/pipeline", "needs at least one stage", custom(json!([]))),
        ("/pipeline/1", "is no stage", custom(json!([{"$limit": 1}, {"match": {}}]))),
        ("/pipeline/0", "did you mean $group", custom(json!([{"$gruop": {"_id": 1}}]))),
        ("/pipeline/0", "a report only reads", custom(json!([{"$out": "x"}]))),
        ("/pipeline/0", "has 2 names", custom(json!([{"$limit": 1, "$skip": 1}]))),
        ("/pipeline/0/$match/a/$neq", "did you mean $ne", custom(json!([{"$match": {"a": {"$neq": 1}}}]))),
        ("/timezone", "is no IANA time zone", json!({"timezone": "Mars/Base"})),
        ("/start_date", "is no date", times("soon", "2026-01-02")),
        ("/end_date", "is no date", times("2026-01-01", "later")),
        ("/start_date", "is only used by the time custom", json!({"start_date": "2026-01-01"})),
        ("/end_date", "is only used by the time custom", json!({"end_date": "2026-01-01"})),
        ("/start_date", "is missing", json!({"date_range": "custom"})),
        ("/end_date", "is not after start_date", times("2026-01-02", "2026-01-01")),
        (
            "/group_by",
            "makes more than",
            json!({"date_range": "custom", "start_date": "1980-01-01", "end_date": "2026-01-01", "group_by": "hour"}),
        ),
        ("/file_name", "has a part between its slashes", json!({"file_name": "../x"})),
        ("/folder", "is no label of a folder", json!({"folder": "a/b"})),
        ("/recipients", "at least one address", mail(json!([]))),
        ("/recipients", "is only used by the destination email", json!({"recipients": ["a@example.com"]})),
        ("/recipients/0", "is no e-mail address", mail(json!(["nobody"]))),
        ("/recipients/1", "is there twice", mail(json!(["a@example.com", "A@example.com"]))),
        ("/subject", "write one line", json!({"subject": "a\nb"})),
        ("/title", "write one line", json!({"title": " "})),
    ]
}

fn of_backup_job() -> Vec<Rule> {
    let restore = |fields: Value| {
        let mut all = json!({"backup": "Nightly/2026-11-24T080000Z-01234567"});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"mode": "restore", "collections": ["logs"], "restore": all})
    };
    vec![
        ("/connection", "is no name of a connection", json!({"connection": "a b"})),
        ("/collections/0", "holds a slash", json!({"collections": ["a/b"]})),
        ("/collections/1", "belongs to the database itself", json!({"collections": ["a", "system.x"]})),
        ("/collections/0", "begins or ends with a dot", json!({"collections": [".a"]})),
        ("/retention", "says nothing", json!({"retention": {}})),
        ("/restore", "the mode is backup", json!({"restore": {"backup": "a/b"}})),
        ("/restore", "is missing", json!({"mode": "restore"})),
        ("/restore/backup", "plain name", restore(json!({"backup": "../x"}))),
        ("/restore/to", "holds a slash", restore(json!({"to": "a/b"}))),
        (
            "/restore/to",
            "list exactly one collection",
            json!({"mode": "restore", "collections": ["a", "b"], "restore": {"backup": "a/b", "to": "c"}}),
        ),
    ]
}

fn of_webhook_trigger() -> Vec<Rule> {
    let auth = |auth: Value| json!({"auth": auth});
    vec![
        ("/url", "does not begin with https://", json!({"url": "ftp://example.com/x"})),
        ("/url", "user name or password", json!({"url": "https://me:secret@example.com/"})),
        ("/url", "no number from 0 to 65535", json!({"url": "https://example.com:99999/"})),
        ("/headers/a b", "is no header name", json!({"headers": {"a b": "x"}})),
        ("/headers/Host", "is set by the host", json!({"headers": {"Host": "x"}})),
        ("/headers/X", "on one line", json!({"headers": {"X": "a\nb"}})),
        (
            "/headers/authorization",
            "is filled by the sign-in as well",
            json!({"headers": {"authorization": "x"}, "auth": {"type": "bearer", "secret": "token"}}),
        ),
        ("/body", "a GET has no body", json!({"method": "GET", "body": {"a": 1}})),
        ("/body", "is no text", json!({"body": {"a": 1}, "body_format": "text"})),
        ("/body", "is no object", json!({"body": "a", "body_format": "form"})),
        ("/body", "which is no text, number or list", json!({"body": {"a": {"b": 1}}, "body_format": "form"})),
        ("/body", "needs a body to sign", json!({"body": null, "auth": {"type": "hmac", "secret": "key"}})),
        ("/auth/secret", "is no label of a secret", auth(json!({"type": "bearer", "secret": "no label"}))),
        ("/auth/name", "is no header name", auth(json!({"type": "header", "name": "a b", "secret": "key"}))),
        ("/auth/header", "is set by the host", auth(json!({"type": "hmac", "header": "Host", "secret": "key"}))),
        ("/auth/username", "holds a colon", auth(json!({"type": "basic", "username": "a:b", "secret": "key"}))),
        ("/expect/status", "is no JSON pointer", json!({"expect": {"status": 1}})),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_of_a_template_itself_is_told_with_its_place_and_a_way_out() {
    let (_folder, server) = server().await;
    let client = server.client();
    let cleanup = json!({"collection": "logs", "days_old": 30});
    let mail = json!({"recipients": ["a@example.com"], "subject": "s", "body": "b"});
    let report = json!({"report_type": "user_activity"});
    let backup = json!({"collections": ["logs"]});
    let webhook = json!({"url": "https://example.com/", "method": "POST", "body": {"a": 1}});
    let mut tried = 0;
    for (template, base, rules) in [
        ("database_cleanup", cleanup, of_database_cleanup()),
        ("email_notification", mail, of_email_notification()),
        ("report_generation", report, of_report_generation()),
        ("backup_job", backup, of_backup_job()),
        ("webhook_trigger", webhook, of_webhook_trigger()),
    ] {
        let good = client.post("/jobs/validate", &super::job(template, &base)).await;
        assert_eq!(good.status, 200, "{template}: {good:?}");
        for (pointer, part, change) in rules {
            let mut parameters = base.clone();
            let fields = parameters.as_object_mut().unwrap();
            fields.extend(change.as_object().unwrap().clone());
            fields.retain(|_, value| !value.is_null());
            let found = problems(&client, template, &parameters).await;
            let is_told = found.iter().any(|(at, message)| at == pointer && message.contains(part));
            assert!(is_told, "{template} {change}: expected {pointer} “{part}”, found {found:?}");
            tried += 1;
        }
    }
    assert_eq!(tried, 99);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_nobody_knows_hides_no_other_fault() {
    let (_folder, server) = server().await;
    let client = server.client();
    let parameters = json!({"collection": "system.users", "dayz_old": 1, "conditions": {"a": {"$neq": 1}}});
    let found = problems(&client, "database_cleanup", &parameters).await;
    let mut pointers: Vec<&str> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/collection", "/conditions/a/$neq", "/dayz_old"]);
    let unknown = found.iter().find(|(pointer, _)| pointer == "/dayz_old").unwrap();
    assert!(unknown.1.contains("did you mean `days_old`?"), "{unknown:?}");
}
