//! One line for each step of a build, with the time since it began.

use std::time::Instant;

/// A build whose steps are told to whoever waits for it.
pub struct Steps {
    began: Instant,
}

impl Steps {
    /// Starts the clock.
    #[must_use]
    pub fn begin() -> Self {
        Self { began: Instant::now() }
    }

    /// Tells what happens now. Standard error, so that output for programs stays clean.
    pub fn say(&self, what: &str) {
        eprintln!("[{:6.1} s] plugins: {what}", self.began.elapsed().as_secs_f32());
    }
}
