//! The listening side: answers on a socket until it is told to stop.

use std::io;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{ApiState, router};

/// The interface, ready to be served.
pub struct Service {
    router: Router,
    stopping: CancellationToken,
}

impl Service {
    pub fn new(state: ApiState) -> Self {
        let stopping = state.stopping.clone();
        Self { router: router(state), stopping }
    }

    /// Serves until `stopping` of the state is cancelled; requests under way may finish, event streams end at once.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn serve(self, listener: TcpListener) -> io::Result<()> {
        axum::serve(listener, self.router).with_graceful_shutdown(self.stopping.cancelled_owned()).await
    }
}
