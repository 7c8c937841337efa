//! Every function of the contract that can be refused, by its name in the contract.
//!
//! Handles are taken while a grant holds and used when it is gone: what was given once must not go on working.

use std::time::Duration;

use sandglass_sdk::documents::{Collection, FindOptions, UpdateOptions, collections, manage};
use sandglass_sdk::files::{Folder, WriterOptions};
use sandglass_sdk::http::Request;
use sandglass_sdk::secrets::Secret;
use sandglass_sdk::{Error, ErrorKind, Failure, clock, email, execution, insight};
use serde_json::{Value, json};

use crate::act::message;

/// Between two looks at whether the grant is gone.
const PAUSE: Duration = Duration::from_millis(50);

/// A function by its name in the contract, and how it was answered.
pub type Tried = (&'static str, Result<(), Error>);

/// Tries every function.
///
/// # Errors
/// When a handle is refused, or the grant stays until the run has to stop.
pub fn function(url: &str) -> Result<Vec<Tried>, Failure> {
    let orders = Collection::open("orders")?;
    let one_by_one = FindOptions { batch: Some(1), ..FindOptions::default() };
    let cursor = orders.find(&json!({}), &one_by_one)?;
    let raw_cursor = orders.find_raw(&json!({}), &one_by_one)?;
    let response = Request::new("GET", url).send()?;
    let exports = Folder::open("exports")?;
    let options = || WriterOptions { overwrite: true, content_type: None };
    let (writer, unfinished) = (exports.create("held.txt", &options())?, exports.create("unfinished.txt", &options())?);
    writer.write(b"what was written while it was allowed")?;
    unfinished.write(b"what was written while it was allowed")?;
    let secret = Secret::get("key")?;

    // Says that everything is in hand.
    execution::progress(1, Some(2), "waiting for the grant to go");
    while !matches!(orders.count(&json!({})), Err(error) if error.kind == ErrorKind::Denied) {
        if !execution::wait(PAUSE) {
            return Err(Failure::interrupted("the grant stayed"));
        }
    }

    let all = json!({});
    let now = clock::now();
    Ok(vec![
        ("sandglass:documents/read [static]collection.open", Collection::open("orders").map(drop)),
        ("sandglass:documents/read [method]collection.find", orders.find(&all, &one_by_one).map(drop)),
        ("sandglass:documents/read [method]collection.find-one", orders.find_one(&all, &one_by_one).map(drop)),
        ("sandglass:documents/read [method]collection.find-raw", orders.find_raw(&all, &one_by_one).map(drop)),
        ("sandglass:documents/read [method]collection.count", orders.count(&all).map(drop)),
        ("sandglass:documents/read [method]collection.distinct", orders.distinct("status", &all).map(drop)),
        ("sandglass:documents/read [method]collection.aggregate", orders.aggregate(&json!([]), &all).map(drop)),
        ("sandglass:documents/read [method]collection.indexes", orders.indexes().map(drop)),
        ("sandglass:documents/read [method]cursor.next", cursor.next_batch(1).map(drop)),
        ("sandglass:documents/read [method]raw-cursor.next", raw_cursor.next_bytes(1_000).map(drop)),
        ("sandglass:documents/read collections", collections("default").map(drop)),
        ("sandglass:documents/write insert", orders.insert(std::slice::from_ref(&all)).map(drop)),
        ("sandglass:documents/write insert-raw", orders.insert_raw(&[5, 0, 0, 0, 0]).map(drop)),
        ("sandglass:documents/write update", update(&orders)),
        ("sandglass:documents/write delete", orders.delete(&all, None).map(drop)),
        ("sandglass:documents/manage create", manage::create("fresh", &all)),
        ("sandglass:documents/manage drop", manage::drop("orders")),
        ("sandglass:documents/manage rename", manage::rename("orders", "taken", true)),
        ("sandglass:documents/manage create-index", manage::create_index("orders", &index())),
        ("sandglass:documents/manage drop-index", manage::drop_index("orders", "status_1")),
        ("sandglass:secrets/store get", Secret::get("key").map(drop)),
        ("sandglass:secrets/reveal plaintext", secret.reveal().map(drop)),
        ("sandglass:http/client send", Request::new("POST", url).send().map(drop)),
        ("sandglass:http/client [method]response.read", response.read(10).map(drop)),
        ("sandglass:email/sender send", email::send("default", &message("ann@example.com", "x")).map(drop)),
        ("sandglass:files/read [static]folder.open", Folder::open("exports").map(drop)),
        ("sandglass:files/read [method]folder.info", exports.info("there.txt").map(drop)),
        ("sandglass:files/read [method]folder.entries", exports.entries("", None, 10).map(drop)),
        ("sandglass:files/read [method]folder.read", exports.read("there.txt", 0, 10).map(drop)),
        ("sandglass:files/write [static]writer.create", exports.create("new.txt", &options()).map(drop)),
        ("sandglass:files/write [method]writer.write", unfinished.write(b"more")),
        ("sandglass:files/write [static]writer.finish", writer.finish().map(drop)),
        ("sandglass:files/write delete", exports.delete("there.txt")),
        ("sandglass:insight/runs statistics", insight::statistics(now, now, &all).map(drop)),
    ])
}

fn update(orders: &Collection) -> Result<(), Error> {
    let options = UpdateOptions { many: true, upsert: true, ..UpdateOptions::default() };
    orders.update(&json!({}), &json!({ "$set": { "status": "taken" } }), &options).map(drop)
}

fn index() -> Value {
    json!({ "keys": { "status": 1 } })
}
