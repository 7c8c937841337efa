//! How much of a folder's quota is taken. Counted here, and measured anew now and then, since others may write there too.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::capabilities::GateError;

/// So long a measurement is believed.
const BELIEVED: Duration = Duration::from_secs(60);

/// The space of one folder.
#[derive(Debug)]
pub struct Space {
    /// 0: no bound.
    quota_bytes: u64,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    finished_bytes: u64,
    /// By files that are being written.
    reserved_bytes: u64,
    measured: Option<Instant>,
}

impl Space {
    pub(super) fn new(quota_bytes: u64) -> Self {
        Self { quota_bytes, taken: Mutex::default() }
    }

    /// Whether somebody has to look how much is there.
    pub(super) fn wants_measuring(&self) -> bool {
        self.quota_bytes > 0 && self.taken.lock().measured.is_none_or(|at| at.elapsed() > BELIEVED)
    }

    pub(super) fn measured(&self, bytes: u64) {
        let mut taken = self.taken.lock();
        taken.finished_bytes = bytes;
        taken.measured = Some(Instant::now());
    }

    /// Takes space for bytes that are about to be written.
    ///
    /// # Errors
    /// `limit` when the quota does not hold them.
    pub(super) fn reserve(&self, label: &str, bytes: u64) -> Result<(), GateError> {
        let mut taken = self.taken.lock();
        let wanted = taken.finished_bytes.saturating_add(taken.reserved_bytes).saturating_add(bytes);
        if self.quota_bytes > 0 && wanted > self.quota_bytes {
            let quota = self.quota_bytes;
            let what = format!("folder {label}: its quota of {quota} bytes is used up (folders.{label}.quota_bytes)");
            return Err(GateError::limit("quota", what));
        }
        taken.reserved_bytes += bytes;
        Ok(())
    }

    /// A file that held reserved space is gone.
    pub(super) fn release(&self, bytes: u64) {
        let mut taken = self.taken.lock();
        taken.reserved_bytes = taken.reserved_bytes.saturating_sub(bytes);
    }

    /// A file that held reserved space has its name, in place of `replaced` bytes.
    pub(super) fn finished(&self, bytes: u64, replaced: u64) {
        let mut taken = self.taken.lock();
        taken.reserved_bytes = taken.reserved_bytes.saturating_sub(bytes);
        taken.finished_bytes = taken.finished_bytes.saturating_add(bytes).saturating_sub(replaced);
    }

    /// A finished file is gone.
    pub(super) fn freed(&self, bytes: u64) {
        let mut taken = self.taken.lock();
        taken.finished_bytes = taken.finished_bytes.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_and_what_stands_share_the_quota() {
        let space = Space::new(100);
        assert!(space.wants_measuring());
        space.measured(40);
        assert!(!space.wants_measuring());
        space.reserve("f", 60).unwrap();
        let error = space.reserve("f", 1).unwrap_err();
        assert_eq!(error.reason, "quota");
        assert!(error.message.contains("folders.f.quota_bytes"), "{error}");
        space.finished(60, 40);
        space.reserve("f", 40).unwrap();
        space.release(40);
        space.freed(60);
        space.reserve("f", 100).unwrap();
    }

    #[test]
    fn no_quota_is_no_bound() {
        let space = Space::new(0);
        assert!(!space.wants_measuring());
        space.reserve("f", u64::MAX / 2).unwrap();
    }
}
