//! Time as it is handed in: rooms that decide by time never ask the machine themselves.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Wall clock and boot-time clock of a host.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock: may jump in both directions (T16).
    fn now(&self) -> DateTime<Utc>;

    /// Time since some fixed point; never goes back and runs on while the machine is suspended. Leases are judged by it.
    fn boot_time(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn boot_time(&self) -> Duration {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        #[expect(
            unsafe_code,
            reason = "std has no clock that runs during suspend; the call only fills the struct it is given"
        )]
        // SAFETY: `time` is a valid, exclusive timespec for the whole call.
        let failed = unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time) } != 0;
        if failed {
            return Duration::ZERO;
        }
        Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
    }
}
