//! Choosing the way to the documents: one point, ranges of an index, or the whole collection.
//!
//! An index only narrows and orders; every document found is still put to the filter. The choice needs no
//! statistics: more equal keys are better than fewer, then a range, then an order that saves sorting.

use std::{fmt, sync::Arc};

use super::{
    bounds::{self, Range},
    index::IndexTable,
    selection::Selection,
    table::Table,
};
use crate::query::sort::Sort;

pub(super) enum Access {
    /// By `rowid`, which is the order of insertion.
    Collection,
    /// Along the encoded `_id`.
    Ids,
    Index(Arc<IndexTable>),
}

impl Access {
    /// Whether some documents are left out, so that reading all of it may be less than all documents.
    fn holds_a_part(&self) -> bool {
        matches!(self, Self::Index(index) if index.definition.sparse || index.definition.partial.is_some())
    }
}

pub(super) struct Plan {
    pub access: Access,
    /// In the order of the keys, without overlaps; `Collection` has none.
    pub ranges: Vec<Range>,
    pub backwards: bool,
    /// Documents come in the order that was asked for.
    pub is_sorted: bool,
    /// Keys fixed to one value, and keys narrowed in another way.
    pub equal: usize,
    pub narrowed: usize,
}

/// What a candidate is worth; compared field by field.
type Worth = (usize, usize, bool, bool, bool);

impl Plan {
    pub fn collection() -> Self {
        let access = Access::Collection;
        Self { access, ranges: Vec::new(), backwards: false, is_sorted: false, equal: 0, narrowed: 0 }
    }

    pub fn choose(table: &Table, selection: &Selection, sort: Option<&Sort>) -> Self {
        let order: Vec<_> = sort.into_iter().flat_map(Sort::fields).collect();
        let whole = Self { is_sorted: order.is_empty(), ..Self::collection() };
        let ids = Self::candidate(Access::Ids, &IDS, 0, selection, &order);
        let indexes = table.indexes.iter().filter(|index| is_usable(index, selection)).filter_map(|index| {
            let fields: Vec<_> = index.layout.fields().collect();
            Self::candidate(Access::Index(Arc::clone(index)), &fields, index.arrays, selection, &order)
        });
        let best = ids.into_iter().chain(indexes).fold(
            whole,
            |best, next| {
                if next.worth() > best.worth() { next } else { best }
            },
        );
        Self { is_sorted: best.is_sorted && !order.is_empty(), ..best }
    }

    fn candidate(
        access: Access,
        keys: &[(&str, bool)],
        arrays: i64,
        selection: &Selection,
        order: &[(&str, bool)],
    ) -> Option<Self> {
        let bounds = bounds::of(keys, arrays, &selection.bounds);
        let direction = if arrays == 0 { serves(keys, bounds.equal, order) } else { None };
        let serves_order = direction.is_some() && !order.is_empty();
        if bounds.equal + bounds.narrowed == 0 && !access.holds_a_part() && !serves_order {
            return None;
        }
        Some(Self {
            access,
            ranges: bounds.ranges,
            backwards: direction == Some(true),
            is_sorted: order.is_empty() || direction.is_some(),
            equal: bounds.equal,
            narrowed: bounds.narrowed,
        })
    }

    fn worth(&self) -> Worth {
        let is_unique = match &self.access {
            Access::Ids => self.equal == 1,
            Access::Index(index) => index.definition.unique && self.equal == index.definition.keys.len(),
            Access::Collection => false,
        };
        let narrowness = self.equal * 2 + self.narrowed;
        (usize::from(is_unique), narrowness, self.is_sorted, self.access.holds_a_part(), self.is_collection())
    }

    fn is_collection(&self) -> bool {
        matches!(self.access, Access::Collection)
    }

    /// Whether a change of a document may move it along the way.
    pub fn can_move(&self) -> bool {
        matches!(self.access, Access::Index(_))
    }

    /// Whether the index still exists.
    pub fn is_current(&self, table: &Table) -> bool {
        match &self.access {
            Access::Index(index) => table.indexes.iter().any(|other| other.id == index.id),
            Access::Collection | Access::Ids => true,
        }
    }

    /// Whether a document may be met at several entries.
    pub fn repeats(&self) -> bool {
        matches!(&self.access, Access::Index(index) if index.arrays != 0)
    }
}

/// `_id` as an index: it has no arrays.
const IDS: [(&str, bool); 1] = [("_id", false)];

/// Whether every match is certain to be in the index.
fn is_usable(index: &IndexTable, selection: &Selection) -> bool {
    let has_field = || selection.bounds.present.iter().any(|path| index.definition.keys.contains_key(path));
    (!index.definition.sparse || has_field())
        && index.partial.as_ref().is_none_or(|partial| selection.filter.implies(partial))
}

/// Whether the index, read from after its `equal` leading keys, has the order; `Some(true)` if read backwards.
fn serves(keys: &[(&str, bool)], equal: usize, order: &[(&str, bool)]) -> Option<bool> {
    let mut backwards = None;
    let mut keys = keys.iter().enumerate();
    for (path, descending) in order {
        let (_, (_, key_descending)) =
            keys.find(|(n, (key, _))| key == path || *n >= equal).filter(|(_, (key, _))| key == path)?;
        let turned = key_descending != descending;
        if *backwards.get_or_insert(turned) != turned {
            return None;
        }
    }
    Some(backwards.unwrap_or(false))
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.access {
            Access::Collection => write!(f, "whole collection")?,
            Access::Ids => write!(f, "index _id_")?,
            Access::Index(index) => write!(f, "index {}", index.definition.name)?,
        }
        if !self.is_collection() {
            let (equal, narrowed, ranges) = (self.equal, self.narrowed, self.ranges.len());
            write!(f, ", {equal} equal, {narrowed} narrowed, {ranges} ranges")?;
        }
        if self.backwards {
            write!(f, ", backwards")?;
        }
        if self.is_sorted {
            write!(f, ", in the order asked for")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::serves;

    const KEYS: [(&str, bool); 3] = [("a", false), ("b", true), ("c", false)];

    #[test]
    fn an_index_serves_its_own_order_and_the_opposite() {
        assert_eq!(serves(&KEYS, 0, &[("a", false), ("b", true)]), Some(false));
        assert_eq!(serves(&KEYS, 0, &[("a", true), ("b", false)]), Some(true));
        assert_eq!(serves(&KEYS, 0, &[("a", false), ("b", false)]), None);
        assert_eq!(serves(&KEYS, 0, &[("b", true)]), None);
    }

    #[test]
    fn keys_held_equal_may_be_left_out_of_the_order() {
        assert_eq!(serves(&KEYS, 1, &[("b", false)]), Some(true));
        assert_eq!(serves(&KEYS, 2, &[("c", true)]), Some(true));
        assert_eq!(serves(&KEYS, 1, &[("c", false)]), None);
    }
}
