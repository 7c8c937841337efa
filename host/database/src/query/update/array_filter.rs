//! Array filters: conditions with a name, by which `$[name]` chooses elements.
//!
//! Rule: manual, "`$[<identifier>]`"
//! (<https://www.mongodb.com/docs/manual/reference/operator/update/positional-filtered/>).

use std::collections::BTreeMap;

use bson::{Bson, Document};

use super::path::is_identifier;
use crate::{Error, Result, query::filter::Filter};

#[derive(Debug, Clone, Default)]
pub(super) struct ArrayFilters(BTreeMap<String, Filter>);

impl ArrayFilters {
    pub(super) fn compile(filters: &[Document]) -> Result<Self> {
        let mut named = BTreeMap::new();
        for document in filters {
            let mut name = None;
            find_name(document, &mut name)?;
            let name = name.ok_or_else(|| Error::invalid("an array filter needs a name: {name: condition}"))?;
            if !is_identifier(&name) {
                return Err(Error::invalid(format!(
                    "the name of an array filter begins with a small letter and has letters and digits only: {name:?}"
                )));
            }
            let filter = Filter::compile(document)?;
            if filter.has_expression() {
                return Err(Error::invalid("an array filter cannot hold $expr"));
            }
            if named.insert(name.clone(), filter).is_some() {
                return Err(Error::invalid(format!("there are two array filters named {name}")));
            }
        }
        Ok(Self(named))
    }

    /// Every filter must be used and every use must have its filter.
    pub(super) fn check_use<'p>(&self, used: impl IntoIterator<Item = &'p str>) -> Result<()> {
        let mut unused: Vec<&str> = self.0.keys().map(String::as_str).collect();
        for name in used {
            if !self.0.contains_key(name) {
                return Err(Error::invalid(format!("there is no array filter for $[{name}]")));
            }
            unused.retain(|known| *known != name);
        }
        match unused.first() {
            None => Ok(()),
            Some(name) => Err(Error::invalid(format!("the array filter {name} is not used in the update"))),
        }
    }

    pub(super) fn passes(&self, name: &str, element: &Bson) -> Result<bool> {
        let Some(filter) = self.0.get(name) else { return Ok(false) };
        filter.matches(&Document::from_iter([(name.to_owned(), element.clone())]))
    }
}

/// All paths in a filter begin with its name; clauses are looked into.
fn find_name(document: &Document, name: &mut Option<String>) -> Result<()> {
    for (key, value) in document {
        if key.starts_with('$') {
            if let Bson::Array(items) = value {
                for item in items {
                    if let Bson::Document(inner) = item {
                        find_name(inner, name)?;
                    }
                }
            }
            continue;
        }
        let first = key.split('.').next().unwrap_or_default();
        match name {
            Some(known) if known != first => {
                return Err(Error::invalid(format!("an array filter has one name, not both {known} and {first}")));
            }
            Some(_) => {}
            None => *name = Some(first.to_owned()),
        }
    }
    Ok(())
}
