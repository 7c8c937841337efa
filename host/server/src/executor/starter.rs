//! The thread that starts claims at their instant. It sleeps to the exact instant, because a runtime's timer is a
//! millisecond coarse, and looks at the wall clock at least once a second, because that one may jump (T16).

use std::sync::{Arc, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

use super::handle::Inner;

const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Ends by itself when the executor is gone.
///
/// # Errors
/// When the thread cannot be made.
pub fn spawn(executor: &Arc<Inner>) -> std::io::Result<Thread> {
    let executor = Arc::downgrade(executor);
    let handle = thread::Builder::new().name("starter".into()).spawn(move || {
        while let Some(sleep) = start_due(&executor) {
            thread::park_timeout(sleep);
        }
    })?;
    Ok(handle.thread().clone())
}

fn start_due(executor: &Weak<Inner>) -> Option<Duration> {
    let executor = executor.upgrade()?;
    let now = executor.clock.now();
    let next = {
        let mut board = executor.board.lock();
        executor.start_due(&mut board, now);
        board.next_instant()
    };
    let sleep = next.map_or(LONGEST_SLEEP, |at| (at - executor.clock.now()).to_std().unwrap_or_default());
    Some(sleep.min(LONGEST_SLEEP))
}
