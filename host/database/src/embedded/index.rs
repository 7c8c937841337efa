//! One index: which entries a document has in it, and the table that holds them.

use std::sync::Arc;

use bson::{Bson, Document, doc};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::fault::{Attempt, damaged};
use crate::{
    Index, Result,
    query::{filter::Filter, key::Layout},
};

pub(super) struct IndexTable {
    pub id: i64,
    pub definition: Index,
    /// Bit n: some document was met that has an array on the way to key n, and so may have had several entries.
    pub arrays: i64,
    /// First segments of the fields that decide a document's entries; `None` if that cannot be told.
    roots: Option<Vec<String>>,
    pub partial: Option<Filter>,
    pub layout: Layout,
    insert: String,
    remove: String,
    holder: String,
}

impl IndexTable {
    /// # Errors
    /// Those of the partial filter.
    pub fn new(id: i64, definition: Index, arrays: i64) -> Result<Self> {
        let partial = definition.partial.as_ref().map(Filter::compile).transpose()?;
        Ok(Self {
            id,
            arrays,
            roots: roots(&definition),
            partial,
            layout: Layout::compile(&definition.keys)?,
            insert: format!("INSERT INTO i{id} (key, rowid) VALUES (?1, ?2)"),
            remove: format!("DELETE FROM i{id} WHERE key = ?1 AND rowid = ?2"),
            holder: format!("SELECT rowid FROM i{id} WHERE key = ?1 AND rowid <> ?2 LIMIT 1"),
            definition,
        })
    }

    /// The indexes of a collection in the order in which they were made.
    pub fn load(connection: &Connection, collection: i64, name: &str) -> Attempt<Vec<Arc<Self>>> {
        let mut statement = connection
            .prepare_cached("SELECT id, definition, arrays FROM catalogue_indexes WHERE collection = ?1 ORDER BY id")?;
        let mut rows = statement.query(params![collection])?;
        let mut indexes = Vec::new();
        while let Some(row) = rows.next()? {
            let definition = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let definition = Document::from_reader(definition).map_err(|error| damaged(name, error))?;
            let definition = read(&definition).ok_or_else(|| damaged(name, "an index has no definition"))?;
            indexes.push(Arc::new(Self::new(row.get(0)?, definition, row.get(2)?)?));
        }
        Ok(indexes)
    }

    pub fn create(connection: &Connection, collection: i64, definition: &Index) -> Attempt<i64> {
        let bytes = written(definition).to_vec().map_err(|error| damaged(&definition.name, error))?;
        connection
            .prepare_cached("INSERT INTO catalogue_indexes (collection, definition) VALUES (?1, ?2)")?
            .execute(params![collection, bytes])?;
        let id = connection.last_insert_rowid();
        connection.execute_batch(&format!(
            "CREATE TABLE i{id} (key BLOB NOT NULL, rowid INTEGER NOT NULL, PRIMARY KEY (key, rowid)) WITHOUT ROWID"
        ))?;
        Ok(id)
    }

    /// Drops the index and its entry in the catalogue.
    pub fn remove_all(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection.prepare_cached("DELETE FROM catalogue_indexes WHERE id = ?1")?.execute(params![self.id])?;
        connection.execute_batch(&format!("DROP TABLE i{}", self.id))
    }

    /// The document's keys in this index, in order, each once; none if the index leaves it out.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for a document with arrays under two keys.
    pub fn entries(&self, document: &Document) -> Result<Vec<Vec<u8>>> {
        if self.definition.sparse && !self.layout.has_any(document) {
            return Ok(Vec::new());
        }
        match &self.partial {
            Some(partial) if !partial.matches(document)? => Ok(Vec::new()),
            _ => self.layout.entries(document),
        }
    }

    /// Bit n: the document has an array on the way to key n.
    pub fn arrays_met(&self, document: &Document) -> i64 {
        let keys = self.definition.keys.keys().enumerate();
        keys.filter(|(_, path)| passes_array(document, path)).fold(0, |mask, (n, _)| mask | (1 << n))
    }

    /// Whether a change of these fields can change a document's entries.
    pub fn is_touched_by(&self, changed: &Touched) -> bool {
        match (changed, &self.roots) {
            (Touched::Everything, _) | (_, None) => true,
            (Touched::Roots(changed), Some(roots)) => changed.iter().any(|root| roots.contains(root)),
        }
    }

    pub fn insert(&self, connection: &Connection, key: &[u8], rowid: i64) -> rusqlite::Result<()> {
        connection.prepare_cached(&self.insert)?.execute(params![key, rowid])?;
        Ok(())
    }

    pub fn remove(&self, connection: &Connection, key: &[u8], rowid: i64) -> rusqlite::Result<()> {
        connection.prepare_cached(&self.remove)?.execute(params![key, rowid])?;
        Ok(())
    }

    /// Whether a document other than `rowid` has this key.
    pub fn is_held(&self, connection: &Connection, key: &[u8], rowid: i64) -> rusqlite::Result<bool> {
        let holder = connection
            .prepare_cached(&self.holder)?
            .query_row(params![key, rowid], |row| row.get::<_, i64>(0))
            .optional()?;
        Ok(holder.is_some())
    }

    /// Whether the document `rowid` has this entry.
    pub fn has(&self, connection: &Connection, key: &[u8], rowid: i64) -> rusqlite::Result<bool> {
        let sql = format!("SELECT 1 FROM i{} WHERE key = ?1 AND rowid = ?2", self.id);
        connection.prepare_cached(&sql)?.exists(params![key, rowid])
    }

    /// The values under the keys, for the text of an error.
    pub fn values(&self, document: &Document) -> Bson {
        Bson::Array(self.definition.keys.keys().map(|path| value_at(document, path)).collect())
    }
}

/// The fields that an update writes, as far as can be told without running it.
pub(super) enum Touched {
    Everything,
    Roots(Vec<String>),
}

/// First segment of a dotted path.
pub(super) fn root(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

fn roots(definition: &Index) -> Option<Vec<String>> {
    let conditions = definition.partial.iter().flat_map(Document::keys);
    definition
        .keys
        .keys()
        .chain(conditions)
        .map(|path| (!path.starts_with('$')).then(|| root(path).to_owned()))
        .collect()
}

fn passes_array(document: &Document, path: &str) -> bool {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    match (document.get(first), rest) {
        (Some(Bson::Array(_)), _) => true,
        (Some(Bson::Document(inner)), Some(rest)) => passes_array(inner, rest),
        _ => false,
    }
}

fn value_at(document: &Document, path: &str) -> Bson {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    match (document.get(first), rest) {
        (Some(Bson::Document(inner)), Some(rest)) => value_at(inner, rest),
        (Some(value), _) => value.clone(),
        (None, _) => Bson::Null,
    }
}

fn written(index: &Index) -> Document {
    let mut document = doc! {
        "name": &index.name, "keys": index.keys.clone(), "unique": index.unique, "sparse": index.sparse,
    };
    if let Some(partial) = &index.partial {
        document.insert("partial", partial.clone());
    }
    document
}

fn read(document: &Document) -> Option<Index> {
    Some(Index {
        name: document.get_str("name").ok()?.to_owned(),
        keys: document.get_document("keys").ok()?.clone(),
        unique: document.get_bool("unique").ok()?,
        sparse: document.get_bool("sparse").ok()?,
        partial: document.get_document("partial").ok().cloned(),
    })
}
