//! What handlers may ask. Built by `app.rs`.

use std::sync::Arc;
use std::time::Duration;

use sandglass_database::Database;
use tokio_util::sync::CancellationToken;

use super::{Metrics, PublicAddress};
use crate::executor::Load;
use crate::model::Clock;
use crate::model::event::Events;
use crate::registry::{self, Access, DropIn, Templates};
use crate::repository::audit::Audit;
use crate::repository::{Counters, Executions, Jobs, RequestStore};
use crate::scheduler::Scheduler;

pub struct ApiState {
    pub scheduler: Scheduler,
    /// Changes of jobs.
    pub jobs: registry::Jobs,
    /// Jobs as they are stored, for reading.
    pub stored_jobs: Jobs,
    pub secrets: registry::Secrets,
    pub grants: registry::Grants,
    /// What templates use.
    pub uses: registry::UseReader,
    pub executions: Executions,
    pub counters: Counters,
    pub templates: Arc<Templates>,
    /// Takes components in.
    pub drop_in: DropIn,
    pub audit: Audit,
    pub requests: RequestStore,
    pub database: Arc<dyn Database>,
    pub events: Events,
    pub access: Access,
    /// How browsers reach this server.
    pub address: PublicAddress,
    pub metrics: Metrics,
    /// How busy this host is.
    pub load: Arc<dyn Fn() -> Load + Send + Sync>,
    pub clock: Arc<dyn Clock>,
    /// The host's name.
    pub host: String,
    /// Cancelled at shutdown: streams and waiting requests end.
    pub stopping: CancellationToken,
    pub body_limit_bytes: usize,
    /// Bound of a request that does not stream or wait.
    pub request_timeout: Duration,
}

pub(super) type Shared = Arc<ApiState>;
