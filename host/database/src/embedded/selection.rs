//! A compiled filter together with what the planner can use of it. Made once a command, outside the writer.

use bson::Document;
use chrono::Utc;

use crate::{
    Result,
    query::filter::{Bounds, Filter},
};

pub(super) struct Selection {
    pub filter: Filter,
    /// Whether the filter is empty and so matches everything.
    pub is_all: bool,
    pub bounds: Bounds,
    /// The key of the `_id`, if the filter fixes it.
    pub id: Option<Vec<u8>>,
}

impl Selection {
    /// # Errors
    /// Those of the filter.
    pub fn new(filter: &Document) -> Result<Self> {
        let compiled = Filter::compile(filter)?.at(Utc::now());
        let bounds = compiled.bounds();
        let id = bounds.equality("_id").map(<[u8]>::to_vec);
        Ok(Self { filter: compiled, is_all: filter.is_empty(), bounds, id })
    }
}
