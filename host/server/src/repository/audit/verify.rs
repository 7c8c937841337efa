//! Walks all chains of a store in one pass.

use std::collections::BTreeMap;

use bson::doc;
use sandglass_database::{Database, Find};

use super::{AuditError, COLLECTION, Check, Fault, Head};

/// Entries that are read at a time.
const BATCH: usize = 1_000;

/// What was found about one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReport {
    /// The incarnation that wrote it.
    pub host: String,
    /// Entries up to the fault, or all.
    pub length: i64,
    pub fault: Option<Fault>,
}

/// Verifies every chain. `heads` are what is known from elsewhere, by incarnation; one without any entry left is
/// reported like the others.
///
/// # Errors
/// Those of the database.
pub async fn verify(
    database: &dyn Database,
    heads: &BTreeMap<String, Vec<Head>>,
) -> Result<Vec<ChainReport>, AuditError> {
    let mut cursor = database.find(COLLECTION, Find::by(doc! {}).sorted(doc! { "host": 1, "seq": 1 })).await?;
    let mut reports: Vec<ChainReport> = Vec::new();
    let mut batch = Vec::new().into_iter();
    let mut walk: Option<(String, Check<'_>)> = None;
    let none: &[Head] = &[];
    let known = |host: &str| heads.get(host).map_or(none, Vec::as_slice);
    loop {
        let Some(document) = batch.next() else {
            batch = cursor.next(BATCH).await?.into_iter();
            if batch.len() == 0 {
                break;
            }
            continue;
        };
        // An entry whose host was edited begins a chain of its own, which then lacks its beginning.
        let host = document.get("host").map(|host| host.as_str().map_or_else(|| host.to_string(), str::to_owned));
        let host = host.unwrap_or_default();
        if walk.as_ref().is_none_or(|(there, _)| *there != host) {
            reports.extend(walk.take().map(finished));
            if reports.last().is_some_and(|report| report.host == host) {
                // Its fault is known; nothing can be said of what lies behind it.
                continue;
            }
            walk = Some((host.clone(), Check::new(known(&host))));
        }
        if let Some((_, check)) = &mut walk
            && let Err(fault) = check.entry(&document)
        {
            reports.push(ChainReport { host, length: check.length(), fault: Some(fault) });
            walk = None;
        }
    }
    reports.extend(walk.take().map(finished));
    for (host, heads) in heads {
        if !reports.iter().any(|report| report.host == *host)
            && let Err(fault) = Check::new(heads).end()
        {
            reports.push(ChainReport { host: host.clone(), length: 0, fault: Some(fault) });
        }
    }
    Ok(reports)
}

fn finished((host, check): (String, Check<'_>)) -> ChainReport {
    ChainReport { host, length: check.length(), fault: check.end().err() }
}
