//! Insight into Sandglass's own runs: in the contract, not offered yet. Each call passes the gate and is then refused.

use super::error::Refusal;
use crate::capabilities::{absent, operation};
use crate::sandbox::bindings::sandglass::base::types::Instant;
use crate::sandbox::bindings::sandglass::insight::runs;
use crate::sandbox::state::State;

impl runs::Host for State {
    async fn statistics(&mut self, _since: Instant, _until: Instant, _options: String) -> Result<String, Refusal> {
        self.called();
        Err(absent(&mut self.gate, &operation::INSIGHT_STATISTICS, "runs").await.into())
    }
}
