//! The wall clock of the host.

use chrono::{DateTime, Utc};

use crate::bindings::sandglass::base::types::Instant;
use crate::host;

/// The present instant. For "yesterday" take [`execution::scheduled_at`](crate::execution::scheduled_at) instead:
/// it stays the same when a run starts late or is tried again.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::clock;
///
/// // The clock of a test stands still until it is set or something waits.
/// assert_eq!(clock::now().to_rfc3339(), "2027-01-15T08:00:00+00:00");
/// ```
#[must_use]
pub fn now() -> DateTime<Utc> {
    from_instant(host::clock::now())
}

/// A calendar that ends before the instant (in the year 262142) answers with its last day.
pub(crate) fn from_instant(instant: Instant) -> DateTime<Utc> {
    DateTime::from_timestamp(instant.seconds, instant.nanoseconds).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

pub(crate) fn to_instant(time: DateTime<Utc>) -> Instant {
    Instant { seconds: time.timestamp(), nanoseconds: time.timestamp_subsec_nanos().min(999_999_999) }
}
