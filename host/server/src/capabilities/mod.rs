//! What a template can ask the host for, one file an interface family, and the one gate that every effect passes.
//!
//! Knows nothing of WebAssembly: `sandbox` translates. Connections to the outside are private to this room.

pub mod documents;
pub mod email;
mod error;
pub mod files;
pub mod forecast;
mod gates;
mod grants;
pub mod guard;
pub mod http;
pub mod insight;
mod ledger;
pub mod operation;
pub mod right;
pub mod secrets;

use std::time::Duration;

pub use documents::Bounds;
pub use email::{EmailClient, EmailMessage, EmailSender, EmailSetupError};
pub use error::{ErrorKind, GateError};
pub use files::{FolderSetupError, Folders};
pub use gates::{DEFAULT_CONNECTION, Gates, Parts};
pub use grants::{GrantTable, Grants};
pub use guard::{Facts, Gate};
pub use http::{HttpClient, HttpRequest, HttpResponse, HttpSender, HttpSetupError, Origin};

/// Bounds a piece of work by what is left of the attempt's time.
pub(crate) async fn within<T, E: Into<GateError>>(
    remaining: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, GateError> {
    match tokio::time::timeout(remaining, work).await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(_) => Err(GateError::new(ErrorKind::Timeout, "deadline", "the time of this attempt is over")),
    }
}
