//! A phase on a server before 8.0: inserts of a collection as one command, whose reply names each refusal. An update
//! command of several says totals only, so changes and removals go one by one, many at a time.

use std::collections::BTreeMap;

use bson::{Bson, Document, doc};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    Mongo,
    bulk::{Outcomes, known},
    duplicate, fault,
};
use crate::{Outcome, Result, Write};

/// Changes under way at the same time.
const AT_ONCE: usize = 32;
/// Documents and bytes of one insert command; the command itself may have 16 MiB and a little.
const INSERTS: usize = 1_000;
const INSERT_BYTES: usize = 12 << 20;

impl Mongo {
    pub(super) async fn apart(&self, writes: Vec<Write>) -> Result<Outcomes> {
        let mut outcomes: Vec<(usize, Result<Outcome>)> = Vec::with_capacity(writes.len());
        let (mut inserts, mut changes) = (BTreeMap::<String, Vec<(usize, Document)>>::new(), Vec::new());
        for (place, write) in writes.into_iter().enumerate() {
            match write {
                Write::Insert { collection, document } => {
                    inserts.entry(collection).or_default().push((place, document));
                }
                other => changes.push((place, other)),
            }
        }
        for (collection, documents) in inserts {
            for part in parts(documents) {
                outcomes.extend(self.insert_part(&collection, part).await?);
            }
        }
        let changed = stream::iter(changes)
            .map(|(place, write)| async move { known(self.one(write).await).map(|outcome| (place, outcome)) })
            .buffer_unordered(AT_ONCE);
        outcomes.extend(changed.try_collect::<Vec<_>>().await?);
        outcomes.sort_by_key(|(place, _)| *place);
        Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
    }

    /// One command.
    pub(super) async fn insert_part(
        &self,
        collection: &str,
        part: Vec<(usize, Document)>,
    ) -> Result<Vec<(usize, Result<Outcome>)>> {
        let (places, documents): (Vec<usize>, Vec<Document>) = part.into_iter().unzip();
        let command = doc! {
            "insert": collection,
            "documents": documents,
            "ordered": false,
            "writeConcern": self.write_concern_document(),
        };
        let reply = self.command(collection, command).await?;
        if let Ok(concern) = reply.get_document("writeConcernError") {
            return Err(fault::not_durable(concern.get_str("errmsg").unwrap_or("no reason is given")));
        }
        let mut refused = BTreeMap::new();
        for error in reply.get_array("writeErrors").into_iter().flatten().filter_map(Bson::as_document) {
            let message = error.get_str("errmsg").unwrap_or_default();
            let code = error.get("code").and_then(duplicate::number).and_then(|code| i32::try_from(code).ok());
            let why =
                fault::code(code.unwrap_or_default(), message, || duplicate::told(collection, message, Some(error)));
            if why.is_transient() {
                return Err(why);
            }
            refused.insert(error.get("index").and_then(duplicate::number), why);
        }
        let outcome = |place: usize| match refused.remove(&i64::try_from(place).ok()) {
            Some(error) => Err(error),
            None => Ok(Outcome::Inserted),
        };
        let outcomes: Vec<_> = (0..places.len()).map(outcome).collect();
        Ok(places.into_iter().zip(outcomes).collect())
    }
}

/// Cuts the inserts where a command has enough.
fn parts(documents: Vec<(usize, Document)>) -> Vec<Vec<(usize, Document)>> {
    let (mut parts, mut part, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (place, document) in documents {
        let size = crate::query::allow::encoded_size(&document);
        if !part.is_empty() && (part.len() >= INSERTS || bytes + size > INSERT_BYTES) {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
        bytes += size;
        part.push((place, document));
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}
