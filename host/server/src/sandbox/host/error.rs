//! A capability's refusal as the contract's `error`, or as the end of the run.

use wasmtime::component::{Resource, ResourceTable, ResourceTableError};

use crate::capabilities::{ErrorKind, GateError};
use crate::model::outcome::Limit;
use crate::sandbox::bindings::sandglass::base::types;
use crate::sandbox::state::State;

/// Why a host function did not answer.
#[derive(Debug)]
pub enum Refusal {
    /// The guest is told.
    Error(GateError),
    /// The run ends.
    Stop(wasmtime::Error),
}

/// A limit that ends the run, on its way through wasmtime.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("{} limit", .0.as_str())]
pub(in crate::sandbox) struct LimitReached(pub(in crate::sandbox) Limit);

impl From<GateError> for Refusal {
    fn from(error: GateError) -> Self {
        Self::Error(error)
    }
}

impl From<ResourceTableError> for Refusal {
    fn from(error: ResourceTableError) -> Self {
        match error {
            ResourceTableError::Full => Self::Stop(wasmtime::Error::new(LimitReached(Limit::Handles))),
            other => Self::Stop(wasmtime::Error::new(other)),
        }
    }
}

pub(super) fn wire(error: GateError) -> types::Error {
    let kind = match error.kind {
        ErrorKind::Denied => types::ErrorKind::Denied,
        ErrorKind::Invalid => types::ErrorKind::Invalid,
        ErrorKind::NotFound => types::ErrorKind::NotFound,
        ErrorKind::Conflict => types::ErrorKind::Conflict,
        ErrorKind::Limit => types::ErrorKind::Limit,
        ErrorKind::Timeout => types::ErrorKind::Timeout,
        ErrorKind::Unavailable => types::ErrorKind::Unavailable,
        ErrorKind::Cancelled => types::ErrorKind::Cancelled,
        ErrorKind::Internal => types::ErrorKind::Internal,
    };
    types::Error {
        kind,
        reason: error.reason.to_owned(),
        message: error.message,
        retry_after_ms: error.retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        details: error.details.map(|details| details.to_string()),
    }
}

impl types::Host for State {
    fn convert_error(&mut self, refusal: Refusal) -> wasmtime::Result<types::Error> {
        self.tell_denials();
        match refusal {
            Refusal::Error(error) => Ok(wire(self.gate.mask().error(error))),
            Refusal::Stop(error) => Err(error),
        }
    }
}

/// Takes a handle's value out for good.
pub(super) fn close<T: 'static>(table: &mut ResourceTable, handle: Resource<T>) -> wasmtime::Result<()> {
    table.delete(handle)?;
    Ok(())
}
