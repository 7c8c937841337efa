//! Definitions of indexes as the server writes them.

use bson::{Bson, Document};
use mongodb::{IndexModel, options::IndexOptions};

use super::duplicate::number;
use crate::Index;

pub(super) fn model(index: &Index) -> IndexModel {
    let mut options = IndexOptions::default();
    options.name = Some(index.name.clone());
    options.unique = index.unique.then_some(true);
    options.sparse = index.sparse.then_some(true);
    options.partial_filter_expression.clone_from(&index.partial);
    IndexModel::builder().keys(index.keys.clone()).options(options).build()
}

/// `None` for the one on `_id`.
pub(super) fn read(listed: &Document) -> Option<Index> {
    let name = listed.get_str("name").ok().filter(|name| *name != "_id_")?;
    let keys = listed.get_document("key").ok()?.iter().map(|(field, kind)| (field.clone(), direction(kind)));
    Some(Index {
        name: name.to_owned(),
        keys: keys.collect(),
        unique: listed.get_bool("unique").unwrap_or_default(),
        sparse: listed.get_bool("sparse").unwrap_or_default(),
        partial: listed.get_document("partialFilterExpression").ok().cloned(),
    })
}

/// Shells write directions as doubles; the type has no meaning here.
fn direction(kind: &Bson) -> Bson {
    match number(kind) {
        Some(direction) if direction > 0 => Bson::Int32(1),
        Some(_) => Bson::Int32(-1),
        None => kind.clone(),
    }
}

/// Whether both do the same under whatever name.
pub(super) fn is_alike(one: &Index, other: &Index) -> bool {
    let keys =
        |index: &Index| index.keys.iter().map(|(field, kind)| (field.clone(), direction(kind))).collect::<Vec<_>>();
    keys(one) == keys(other) && (one.unique, one.sparse, &one.partial) == (other.unique, other.sparse, &other.partial)
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::{is_alike, read};
    use crate::Index;

    #[test]
    fn an_index_is_read_as_it_was_defined() {
        let listed = doc! { "v": 2, "key": { "a": 1.0, "b": -1_i64 }, "name": "by_a", "unique": true };
        let index = read(&listed).unwrap();
        assert_eq!(index, Index { name: "by_a".into(), ..Index::on(doc! { "a": 1, "b": -1 }).unique() });
        assert!(is_alike(&index, &Index::on(doc! { "a": 1, "b": -1 }).unique()));
        assert!(!is_alike(&index, &Index::on(doc! { "a": 1, "b": 1 }).unique()));
        assert!(read(&doc! { "key": { "_id": 1 }, "name": "_id_" }).is_none());
    }
}
