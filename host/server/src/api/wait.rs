//! Waits for the end of a run: events wake it, and the store is asked, because events may be dropped.

use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::error::ApiError;
use super::state::Shared;
use crate::model::Execution;
use crate::model::event::Event;

/// How often the store is asked when no event says anything.
const ASK: Duration = Duration::from_secs(1);

/// Started before the run is, so that no end is missed.
pub(super) struct Watch(Receiver<Event>);

impl Watch {
    pub fn start(api: &Shared) -> Self {
        Self(api.events.subscribe())
    }

    /// The execution as it stands when it has ended, when `patience` is over, or when the server stops.
    pub async fn until_end(
        mut self,
        api: &Shared,
        mut execution: Execution,
        patience: Duration,
    ) -> Result<Execution, ApiError> {
        let deadline = Instant::now() + patience;
        while !execution.status.is_final() && Instant::now() < deadline && !api.stopping.is_cancelled() {
            let until = deadline.min(Instant::now() + ASK);
            tokio::select! {
                () = self.heard(&execution, until) => {}
                () = api.stopping.cancelled() => {}
            }
            if let Some(stored) = api.executions.get(execution.id).await? {
                execution = stored;
            }
        }
        Ok(execution)
    }

    /// Returns at a final event of this execution, or at `until`.
    async fn heard(&mut self, execution: &Execution, until: Instant) {
        loop {
            match timeout_at(until, self.0.recv()).await {
                Ok(Ok(Event::Execution { id, status, .. })) if id == execution.id && status.is_final() => return,
                Ok(Ok(_) | Err(RecvError::Lagged(_))) => {}
                Ok(Err(RecvError::Closed)) => return sleep_until(until).await,
                Err(_) => return,
            }
        }
    }
}
