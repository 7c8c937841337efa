//! Names to addresses, once for each connection, with what may not be reached left out.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{Class, Networks};

/// Looks a name up, without judging what comes back.
#[async_trait]
pub trait Lookup: Send + Sync + 'static {
    /// Every address of a name.
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// As this machine is set up: its hosts file, its name servers.
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Gives the connector only addresses that were checked. It connects to one of these and asks nobody else, so an answer
/// that changes meanwhile changes nothing.
pub(super) struct Checked {
    pub(super) networks: Arc<Networks>,
    pub(super) lookup: Arc<dyn Lookup>,
}

/// A name all of whose addresses may not be reached.
#[derive(Debug, thiserror::Error)]
#[error("{name} leads to a {} address", class.as_str())]
pub(super) struct Forbidden {
    pub(super) name: String,
    pub(super) class: Class,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (networks, lookup) = (Arc::clone(&self.networks), Arc::clone(&self.lookup));
        Box::pin(async move {
            let mut refused = None;
            let mut allowed: Vec<SocketAddr> = Vec::new();
            for address in lookup.lookup(name.as_str()).await? {
                match networks.check(address) {
                    Ok(()) => allowed.push(SocketAddr::new(address, 0)),
                    Err(class) => refused = Some(class),
                }
            }
            match refused {
                Some(class) if allowed.is_empty() => Err(Forbidden { name: name.as_str().to_owned(), class }.into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}
