//! A folder in a bucket: reading, listing, deleting. Names are what follows the prefix.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use object_store::aws::AmazonS3;
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::multipart::MultipartStore as _;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, BackoffConfig, GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore as _,
    ObjectStoreExt as _, RetryConfig,
};
use tokio::sync::Semaphore;

use super::super::list::Page;
use super::super::mark::Mark;
use super::super::space::Space;
use super::super::store::{Store, Unfinished};
use super::super::work::Workers;
use super::super::{FileInfo, FileName, WriterOptions};
use super::checked::Settings;
use super::credentials::{Credentials, Opener};
use super::draft::ObjectDraft;
use super::fault::{code, fault, of_file};
use super::pending::Pending;
use super::transport::{Transport, client};
use crate::capabilities::{ErrorKind, GateError};
use crate::repository::Secrets;

/// Parts have this size (S3: 5 MiB at least, and 10,000 parts at most), or more where files may be larger than that
/// allows.
const PART_BYTES: u64 = 8 * 1_048_576;
const MOST_PARTS: u64 = 10_000;
/// Parts in memory at once, over all folders.
const AT_ONCE: usize = 6;
/// Names in one answer of a list.
const PAGE: usize = 1_000;
/// What an object carries: what it can be known by, and the SHA-256 where that was known when it was begun.
const MARK: &str = "sandglass-file";
const SHA256: &str = "sandglass-sha256";

/// What the folders of all object stores share.
#[derive(Debug)]
pub(in super::super) struct Common {
    client: reqwest::Client,
    pub(super) workers: Workers,
    pub(super) sending: Arc<Semaphore>,
    pub(super) pending: Arc<Pending>,
    /// Where parts wait until they are whole.
    pub(super) spool: PathBuf,
    pub(super) part_bytes: u64,
}

impl Common {
    /// Blocks.
    ///
    /// # Errors
    /// A client or a folder that cannot be made.
    pub(in super::super) fn open(folder: PathBuf, workers: Workers, file_bytes: u64) -> io::Result<Self> {
        Ok(Self {
            client: client().map_err(io::Error::other)?,
            workers,
            sending: Arc::new(Semaphore::new(AT_ONCE)),
            pending: Pending::open(&folder)?,
            spool: folder,
            part_bytes: PART_BYTES.max(file_bytes.div_ceil(MOST_PARTS - 1)),
        })
    }
}

/// A folder.
#[derive(Debug)]
pub(in super::super) struct ObjectFolder {
    pub(super) label: String,
    prefix: String,
    /// Server and bucket.
    pub(super) place: String,
    pub(super) space: Space,
    pub(super) store: AmazonS3,
    /// Completes uploads only where there is no object yet.
    pub(super) creating: AmazonS3,
    credentials: Arc<Credentials>,
    pub(super) common: Arc<Common>,
}

impl ObjectFolder {
    /// Makes the folder; reaches nothing.
    ///
    /// # Errors
    /// What the library says of the settings.
    pub(in super::super) fn new(
        label: &str,
        settings: Settings,
        quota_bytes: u64,
        common: Arc<Common>,
        secrets: Option<Secrets>,
    ) -> Result<Self, object_store::Error> {
        let builder = settings.builder();
        let place = settings.place();
        let credentials = Arc::new(Credentials {
            folder: label.to_owned(),
            access_key_id: settings.access_key_id,
            secret_key: settings.secret_key,
            secrets: secrets.map(Opener),
        });
        let store = |creates_only| {
            builder
                .clone()
                .with_credentials(credentials.clone())
                .with_disable_bulk_delete(true)
                .with_http_connector(Transport { client: common.client.clone(), creates_only })
                .with_retry(RetryConfig {
                    backoff: BackoffConfig {
                        init_backoff: Duration::from_millis(100),
                        max_backoff: Duration::from_secs(2),
                        base: 2.0,
                    },
                    max_retries: 4,
                    retry_timeout: Duration::from_secs(60),
                })
                .build()
        };
        let (store, creating) = (store(false)?, store(true)?);
        let (label, space) = (label.to_owned(), Space::new(quota_bytes));
        Ok(Self { label, prefix: settings.prefix, place, space, store, creating, credentials, common })
    }

    /// What would keep it from being used at this moment, as far as the machine itself can tell.
    pub(in super::super) async fn key_fault(&self) -> Option<String> {
        self.credentials.find().await.err().map(|error| error.message)
    }

    pub(super) fn key(&self, name: &FileName) -> Result<Path, GateError> {
        Path::parse(format!("{}{}", self.prefix, name.as_str()))
            .map_err(|error| GateError::invalid("file-name", format!("{}: {error}", name.as_str())))
    }

    /// The name of an object, if a template could have written it.
    fn name(&self, key: &Path) -> Option<FileName> {
        let text = key.as_ref().strip_prefix(&self.prefix)?;
        FileName::parse(text).ok().filter(|name| name.as_str() == text)
    }

    pub(super) async fn head(&self, name: &FileName) -> Result<GetResult, GateError> {
        let key = self.key(name)?;
        let ask = |head, range| self.store.get_opts(&key, GetOptions { head, range, ..GetOptions::default() });
        let found = match ask(true, None).await {
            // The answer to this kind of request has no body; another kind says why.
            Err(error @ object_store::Error::PermissionDenied { .. }) => {
                Err(ask(false, Some(GetRange::Bounded(0..1))).await.err().unwrap_or(error))
            }
            other => other,
        };
        found.map_err(|error| of_file(&self.label, name.as_str(), "looking for a file", &error))
    }

    /// Shows every object whose name begins with `prefix` and comes after `after`, until it has seen enough.
    async fn each(
        &self,
        prefix: &str,
        after: Option<&str>,
        mut wants_more: impl FnMut(ObjectMeta) -> bool + Send,
    ) -> Result<(), GateError> {
        let prefix = format!("{}{prefix}", self.prefix);
        let mut options = PaginatedListOptions {
            offset: after.map(|after| format!("{}{after}", self.prefix)),
            max_keys: Some(PAGE),
            ..PaginatedListOptions::default()
        };
        loop {
            let listed = self.store.list_paginated(Some(&prefix), options.clone()).await;
            let listed = listed.map_err(|error| fault(&self.label, "listing files", &error))?;
            for object in listed.result.objects {
                if !wants_more(object) {
                    return Ok(());
                }
            }
            match listed.page_token {
                Some(token) => options.page_token = Some(token),
                None => return Ok(()),
            }
        }
    }

    pub(super) async fn remove(&self, name: &FileName, size: u64) -> Result<(), GateError> {
        let removed = self.store.delete(&self.key(name)?).await;
        removed.map_err(|error| of_file(&self.label, name.as_str(), "deleting a file", &error))?;
        self.space.freed(size);
        Ok(())
    }

    /// Aborts an upload; one that is not known any more has its end.
    pub(super) async fn abort(&self, key: &Path, upload: &str) -> Result<(), GateError> {
        match self.store.abort_multipart(key, &upload.to_owned()).await {
            Err(error) if code(&error).as_deref() != Some("NoSuchUpload") => {
                Err(fault(&self.label, "aborting an upload", &error))
            }
            _ => Ok(()),
        }
    }
}

/// What an object is to carry.
pub(super) fn attributes(mark: &str, sha256: Option<&str>, content_type: Option<&str>) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::Metadata(MARK.into()), mark.to_owned().into());
    if let Some(sha256) = sha256 {
        attributes.insert(Attribute::Metadata(SHA256.into()), sha256.to_owned().into());
    }
    if let Some(content_type) = content_type {
        attributes.insert(Attribute::ContentType, content_type.to_owned().into());
    }
    attributes
}

fn carried(found: &GetResult, key: &'static str) -> Option<String> {
    found.attributes.get(&Attribute::Metadata(key.into())).map(|value| value.as_ref().to_owned())
}

/// Whether an object carries that mark.
pub(super) fn has_mark(found: &GetResult, mark: &str) -> bool {
    carried(found, MARK).as_deref() == Some(mark)
}

pub(super) fn describe(name: &FileName, found: &GetResult) -> FileInfo {
    let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    FileInfo { sha256: carried(found, SHA256).filter(is_hash), ..listed(name, &found.meta) }
}

fn listed(name: &FileName, meta: &ObjectMeta) -> FileInfo {
    FileInfo { name: name.as_str().to_owned(), size: meta.size, modified: meta.last_modified, sha256: None }
}

#[async_trait]
impl Store for ObjectFolder {
    fn label(&self) -> &str {
        &self.label
    }

    fn space(&self) -> &Space {
        &self.space
    }

    async fn info(&self, name: &FileName) -> Result<FileInfo, GateError> {
        Ok(describe(name, &self.head(name).await?))
    }

    async fn entries(&self, page: Page) -> Result<Vec<FileInfo>, GateError> {
        let mut found = Vec::new();
        if page.max > 0 {
            let wants_more = |object: ObjectMeta| {
                found.extend(self.name(&object.location).map(|name| listed(&name, &object)));
                found.len() < page.max
            };
            self.each(&page.prefix, page.after.as_deref(), wants_more).await?;
        }
        Ok(found)
    }

    async fn read(&self, name: &FileName, offset: u64, max: usize) -> Result<Vec<u8>, GateError> {
        let end = offset.saturating_add(max as u64);
        // No store knows such numbers.
        if max == 0 || i64::try_from(end).is_err() {
            self.head(name).await?;
            return Ok(Vec::new());
        }
        let failed = |error| of_file(&self.label, name.as_str(), "reading a file", &error);
        let range = Some(GetRange::Bounded(Range { start: offset, end }));
        match self.store.get_opts(&self.key(name)?, GetOptions { range, ..GetOptions::default() }).await {
            Ok(found) => Ok(found.bytes().await.map_err(failed)?.into()),
            // Behind the end.
            Err(error) if code(&error).as_deref() == Some("InvalidRange") => Ok(Vec::new()),
            Err(error) => Err(failed(error)),
        }
    }

    async fn measure(&self) -> Result<u64, GateError> {
        let mut bytes = 0_u64;
        let add = |object: ObjectMeta| {
            bytes = bytes.saturating_add(object.size);
            true
        };
        self.each("", None, add).await?;
        Ok(bytes)
    }

    /// A store deletes what is not there without a word, so it is looked for first.
    async fn delete(&self, name: &FileName) -> Result<(), GateError> {
        let size = self.head(name).await?.meta.size;
        self.remove(name, size).await
    }

    async fn is_marked(&self, name: &FileName, mark: &Mark) -> Result<bool, GateError> {
        let Mark::Object { object } = mark else { return Ok(false) };
        match self.head(name).await {
            Ok(found) => Ok(has_mark(&found, object)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn remove_marked(&self, name: &FileName, mark: &Mark) -> Result<bool, GateError> {
        if !self.is_marked(name, mark).await? {
            return Ok(false);
        }
        self.delete(name).await.map(|()| true)
    }

    async fn begin(
        self: Arc<Self>,
        name: &FileName,
        options: &WriterOptions,
    ) -> Result<Box<dyn Unfinished>, GateError> {
        Ok(Box::new(ObjectDraft::begin(self, name, options)?))
    }

    async fn clear_leftovers(&self) {
        let (pending, label) = (Arc::clone(&self.common.pending), self.label.clone());
        let unread = |error: io::Error| GateError::new(ErrorKind::Unavailable, "pending", error.to_string());
        let left = self.common.workers.run(move |_| pending.left(&label).map_err(unread)).await;
        let left = left.unwrap_or_else(|error| {
            tracing::error!(folder = self.label, %error, "the list of unfinished uploads cannot be read");
            Vec::new()
        });
        for (upload, target, id) in left {
            let key = target.key;
            if target.place != self.place {
                tracing::warn!(
                    folder = self.label,
                    key,
                    place = target.place,
                    "an unfinished upload is elsewhere; it stays"
                );
                continue;
            }
            let ended = match (&id, Path::parse(&key)) {
                (Some(id), Ok(path)) => self.abort(&path, id).await.map(|()| "aborted"),
                _ => {
                    tracing::warn!(folder = self.label, key, "an upload may have begun whose id is not known");
                    Ok("gave up")
                }
            };
            match ended {
                Ok(what) => {
                    tracing::warn!(folder = self.label, key, "{what} an upload that nobody finished");
                    if let Err(error) = upload.forget() {
                        tracing::warn!(%error, "an upload stays on the list although it has its end");
                    }
                }
                // The others wait as well: the store does not answer as it should.
                Err(_) => return,
            }
        }
    }
}
