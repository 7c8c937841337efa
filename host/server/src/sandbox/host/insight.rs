//! `sandglass:insight`, translated.

use chrono::{DateTime, Utc};

use super::error::Refusal;
use crate::capabilities::insight;
use crate::sandbox::bindings::sandglass::base::types::Instant;
use crate::sandbox::bindings::sandglass::insight::runs;
use crate::sandbox::state::State;

/// An instant beyond the calendar is its nearest end.
fn time(instant: Instant) -> DateTime<Utc> {
    let end = if instant.seconds < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    DateTime::from_timestamp(instant.seconds, instant.nanoseconds).unwrap_or(end)
}

impl runs::Host for State {
    async fn statistics(&mut self, since: Instant, until: Instant, options: String) -> Result<String, Refusal> {
        self.called();
        Ok(insight::statistics(&mut self.gate, time(since), time(until), &options).await?)
    }
}
