//! `sandglass:http`, translated.

use std::time::Duration;

use wasmtime::component::Resource;

use super::error::{Refusal, close};
use crate::capabilities::http::{self, Auth, HttpRequest, Response};
use crate::capabilities::secrets::SecretHandle;
use crate::sandbox::bindings::sandglass::http::client;
use crate::sandbox::state::State;

impl client::HostResponse for State {
    fn status(&mut self, response: Resource<Response>) -> wasmtime::Result<u16> {
        self.called();
        Ok(self.table.get(&response)?.status(&mut self.gate))
    }

    fn headers(&mut self, response: Resource<Response>) -> wasmtime::Result<Vec<(String, String)>> {
        self.called();
        Ok(self.table.get(&response)?.headers(&mut self.gate))
    }

    async fn read(&mut self, response: Resource<Response>, max: u32) -> Result<Vec<u8>, Refusal> {
        self.called();
        Ok(self.table.get_mut(&response)?.read(&mut self.gate, max).await?)
    }

    async fn drop(&mut self, response: Resource<Response>) -> wasmtime::Result<()> {
        close(&mut self.table, response)
    }
}

impl State {
    fn auth(&self, auth: client::Auth) -> Result<Auth, Refusal> {
        let secret = |handle: Resource<SecretHandle>| self.table.get(&handle).cloned();
        Ok(match auth {
            client::Auth::None => Auth::None,
            client::Auth::Bearer(handle) => Auth::Bearer(secret(handle)?),
            client::Auth::Basic((username, handle)) => Auth::Basic { username, secret: secret(handle)? },
            client::Auth::Header((name, handle)) => Auth::Header { name, secret: secret(handle)? },
            client::Auth::HmacSha256((header, handle)) => Auth::HmacSha256 { header, secret: secret(handle)? },
        })
    }
}

impl client::Host for State {
    async fn send(&mut self, request: client::Request) -> Result<Resource<Response>, Refusal> {
        self.called();
        let client::Request { method, url, headers, auth, body, timeout_ms, follow_redirects } = request;
        let auth = self.auth(auth)?;
        let timeout = timeout_ms.map(|milliseconds| Duration::from_millis(milliseconds.into()));
        let request = HttpRequest { method, url, headers, body, timeout, follow_redirects, auth };
        let response = http::send(&mut self.gate, request).await?;
        Ok(self.table.push(response)?)
    }
}
