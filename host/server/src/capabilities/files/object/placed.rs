//! An object that has its name, until somebody has taken note of it.

use std::sync::Arc;

use super::super::mark::Mark;
use super::super::store::{Finished, Store as _};
use super::super::{FileInfo, FileName};
use super::folder::ObjectFolder;

/// Dropped before it is kept, it is removed, unless it took the place of another: that one is gone.
#[derive(Debug)]
pub(super) struct PlacedObject {
    folder: Arc<ObjectFolder>,
    name: FileName,
    mark: String,
    size: u64,
    /// Size of what it took the place of.
    replaced: Option<u64>,
    pub(super) info: Option<FileInfo>,
    is_kept: bool,
}

impl PlacedObject {
    pub(super) fn new(
        folder: Arc<ObjectFolder>,
        name: FileName,
        mark: String,
        size: u64,
        replaced: Option<u64>,
    ) -> Self {
        Self { folder, name, mark, size, replaced, info: None, is_kept: false }
    }

    pub(super) fn name(&self) -> &FileName {
        &self.name
    }
}

impl Finished for PlacedObject {
    fn keep(mut self: Box<Self>) -> Option<FileInfo> {
        self.is_kept = true;
        self.folder.space.finished(self.size, self.replaced.unwrap_or(0));
        self.info.take()
    }
}

impl Drop for PlacedObject {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        self.folder.space.release(self.size);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.replaced.is_some() {
            return;
        }
        let (folder, name) = (Arc::clone(&self.folder), self.name.clone());
        let mark = Mark::Object { object: std::mem::take(&mut self.mark) };
        runtime.spawn(async move {
            let removed = match folder.is_marked(&name, &mark).await {
                // Its bytes were reserved, and never counted as finished.
                Ok(true) => folder.remove(&name, 0).await,
                other => other.map(|_| ()),
            };
            if let Err(error) = removed {
                let (folder, name) = (&folder.label, name.as_str());
                tracing::warn!(folder, name, %error, "a file that was given up could not be taken away");
            }
        });
    }
}
