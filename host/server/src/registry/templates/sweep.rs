//! At a start: bytes that nothing can call for any more are removed from the shelf.

use std::collections::BTreeSet;

use sandglass_database::Result;
use tracing::{info, warn};

use super::Templates;
use super::shelf::Shelf;
use crate::model::Digest;
use crate::repository::Jobs;

impl Templates {
    /// Removes what is kept of components that are neither in force nor waiting, that no job was approved for (deleted
    /// ones included, for they may come back), and that no `unfinished` execution runs. What cannot be removed stays.
    ///
    /// # Errors
    /// Those of the store; nothing is removed then.
    pub async fn sweep(&self, shelf: &Shelf, jobs: &Jobs, unfinished: &BTreeSet<Digest>) -> Result<()> {
        let mut needed = unfinished.clone();
        needed.extend(self.templates.standing().await?);
        needed.extend(jobs.digests().await?);
        {
            let state = self.state.read();
            needed.extend(state.in_force.values().chain(state.waiting.values()).cloned());
        }
        let shelf = shelf.clone();
        match tokio::task::spawn_blocking(move || shelf.sweep(&needed)).await {
            Ok(Ok(removed)) if removed.is_empty() => {}
            Ok(Ok(removed)) => {
                info!(files = removed.len(), "bytes of components that nothing runs any more are removed")
            }
            Ok(Err(error)) => warn!(%error, "bytes of components that nothing runs any more stay"),
            Err(error) => warn!(%error, "bytes of components that nothing runs any more stay"),
        }
        Ok(())
    }
}
