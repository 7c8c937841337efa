//! The listening side: answers on a socket until it is told to stop.

use std::io;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::connection::{Activity, BoundedListener};
use super::{ApiState, router};

/// How long a peer may be silent. Event streams write something every 15 seconds.
const PATIENCE: Duration = Duration::from_secs(60);

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
        let listener = BoundedListener::new(listener, PATIENCE);
        let service = self.router.into_make_service_with_connect_info::<Activity>();
        axum::serve(listener, service).with_graceful_shutdown(self.stopping.cancelled_owned()).await
    }
}
