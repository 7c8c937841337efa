//! A clock that stands until it is moved.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;

use crate::model::Clock;

pub struct Hands(Mutex<(DateTime<Utc>, Duration)>);

impl Hands {
    pub fn at(start: DateTime<Utc>) -> Self {
        Self(Mutex::new((start, Duration::ZERO)))
    }

    /// Time passes.
    pub fn pass(&self, time: TimeDelta) {
        let mut hands = self.0.lock();
        hands.0 += time;
        hands.1 += time.to_std().unwrap_or_default();
    }

    /// Somebody sets the wall clock.
    pub fn set(&self, by: TimeDelta) {
        self.0.lock().0 += by;
    }
}

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        self.0.lock().0
    }

    fn boot_time(&self) -> Duration {
        self.0.lock().1
    }
}
