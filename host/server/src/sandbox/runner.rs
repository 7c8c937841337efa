//! The seam between those who decide that a run happens and the sandbox that does it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::model::audit::EffectRecord;
use crate::model::execution::Progress;
use crate::model::log::LogLine;
use crate::model::outcome::Finished;
use crate::model::{Digest, ExecutionId, JobId, Lease};

/// One call of `execute`, with all that its host functions need to know.
pub struct Run {
    pub execution: ExecutionId,
    pub job: JobId,
    pub job_name: String,
    pub job_tags: Vec<String>,
    /// 1 for the first.
    pub attempt: u32,
    pub template_type: String,
    pub digest: Digest,
    /// JSON text of the parameters.
    pub parameters: Arc<str>,
    pub scheduled_for: DateTime<Utc>,
    /// Bound of the whole attempt, host calls included.
    pub timeout: Duration,
    /// A dead man's handle: effects are refused once the lease has run out (host boot time).
    pub lease: Arc<Lease>,
    /// Cancelled by `cancel`: `should-stop` turns true at once, the guest is killed 500 ms later.
    pub cancel: CancellationToken,
    /// Cancelled by a drain: `should-stop` turns true at once; the guest has until the drain's own deadline.
    pub drain: CancellationToken,
    /// Lines and progress as they come; must not block.
    pub watcher: Arc<dyn Watcher>,
}

/// Hears what a run says while it lasts.
pub trait Watcher: Send + Sync {
    fn log(&self, line: LogLine);
    fn progress(&self, progress: Progress);

    /// What the attempt read, summed per operation and target; told once, before [`Runner::run`] returns, and not at
    /// all when nothing was read. The sums are not stored yet: they go into the same write as the end.
    fn reads(&self, sums: Vec<EffectRecord>) {
        drop(sums);
    }
}

/// Runs one attempt to its end. An `Err` does not exist: whatever happens is an outcome.
#[async_trait]
pub trait Runner: Send + Sync + 'static {
    async fn run(&self, run: Run) -> Finished;
}
