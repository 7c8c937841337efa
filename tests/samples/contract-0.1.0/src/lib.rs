//! A template that calls every function of the contract 0.1.0 once, and says what each came to.
//!
//! Made without the SDK, so that nothing but the contract stands between it and the host.

wit_bindgen::generate!({
    path: [
        "../../../wit/base",
        "../../../wit/documents",
        "../../../wit/secrets",
        "../../../wit/http",
        "../../../wit/email",
        "../../../wit/files",
        "../../../wit/insight",
        "../../../wit/template",
    ],
    world: "sandglass:template/full",
    generate_all,
});

use exports::sandglass::template::definition::{self, Metadata, Need, OnLost, Problem};
use exports::sandglass::template::job::{self, Failure, FailureKind, Outcome};
use sandglass::base::types::{Error, Instant};
use sandglass::base::{clock, execution, log, random};
use sandglass::documents::read::{Collection, FindOptions};
use sandglass::documents::write::UpdateOptions;
use sandglass::documents::{manage, read, write};
use sandglass::email::sender;
use sandglass::files::read::Folder;
use sandglass::files::write::{Writer, WriterOptions};
use sandglass::http::client;
use sandglass::insight::runs;
use sandglass::secrets::{reveal, store};

const COLLECTION: &str = "contract_sample";

struct Sample;
export!(Sample);

fn need(capability: &str, target: &str, access: &str) -> Need {
    Need {
        capability: capability.into(),
        target: target.into(),
        access: access.into(),
        reason: "To call it once.".into(),
        optional: true,
        extra: None,
    }
}

impl definition::Guest for Sample {
    fn describe() -> Metadata {
        Metadata {
            name: "contract_sample".into(),
            version: "0.1.0".into(),
            title: "Contract 0.1.0".into(),
            description: "Calls every function of the contract once.".into(),
            icon: "🧾".into(),
            category: "Tests".into(),
            tags: vec!["contract".into(), "sample".into()],
            needs: vec![
                need("documents", "*", "read"),
                need("documents", COLLECTION, "write"),
                need("documents", COLLECTION, "manage"),
                need("files", "exports", "read"),
                need("files", "exports", "write"),
                need("secrets", "sample", "use"),
                need("secrets", "sample", "reveal"),
                need("http", "param:/url", "send"),
                need("email", "default", "send"),
                need("insight", "runs", "read"),
            ],
            on_lost: OnLost::Fail,
            dry_run: Some("/dry_run".into()),
            extra: Some("{}".into()),
        }
    }

    fn schema() -> String {
        r#"{"type":"object","properties":{"url":{"type":"string"},"dry_run":{"type":"boolean"}},"required":["url"]}"#.into()
    }

    fn validate(parameters: String) -> Result<(), Vec<Problem>> {
        if url(&parameters).starts_with("http") {
            return Ok(());
        }
        Err(vec![Problem { pointer: "/url".into(), message: "This is no address.".into() }])
    }
}

/// The text between the quotation marks behind `"url":`; enough for a test.
fn url(parameters: &str) -> &str {
    let value = parameters.split_once("\"url\":").map_or("", |(_, rest)| rest);
    value.split('"').nth(1).unwrap_or_default()
}

/// What the calls came to, one line each.
#[derive(Default)]
struct Report(Vec<String>);

impl Report {
    fn add<T>(&mut self, name: &str, answer: Result<T, Error>, show: impl FnOnce(&T) -> String) -> Option<T> {
        match answer {
            Ok(value) => {
                self.0.push(format!("{name}: {}", show(&value)));
                Some(value)
            }
            Err(error) => {
                self.0.push(format!("{name}: {:?} {}", error.kind, error.reason));
                None
            }
        }
    }
}

fn all() -> FindOptions {
    FindOptions { sort: Some(r#"{"n":1}"#.into()), projection: None, skip: 0, limit: Some(10), batch: Some(2) }
}

impl job::Guest for Sample {
    fn execute(parameters: String) -> Result<Outcome, Failure> {
        if parameters.contains("\"fail\"") {
            return Err(Failure {
                kind: FailureKind::Retryable,
                message: "asked to fail".into(),
                retry_after_ms: Some(1_500),
                details: Some("{\"a\":1}".into()),
            });
        }
        let mut report = Report::default();
        base(&mut report);
        documents(&mut report);
        files(&mut report);
        network(&mut report, url(&parameters));
        let lines = report.0;
        let details: Vec<String> = lines.iter().map(|line| format!("{line:?}")).collect();
        Ok(Outcome {
            message: format!("{} calls", lines.len()),
            details: format!("{{\"calls\":[{}]}}", details.join(",")),
            records_processed: lines.len() as u64,
            records_affected: 1,
            errors: vec!["an error".into()],
            warnings: vec!["a warning".into()],
            extra: None,
        })
    }
}

fn base(report: &mut Report) {
    let fields = [("id", execution::id()), ("job", execution::job()), ("attempt", execution::attempt().to_string())];
    let fields: Vec<_> = fields.map(|(name, value)| (name.to_owned(), value)).to_vec();
    for level in [log::Level::Trace, log::Level::Debug, log::Level::Info, log::Level::Warn, log::Level::Error] {
        log::write(level, "a line", &fields);
    }
    execution::progress(1, Some(2), "half");
    let (now, scheduled, deadline) = (clock::now(), execution::scheduled_at(), execution::deadline());
    report.0.push(format!("in order: {}", scheduled.seconds <= now.seconds && now.seconds <= deadline.seconds));
    report.0.push(format!("should stop: {}, wait: {}", execution::should_stop(), execution::wait(1)));
    report.0.push(format!("random: {}", random::bytes(16).len()));
}

fn documents(report: &mut Report) {
    report.add("create", manage::create("contract_sample_made", "{}"), |_| "done".into());
    report.add("create index", manage::create_index(COLLECTION, r#"{"key":{"n":1},"name":"by_n"}"#), |_| "done".into());
    let Some(collection) = report.add("open", Collection::open(COLLECTION), |_| "done".into()) else { return };
    let new = [1, 2, 3].map(|n| format!("{{\"n\":{n}}}"));
    report.add("insert", write::insert(&collection, &new), |done| format!("{} {}", done.inserted, done.failed.len()));
    // An empty document but for its length and its end.
    let raw = [12, 0, 0, 0, 0x10, b'n', 0, 4, 0, 0, 0, 0];
    report.add("insert raw", write::insert_raw(&collection, &raw), |done| done.inserted.to_string());
    let many = UpdateOptions { many: true, limit: None, upsert: false, array_filters: None };
    let change = write::update(&collection, r#"{"n":{"$gt":2}}"#, r#"{"$set":{"a":true}}"#, &many);
    report.add("update", change, |done| format!("{} {} {:?}", done.matched, done.modified, done.upserted_id));
    report.add("delete", write::delete(&collection, r#"{"n":1}"#, Some(1)), u64::to_string);
    report.add("count", collection.count("{}"), u64::to_string);
    report.add("distinct", collection.distinct("n", "{}"), |values| values.len().to_string());
    report.add("find one", collection.find_one(r#"{"n":2}"#, &all()), |found| found.is_some().to_string());
    if let Some(cursor) = report.add("find", collection.find("{}", &all()), |_| "open".into()) {
        report.add("next", cursor.next(0), |batch| batch.len().to_string());
    }
    if let Some(cursor) = report.add("find raw", collection.find_raw("{}", &all()), |_| "open".into()) {
        report.add("next raw", cursor.next(1 << 20), |bytes| (!bytes.is_empty()).to_string());
    }
    let pipeline = r#"[{"$match":{"a":true}},{"$count":"n"}]"#;
    if let Some(cursor) = report.add("aggregate", collection.aggregate(pipeline, "{}"), |_| "open".into()) {
        report.add("next", cursor.next(0), |batch| batch.join(","));
    }
    report.add("indexes", collection.indexes(), |indexes| indexes.len().to_string());
    report.add("collections", read::collections("default"), |names| (!names.is_empty()).to_string());
    report.add("drop index", manage::drop_index(COLLECTION, "by_n"), |_| "done".into());
    report.add("rename", manage::rename("contract_sample_made", "contract_sample_renamed", false), |_| "done".into());
    report.add("drop", manage::drop(COLLECTION), |_| "done".into());
}

fn files(report: &mut Report) {
    let Some(folder) = report.add("open folder", Folder::open("exports"), |_| "done".into()) else { return };
    let options = WriterOptions { overwrite: true, content_type: Some("text/plain".into()) };
    if let Some(writer) = report.add("begin", Writer::create(&folder, "sample.txt", &options), |_| "done".into()) {
        report.add("write", writer.write(b"0.1.0"), |_| "done".into());
        report.add("finish", Writer::finish(writer), |info| format!("{} {}", info.name, info.size));
    }
    report.add("info", folder.info("sample.txt"), |info| info.size.to_string());
    report.add("entries", folder.entries("", None, 10), |entries| entries.len().to_string());
    report.add("read", folder.read("sample.txt", 2, 3), |bytes| String::from_utf8_lossy(bytes).into_owned());
    report.add("delete file", sandglass::files::write::delete(&folder, "sample.txt"), |_| "done".into());
}

fn network(report: &mut Report, url: &str) {
    let secret = report.add("secret", store::get("sample"), |_| "open".into());
    if let Some(secret) = &secret {
        report.add("reveal", reveal::plaintext(secret), |text| text.len().to_string());
    }
    let auth = secret.as_ref().map_or(client::Auth::None, client::Auth::Bearer);
    let request = client::Request {
        method: "POST".into(),
        url: url.into(),
        headers: vec![("x-sample".into(), "0.1.0".into())],
        auth,
        body: Some(b"hello".to_vec()),
        timeout_ms: Some(20_000),
        follow_redirects: false,
    };
    if let Some(response) = report.add("send", client::send(&request), |_| "answered".into()) {
        let has_headers = !response.headers().is_empty();
        report.0.push(format!("status: {}, headers: {has_headers}", response.status()));
        report.add("body", response.read(100), |bytes| String::from_utf8_lossy(bytes).into_owned());
    }
    let message = sender::Message {
        to: vec!["ann@example.com".into()],
        cc: vec![],
        bcc: vec![],
        reply_to: None,
        subject: "Sample".into(),
        text: "0.1.0".into(),
        html: None,
        priority: sender::Priority::Normal,
        headers: vec![],
        attachments: vec![],
    };
    report.add("mail", sender::send("default", &message), |receipt| receipt.accepted.len().to_string());
    let (epoch, now) = (Instant { seconds: 0, nanoseconds: 0 }, clock::now());
    report.add("statistics", runs::statistics(epoch, now, "{}"), |text| text.starts_with('{').to_string());
}
