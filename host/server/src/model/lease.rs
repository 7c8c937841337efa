//! A dead man's handle: until when this host may have effects for an attempt.

use std::time::Duration;

/// Until when this host may have effects, in its own boot time. `None` of it on the embedded engine: never ends.
#[derive(Debug, Default)]
pub struct Lease(parking_lot::Mutex<Option<Duration>>);

impl Lease {
    pub fn extend(&self, until: Duration) {
        *self.0.lock() = Some(until);
    }

    pub fn is_over(&self, boot_time: Duration) -> bool {
        self.0.lock().is_some_and(|until| boot_time >= until)
    }
}
