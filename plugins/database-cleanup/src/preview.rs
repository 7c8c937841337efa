//! The dry run: what would go, and nothing goes.

use sandglass_sdk::documents::{Collection, FindOptions};
use sandglass_sdk::{Error, Failure, Outcome, log};
use serde_json::{Value, json};

use crate::condition::Condition;
use crate::dates::Span;
use crate::doubts;
use crate::parameters::Parameters;

/// How many ids are shown.
const SAMPLE: u64 = 5;

pub fn run(
    parameters: &Parameters,
    condition: &Condition,
    name: &str,
    collection: &Collection,
) -> Result<Outcome, Failure> {
    let during = |error: Error| Failure::from(error).during("looking for documents");
    // One more than is shown tells whether the sample is everything, and then nothing else has to be asked.
    let options = FindOptions {
        sort: Some(json!({ "_id": 1 })),
        projection: Some(condition.projection()),
        limit: Some(SAMPLE + 1),
        ..FindOptions::default()
    };
    let cursor = collection.find(condition.filter(), &options).map_err(during)?;
    let mut sample = Vec::new();
    loop {
        let batch = cursor.next_batch(0).map_err(during)?;
        if batch.is_empty() {
            break;
        }
        sample.extend(batch);
    }
    let mut warnings = if sample.is_empty() { doubts::about(parameters, name, collection) } else { Vec::new() };
    let mut span = Span::default();
    let matched = if sample.len() as u64 <= SAMPLE {
        sample.iter().for_each(|document| span.include(condition.date_of(document)));
        sample.len() as u64
    } else {
        for direction in [1, -1] {
            match edge(condition, collection, direction) {
                Ok(document) => span.include(document.and_then(|document| condition.date_of(&document))),
                // The figure is an extra, and a store may refuse to sort so much.
                Err(error) => warnings.push(format!("the oldest or newest date is not known: {}", error.message)),
            }
        }
        collection.count(condition.filter()).map_err(during)?
    };
    let goes = if parameters.max_records == 0 { matched } else { matched.min(parameters.max_records) };
    let ids = sample.iter().take(SAMPLE as usize).filter_map(|document| document.get("_id"));
    let details = json!({
        "dry_run": true,
        "collection": name,
        "matched": matched,
        "would_delete": goes,
        "deleted": 0,
        "oldest": span.oldest_text(),
        "newest": span.newest_text(),
        "cutoff": condition.cutoff_text(),
        "sample_ids": ids.cloned().collect::<Vec<Value>>(),
    });
    let message = match goes {
        0 => format!("nothing in {name} would be deleted (dry run)"),
        1 => format!("1 document in {name} would be deleted (dry run)"),
        _ => format!("{goes} documents in {name} would be deleted (dry run)"),
    };
    log::info(&message, &[("matched", &matched)]);
    Ok(Outcome { warnings, ..Outcome::new(message).details(details).processed(matched) })
}

/// The document with the oldest (1) or newest (-1) date.
fn edge(condition: &Condition, collection: &Collection, direction: i8) -> Result<Option<Value>, Error> {
    let options = FindOptions {
        sort: Some(condition.by_date(direction)),
        projection: Some(condition.projection()),
        ..FindOptions::default()
    };
    collection.find_one(&condition.dated(), &options)
}
