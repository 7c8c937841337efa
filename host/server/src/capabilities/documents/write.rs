//! Changing documents. Each call is one effect with one audit record.

use bson::{Bson, RawDocumentBuf};
use sandglass_database::{self as database, Change, Delete, Update};

use super::{Collection, CollectionName, Fields, json as extended, narrowed};
use crate::capabilities::guard::{Gate, Permit, Target as _};
use crate::capabilities::operation::{
    DOCUMENTS_DELETE, DOCUMENTS_INSERT, DOCUMENTS_INSERT_RAW, DOCUMENTS_UPDATE, Operation,
};
use crate::capabilities::{GateError, within};
use crate::model::audit::Usage;

/// What an insert did.
#[derive(Debug)]
pub struct InsertReport {
    pub inserted: u64,
    /// Position in the request, and why.
    pub failed: Vec<(u32, GateError)>,
}

/// How to carry out an update; `array_filters` is Extended JSON.
#[derive(Debug, Default)]
pub struct UpdateOptions {
    pub many: bool,
    pub limit: Option<u64>,
    pub upsert: bool,
    pub array_filters: Option<String>,
}

/// What an update did; `upserted_id` is Extended JSON.
#[derive(Debug)]
pub struct UpdateReport {
    pub matched: u64,
    pub modified: u64,
    pub upserted_id: Option<String>,
}

/// Inserts documents.
///
/// # Errors
/// Those of the gate, of Extended JSON and of the database; `limit` beyond a batch. A fault of one document stands in
/// the report.
pub async fn insert(gate: &mut Gate, target: &Collection, documents: &[String]) -> Result<InsertReport, GateError> {
    let permit = gate.pass(&DOCUMENTS_INSERT, target.name()).await?;
    let bytes: usize = documents.iter().map(String::len).sum();
    within_batch(gate, documents.len(), bytes)?;
    let mut failed = Vec::new();
    let mut places = Vec::new();
    let mut parsed = Vec::new();
    for (place, text) in (0u32..).zip(documents) {
        match extended::document("document", text) {
            Ok(document) => {
                places.push(place);
                parsed.push(document);
            }
            Err(error) => failed.push((place, error)),
        }
    }
    let judge = |fields: &Fields| parsed.iter().try_for_each(|document| fields.check_document(document));
    narrowed::within(gate, &permit, &DOCUMENTS_INSERT, target.name(), judge).await?;
    let database = gate.database(&permit, target.name().connection())?;
    let report = effect(gate, &permit, &DOCUMENTS_INSERT, target.name(), bytes, async {
        let report = database.insert(target.name().collection(), parsed).await?;
        Ok((report.inserted, report))
    });
    Ok(merge(report.await?, &places, failed))
}

/// Inserts BSON documents that stand one after the other.
///
/// # Errors
/// As [`insert`].
pub async fn insert_raw(gate: &mut Gate, target: &Collection, bytes: &[u8]) -> Result<InsertReport, GateError> {
    let permit = gate.pass(&DOCUMENTS_INSERT_RAW, target.name()).await?;
    let documents = split(bytes)?;
    within_batch(gate, documents.len(), bytes.len())?;
    let judge = |fields: &Fields| {
        // Each was read once already.
        let mut read = documents.iter().filter_map(|document| bson::Document::try_from(&**document).ok());
        read.try_for_each(|document| fields.check_document(&document))
    };
    narrowed::within(gate, &permit, &DOCUMENTS_INSERT_RAW, target.name(), judge).await?;
    let places: Vec<u32> = (0u32..).take(documents.len()).collect();
    let database = gate.database(&permit, target.name().connection())?;
    let report = effect(gate, &permit, &DOCUMENTS_INSERT_RAW, target.name(), bytes.len(), async {
        let report = database.insert_raw(target.name().collection(), documents).await?;
        Ok((report.inserted, report))
    });
    Ok(merge(report.await?, &places, Vec::new()))
}

/// Changes documents.
///
/// # Errors
/// Those of the gate, of Extended JSON and of the database.
pub async fn update(
    gate: &mut Gate,
    target: &Collection,
    filter: &str,
    change: &str,
    options: &UpdateOptions,
) -> Result<UpdateReport, GateError> {
    let permit = gate.pass(&DOCUMENTS_UPDATE, target.name()).await?;
    if options.limit.is_some() && !options.many {
        return Err(GateError::invalid("limit-without-many", "a limit has a meaning only together with `many`"));
    }
    let filters = options.array_filters.as_deref();
    let (wanted, parsed) = (extended::document("filter", filter)?, extended::value("change", change)?);
    let judge = |fields: &Fields| {
        fields.check_filter(&wanted)?;
        fields.check_change(&parsed)
    };
    narrowed::within(gate, &permit, &DOCUMENTS_UPDATE, target.name(), judge).await?;
    let update = Update {
        filter: wanted,
        change: Change::from_bson(parsed)?,
        many: options.many,
        limit: options.limit,
        upsert: options.upsert,
        array_filters: filters.map(|text| extended::documents("array-filters", text)).transpose()?.unwrap_or_default(),
    };
    let database = gate.database(&permit, target.name().connection())?;
    let bytes = filter.len() + change.len();
    let report = effect(gate, &permit, &DOCUMENTS_UPDATE, target.name(), bytes, async {
        let report = database.update(target.name().collection(), update).await?;
        Ok((report.modified + u64::from(report.upserted_id.is_some()), report))
    });
    let report = report.await?;
    Ok(UpdateReport {
        matched: report.matched,
        modified: report.modified,
        upserted_id: report.upserted_id.as_ref().map(extended::text),
    })
}

/// Deletes documents and returns how many went.
///
/// # Errors
/// Those of the gate, of Extended JSON and of the database.
pub async fn delete(gate: &mut Gate, target: &Collection, filter: &str, limit: Option<u64>) -> Result<u64, GateError> {
    let permit = gate.pass(&DOCUMENTS_DELETE, target.name()).await?;
    narrowed::whole(gate, &permit, &DOCUMENTS_DELETE, target.name(), "deleting").await?;
    let command = Delete { filter: extended::document("filter", filter)?, limit };
    let database = gate.database(&permit, target.name().connection())?;
    let deleted = effect(gate, &permit, &DOCUMENTS_DELETE, target.name(), filter.len(), async {
        let deleted = database.delete(target.name().collection(), command).await?;
        Ok((deleted, deleted))
    });
    deleted.await
}

/// Records, does, and records the end of one write. `work` gives the number of items changed and its result.
pub(super) async fn effect<T>(
    gate: &mut Gate,
    permit: &Permit,
    operation: &'static Operation,
    target: &CollectionName,
    bytes_in: usize,
    work: impl Future<Output = Result<(u64, T), database::Error>>,
) -> Result<T, GateError> {
    let ticket = gate.begin(permit, operation, target.name()).await?;
    let outcome = within(gate.remaining(), work).await;
    let items = outcome.as_ref().map_or(0, |(items, _)| *items);
    let usage = Usage { bytes_in: bytes_in as u64, items, ..Usage::default() };
    gate.complete(&ticket, usage, outcome.as_ref().err());
    outcome.map(|(_, result)| result)
}

fn within_batch(gate: &Gate, documents: usize, bytes: usize) -> Result<(), GateError> {
    let bounds = gate.bounds();
    if documents > bounds.batch_documents {
        let bound = bounds.batch_documents;
        return Err(GateError::limit(
            "batch-documents",
            format!("{documents} documents in one batch, at most {bound}: insert in several"),
        ));
    }
    if bytes > bounds.batch_bytes && documents > 1 {
        let bound = bounds.batch_bytes;
        return Err(GateError::limit(
            "batch-bytes",
            format!("{bytes} bytes in one batch, at most {bound}: insert in several"),
        ));
    }
    Ok(())
}

/// Takes concatenated documents apart.
fn split(mut bytes: &[u8]) -> Result<Vec<RawDocumentBuf>, GateError> {
    let fault =
        |why: String| GateError::invalid("invalid-bson", format!("not BSON documents one after the other: {why}"));
    let mut documents = Vec::new();
    while let Some(head) = bytes.first_chunk::<4>() {
        let length = usize::try_from(i32::from_le_bytes(*head)).unwrap_or(0);
        if length < 5 {
            return Err(fault(format!("document {} says that it has {length} bytes", documents.len())));
        }
        let Some((document, rest)) = bytes.split_at_checked(length) else {
            return Err(fault(format!("document {} is cut off", documents.len())));
        };
        let document = RawDocumentBuf::from_bytes(document.to_vec()).map_err(|error| fault(error.to_string()))?;
        // Reading every element finds faults that only show deeper inside.
        bson::Document::try_from(&*document).map_err(|error| fault(error.to_string()))?;
        documents.push(document);
        bytes = rest;
    }
    if bytes.is_empty() { Ok(documents) } else { Err(fault(format!("{} bytes are left over", bytes.len()))) }
}

fn merge(report: database::InsertReport, places: &[u32], mut failed: Vec<(u32, GateError)>) -> InsertReport {
    let refused = report.failed.into_iter();
    failed.extend(refused.filter_map(|(place, error)| places.get(place).map(|place| (*place, error.into()))));
    failed.sort_by_key(|(place, _)| *place);
    InsertReport { inserted: report.inserted, failed }
}

/// The value of an optional flag.
pub(super) fn flag(document: &bson::Document, key: &str) -> Result<bool, GateError> {
    match document.get(key) {
        None => Ok(false),
        Some(Bson::Boolean(value)) => Ok(*value),
        Some(other) => Err(GateError::invalid("option-type", format!("{key} must be true or false, not {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    #[test]
    fn concatenated_documents_are_taken_apart_and_faults_are_named() {
        let one = doc! { "a": 1 }.to_vec().unwrap();
        let two = doc! { "b": { "c": [1, 2] } }.to_vec().unwrap();
        let both = [one.clone(), two.clone()].concat();
        assert_eq!(split(&both).unwrap().len(), 2);
        assert_eq!(split(&[]).unwrap().len(), 0);

        for bytes in [&both[..both.len() - 1], &[1, 2, 3][..], &[0, 0, 0, 0][..], &[255, 255, 255, 255, 0][..]] {
            assert_eq!(split(bytes).unwrap_err().reason, "invalid-bson", "{bytes:?}");
        }
        let mut broken = one;
        broken[4] = 0x7a;
        assert_eq!(split(&broken).unwrap_err().reason, "invalid-bson");
    }
}
