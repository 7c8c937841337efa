//! `sandglass:documents`, translated.

use wasmtime::component::Resource;

use super::error::{Refusal, close, wire};
use crate::capabilities::documents::{self, Collection, Cursor, FindOptions, RawCursor, UpdateOptions};
use crate::sandbox::bindings::sandglass::documents::{manage, read, write};
use crate::sandbox::state::State;

fn find_options(options: read::FindOptions) -> FindOptions {
    let read::FindOptions { sort, projection, skip, limit, batch } = options;
    FindOptions { sort, projection, skip, limit, batch }
}

fn insert_report(report: documents::InsertReport) -> write::InsertReport {
    let failed = report.failed.into_iter().map(|(place, error)| (place, wire(error))).collect();
    write::InsertReport { inserted: report.inserted, failed }
}

impl read::HostCollection for State {
    async fn open(&mut self, name: String) -> Result<Resource<Collection>, Refusal> {
        self.called();
        let collection = documents::open(&mut self.gate, &name).await?;
        Ok(self.table.push(collection)?)
    }

    async fn find(
        &mut self,
        collection: Resource<Collection>,
        filter: String,
        options: read::FindOptions,
    ) -> Result<Resource<Cursor>, Refusal> {
        self.called();
        let collection = self.table.get(&collection)?;
        let cursor = collection.find(&mut self.gate, &filter, &find_options(options)).await?;
        Ok(self.table.push(cursor)?)
    }

    async fn find_one(
        &mut self,
        collection: Resource<Collection>,
        filter: String,
        options: read::FindOptions,
    ) -> Result<Option<String>, Refusal> {
        self.called();
        let collection = self.table.get(&collection)?;
        Ok(collection.find_one(&mut self.gate, &filter, &find_options(options)).await?)
    }

    async fn find_raw(
        &mut self,
        collection: Resource<Collection>,
        filter: String,
        options: read::FindOptions,
    ) -> Result<Resource<RawCursor>, Refusal> {
        self.called();
        let collection = self.table.get(&collection)?;
        let cursor = collection.find_raw(&mut self.gate, &filter, &find_options(options)).await?;
        Ok(self.table.push(cursor)?)
    }

    async fn count(&mut self, collection: Resource<Collection>, filter: String) -> Result<u64, Refusal> {
        self.called();
        let collection = self.table.get(&collection)?;
        Ok(collection.count(&mut self.gate, &filter).await?)
    }

    async fn distinct(
        &mut self,
        collection: Resource<Collection>,
        field: String,
        filter: String,
    ) -> Result<Vec<String>, Refusal> {
        self.called();
        let collection = self.table.get(&collection)?;
        Ok(collection.distinct(&mut self.gate, &field, &filter).await?)
    }

    async fn aggregate(
        &mut self,
        collection: Resource<Collection>,
        pipeline: String,
        options: String,
    ) -> Result<Resource<Cursor>, Refusal> {
        self.called();
        let collection = self.table.get(&collection)?;
        let cursor = collection.aggregate(&mut self.gate, &pipeline, &options).await?;
        Ok(self.table.push(cursor)?)
    }

    async fn indexes(&mut self, collection: Resource<Collection>) -> Result<Vec<String>, Refusal> {
        self.called();
        let collection = self.table.get(&collection)?;
        Ok(collection.indexes(&mut self.gate).await?)
    }

    async fn drop(&mut self, collection: Resource<Collection>) -> wasmtime::Result<()> {
        close(&mut self.table, collection)
    }
}

impl read::HostCursor for State {
    async fn next(&mut self, cursor: Resource<Cursor>, max: u32) -> Result<Vec<String>, Refusal> {
        self.called();
        Ok(self.table.get_mut(&cursor)?.next(&mut self.gate, max).await?)
    }

    async fn drop(&mut self, cursor: Resource<Cursor>) -> wasmtime::Result<()> {
        close(&mut self.table, cursor)
    }
}

impl read::HostRawCursor for State {
    async fn next(&mut self, cursor: Resource<RawCursor>, max_bytes: u32) -> Result<Vec<u8>, Refusal> {
        self.called();
        Ok(self.table.get_mut(&cursor)?.next(&mut self.gate, max_bytes).await?)
    }

    async fn drop(&mut self, cursor: Resource<RawCursor>) -> wasmtime::Result<()> {
        close(&mut self.table, cursor)
    }
}

impl read::Host for State {
    async fn collections(&mut self, connection: String) -> Result<Vec<String>, Refusal> {
        self.called();
        Ok(documents::collections(&mut self.gate, &connection).await?)
    }
}

impl write::Host for State {
    async fn insert(
        &mut self,
        target: Resource<Collection>,
        list: Vec<String>,
    ) -> Result<write::InsertReport, Refusal> {
        self.called();
        let target = self.table.get(&target)?;
        Ok(insert_report(documents::insert(&mut self.gate, target, &list).await?))
    }

    async fn insert_raw(
        &mut self,
        target: Resource<Collection>,
        bytes: Vec<u8>,
    ) -> Result<write::InsertReport, Refusal> {
        self.called();
        let target = self.table.get(&target)?;
        Ok(insert_report(documents::insert_raw(&mut self.gate, target, &bytes).await?))
    }

    async fn update(
        &mut self,
        target: Resource<Collection>,
        filter: String,
        change: String,
        options: write::UpdateOptions,
    ) -> Result<write::UpdateCount, Refusal> {
        self.called();
        let write::UpdateOptions { many, limit, upsert, array_filters } = options;
        let options = UpdateOptions { many, limit, upsert, array_filters };
        let target = self.table.get(&target)?;
        let report = documents::update(&mut self.gate, target, &filter, &change, &options).await?;
        let documents::UpdateReport { matched, modified, upserted_id } = report;
        Ok(write::UpdateCount { matched, modified, upserted_id })
    }

    async fn delete(
        &mut self,
        target: Resource<Collection>,
        filter: String,
        limit: Option<u64>,
    ) -> Result<u64, Refusal> {
        self.called();
        let target = self.table.get(&target)?;
        Ok(documents::delete(&mut self.gate, target, &filter, limit).await?)
    }
}

impl manage::Host for State {
    async fn create(&mut self, name: String, options: String) -> Result<(), Refusal> {
        self.called();
        Ok(documents::create(&mut self.gate, &name, &options).await?)
    }

    async fn drop(&mut self, name: String) -> Result<(), Refusal> {
        self.called();
        Ok(documents::drop(&mut self.gate, &name).await?)
    }

    async fn rename(&mut self, name: String, to: String, replace: bool) -> Result<(), Refusal> {
        self.called();
        Ok(documents::rename(&mut self.gate, &name, &to, replace).await?)
    }

    async fn create_index(&mut self, name: String, definition: String) -> Result<(), Refusal> {
        self.called();
        Ok(documents::create_index(&mut self.gate, &name, &definition).await?)
    }

    async fn drop_index(&mut self, name: String, index: String) -> Result<(), Refusal> {
        self.called();
        Ok(documents::drop_index(&mut self.gate, &name, &index).await?)
    }
}
