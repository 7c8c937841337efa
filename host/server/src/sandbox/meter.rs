//! How long a guest computes: the CPU time of the thread while its future is polled.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

/// Polls a future and sums what it costs. Ends it when the budget is spent, or, without waiting for a timer that a busy
/// runtime may serve late, when the deadline has passed.
pub(super) struct Metered<'a, F> {
    inner: F,
    used: &'a mut Duration,
    budget: Duration,
    deadline: Instant,
}

/// Why a metered future was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    CpuSpent,
    DeadlinePassed,
}

impl<'a, F> Metered<'a, F> {
    pub(super) fn new(inner: F, used: &'a mut Duration, budget: Duration, deadline: Instant) -> Self {
        Self { inner, used, budget, deadline }
    }
}

impl<F: Future + Unpin> Future for Metered<'_, F> {
    type Output = Result<F::Output, Ended>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let before = thread_cpu_time();
        let polled = Pin::new(&mut self.inner).poll(context);
        let cost = thread_cpu_time().saturating_sub(before);
        *self.used += cost;
        match polled {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending if Instant::now() >= self.deadline => Poll::Ready(Err(Ended::DeadlinePassed)),
            Poll::Pending if *self.used >= self.budget => Poll::Ready(Err(Ended::CpuSpent)),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// CPU time of this thread, user and system.
fn thread_cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    #[expect(unsafe_code, reason = "std cannot read a thread's CPU time; the call only fills the struct it is given")]
    // SAFETY: `time` is a valid, exclusive timespec for the whole call.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) } != 0;
    if failed {
        return Duration::ZERO;
    }
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
