//! `sandglass:files`, translated.

use wasmtime::component::Resource;

use super::base::instant;
use super::error::{Refusal, close};
use crate::capabilities::files::{self, FileInfo, Folder, Writer, WriterOptions};
use crate::sandbox::bindings::sandglass::files::{read, write};
use crate::sandbox::state::State;

fn info(info: FileInfo) -> read::Info {
    let FileInfo { name, size, modified, sha256 } = info;
    read::Info { name, size, modified: instant(modified), sha256 }
}

impl read::HostFolder for State {
    async fn open(&mut self, label: String) -> Result<Resource<Folder>, Refusal> {
        self.called();
        let folder = files::open(&mut self.gate, &label).await?;
        Ok(self.table.push(folder)?)
    }

    async fn info(&mut self, folder: Resource<Folder>, name: String) -> Result<read::Info, Refusal> {
        self.called();
        let folder = self.table.get(&folder)?;
        Ok(info(folder.info(&mut self.gate, &name).await?))
    }

    async fn entries(
        &mut self,
        folder: Resource<Folder>,
        prefix: String,
        after: Option<String>,
        max: u32,
    ) -> Result<Vec<read::Info>, Refusal> {
        self.called();
        let folder = self.table.get(&folder)?;
        let list = folder.entries(&mut self.gate, &prefix, after.as_deref(), max).await?;
        Ok(list.into_iter().map(info).collect())
    }

    async fn read(
        &mut self,
        folder: Resource<Folder>,
        name: String,
        offset: u64,
        max: u32,
    ) -> Result<Vec<u8>, Refusal> {
        self.called();
        let folder = self.table.get(&folder)?;
        Ok(folder.read(&mut self.gate, &name, offset, max).await?)
    }

    async fn drop(&mut self, folder: Resource<Folder>) -> wasmtime::Result<()> {
        close(&mut self.table, folder)
    }
}

impl read::Host for State {}

impl write::HostWriter for State {
    async fn create(
        &mut self,
        target: Resource<Folder>,
        name: String,
        options: write::WriterOptions,
    ) -> Result<Resource<Writer>, Refusal> {
        self.called();
        let write::WriterOptions { overwrite, content_type } = options;
        let target = self.table.get(&target)?;
        let writer = files::create(&mut self.gate, target, &name, &WriterOptions { overwrite, content_type }).await?;
        Ok(self.table.push(writer)?)
    }

    async fn write(&mut self, writer: Resource<Writer>, bytes: Vec<u8>) -> Result<(), Refusal> {
        self.called();
        Ok(self.table.get_mut(&writer)?.write(&mut self.gate, bytes).await?)
    }

    async fn finish(&mut self, this: Resource<Writer>) -> Result<read::Info, Refusal> {
        self.called();
        let writer = self.table.delete(this)?;
        Ok(info(writer.finish(&mut self.gate).await?))
    }

    async fn drop(&mut self, writer: Resource<Writer>) -> wasmtime::Result<()> {
        close(&mut self.table, writer)
    }
}

impl write::Host for State {
    async fn delete(&mut self, target: Resource<Folder>, name: String) -> Result<(), Refusal> {
        self.called();
        let target = self.table.get(&target)?;
        Ok(files::delete(&mut self.gate, target, &name).await?)
    }
}
