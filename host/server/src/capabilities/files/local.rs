//! A folder of this machine, and how names are resolved in it: part by part from its root, each opened without following
//! a link, so that nothing outside can be reached whatever stands in the folder.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::fault::{fault, in_the_way, io_fault, leads_over_a_link, not_found};
use super::mark::Stamp;
use super::space::Space;
use super::{FileInfo, FileName, checksum};
use crate::capabilities::{ErrorKind, GateError};

/// Everything of ours stands below it; no file name can begin so.
pub(super) const OWN: &str = ".sandglass";
/// Files that are being written.
const WRITING: &str = "writing";

pub(super) const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// Never waits for the other end of a pipe that somebody has put there.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);
/// The group may read what an operator's folder holds; the folder's own mode decides who gets there.
pub(super) const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR).union(Mode::RGRP);
const FOLDER_MODE: Mode = Mode::RWXU.union(Mode::RGRP).union(Mode::XGRP);

/// A folder.
#[derive(Debug)]
pub struct Local {
    pub(super) label: String,
    root: PathBuf,
    pub(super) space: Space,
}

/// Folders that were made on the way to a name.
#[derive(Debug, Default)]
pub(super) struct Made(Vec<(OwnedFd, String)>);

impl Made {
    /// Takes them away again, the deepest first, as far as they are empty.
    pub(super) fn undo(self) {
        for (parent, name) in self.0.into_iter().rev() {
            if rustix::fs::unlinkat(&parent, &*name, AtFlags::REMOVEDIR).is_err() {
                return;
            }
        }
    }
}

impl Local {
    pub fn new(label: &str, root: PathBuf, quota_bytes: u64) -> Self {
        Self { label: label.to_owned(), root, space: Space::new(quota_bytes) }
    }

    /// The folder itself; here an operator's link is followed.
    pub(super) fn root(&self) -> Result<OwnedFd, GateError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(&self.root, flags, Mode::empty()).map_err(|error| match error {
            Errno::NOENT | Errno::NOTDIR => {
                tracing::warn!(folder = self.label, root = %self.root.display(), "a configured folder is not there");
                let what = format!("folder {} is not there; an operator has to make it or mount it", self.label);
                GateError::new(ErrorKind::Unavailable, "no-folder", what)
            }
            other => fault(&self.label, "opening it", other),
        })
    }

    /// Where files stand while they are written; the same file system as their place.
    pub(super) fn writing(&self) -> Result<OwnedFd, GateError> {
        let mut folder = self.root()?;
        for part in [OWN, WRITING] {
            match rustix::fs::mkdirat(&folder, part, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(fault(&self.label, "beginning a file", error)),
            }
            folder = rustix::fs::openat(&folder, part, FOLDER, Mode::empty())
                .map_err(|error| fault(&self.label, "beginning a file", error))?;
        }
        Ok(folder)
    }

    /// The same, if it exists.
    pub(super) fn writing_if_there(&self) -> Option<OwnedFd> {
        let root = rustix::fs::open(&self.root, FOLDER & !OFlags::NOFOLLOW, Mode::empty()).ok()?;
        let own = rustix::fs::openat(&root, OWN, FOLDER, Mode::empty()).ok()?;
        rustix::fs::openat(&own, WRITING, FOLDER, Mode::empty()).ok()
    }

    /// The folder that a name stands in.
    pub(super) fn parent(&self, name: &FileName) -> Result<OwnedFd, GateError> {
        let mut folder = self.root()?;
        for part in name.split().0 {
            folder = rustix::fs::openat(&folder, part, FOLDER, Mode::empty())
                .map_err(|error| self.step_fault(&folder, part, name, error))?;
        }
        Ok(folder)
    }

    /// The folder that a name is to stand in, made if it does not exist, durably.
    pub(super) fn make_parent(&self, name: &FileName, made: &mut Made) -> Result<OwnedFd, GateError> {
        let mut folder = self.root()?;
        for part in name.split().0 {
            let next = match rustix::fs::openat(&folder, part, FOLDER, Mode::empty()) {
                Err(Errno::NOENT) => {
                    match rustix::fs::mkdirat(&folder, part, FOLDER_MODE) {
                        Ok(()) => {
                            rustix::fs::fsync(&folder).map_err(|error| fault(&self.label, "making a folder", error))?;
                            let parent = folder.try_clone().map_err(|error| self.system("making a folder", &error))?;
                            made.0.push((parent, part.to_owned()));
                        }
                        Err(Errno::EXIST) => {}
                        Err(error) => return Err(fault(&self.label, "making a folder", error)),
                    }
                    rustix::fs::openat(&folder, part, FOLDER, Mode::empty())
                }
                other => other,
            };
            folder = next.map_err(|error| match self.step_fault(&folder, part, name, error) {
                missing if missing.kind == ErrorKind::NotFound => {
                    in_the_way(&self.label, name.as_str(), &format!("{part} is no folder"))
                }
                other => other,
            })?;
        }
        Ok(folder)
    }

    /// Opens a regular file.
    pub(super) fn open(&self, name: &FileName) -> Result<(File, Stat), GateError> {
        let folder = self.parent(name)?;
        let last = name.split().1;
        let file = rustix::fs::openat(&folder, last, READ, Mode::empty())
            .map_err(|error| self.step_fault(&folder, last, name, error))?;
        let stat = rustix::fs::fstat(&file).map_err(|error| fault(&self.label, "opening a file", error))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(not_found(&self.label, name.as_str()));
        }
        Ok((File::from(file), stat))
    }

    /// What is known of a file.
    pub(super) fn info(&self, name: &FileName) -> Result<FileInfo, GateError> {
        let (file, stat) = self.open(name)?;
        Ok(describe(name, &file, &stat))
    }

    /// At most `max` bytes of a file from `offset` on.
    pub(super) fn read(&self, name: &FileName, offset: u64, max: usize) -> Result<Vec<u8>, GateError> {
        let (file, stat) = self.open(name)?;
        let left = size(&stat).saturating_sub(offset);
        let mut bytes = vec![0; usize::try_from(left).unwrap_or(max).min(max)];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, offset.saturating_add(filled as u64)) {
                // Somebody has cut it meanwhile.
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.system("reading a file", &error)),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Deletes a file, and the folders on the way that are empty then.
    pub(super) fn delete(&self, name: &FileName) -> Result<u64, GateError> {
        let folder = self.parent(name)?;
        let last = name.split().1;
        let stat = rustix::fs::statat(&folder, last, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| self.step_fault(&folder, last, name, error))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {}
            FileType::Symlink => return Err(leads_over_a_link(&self.label, name.as_str())),
            _ => return Err(not_found(&self.label, name.as_str())),
        }
        rustix::fs::unlinkat(&folder, last, AtFlags::empty())
            .map_err(|error| self.step_fault(&folder, last, name, error))?;
        rustix::fs::fsync(&folder).map_err(|error| fault(&self.label, "deleting a file", error))?;
        self.space.freed(size(&stat));
        self.remove_empty(name);
        Ok(size(&stat))
    }

    /// Whether a name stands for the file with that mark.
    pub(super) fn is_marked(&self, name: &FileName, mark: Stamp) -> Result<bool, GateError> {
        let there = self.parent(name).and_then(|folder| {
            let last = name.split().1;
            rustix::fs::statat(&folder, last, AtFlags::SYMLINK_NOFOLLOW)
                .map_err(|error| self.step_fault(&folder, last, name, error))
        });
        match there {
            Ok(stat) => Ok(FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && Stamp::of(&stat) == mark),
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Denied) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes the file with that mark, if the name still stands for it.
    pub(super) fn remove_marked(&self, name: &FileName, mark: Stamp) -> Result<bool, GateError> {
        if !self.is_marked(name, mark)? {
            return Ok(false);
        }
        self.delete(name).map(|_| true)
    }

    /// Takes away the folders of a name that hold nothing any more.
    pub(super) fn remove_empty(&self, name: &FileName) {
        let mut path = name.as_str();
        while let Some((parent, _)) = path.rsplit_once('/') {
            let Ok(folder) = FileName::parse(parent) else { return };
            let Ok(above) = self.parent(&folder) else { return };
            // Not empty: in use, and so are those above.
            if rustix::fs::unlinkat(&above, folder.split().1, AtFlags::REMOVEDIR).is_err() {
                return;
            }
            path = parent;
        }
    }

    /// Why a step of a walk failed: a link and a missing part look alike to the system.
    fn step_fault(&self, folder: impl AsFd, part: &str, name: &FileName, error: Errno) -> GateError {
        if matches!(error, Errno::LOOP | Errno::NOTDIR | Errno::MLINK)
            && let Ok(stat) = rustix::fs::statat(folder, part, AtFlags::SYMLINK_NOFOLLOW)
            && FileType::from_raw_mode(stat.st_mode) == FileType::Symlink
        {
            return leads_over_a_link(&self.label, name.as_str());
        }
        match error {
            // A device or a socket without its other end is no file either.
            Errno::NOENT | Errno::NOTDIR | Errno::NXIO => not_found(&self.label, name.as_str()),
            other => fault(&self.label, "opening a file", other),
        }
    }

    pub(super) fn system(&self, doing: &str, error: &io::Error) -> GateError {
        io_fault(&self.label, doing, error)
    }
}

/// What is known of an open file.
pub(super) fn describe(name: &FileName, file: &File, stat: &Stat) -> FileInfo {
    FileInfo {
        name: name.as_str().to_owned(),
        size: size(stat),
        modified: modified(stat),
        sha256: checksum::kept(file, stat),
    }
}

pub(super) fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

fn modified(stat: &Stat) -> DateTime<Utc> {
    let nanoseconds = u32::try_from(stat.st_mtime_nsec).unwrap_or(0);
    DateTime::from_timestamp(stat.st_mtime, nanoseconds).unwrap_or_default()
}
