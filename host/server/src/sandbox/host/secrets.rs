//! `sandglass:secrets`, translated.

use wasmtime::component::Resource;

use super::error::{Refusal, close};
use crate::capabilities::secrets::{self, SecretHandle};
use crate::sandbox::bindings::sandglass::secrets::{reveal, store};
use crate::sandbox::state::State;

impl store::HostSecret for State {
    async fn drop(&mut self, secret: Resource<SecretHandle>) -> wasmtime::Result<()> {
        close(&mut self.table, secret)
    }
}

impl store::Host for State {
    async fn get(&mut self, label: String) -> Result<Resource<SecretHandle>, Refusal> {
        self.called();
        let handle = secrets::get(&mut self.gate, &label).await?;
        Ok(self.table.push(handle)?)
    }
}

impl reveal::Host for State {
    async fn plaintext(&mut self, secret: Resource<SecretHandle>) -> Result<String, Refusal> {
        self.called();
        let text = secrets::reveal(&mut self.gate, self.table.get(&secret)?).await?;
        Ok(text.to_string())
    }
}
