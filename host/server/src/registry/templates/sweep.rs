//! At a start: bytes that nothing can call for any more are removed from the shelf.

use std::collections::BTreeSet;

use sandglass_database::Result;
use tracing::{info, warn};

use super::Templates;
use super::shelf::Shelf;
use crate::model::Digest;
use crate::repository::Jobs;

impl Templates {
    /// Removes what is kept of components that the store knows as replaced, taken away or declined, that no job was
    /// approved for (deleted ones included, for they may come back), and that no `unfinished` execution runs. What the
    /// store knows nothing of stays: it may belong to another one that worked in this folder. So does what cannot be
    /// removed.
    ///
    /// # Errors
    /// Those of the store; nothing is removed then.
    pub async fn sweep(&self, shelf: &Shelf, jobs: &Jobs, unfinished: &BTreeSet<Digest>) -> Result<()> {
        let mut gone = self.templates.gone().await?;
        for needed in unfinished.iter().chain(&jobs.digests().await?) {
            gone.remove(needed);
        }
        {
            let state = self.state.read();
            for needed in state.in_force.values().chain(state.waiting.values()) {
                gone.remove(needed);
            }
        }
        let shelf = shelf.clone();
        match tokio::task::spawn_blocking(move || shelf.sweep(&gone)).await {
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
