//! Watches the folder of templates. The watcher only says when to look; what is there is found by looking.

use std::path::Path;
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::DropIn;
use super::look::{Memory, Seen};

/// Between two looks while files move.
const SOON: Duration = Duration::from_millis(300);
/// Between two looks when the machine tells of changes: what it might have missed is found then.
const SELDOM: Duration = Duration::from_secs(30);
/// Between two looks when it does not.
const OFTEN: Duration = Duration::from_secs(2);

impl DropIn {
    /// Keeps the templates in step with the folder until `stop`. Without a folder it does nothing.
    pub async fn watch(self, stop: CancellationToken) {
        self.settle_jobs().await;
        let Some(folder) = self.folder().map(Path::to_owned) else { return };
        info!(folder = %folder.display(), "the folder of templates is watched");
        let (told, mut tellings) = mpsc::channel(1);
        let mut watcher = None;
        let mut is_told_of_failure = false;
        let mut memory = Memory::default();
        loop {
            if watcher.is_none() {
                match watching(&folder, told.clone()) {
                    Ok(new) => watcher = Some(new),
                    Err(error) if !is_told_of_failure => {
                        is_told_of_failure = true;
                        warn!(%error, "the machine tells of no changes there: the folder is looked at every few seconds");
                    }
                    Err(_) => {}
                }
            }
            let seen = match self.look(&folder, &mut memory).await {
                Ok(seen) => seen,
                Err(error) => {
                    error!(%error, "the folder of templates could not be looked at; it will be tried again");
                    Seen::Still
                }
            };
            if seen == Seen::Nothing {
                // A folder that comes back is another one to the machine.
                watcher = None;
            }
            let pause = match (seen, &watcher) {
                (Seen::Moving, _) => SOON,
                (_, Some(_)) => SELDOM,
                (_, None) => OFTEN,
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                Some(()) = tellings.recv(), if seen != Seen::Moving => {}
            }
        }
    }
}

/// Tells when anything in the folder changed.
fn watching(folder: &Path, told: mpsc::Sender<()>) -> notify::Result<notify::RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Our own looking opens and closes; it must not lead to another look.
        let is_reading = event.as_ref().is_ok_and(|event| event.kind.is_access());
        if !is_reading {
            // A look that is due already is enough, so a full channel is no loss.
            let _due_already = told.try_send(());
        }
    })?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}
