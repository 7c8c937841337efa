//! Secrets: in the contract, not offered yet. Each call passes the gate and is then refused.

use wasmtime::component::Resource;

use super::error::Refusal;
use crate::capabilities::{absent, operation};
use crate::sandbox::bindings::sandglass::secrets::{reveal, store};
use crate::sandbox::state::State;

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
