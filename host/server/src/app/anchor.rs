//! Notes now and then, apart from the audit, how far its chain has come: beside it in the store, and once a day in the
//! log, which is kept elsewhere.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::model::{Clock, Incarnation};
use crate::repository::Hosts;
use crate::repository::audit::Audit;

/// A tail that was cut off within this time before a crash does not show.
const EVERY: Duration = Duration::from_secs(15);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where this incarnation of the host is on record.
pub(super) struct Anchor {
    pub hosts: Hosts,
    pub host: Incarnation,
    pub audit: Audit,
    pub clock: Arc<dyn Clock>,
}

impl Anchor {
    /// Notes the head whenever it has moved, until `stop`.
    pub(super) async fn keep(&self, stop: CancellationToken) {
        let mut noted = None;
        let mut told_at = self.clock.boot_time();
        while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
            if self.clock.boot_time().saturating_sub(told_at) >= DAY {
                told_at = self.clock.boot_time();
                self.tell();
            }
            let head = self.audit.head();
            if noted.as_ref() == Some(&head) {
                continue;
            }
            match self.hosts.seen(&self.host, &head, self.clock.now()).await {
                Ok(()) => noted = Some(head),
                Err(error) => warn!(%error, "the head of the audit chain could not be noted; it will be tried again"),
            }
        }
    }

    /// Says the head in the form that `sandglass audit verify --head` takes.
    fn tell(&self) {
        let head = self.audit.head();
        info!(head = %format_args!("{}:{}:{}", self.host, head.length, head.hash), "head of the audit chain");
    }

    /// Notes the last head.
    pub(super) async fn end(&self) {
        self.tell();
        if let Err(error) = self.hosts.end(&self.host, &self.audit.head(), self.clock.now()).await {
            warn!(%error, "the end of this host could not be noted");
        }
    }
}
