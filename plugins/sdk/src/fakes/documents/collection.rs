//! Reading.

use std::cell::RefCell;
use std::collections::VecDeque;

use serde_json::Value;

use super::bytes;
use super::filter::{matches, unknown, values_at};
use super::order::compare;
use super::projection::project;
use crate::bindings::sandglass::documents::read::FindOptions;
use crate::fakes::state::{begin, error, with};
use crate::{Error, ErrorKind};

/// Batches hold no more, whatever a template asks for, so that it has to be right about the end.
const MAX_BATCH: usize = 1000;

#[derive(Debug)]
pub struct Collection {
    name: String,
}

impl Collection {
    pub fn open(name: &str) -> Result<Self, Error> {
        begin("documents.open")?;
        let name = name.strip_prefix("default/").unwrap_or(name).to_owned();
        Ok(Self { name })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn find(&self, filter: &str, options: &FindOptions) -> Result<Cursor, Error> {
        begin("documents.find")?;
        Ok(Cursor(RefCell::new(self.found(filter, options)?.into())))
    }

    pub fn find_one(&self, filter: &str, options: &FindOptions) -> Result<Option<String>, Error> {
        begin("documents.find-one")?;
        Ok(self.found(filter, options)?.into_iter().next().map(|document| document.to_string()))
    }

    pub fn find_raw(&self, filter: &str, options: &FindOptions) -> Result<RawCursor, Error> {
        begin("documents.find-raw")?;
        if options.projection.is_some() {
            let message = "stored bytes cannot be projected; leave the projection out or use find".to_owned();
            return Err(error(ErrorKind::Invalid, "invalid-command", message));
        }
        let found = self.found(filter, options)?;
        Ok(RawCursor(RefCell::new(found.iter().map(bytes::encode).collect())))
    }

    pub fn count(&self, filter: &str) -> Result<u64, Error> {
        begin("documents.count")?;
        let filter = parsed(filter)?;
        Ok(self.documents().iter().filter(|document| matches(document, &filter)).count() as u64)
    }

    pub fn distinct(&self, field: &str, filter: &str) -> Result<Vec<String>, Error> {
        begin("documents.distinct")?;
        let filter = parsed(filter)?;
        let documents = self.documents();
        let matching = documents.iter().filter(|document| matches(document, &filter));
        let values = matching.flat_map(|document| values_at(document, field)).filter(|value| !value.is_array());
        let mut values = values.cloned().collect::<Vec<_>>();
        values.sort_by(compare);
        values.dedup_by(|one, other| compare(one, other).is_eq());
        Ok(values.iter().map(Value::to_string).collect())
    }

    pub fn aggregate(&self, pipeline: &str, _options: &str) -> Result<Cursor, Error> {
        begin("documents.aggregate")?;
        match with(|state| state.pipelines.clone()) {
            Some(answer) => Ok(Cursor(RefCell::new(answer(&self.name, &parsed(pipeline)?)?.into()))),
            None => unknown("pipelines (see World::answer_pipelines)", &Value::String(pipeline.to_owned())),
        }
    }

    pub fn indexes(&self) -> Result<Vec<String>, Error> {
        begin("documents.indexes")?;
        let indexes = with(|state| state.indexes.get(&self.name).cloned().unwrap_or_default());
        Ok(indexes.iter().map(Value::to_string).collect())
    }

    fn documents(&self) -> Vec<Value> {
        with(|state| state.collections.get(&self.name).cloned().unwrap_or_default())
    }

    fn found(&self, filter: &str, options: &FindOptions) -> Result<Vec<Value>, Error> {
        let filter = parsed(filter)?;
        let mut found = self.documents();
        found.retain(|document| matches(document, &filter));
        if let Some(sort) = &options.sort {
            let sort = parsed(sort)?;
            let Some(keys) = sort.as_object() else { unknown("a sort that is no object", &sort) };
            found.sort_by(|one, other| {
                let by_key = keys.iter().map(|(path, direction)| {
                    let key = |document| values_at(document, path).first().copied().cloned().unwrap_or_default();
                    let order = compare(&key(one), &key(other));
                    if direction.as_f64() == Some(-1.0) { order.reverse() } else { order }
                });
                by_key.into_iter().find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
            });
        }
        let skip = usize::try_from(options.skip).unwrap_or(usize::MAX);
        let limit = options.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let page = found.into_iter().skip(skip).take(limit);
        match &options.projection {
            None => Ok(page.collect()),
            Some(projection) => {
                let projection = parsed(projection)?;
                Ok(page.map(|document| project(&document, &projection)).collect())
            }
        }
    }
}

#[derive(Debug)]
pub struct Cursor(RefCell<VecDeque<Value>>);

impl Cursor {
    pub fn next(&self, max: u32) -> Result<Vec<String>, Error> {
        begin("documents.next")?;
        let wanted = if max == 0 { MAX_BATCH } else { MAX_BATCH.min(max as usize) };
        let mut left = self.0.borrow_mut();
        let wanted = wanted.min(left.len());
        Ok(left.drain(..wanted).map(|document| document.to_string()).collect())
    }
}

#[derive(Debug)]
pub struct RawCursor(RefCell<VecDeque<Vec<u8>>>);

impl RawCursor {
    pub fn next(&self, max_bytes: u32) -> Result<Vec<u8>, Error> {
        begin("documents.next-raw")?;
        let mut left = self.0.borrow_mut();
        let mut batch = Vec::new();
        while let Some(document) = left.front() {
            if !batch.is_empty() && batch.len() + document.len() > max_bytes as usize {
                break;
            }
            batch.extend(left.pop_front().unwrap_or_default());
        }
        Ok(batch)
    }
}

pub fn parsed(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text)
        .map_err(|problem| error(ErrorKind::Invalid, "not-json", format!("not JSON ({problem}): {text}")))
}
