//! The vocabulary of the trait: what is asked of a collection, and what comes back.

use bson::{Bson, Document};

use crate::Error;

/// A read: filter, order, shape and window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Find {
    pub filter: Document,
    pub sort: Option<Document>,
    pub projection: Option<Document>,
    pub skip: u64,
    pub limit: Option<u64>,
}

impl Find {
    /// Every document that matches, in no particular order.
    pub fn by(filter: Document) -> Self {
        Self { filter, ..Self::default() }
    }

    #[must_use]
    pub fn sorted(mut self, sort: Document) -> Self {
        self.sort = Some(sort);
        self
    }

    #[must_use]
    pub fn projected(mut self, projection: Document) -> Self {
        self.projection = Some(projection);
        self
    }

    #[must_use]
    pub fn limited(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }
}

/// What an update does to a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// `{"$set": …}` and its like.
    Operators(Document),
    /// The whole document but its `_id`.
    Replacement(Document),
    /// Stages that compute the new document from the old one.
    Pipeline(Vec<Document>),
}

impl Change {
    /// Reads the form from the value as MongoDB's commands do: a list is a pipeline, a document whose first key
    /// begins with `$` holds operators, any other document replaces.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other value.
    pub fn from_bson(value: Bson) -> crate::Result<Self> {
        match value {
            Bson::Document(document) if document.keys().next().is_some_and(|key| key.starts_with('$')) => {
                Ok(Self::Operators(document))
            }
            Bson::Document(document) => Ok(Self::Replacement(document)),
            Bson::Array(stages) => stages
                .into_iter()
                .map(|stage| match stage {
                    Bson::Document(stage) => Ok(stage),
                    other => {
                        Err(Error::invalid(format!("a stage of an update pipeline must be a document, not {other}")))
                    }
                })
                .collect::<crate::Result<_>>()
                .map(Self::Pipeline),
            other => Err(Error::invalid(format!("an update must be a document or a list of stages, not {other}"))),
        }
    }
}

/// A change of one or many documents.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    pub filter: Document,
    pub change: Change,
    /// Change every match; otherwise the first one found.
    pub many: bool,
    /// With `many`: stop after this number of matches.
    pub limit: Option<u64>,
    pub upsert: bool,
    pub array_filters: Vec<Document>,
}

impl Update {
    /// Operators on the first match.
    pub fn one(filter: Document, operators: Document) -> Self {
        Self {
            filter,
            change: Change::Operators(operators),
            many: false,
            limit: None,
            upsert: false,
            array_filters: Vec::new(),
        }
    }

    /// Operators on every match.
    pub fn many(filter: Document, operators: Document) -> Self {
        Self { many: true, ..Self::one(filter, operators) }
    }

    #[must_use]
    pub fn upserting(mut self) -> Self {
        self.upsert = true;
        self
    }
}

/// How many documents an update met and changed. `modified` counts only those whose value is different afterwards.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UpdateReport {
    pub matched: u64,
    pub modified: u64,
    pub upserted_id: Option<Bson>,
}

/// A removal; `limit: None` removes every match.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Delete {
    pub filter: Document,
    pub limit: Option<u64>,
}

/// Which state of the document `find_one_and_update` gives back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Return {
    #[default]
    Before,
    After,
}

/// Change or remove one document and give it back, as one step.
#[derive(Debug, Clone, PartialEq)]
pub struct FindAndUpdate {
    pub filter: Document,
    /// `None` removes the document.
    pub change: Option<Change>,
    pub sort: Option<Document>,
    pub projection: Option<Document>,
    pub upsert: bool,
    pub array_filters: Vec<Document>,
    pub give_back: Return,
}

/// Outcome of an unordered insert: a document that failed does not stop the others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InsertReport {
    pub inserted: u64,
    /// Position in the request, and why.
    pub failed: Vec<(usize, Error)>,
}

/// One write of a [`bulk`](crate::Database::bulk).
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    Insert { collection: String, document: Document },
    Update { collection: String, update: Update },
    Delete { collection: String, delete: Delete },
}

/// What one write of a bulk did.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Inserted,
    Updated(UpdateReport),
    Deleted(u64),
}

/// An index: fields in order with 1 or -1.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    pub name: String,
    pub keys: Document,
    pub unique: bool,
    /// Only documents that have at least one of the fields are in the index.
    pub sparse: bool,
    /// Only documents that match this filter are in the index.
    pub partial: Option<Document>,
}

impl Index {
    /// An ordinary index, named as MongoDB names it: `field_1_other_-1`.
    pub fn on(keys: Document) -> Self {
        let name = keys.iter().map(|(field, direction)| format!("{field}_{direction}")).collect::<Vec<_>>().join("_");
        Self { name, keys, unique: false, sparse: false, partial: None }
    }

    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    #[must_use]
    pub fn sparse(mut self) -> Self {
        self.sparse = true;
        self
    }
}

/// A collection as `collections` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionInfo {
    pub name: String,
    pub count: u64,
    pub size_bytes: u64,
}
