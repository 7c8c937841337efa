//! The real run.

use std::time::Duration;

use sandglass_sdk::documents::Collection;
use sandglass_sdk::{Error, Failure, Outcome, execution, log};
use serde_json::{Value, json};

use crate::archive::{Archive, Store};
use crate::batches::Candidate;
use crate::condition::Condition;
use crate::dates::Span;
use crate::doubts;
use crate::parameters::Parameters;

/// What has been done so far.
#[derive(Debug, Default)]
struct Tally {
    matched: u64,
    deleted: u64,
    batches: u64,
    /// What is left to be done all in all, where that is known.
    total: Option<u64>,
    span: Span,
    archived: Value,
}

pub fn run(
    parameters: &Parameters,
    condition: &Condition,
    name: &str,
    collection: &Collection,
) -> Result<Outcome, Failure> {
    let mut tally = Tally::default();
    match work(parameters, condition, collection, &mut tally) {
        Ok(()) => {
            let warnings = if tally.matched == 0 { doubts::about(parameters, name, collection) } else { Vec::new() };
            Ok(warnings.into_iter().fold(outcome(parameters, condition, name, &tally), Outcome::warning))
        }
        Err(mut failure) => {
            let mut details = tally.details(condition, name);
            if let (Some(details), Some(Value::Object(known))) = (details.as_object_mut(), failure.details.take()) {
                details.extend(known);
            }
            failure.message = format!("{} ({} deleted before that)", failure.message, tally.deleted);
            Err(failure.details(details))
        }
    }
}

fn work(
    parameters: &Parameters,
    condition: &Condition,
    collection: &Collection,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let store = Store::open(parameters, condition, collection)?;
    let mut archive = match store.as_ref() {
        None => Archive::none(condition, collection),
        Some(store) => store.write(parameters, condition, collection)?,
    };
    tally.archived = archive.describe();
    let during = |error: Error| Failure::from(error).during("deleting");
    let mut left = if parameters.max_records == 0 { u64::MAX } else { parameters.max_records };
    loop {
        let wanted = left.min(parameters.batch_size.into());
        let batch = archive.next_batch(wanted).map_err(during)?;
        if batch.is_empty() {
            return Ok(());
        }
        if tally.batches > 0 {
            rest(parameters)?;
        }
        delete(condition, collection, &batch, tally).map_err(during)?;
        left = left.saturating_sub(batch.len() as u64);
        if tally.total.is_none() && batch.len() as u64 == wanted && left > 0 {
            tally.total = remaining(condition, collection).map(|rest| tally.matched.saturating_add(rest.min(left)));
        }
        execution::progress(tally.matched, tally.total, "deleted");
    }
}

/// The condition is asked again with the ids: what was changed meanwhile so that it should stay, stays.
fn delete(condition: &Condition, collection: &Collection, batch: &[Candidate], tally: &mut Tally) -> Result<(), Error> {
    let ids = batch.iter().map(|candidate| &candidate.id).collect::<Vec<_>>();
    let deleted = collection.delete(&condition.and(json!({ "_id": { "$in": ids } })), None)?;
    batch.iter().for_each(|candidate| tally.span.include(candidate.date));
    tally.matched += batch.len() as u64;
    tally.deleted += deleted;
    tally.batches += 1;
    log::debug("deleted a batch", &[("batch", &tally.batches), ("found", &batch.len()), ("deleted", &deleted)]);
    Ok(())
}

/// How much is still to do, for those who watch. It costs a look at everything, so it is asked only when there is more
/// than one batch; not to know it is no reason to stop.
fn remaining(condition: &Condition, collection: &Collection) -> Option<u64> {
    match collection.count(condition.filter()) {
        Ok(rest) => Some(rest),
        Err(error) => {
            log::debug("how much is left is not known", &[("error", &error.message)]);
            None
        }
    }
}

/// Between two batches.
fn rest(parameters: &Parameters) -> Result<(), Failure> {
    let goes_on = if parameters.pause_ms == 0 {
        !execution::should_stop()
    } else {
        execution::wait(Duration::from_millis(parameters.pause_ms.into()))
    };
    if goes_on { Ok(()) } else { Err(Failure::interrupted("stopped between two batches, as the host asked")) }
}

fn outcome(parameters: &Parameters, condition: &Condition, name: &str, tally: &Tally) -> Outcome {
    let mut message = match tally.deleted {
        0 => format!("nothing in {name} had to be deleted"),
        1 => format!("deleted 1 document from {name}"),
        deleted => format!("deleted {deleted} documents from {name}"),
    };
    if parameters.max_records != 0 && tally.matched >= parameters.max_records {
        message.push_str(&format!(" and stopped at the cap of {}", parameters.max_records));
    }
    let mut outcome =
        Outcome::new(message).details(tally.details(condition, name)).processed(tally.matched).affected(tally.deleted);
    if tally.matched > tally.deleted {
        let kept = tally.matched - tally.deleted;
        outcome = outcome.warning(format!("{kept} documents were changed or deleted by someone else meanwhile"));
    }
    log::info(&outcome.message, &[("deleted", &tally.deleted), ("batches", &tally.batches)]);
    outcome
}

impl Tally {
    fn details(&self, condition: &Condition, name: &str) -> Value {
        json!({
            "dry_run": false,
            "collection": name,
            "matched": self.matched,
            "deleted": self.deleted,
            "batches": self.batches,
            "oldest": self.span.oldest_text(),
            "newest": self.span.newest_text(),
            "cutoff": condition.cutoff_text(),
            "archived": self.archived,
        })
    }
}
