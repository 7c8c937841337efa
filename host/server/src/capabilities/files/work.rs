//! Work that blocks, on threads that may block.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::capabilities::{ErrorKind, GateError};

/// File system calls at the same time. A mount that hangs holds these threads and no others.
const AT_ONCE: usize = 32;

/// Where blocking work goes. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Workers(Arc<Semaphore>);

impl Workers {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }

    /// Does `work` and waits for it. When the wait is given up, the token is cancelled, the work goes on to its end, and
    /// its result is dropped there.
    ///
    /// # Errors
    /// Those of the work.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&CancellationToken) -> Result<T, GateError> + Send + 'static,
    ) -> Result<T, GateError> {
        let stop = CancellationToken::new();
        let _given_up = stop.clone().drop_guard();
        let broken = |what: &str| GateError::new(ErrorKind::Internal, "files-broken", what);
        let Ok(permit) = Arc::clone(&self.0).acquire_owned().await else { return Err(broken("the host stops")) };
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&stop)
        });
        task.await.unwrap_or_else(|error| {
            tracing::error!(%error, "work on files broke");
            Err(broken("the host's work on files broke"))
        })
    }
}

/// Drops something whose end blocks where blocking is allowed, if there is such a place.
pub(super) fn drop_aside<T: Send + 'static>(value: T) {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(move || drop(value))),
        Err(_) => drop(value),
    }
}
