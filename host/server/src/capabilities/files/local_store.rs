//! A folder of this machine as a [`Store`]: each call goes to a thread that may block.

use std::sync::Arc;

use async_trait::async_trait;

use super::draft::{Draft, Placed};
use super::journal::Announcement;
use super::list::Page;
use super::local::Local;
use super::mark::Mark;
use super::space::Space;
use super::store::{Finished, Store, Unfinished};
use super::work::{Workers, drop_aside};
use super::{FileInfo, FileName, WriterOptions};
use crate::capabilities::GateError;

#[derive(Debug)]
pub(super) struct LocalStore {
    local: Arc<Local>,
    workers: Workers,
}

impl LocalStore {
    pub(super) fn new(local: Local, workers: Workers) -> Self {
        Self { local: Arc::new(local), workers }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Local) -> Result<T, GateError> + Send + 'static,
    ) -> Result<T, GateError> {
        let local = Arc::clone(&self.local);
        self.workers.run(move |_| work(&local)).await
    }
}

#[async_trait]
impl Store for LocalStore {
    fn label(&self) -> &str {
        &self.local.label
    }

    fn space(&self) -> &Space {
        &self.local.space
    }

    async fn info(&self, name: &FileName) -> Result<FileInfo, GateError> {
        let name = name.clone();
        self.run(move |local| local.info(&name)).await
    }

    async fn entries(&self, page: Page) -> Result<Vec<FileInfo>, GateError> {
        let local = Arc::clone(&self.local);
        self.workers.run(move |stop| local.entries(&page, stop)).await
    }

    async fn read(&self, name: &FileName, offset: u64, max: usize) -> Result<Vec<u8>, GateError> {
        let name = name.clone();
        self.run(move |local| local.read(&name, offset, max)).await
    }

    async fn measure(&self) -> Result<u64, GateError> {
        let local = Arc::clone(&self.local);
        self.workers.run(move |stop| local.measure(stop)).await
    }

    async fn delete(&self, name: &FileName) -> Result<(), GateError> {
        let name = name.clone();
        self.run(move |local| local.delete(&name).map(|_| ())).await
    }

    async fn is_marked(&self, name: &FileName, mark: &Mark) -> Result<bool, GateError> {
        let Mark::Stamp(stamp) = *mark else { return Ok(false) };
        let name = name.clone();
        self.run(move |local| local.is_marked(&name, stamp)).await
    }

    async fn remove_marked(&self, name: &FileName, mark: &Mark) -> Result<bool, GateError> {
        let Mark::Stamp(stamp) = *mark else { return Ok(false) };
        let name = name.clone();
        self.run(move |local| local.remove_marked(&name, stamp)).await
    }

    /// Folders of this machine keep no media type.
    async fn begin(
        self: Arc<Self>,
        _name: &FileName,
        _options: &WriterOptions,
    ) -> Result<Box<dyn Unfinished>, GateError> {
        let local = Arc::clone(&self.local);
        let draft = self.workers.run(move |_| Draft::begin(local)).await?;
        Ok(Box::new(LocalDraft { draft: Some(draft), workers: self.workers.clone() }))
    }
}

/// Whose end blocks, and therefore goes aside.
#[derive(Debug)]
struct LocalDraft {
    /// Taken by each call, which brings it back.
    draft: Option<Draft>,
    workers: Workers,
}

impl Drop for LocalDraft {
    fn drop(&mut self) {
        if let Some(draft) = self.draft.take() {
            drop_aside(draft);
        }
    }
}

#[async_trait]
impl Unfinished for LocalDraft {
    fn size(&self) -> u64 {
        self.draft.as_ref().map_or(0, Draft::size)
    }

    async fn write(mut self: Box<Self>, bytes: Vec<u8>) -> Result<Box<dyn Unfinished>, GateError> {
        let Some(mut draft) = self.draft.take() else { return Ok(self) };
        self.draft = Some(self.workers.run(move |_| draft.write(&bytes).map(|()| draft)).await?);
        Ok(self)
    }

    async fn place(
        mut self: Box<Self>,
        name: &FileName,
        overwrite: bool,
        announcement: Announcement,
    ) -> Result<Box<dyn Finished>, GateError> {
        let Some(draft) = self.draft.take() else { return Err(super::writer::lost()) };
        let name = name.clone();
        let place = move |_: &_| draft.place(&name, overwrite, |stamp| announcement.make(&Mark::Stamp(*stamp)));
        Ok(Box::new(self.workers.run(place).await?))
    }
}

impl Finished for Placed {
    fn keep(mut self: Box<Self>) -> Option<FileInfo> {
        let info = Placed::keep(&mut self);
        drop_aside(self);
        info
    }
}
