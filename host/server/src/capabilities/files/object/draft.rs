//! A file on its way into a bucket.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::sync::Arc;

use async_trait::async_trait;
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::path::Path;
use object_store::{ObjectStore as _, PutMode, PutMultipartOptions, PutOptions, PutPayload};
use reqwest::header::HeaderValue;
use sha2::{Digest as _, Sha256};
use tokio_util::task::AbortOnDropHandle;

use super::super::checksum;
use super::super::fault::exists;
use super::super::journal::Announcement;
use super::super::mark::Mark;
use super::super::store::{Finished, Unfinished};
use super::super::writer::lost;
use super::super::{FileName, WriterOptions};
use super::fault::{code, fault};
use super::folder::{ObjectFolder, attributes, describe, has_mark};
use super::pending::{Listed, Target};
use super::placed::PlacedObject;
use crate::capabilities::{ErrorKind, GateError};

/// Parts of one file on their way at once.
const AT_ONCE: usize = 2;

/// A file without a name.
#[derive(Debug)]
pub(super) struct ObjectDraft {
    folder: Arc<ObjectFolder>,
    key: Path,
    content_type: Option<String>,
    /// What the object can be known by.
    mark: String,
    hash: Sha256,
    size: u64,
    /// The part that is not whole yet, in a file without a name.
    spool: Option<File>,
    spooled: u64,
    upload: Option<Upload>,
    sent: Vec<PartId>,
    on_the_way: VecDeque<AbortOnDropHandle<Result<PartId, GateError>>>,
    has_name: bool,
}

impl Drop for ObjectDraft {
    fn drop(&mut self) {
        if !self.has_name {
            self.folder.space.release(self.size);
        }
    }
}

/// An upload in parts that has begun. Dropped before it is completed, it is aborted; until that succeeds it stays on the
/// list.
#[derive(Debug)]
pub(super) struct Upload {
    folder: Arc<ObjectFolder>,
    key: Path,
    id: String,
    listed: Option<Listed>,
}

impl Upload {
    /// Lists an upload and begins it.
    async fn begin(folder: Arc<ObjectFolder>, key: Path, options: PutMultipartOptions) -> Result<Self, GateError> {
        let target = Target { folder: folder.label.clone(), place: folder.place.clone(), key: key.as_ref().to_owned() };
        let pending = Arc::clone(&folder.common.pending);
        let listed = folder.common.workers.run(move |_| pending.list(&target).map_err(unlisted)).await?;
        let id = match folder.store.create_multipart_opts(&key, options).await {
            Ok(id) => id,
            Err(error) => {
                forget(&folder, listed).await;
                return Err(fault(&folder.label, "beginning a file", &error));
            }
        };
        let upload = Self { folder: Arc::clone(&folder), key, id: id.clone(), listed: Some(listed) };
        // Ours alone until here: nobody can tell this upload from outside.
        let note = move |_: &_| {
            upload.listed.as_ref().map_or(Ok(()), |listed| listed.name(&id)).map_err(unlisted)?;
            Ok(upload)
        };
        folder.common.workers.run(note).await
    }

    /// It has its end.
    async fn ended(mut self) {
        if let Some(listed) = self.listed.take() {
            forget(&self.folder, listed).await;
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(listed) = self.listed.take() else { return };
        // Without a runtime the process ends, and the next start looks at the list.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (folder, key, id) = (Arc::clone(&self.folder), self.key.clone(), std::mem::take(&mut self.id));
        runtime.spawn(async move {
            match folder.abort(&key, &id).await {
                Ok(()) => forget(&folder, listed).await,
                Err(error) => tracing::warn!(folder = folder.label, %error, "an unfinished upload stays for now"),
            }
        });
    }
}

async fn forget(folder: &ObjectFolder, listed: Listed) {
    if let Err(error) = folder.common.workers.run(move |_| listed.forget().map_err(unlisted)).await {
        tracing::warn!(folder = folder.label, %error, "an upload stays on the list although it has its end");
    }
}

fn unlisted(error: io::Error) -> GateError {
    tracing::error!(%error, "the list of uploads cannot be written");
    GateError::new(ErrorKind::Unavailable, "journal-unavailable", "the upload could not be noted: try again later")
}

fn unspooled(error: io::Error) -> GateError {
    tracing::warn!(%error, "a part of a file cannot wait on the disk of this machine");
    GateError::new(ErrorKind::Unavailable, "no-spool", "the server's own disk failed while a file was written")
}

impl ObjectDraft {
    /// Begins a file; nothing is sent yet.
    pub(super) fn begin(
        folder: Arc<ObjectFolder>,
        name: &FileName,
        options: &WriterOptions,
    ) -> Result<Self, GateError> {
        let content_type = options.content_type.clone();
        if let Some(text) = content_type.as_deref().filter(|text| HeaderValue::from_str(text).is_err()) {
            return Err(GateError::invalid("content-type", format!("{text:?} is no media type")));
        }
        Ok(Self {
            key: folder.key(name)?,
            folder,
            content_type,
            mark: bson::oid::ObjectId::new().to_hex(),
            hash: Sha256::new(),
            size: 0,
            spool: None,
            spooled: 0,
            upload: None,
            sent: Vec::new(),
            on_the_way: VecDeque::new(),
            has_name: false,
        })
    }

    /// Adds bytes to the part that is not whole yet.
    async fn spool(&mut self, bytes: Vec<u8>) -> Result<(), GateError> {
        let (spool, place) = (self.spool.take(), self.folder.common.spool.clone());
        self.spooled += bytes.len() as u64;
        let mut hash = std::mem::take(&mut self.hash);
        let write = move |_: &_| {
            let mut file = spool.map_or_else(|| tempfile::tempfile_in(place), Ok).map_err(unspooled)?;
            file.write_all(&bytes).map_err(unspooled)?;
            hash.update(&bytes);
            Ok((file, hash))
        };
        let (file, hash) = self.folder.common.workers.run(write).await?;
        (self.spool, self.hash) = (Some(file), hash);
        Ok(())
    }

    /// Sends what has been spooled as the next part, while the writer goes on.
    async fn send_part(&mut self) -> Result<(), GateError> {
        if self.upload.is_none() {
            let attributes = attributes(&self.mark, None, self.content_type.as_deref());
            let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
            // Goes on when nobody waits for it any more: then the upload is dropped, and with that aborted.
            let begun = tokio::spawn(Upload::begin(Arc::clone(&self.folder), self.key.clone(), options));
            self.upload = Some(begun.await.map_err(broken)??);
        }
        while self.on_the_way.len() >= AT_ONCE {
            self.wait_for_one().await?;
        }
        let (Some(upload), Some(file)) = (&self.upload, self.spool.take()) else { return Err(lost()) };
        let (folder, key, id) = (Arc::clone(&self.folder), self.key.clone(), upload.id.clone());
        let number = self.sent.len() + self.on_the_way.len();
        self.spooled = 0;
        let part = async move {
            let _permit = folder.common.sending.acquire().await;
            let bytes = folder.common.workers.run(move |_| whole(file).map_err(unspooled)).await?;
            let sent = folder.store.put_part(&key, &id, number, PutPayload::from(bytes)).await;
            sent.map_err(|error| fault(&folder.label, "writing a file", &error))
        };
        self.on_the_way.push_back(AbortOnDropHandle::new(tokio::spawn(part)));
        Ok(())
    }

    async fn wait_for_one(&mut self) -> Result<(), GateError> {
        if let Some(part) = self.on_the_way.pop_front() {
            self.sent.push(part.await.map_err(broken)??);
        }
        Ok(())
    }

    /// Stores the object under its name.
    async fn store(mut self, name: FileName, overwrite: bool, announcement: Announcement) -> Placement {
        let replaced = match self.folder.head(&name).await {
            Ok(_) if !overwrite => return Err(exists(&self.folder.label, name.as_str())),
            Ok(found) => Some(found.meta.size),
            Err(error) if error.kind == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let whole = match self.upload {
            Some(_) => {
                if self.spooled > 0 {
                    self.send_part().await?;
                }
                while !self.on_the_way.is_empty() {
                    self.wait_for_one().await?;
                }
                None
            }
            // The permit first: what waits for one waits on disk.
            None => Some((
                Arc::clone(&self.folder.common.sending).acquire_owned().await.ok(),
                match self.spool.take() {
                    Some(file) => self.folder.common.workers.run(move |_| whole(file).map_err(unspooled)).await?,
                    None => Vec::new(),
                },
            )),
        };
        let digits = checksum::digits(std::mem::take(&mut self.hash));
        let mark = Mark::Object { object: self.mark.clone() };
        let announced =
            self.folder.common.workers.run(move |_| announcement.make(&mark).map(|()| announcement)).await?;
        let stored = match whole {
            Some((permit, bytes)) => {
                let stored = self.put(bytes, overwrite, &digits).await;
                drop(permit);
                stored
            }
            None => self.complete(overwrite).await,
        };
        let found = match stored {
            Ok(()) => self.folder.head(&name).await,
            Err(error) => self.look_again(&name, overwrite, error).await,
        };
        // From here on the guard undoes it.
        let folder = Arc::clone(&self.folder);
        let mut placed = PlacedObject::new(folder, name, self.mark.clone(), self.size, replaced);
        self.has_name = true;
        let found = found?;
        placed.info = Some(super::super::FileInfo { sha256: Some(digits), ..describe(placed.name(), &found) });
        drop(announced);
        Ok(Box::new(placed))
    }

    async fn put(&self, bytes: Vec<u8>, overwrite: bool, digits: &str) -> Result<(), object_store::Error> {
        let mode = if overwrite { PutMode::Overwrite } else { PutMode::Create };
        let attributes = attributes(&self.mark, Some(digits), self.content_type.as_deref());
        let options = PutOptions { mode, attributes, ..PutOptions::default() };
        self.folder.store.put_opts(&self.key, PutPayload::from(bytes), options).await.map(|_| ())
    }

    async fn complete(&mut self, overwrite: bool) -> Result<(), object_store::Error> {
        let Some(upload) = self.upload.take() else { return Ok(()) };
        let store = if overwrite { &self.folder.store } else { &self.folder.creating };
        store.complete_multipart(&self.key, &upload.id, std::mem::take(&mut self.sent)).await?;
        upload.ended().await;
        Ok(())
    }

    /// A refusal may be the answer to a request that was sent again because the answer to the first was lost: what counts
    /// is whose object stands there.
    async fn look_again(
        &self,
        name: &FileName,
        overwrite: bool,
        error: object_store::Error,
    ) -> Result<object_store::GetResult, GateError> {
        use object_store::Error;
        match self.folder.head(name).await {
            Ok(found) if has_mark(&found, &self.mark) => Ok(found),
            Ok(_) if !overwrite && matches!(error, Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                Err(exists(&self.folder.label, name.as_str()))
            }
            Ok(_) if !overwrite && code(&error).as_deref() == Some("PreconditionFailed") => {
                Err(exists(&self.folder.label, name.as_str()))
            }
            _ => Err(fault(&self.folder.label, "finishing a file", &error)),
        }
    }
}

type Placement = Result<Box<dyn Finished>, GateError>;

/// The bytes of a spooled part.
fn whole(mut file: File) -> io::Result<Vec<u8>> {
    let length = file.stream_position()?;
    file.rewind()?;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn broken(error: tokio::task::JoinError) -> GateError {
    tracing::error!(%error, "work on an object broke");
    GateError::new(ErrorKind::Internal, "files-broken", "the host's work on files broke")
}

#[async_trait]
impl Unfinished for ObjectDraft {
    fn size(&self) -> u64 {
        self.size
    }

    async fn write(mut self: Box<Self>, mut bytes: Vec<u8>) -> Result<Box<dyn Unfinished>, GateError> {
        self.folder.space.reserve(&self.folder.label, bytes.len() as u64)?;
        self.size += bytes.len() as u64;
        // Parts have one size: not every store takes others.
        while !bytes.is_empty() {
            let room = self.folder.common.part_bytes.saturating_sub(self.spooled);
            if room == 0 {
                self.send_part().await?;
                continue;
            }
            let rest = bytes.split_off(usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len()));
            self.spool(bytes).await?;
            bytes = rest;
        }
        Ok(self)
    }

    async fn place(
        self: Box<Self>,
        name: &FileName,
        overwrite: bool,
        announcement: Announcement,
    ) -> Result<Box<dyn Finished>, GateError> {
        // Goes on to its end when nobody waits for it any more; then the object is dropped, and with that removed.
        tokio::spawn((*self).store(name.clone(), overwrite, announcement)).await.map_err(broken)?
    }
}
