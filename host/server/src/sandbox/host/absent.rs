//! E-mail, files, secrets and insight: in the contract, not offered yet. Each call passes the gate and is then refused.

use wasmtime::component::Resource;

use super::error::Refusal;
use crate::capabilities::{absent, operation};
use crate::sandbox::bindings::sandglass::base::types::Instant;
use crate::sandbox::bindings::sandglass::email::sender;
use crate::sandbox::bindings::sandglass::files::{read, write};
use crate::sandbox::bindings::sandglass::insight::runs;
use crate::sandbox::bindings::sandglass::secrets::{reveal, store};
use crate::sandbox::state::State;

impl sender::Host for State {
    async fn send(&mut self, identity: String, _message: sender::Message) -> Result<sender::Receipt, Refusal> {
        self.called();
        Err(absent(&mut self.gate, &operation::EMAIL_SEND, &identity).await.into())
    }
}

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

impl store::HostSecret for State {
    async fn drop(&mut self, _secret: Resource<store::Secret>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl store::Host for State {
    async fn get(&mut self, label: String) -> Result<Resource<store::Secret>, Refusal> {
        self.called();
        Err(absent(&mut self.gate, &operation::SECRETS_GET, &label).await.into())
    }
}

impl reveal::Host for State {
    async fn plaintext(&mut self, _secret: Resource<store::Secret>) -> Result<String, Refusal> {
        self.called();
        Err(absent(&mut self.gate, &operation::SECRETS_REVEAL, "").await.into())
    }
}

impl runs::Host for State {
    async fn statistics(&mut self, _since: Instant, _until: Instant, _options: String) -> Result<String, Refusal> {
        self.called();
        Err(absent(&mut self.gate, &operation::INSIGHT_STATISTICS, "runs").await.into())
    }
}
