//! What this host measures of its runs: how late they begin, and how they end. Never a job's id as a label: their number
//! has no bound.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::model::{Status, Trigger};
use crate::repository::Claim;

/// Upper bounds of lateness, in seconds.
const LATENESS: [f64; 15] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ending {
    trigger: &'static str,
    status: &'static str,
}

/// Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub struct Figures {
    lateness: Histogram,
    ended: Arc<Family<Ending, Counter>>,
}

impl Default for Figures {
    fn default() -> Self {
        Self { lateness: Histogram::new(LATENESS), ended: Arc::default() }
    }
}

impl Figures {
    pub fn register(&self, registry: &mut Registry) {
        let late = "Seconds from the instant an occurrence was due to its start";
        registry.register("sandglass_start_lateness_seconds", late, self.lateness.clone());
        let ended = "Runs that have ended on this host, by what started them and how they ended";
        registry.register("sandglass_runs_ended", ended, (*self.ended).clone());
    }

    /// Lateness is that of the first attempt of a scheduled occurrence (T2): of a retry or a manual run it means nothing.
    pub(super) fn started(&self, claim: &Claim, at: chrono::DateTime<chrono::Utc>) {
        if claim.trigger == Trigger::Schedule && claim.attempts.is_empty() {
            let late = (at - claim.scheduled_for).to_std().unwrap_or_default();
            self.lateness.observe(late.as_secs_f64());
        }
    }

    pub(super) fn ended(&self, trigger: Trigger, status: Status) {
        self.ended.get_or_create(&Ending { trigger: trigger.as_str(), status: status.as_str() }).inc();
    }
}
