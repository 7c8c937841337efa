//! Documents as BSON, the way the host stores them.

use bson::{Bson, Document, RawDocumentBuf};
use serde_json::{Value, json};

use super::filter::unknown;
use crate::fakes::state::error;
use crate::{Error, ErrorKind};

/// # Panics
/// When the document is not Extended JSON.
pub fn encode(document: &Value) -> Vec<u8> {
    match Bson::try_from(document.clone()) {
        Ok(Bson::Document(document)) => document.to_vec().unwrap_or_default(),
        _ => unknown("documents that are not Extended JSON", document),
    }
}

/// Takes concatenated documents apart.
pub fn decode(mut bytes: &[u8]) -> Result<Vec<Value>, Error> {
    let fault = |why: String| {
        error(ErrorKind::Invalid, "invalid-bson", format!("not BSON documents one after the other: {why}"))
    };
    let mut documents = Vec::new();
    while !bytes.is_empty() {
        let length = bytes.first_chunk::<4>().map(|head| i32::from_le_bytes(*head));
        let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or_default().max(5);
        let Some((document, rest)) = bytes.split_at_checked(length) else {
            return Err(fault(format!("document {} is cut off", documents.len())));
        };
        let document = RawDocumentBuf::from_bytes(document.to_vec())
            .and_then(|document| Document::try_from(&*document))
            .map_err(|problem| fault(problem.to_string()))?;
        documents.push(value(Bson::Document(document)));
        bytes = rest;
    }
    Ok(documents)
}

/// As the host writes it: plain numbers where they say their type, everything else so that the type is kept.
fn value(value: Bson) -> Value {
    match value {
        Bson::Int32(number) => json!(number),
        Bson::Double(number) if number.is_finite() => json!(number),
        Bson::Array(items) => items.into_iter().map(self::value).collect(),
        Bson::Document(document) => {
            Value::Object(document.into_iter().map(|(key, inner)| (key, self::value(inner))).collect())
        }
        other => other.into_canonical_extjson(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_comes_back_as_it_went_in() {
        let document = json!({
            "_id": {"$oid": "65f000000000000000000001"}, "int": 5, "long": {"$numberLong": "5"}, "double": 5.0,
            "nan": {"$numberDouble": "NaN"}, "decimal": {"$numberDecimal": "1.50"}, "null": null, "yes": true,
            "date": {"$date": {"$numberLong": "-5"}}, "list": [1, "a", {"b": [2.5]}], "min": {"$minKey": 1},
            "bytes": {"$binary": {"base64": "AQI=", "subType": "80"}}, "stamp": {"$timestamp": {"t": 1, "i": 2}},
            "pattern": {"$regularExpression": {"pattern": "^a", "options": "i"}}
        });
        let bytes = [encode(&document), encode(&json!({"_id": 2}))].concat();
        assert_eq!(decode(&bytes).unwrap(), [document, json!({"_id": 2})]);
    }

    #[test]
    fn bytes_that_are_no_documents_are_refused() {
        let bytes = encode(&json!({"_id": 1, "a": "b"}));
        for broken in [bytes.get(..bytes.len() - 1).unwrap(), &[1, 2, 3][..], &[5, 0, 0, 0, 1][..]] {
            assert_eq!(decode(broken).unwrap_err().reason, "invalid-bson");
        }
    }
}
