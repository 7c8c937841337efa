//! Lists of files in the order of their names, page by page, in bounded memory.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Dir, FileType, Mode};
use tokio_util::sync::CancellationToken;

use super::fault::fault;
use super::local::{FOLDER, Local, OWN, size};
use super::{FileInfo, FileName};
use crate::capabilities::{ErrorKind, GateError};

/// Which files.
#[derive(Debug)]
pub(super) struct Page {
    /// What their names begin with.
    pub(super) prefix: String,
    /// The name before the first.
    pub(super) after: Option<String>,
    pub(super) max: usize,
}

impl Local {
    /// The files of a page, sorted by name. What is no file with a plain name is left out.
    pub(super) fn entries(&self, page: &Page, stop: &CancellationToken) -> Result<Vec<FileInfo>, GateError> {
        let mut found = BTreeSet::new();
        if page.max > 0 {
            let mut walk = Walk { local: self, stop, page, found: &mut found };
            walk.folder(self.root()?, "")?;
        }
        let mut list = Vec::with_capacity(found.len());
        for name in found {
            match self.info(&name) {
                Ok(info) => list.push(info),
                // Deleted since.
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(list)
    }

    /// Bytes of all finished files.
    pub(super) fn measure(&self, stop: &CancellationToken) -> Result<u64, GateError> {
        let mut bytes = 0_u64;
        let mut folders = vec![self.root()?];
        while let Some(folder) = folders.pop() {
            self.each(&folder, stop, &mut |name, kind| {
                match kind {
                    FileType::RegularFile => {
                        if let Ok(stat) = rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                            bytes = bytes.saturating_add(size(&stat));
                        }
                    }
                    FileType::Directory if name != OWN => {
                        folders.extend(rustix::fs::openat(&folder, name, FOLDER, Mode::empty()));
                    }
                    _ => {}
                }
                Ok(())
            })?;
        }
        Ok(bytes)
    }

    /// Shows each thing that stands in a folder, with its name and kind.
    fn each(
        &self,
        folder: &OwnedFd,
        stop: &CancellationToken,
        show: &mut dyn FnMut(&str, FileType) -> Result<(), GateError>,
    ) -> Result<(), GateError> {
        let failed = |error| fault(&self.label, "listing files", error);
        for entry in Dir::read_from(folder).map_err(failed)? {
            if stop.is_cancelled() {
                return Err(GateError::new(ErrorKind::Cancelled, "interrupted", "the list was not needed any more"));
            }
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            let kind = match entry.file_type() {
                FileType::Unknown => match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                    Err(_) => continue,
                },
                kind => kind,
            };
            if name != "." && name != ".." {
                show(name, kind)?;
            }
        }
        Ok(())
    }
}

/// One walk through the folders that may hold files of the page.
struct Walk<'a> {
    local: &'a Local,
    stop: &'a CancellationToken,
    page: &'a Page,
    /// The first names so far, never more than the page holds.
    found: &'a mut BTreeSet<FileName>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: OwnedFd, path: &str) -> Result<(), GateError> {
        let (local, stop) = (self.local, self.stop);
        local.each(&folder, stop, &mut |part, kind| self.thing(&folder, format!("{path}{part}"), part, kind))
    }

    fn thing(&mut self, folder: &OwnedFd, path: String, part: &str, kind: FileType) -> Result<(), GateError> {
        // A name that a template could not write is none it can see. That also bounds the depth.
        let Ok(name) = FileName::parse(&path) else { return Ok(()) };
        match kind {
            _ if name.as_str() != path => {}
            FileType::RegularFile if self.is_in_page(&path) => {
                self.found.insert(name);
                if self.found.len() > self.page.max {
                    self.found.pop_last();
                }
            }
            FileType::Directory => {
                let inside = format!("{path}/");
                if self.may_hold_some(&inside)
                    && let Ok(next) = rustix::fs::openat(folder, part, FOLDER, Mode::empty())
                {
                    self.folder(next, &inside)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn is_in_page(&self, name: &str) -> bool {
        name.starts_with(&self.page.prefix) && self.page.after.as_deref().is_none_or(|after| name > after)
    }

    /// Whether names that begin with `inside` can be in the page.
    fn may_hold_some(&self, inside: &str) -> bool {
        let fits = inside.starts_with(&self.page.prefix) || self.page.prefix.starts_with(inside);
        let comes_later = self.page.after.as_deref().is_none_or(|after| inside > after || after.starts_with(inside));
        let is_full = self.found.len() >= self.page.max;
        let comes_early = !is_full || self.found.last().is_none_or(|last| inside < last.as_str());
        fits && comes_later && comes_early
    }
}
