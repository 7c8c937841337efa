//! Properties of the query language that hold for every value, filter and update: keys order as values do, bytes are
//! read as documents are, an index never changes an answer, nothing panics.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod awkward;

use std::{cmp::Ordering, ops::Bound};

use awkward::{change, document, filter, nonsense, path, value};
use proptest::prelude::*;
use sandglass_database::{
    Change, Database, Find, Index,
    bson::{Bson, Document, RawDocumentBuf, doc},
    collect,
    memory::Memory,
    query::{
        filter::Filter,
        key,
        order::{compare, identical_documents, same},
        sort::Sort,
        update::Update,
    },
};

fn raw(document: &Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(document).unwrap()
}

fn within(key: &[u8], (start, end): &(Bound<Vec<u8>>, Bound<Vec<u8>>)) -> bool {
    let after = match start {
        Bound::Included(start) => key >= start.as_slice(),
        Bound::Excluded(start) => key > start.as_slice(),
        Bound::Unbounded => true,
    };
    let before = match end {
        Bound::Included(end) => key <= end.as_slice(),
        Bound::Excluded(end) => key < end.as_slice(),
        Bound::Unbounded => true,
    };
    after && before
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn keys_order_as_values_do(a in value(), b in value()) {
        let order = compare(&a, &b);
        prop_assert_eq!(key::of(&a).cmp(&key::of(&b)), order, "{:?} and {:?}", a, b);
        prop_assert_eq!(compare(&b, &a), order.reverse());
        let (mut down_a, mut down_b) = (Vec::new(), Vec::new());
        key::encode(&a, true, &mut down_a);
        key::encode(&b, true, &mut down_b);
        prop_assert_eq!(down_a.cmp(&down_b), order.reverse());
    }

    #[test]
    fn compound_keys_order_as_their_parts_do(a in value(), b in value(), c in value(), d in value()) {
        let key = |x: &Bson, y: &Bson| {
            let mut out = Vec::new();
            key::encode(x, true, &mut out);
            key::encode(y, false, &mut out);
            out
        };
        let order = compare(&a, &c).reverse().then(compare(&b, &d));
        prop_assert_eq!(key(&a, &b).cmp(&key(&c, &d)), order);
    }

    #[test]
    fn the_order_of_values_is_transitive(mut values in prop::collection::vec(value(), 3..6)) {
        values.sort_by(compare);
        for (at, left) in values.iter().enumerate() {
            for right in values.iter().skip(at) {
                prop_assert_ne!(compare(left, right), Ordering::Greater);
            }
        }
    }

    #[test]
    fn bytes_are_matched_as_documents_are(document in document(), filter in filter()) {
        let Ok(compiled) = Filter::compile(&filter) else { return Ok(()) };
        let decoded = compiled.matches(&document).ok();
        prop_assert_eq!(compiled.matches_raw(&raw(&document)).ok(), decoded, "{} on {}", filter, document);
        if compiled.matched_position(&document).is_some() {
            prop_assert_eq!(decoded, Some(true));
        }
    }

    #[test]
    fn bytes_are_indexed_and_sorted_as_documents_are(document in document(), a in path(), b in path()) {
        let keys = Document::from_iter([(a.clone(), Bson::Int32(1)), (b, Bson::Int32(-1))]);
        let layout = key::Layout::compile(&keys).unwrap();
        prop_assert_eq!(layout.entries(&document).ok(), layout.entries_raw(&raw(&document)).ok());
        let sort = Sort::compile(&keys).unwrap();
        prop_assert_eq!(sort.key(&document), sort.key_raw(&raw(&document)).unwrap());
    }

    #[test]
    fn a_sort_key_is_one_of_the_index_keys_unless_an_index_is_named(document in document()) {
        for name in ["a", "b", "a.b", "a.b.c"] {
            for direction in [1, -1] {
                let keys = doc! { name: direction };
                let entries = key::entries(&keys, &document).unwrap();
                let key = Sort::compile(&keys).unwrap().key(&document);
                prop_assert_eq!(entries.first(), Some(&key), "{} of {}", keys, document);
            }
        }
    }

    #[test]
    fn every_match_has_an_entry_within_the_bounds(document in document(), filter in filter()) {
        let Ok(compiled) = Filter::compile(&filter) else { return Ok(()) };
        if compiled.matches(&document) != Ok(true) {
            return Ok(());
        }
        let bounds = compiled.bounds();
        prop_assert!(!bounds.nothing, "{} matches {}", filter, document);
        for known in &bounds.paths {
            for descending in [false, true] {
                let layout = key::Layout::compile(&doc! { &known.path: if descending { -1 } else { 1 } }).unwrap();
                let entries = layout.entries(&document).unwrap();
                if let Some(keys) = &known.keys {
                    let has = |key: &Vec<u8>| {
                        let mut key = key.clone();
                        if descending {
                            key::invert(&mut key);
                        }
                        entries.contains(&key)
                    };
                    prop_assert!(keys.iter().any(has), "{} matches {}, but not by a key", filter, document);
                }
                for range in &known.ranges {
                    let interval = range.entries(&[], descending);
                    prop_assert!(
                        entries.iter().any(|entry| within(entry, &interval)),
                        "{} matches {}, but not within {:?}", filter, document, range
                    );
                }
                if let Some(range) = known.range(layout.is_multikey(&document)) {
                    let interval = range.entries(&[], descending);
                    prop_assert!(entries.iter().any(|entry| within(entry, &interval)));
                }
            }
        }
        for path in &bounds.present {
            let layout = key::Layout::compile(&doc! { path: 1 }).unwrap();
            prop_assert!(layout.has_any(&document), "{} matches {} without {}", filter, document, path);
        }
    }

    #[test]
    fn nonsense_is_refused_or_means_something_but_never_panics(document in document(), nonsense in nonsense()) {
        if let Ok(filter) = Filter::compile(&nonsense) {
            let decoded = filter.matches(&document).ok();
            prop_assert_eq!(filter.matches_raw(&raw(&document)).ok(), decoded, "{}", nonsense);
            if let Ok(update) = Update::compile(&Change::Operators(doc! { "$set": { "b": 1 } }), &[])
                && let Ok(made) = update.upsert(&filter, chrono::DateTime::UNIX_EPOCH)
            {
                prop_assert_eq!(made.keys().next().map(String::as_str), Some("_id"));
            }
        }
        let changes = [
            Change::Operators(nonsense.clone()),
            Change::Replacement(nonsense.clone()),
            Change::Pipeline(vec![nonsense.clone()]),
        ];
        for change in changes {
            if let Ok(update) = Update::compile(&change, std::slice::from_ref(&nonsense))
                .or_else(|_| Update::compile(&change, &[]))
            {
                let mut after = document.clone();
                if update.apply(&mut after, Some(0), true, chrono::DateTime::UNIX_EPOCH).is_ok() {
                    prop_assert!(same(document.get("_id").unwrap(), after.get("_id").unwrap()));
                }
            }
        }
        if let Ok(sort) = Sort::compile(&nonsense) {
            prop_assert_eq!(sort.key(&document), sort.key_raw(&raw(&document)).unwrap());
        }
    }

    #[test]
    fn a_filter_that_implies_another_is_narrower(document in document(), narrow in filter(), wide in filter()) {
        let (Ok(narrow_one), Ok(wide_one)) = (Filter::compile(&narrow), Filter::compile(&wide)) else {
            return Ok(());
        };
        if narrow_one.implies(&wide_one) && narrow_one.matches(&document) == Ok(true) {
            prop_assert_eq!(wide_one.matches(&document), Ok(true), "{} implies {}, but not on {}", narrow, wide, document);
        }
    }

    #[test]
    fn an_update_says_whether_it_changed_anything_and_never_changes_the_id(
        document in document(), operators in change(), position in prop::option::of(0_usize..3), inserting: bool,
    ) {
        let Ok(update) = Update::compile(&Change::Operators(operators.clone()), &[]) else { return Ok(()) };
        let mut after = document.clone();
        match update.apply(&mut after, position, inserting, chrono::DateTime::UNIX_EPOCH) {
            Ok(changed) => {
                let differs = !identical_documents(&document, &after);
                // Adding to NaN counts as a change although the bytes stay.
                let added_to_nan = changed && operators.contains_key("$inc") && document.to_string().contains("NaN");
                prop_assert!(changed == differs || added_to_nan, "{} on {}", operators, document);
                prop_assert!(same(document.get("_id").unwrap(), after.get("_id").unwrap()));
                prop_assert_eq!(after.keys().next().map(String::as_str), Some("_id"));
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn an_index_never_changes_an_answer(
        documents in prop::collection::vec(document(), 1..12),
        filters in prop::collection::vec(filter(), 1..8),
        (a, b) in (path(), path()),
        (down, sparse, partial) in (any::<bool>(), any::<bool>(), prop::option::of(filter())),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (plain, indexed) = (Memory::new(), Memory::new());
            let mut index = Index::on(Document::from_iter([
                (a, Bson::Int32(if down { -1 } else { 1 })),
                (b, Bson::Int32(1)),
            ]));
            index.sparse = sparse;
            index.partial = partial.filter(|partial| {
                Filter::compile(partial).is_ok_and(|filter| documents.iter().all(|document| filter.matches(document).is_ok()))
            });
            indexed.create_index("c", index).await.unwrap();
            for (id, mut document) in documents.into_iter().enumerate() {
                document.insert("_id", i32::try_from(id).unwrap());
                // A document with two arrays cannot be in the index; then neither engine has it.
                let report = indexed.insert("c", vec![document.clone()]).await.unwrap();
                if report.failed.is_empty() {
                    plain.insert("c", vec![document]).await.unwrap();
                }
            }
            for filter in filters {
                let find = |memory: Memory| {
                    let find = Find::by(filter.clone()).sorted(doc! { "_id": 1 });
                    async move {
                        match memory.find("c", find).await {
                            Ok(cursor) => collect(cursor).await.map(|all| format!("{all:?}")).ok(),
                            Err(_) => None,
                        }
                    }
                };
                // An expression may fail on a document that the index never shows.
                if let (Some(with), Some(without)) = (find(indexed.clone()).await, find(plain.clone()).await) {
                    prop_assert_eq!(with, without, "{}", filter);
                }
            }
            Ok(())
        })?;
    }
}
