//! Files: in the contract, not offered yet. Each call passes the gate and is then refused.

use wasmtime::component::Resource;

use super::error::Refusal;
use crate::capabilities::{absent, operation};
use crate::sandbox::bindings::sandglass::files::{read, write};
use crate::sandbox::state::State;

impl read::HostFolder for State {
    async fn open(&mut self, label: String) -> Result<Resource<read::Folder>, Refusal> {
        self.called();
        Err(absent(&mut self.gate, &operation::FILES_OPEN, &label).await.into())
    }

    async fn info(&mut self, _folder: Resource<read::Folder>, _name: String) -> Result<read::Info, Refusal> {
        self.called();
        Err(absent(&mut self.gate, &operation::FILES_INFO, "").await.into())
    }

    async fn entries(
        &mut self,
        _folder: Resource<read::Folder>,
        _prefix: String,
        _after: Option<String>,
        _max: u32,
    ) -> Result<Vec<read::Info>, Refusal> {
        self.called();
        Err(absent(&mut self.gate, &operation::FILES_ENTRIES, "").await.into())
    }

    async fn read(
        &mut self,
        _folder: Resource<read::Folder>,
        _name: String,
        _offset: u64,
        _max: u32,
    ) -> Result<Vec<u8>, Refusal> {
        self.called();
        Err(absent(&mut self.gate, &operation::FILES_READ, "").await.into())
    }

    async fn drop(&mut self, _folder: Resource<read::Folder>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl read::Host for State {}

impl write::HostWriter for State {
    async fn create(
        &mut self,
        _target: Resource<read::Folder>,
        _name: String,
        _options: write::WriterOptions,
    ) -> Result<Resource<write::Writer>, Refusal> {
        self.called();
        Err(absent(&mut self.gate, &operation::FILES_CREATE, "").await.into())
    }

    async fn write(&mut self, _writer: Resource<write::Writer>, _bytes: Vec<u8>) -> Result<(), Refusal> {
        self.called();
        Err(absent(&mut self.gate, &operation::FILES_WRITE, "").await.into())
    }

    async fn finish(&mut self, _writer: Resource<write::Writer>) -> Result<read::Info, Refusal> {
        self.called();
        Err(absent(&mut self.gate, &operation::FILES_FINISH, "").await.into())
    }

    async fn drop(&mut self, _writer: Resource<write::Writer>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl write::Host for State {
    async fn delete(&mut self, _target: Resource<read::Folder>, _name: String) -> Result<(), Refusal> {
        self.called();
        Err(absent(&mut self.gate, &operation::FILES_DELETE, "").await.into())
    }
}
