//! Which index refused a key, and which key: the server says it in the reply, beside the text.

use bson::{Bson, Document};
use mongodb::error::Error as DriverError;

use crate::Error;

/// Of a command that is one write, such as `findAndModify` or `createIndexes`.
pub(super) fn of_command(collection: &str, error: &DriverError, message: &str) -> Error {
    let reply = reply(error);
    told(collection, message, reply.as_ref())
}

/// Of an update command with one update.
pub(super) fn of_write(collection: &str, error: &DriverError, message: &str) -> Error {
    let reply = reply(error);
    let listed = reply.as_ref().and_then(|reply| reply.get_array("writeErrors").ok()?.first()?.as_document());
    told(collection, message, listed)
}

/// From the server's own words for one write.
pub(super) fn told(collection: &str, message: &str, listed: Option<&Document>) -> Error {
    let values = listed.and_then(|one| one.get_document("keyValue").ok());
    let key = values.map_or_else(|| Bson::from(text(message)), |values| values.values().cloned().collect());
    Error::DuplicateKey { collection: collection.to_owned(), index: index(message).to_owned(), key }
}

fn reply(error: &DriverError) -> Option<Document> {
    error.server_response().and_then(|raw| Document::try_from(raw).ok())
}

pub(super) fn number(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int32(number) => Some((*number).into()),
        Bson::Int64(number) => Some(*number),
        #[expect(clippy::cast_possible_truncation, reason = "a count that some servers write as a double")]
        Bson::Double(number) => Some(*number as i64),
        _ => None,
    }
}

/// `E11000 duplicate key error collection: db.c index: a_1 dup key: { a: 1 }`, with the collation before the key if
/// there is one.
fn index(message: &str) -> &str {
    let behind = message.split_once(" index: ").map_or("", |(_, behind)| behind);
    let name = behind.split_once(" dup key").map_or(behind, |(name, _)| name);
    name.split_once(" collation: ").map_or(name, |(name, _)| name).trim()
}

fn text(message: &str) -> &str {
    message.split_once("dup key: ").map_or(message, |(_, key)| key)
}

#[cfg(test)]
mod tests {
    use bson::{bson, doc};

    use super::told;
    use crate::Error;

    #[test]
    fn the_index_is_read_from_the_text_and_the_key_from_the_reply() {
        let message = "E11000 duplicate key error collection: t.c index: a_1_b_-1 dup key: { a: 1, b: \"x\" }";
        let reply = doc! { "keyPattern": { "a": 1, "b": -1 }, "keyValue": { "a": 1, "b": "x" } };
        let duplicate = |key| Error::DuplicateKey { collection: "c".into(), index: "a_1_b_-1".into(), key };
        assert_eq!(told("c", message, Some(&reply)), duplicate(bson!([1, "x"])));
        assert_eq!(told("c", message, None), duplicate(bson!("{ a: 1, b: \"x\" }")));
        let collated =
            "E11000 duplicate key error collection: t.c index: n_1 collation: { locale: \"en\" } dup key: { n: 0x }";
        assert!(matches!(told("c", collated, None), Error::DuplicateKey { index, .. } if index == "n_1"));
    }
}
