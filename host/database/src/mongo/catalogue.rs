//! Collections and indexes of the database.

use bson::{Bson, Document, doc};

use super::{Mongo, duplicate::number, index};
use crate::{CollectionInfo, Error, Index, Result};

impl Mongo {
    pub(super) async fn make_index(&self, collection: &str, wanted: Index) -> Result<()> {
        let target = self.collection::<Document>(collection);
        let call = async { target.create_index(index::model(&wanted)).await };
        match self.at_length(collection, call).await {
            Ok(_) => Ok(()),
            // The server refuses the keys of an index that somebody has made under another name.
            Err(error @ Error::Invalid { .. }) => {
                let there = self.list_indexes(collection).await?;
                let alike = |known: &&Index| index::is_alike(known, &wanted) && known.name != wanted.name;
                match there.iter().find(alike) {
                    Some(known) => {
                        tracing::info!(collection, known.name, wanted.name, "an index of another name does the same");
                        Ok(())
                    }
                    None => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn list_indexes(&self, collection: &str) -> Result<Vec<Index>> {
        let command = doc! { "listIndexes": collection, "cursor": { "batchSize": 1_000 } };
        match self.command(collection, command).await {
            Ok(reply) => Ok(first_batch(&reply).filter_map(index::read).collect()),
            Err(Error::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn make_collection(&self, name: &str) -> Result<()> {
        if self.names().await?.iter().any(|there| there == name) {
            return Ok(());
        }
        let command = doc! { "create": name, "writeConcern": self.write_concern_document() };
        match self.command(name, command).await {
            // Somebody else was quicker.
            Err(Error::Invalid { .. }) if self.names().await?.iter().any(|there| there == name) => Ok(()),
            other => other.map(|_| ()),
        }
    }

    pub(super) async fn rename(&self, name: &str, to: &str, replace: bool) -> Result<()> {
        if name == to {
            return Err(Error::invalid(format!("{name} has this name already")));
        }
        let full = |collection: &str| format!("{}.{collection}", self.name());
        let command = doc! {
            "renameCollection": full(name),
            "to": full(to),
            "dropTarget": replace,
            "writeConcern": self.write_concern_document(),
        };
        let call = async { self.client.database("admin").run_command(command).await };
        match self.at_length(name, call).await {
            Ok(_) => Ok(()),
            Err(Error::NotFound { .. }) => Err(Error::NotFound { what: format!("collection {name}") }),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn list(&self) -> Result<Vec<CollectionInfo>> {
        let mut all = Vec::new();
        for name in self.names().await? {
            let stats = match self.command(&name, doc! { "collStats": &name }).await {
                Ok(stats) => stats,
                // Dropped meanwhile.
                Err(Error::NotFound { .. }) => continue,
                Err(error) => return Err(error),
            };
            let number = |field: &str| stats.get(field).and_then(number).and_then(|it| u64::try_from(it).ok());
            let (count, size_bytes) = (number("count").unwrap_or_default(), number("size").unwrap_or_default());
            all.push(CollectionInfo { name, count, size_bytes });
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// Without views and the server's own collections.
    async fn names(&self) -> Result<Vec<String>> {
        let call = async { self.database.list_collections().await };
        let mut listed = self.soon("", call).await?;
        let mut names = Vec::new();
        while self.soon("", listed.advance()).await? {
            let one = Document::try_from(listed.current())
                .map_err(|error| Error::Corrupted { message: format!("the list of collections: {error}") })?;
            let is_ours = one.get_str("type").is_ok_and(|kind| kind != "view");
            names.extend(
                one.get_str("name").ok().filter(|name| is_ours && !name.starts_with("system.")).map(str::to_owned),
            );
        }
        Ok(names)
    }
}

fn first_batch(reply: &Document) -> impl Iterator<Item = &Document> {
    let batch = reply.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch"));
    batch.into_iter().flatten().filter_map(Bson::as_document)
}
