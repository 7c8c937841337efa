//! A file from its first byte to its name. Until it has its name it stands among our temporaries; whatever ends it
//! before takes it away again.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::fault::{exists, fault, in_the_way};
use super::local::{FILE_MODE, Local, Made, describe, size};
use super::mark::Stamp;
use super::{FileInfo, FileName, checksum};
use crate::capabilities::GateError;

const NEW: OFlags =
    OFlags::RDWR.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// How often a folder that vanishes while a file is put into it is made again.
const TRIES: usize = 5;

/// A file without a name. Everything here blocks.
#[derive(Debug)]
pub(super) struct Draft {
    folder: Arc<Local>,
    writing: OwnedFd,
    temporary: String,
    file: File,
    hash: Sha256,
    size: u64,
    has_name: bool,
}

impl Draft {
    /// Begins a file.
    pub(super) fn begin(folder: Arc<Local>) -> Result<Self, GateError> {
        let writing = folder.writing()?;
        let temporary = bson::oid::ObjectId::new().to_hex();
        let file = rustix::fs::openat(&writing, &*temporary, NEW, FILE_MODE)
            .map_err(|error| fault(&folder.label, "beginning a file", error))?;
        // Tells the start of another server on the same folder that this file is in use.
        if let Err(error) = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            tracing::debug!(folder = folder.label, %error, "a file that is written cannot be marked as in use");
        }
        let file = File::from(file);
        Ok(Self { folder, writing, temporary, file, hash: Sha256::new(), size: 0, has_name: false })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Adds bytes at the end.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), GateError> {
        self.folder.space.reserve(&self.folder.label, bytes.len() as u64)?;
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|error| self.folder.system("writing a file", &error))?;
        self.hash.update(bytes);
        Ok(())
    }

    /// Gives the file its name, durably. `announce` is called right before, with what the file can be known by.
    pub(super) fn place(
        mut self,
        name: &FileName,
        overwrite: bool,
        announce: impl FnOnce(&Stamp) -> Result<(), GateError>,
    ) -> Result<Placed, GateError> {
        let folder = Arc::clone(&self.folder);
        let failed = |error: Errno| fault(&folder.label, "finishing a file", error);
        let stat = rustix::fs::fstat(&self.file).map_err(failed)?;
        let digits = checksum::digits(std::mem::take(&mut self.hash));
        checksum::keep(&self.file, &stat, &digits);
        self.file.sync_all().map_err(|error| folder.system("finishing a file", &error))?;
        announce(&Stamp::of(&stat))?;
        let info = FileInfo { sha256: Some(digits), ..describe(name, &self.file, &stat) };
        let mut made = Made::default();
        match self.take_place(name, overwrite, &mut made) {
            Ok(mut placed) => {
                // From here on the guard undoes it.
                self.has_name = true;
                placed.info = Some(info);
                rustix::fs::fsync(&placed.parent).map_err(failed)?;
                Ok(placed)
            }
            Err(error) => {
                made.undo();
                Err(error)
            }
        }
    }

    fn take_place(&self, name: &FileName, overwrite: bool, made: &mut Made) -> Result<Placed, GateError> {
        let failed = |error: Errno| fault(&self.folder.label, "finishing a file", error);
        let last = name.split().1;
        let mut vanished = Errno::NOENT;
        for _ in 0..TRIES {
            let parent = self.folder.make_parent(name, made)?;
            let placed = |parent, replaced| Placed {
                folder: Arc::clone(&self.folder),
                parent,
                name: name.clone(),
                size: self.size,
                replaced,
                info: None,
                is_kept: false,
            };
            match self.link(&parent, last) {
                Ok(()) => return Ok(placed(parent, Replaced::Nothing)),
                Err(Errno::EXIST) if !overwrite => return Err(exists(&self.folder.label, name.as_str())),
                Err(Errno::EXIST) => {}
                Err(error @ Errno::NOENT) => {
                    vanished = error;
                    continue;
                }
                Err(error) => return Err(failed(error)),
            }
            let there = match rustix::fs::statat(&parent, last, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(there) => there,
                Err(Errno::NOENT) => continue,
                Err(error) => return Err(failed(error)),
            };
            if FileType::from_raw_mode(there.st_mode) == FileType::Directory {
                return Err(in_the_way(&self.folder.label, name.as_str(), "there is a folder of that name"));
            }
            match rustix::fs::renameat_with(&self.writing, &*self.temporary, &parent, last, RenameFlags::EXCHANGE) {
                Ok(()) => {
                    let writing =
                        self.writing.try_clone().map_err(|error| self.folder.system("finishing a file", &error))?;
                    let old = Replaced::StillThere { writing, temporary: self.temporary.clone(), size: size(&there) };
                    return Ok(placed(parent, old));
                }
                Err(Errno::NOENT) => continue,
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                    rustix::fs::renameat(&self.writing, &*self.temporary, &parent, last).map_err(failed)?;
                    return Ok(placed(parent, Replaced::Gone { size: size(&there) }));
                }
                Err(error) => return Err(failed(error)),
            }
        }
        Err(failed(vanished))
    }

    /// Takes a name that nothing has; `EXIST` otherwise, without a race.
    fn link(&self, parent: &OwnedFd, last: &str) -> Result<(), Errno> {
        let (writing, temporary) = (&self.writing, &*self.temporary);
        match rustix::fs::renameat_with(writing, temporary, parent, last, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                rustix::fs::linkat(writing, temporary, parent, last, AtFlags::empty())?;
                rustix::fs::unlinkat(writing, temporary, AtFlags::empty())
            }
            done => done,
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.has_name {
            return;
        }
        self.folder.space.release(self.size);
        match rustix::fs::unlinkat(&self.writing, &*self.temporary, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => {
                tracing::warn!(folder = self.folder.label, %error, "an unfinished file stays until the next start");
            }
        }
    }
}

impl Stamp {
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            inode: stat.st_ino,
            size: size(stat),
            modified_seconds: stat.st_mtime,
            modified_nanoseconds: stat.st_mtime_nsec,
        }
    }
}

#[derive(Debug)]
enum Replaced {
    Nothing,
    /// The former file, put aside.
    StillThere {
        writing: OwnedFd,
        temporary: String,
        size: u64,
    },
    Gone {
        size: u64,
    },
}

/// A file that has its name. Dropped before somebody has taken note of it, it is taken away again, and what it
/// replaced comes back: so a call that was given up leaves nothing behind, even if it got through.
#[derive(Debug)]
pub(super) struct Placed {
    folder: Arc<Local>,
    parent: OwnedFd,
    name: FileName,
    size: u64,
    replaced: Replaced,
    info: Option<FileInfo>,
    is_kept: bool,
}

impl Placed {
    /// The file stays.
    pub(super) fn keep(&mut self) -> Option<FileInfo> {
        self.is_kept = true;
        let replaced = match &self.replaced {
            Replaced::Nothing => 0,
            Replaced::StillThere { size, .. } | Replaced::Gone { size } => *size,
        };
        self.folder.space.finished(self.size, replaced);
        self.info.take()
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        let last = self.name.split().1;
        let outcome = match &self.replaced {
            Replaced::StillThere { writing, temporary, .. } => {
                let back = if self.is_kept {
                    Ok(())
                } else {
                    rustix::fs::renameat_with(writing, &**temporary, &self.parent, last, RenameFlags::EXCHANGE)
                };
                back.and_then(|()| rustix::fs::unlinkat(writing, &**temporary, AtFlags::empty()))
            }
            Replaced::Nothing if !self.is_kept => rustix::fs::unlinkat(&self.parent, last, AtFlags::empty()),
            Replaced::Nothing | Replaced::Gone { .. } => Ok(()),
        };
        if !self.is_kept {
            self.folder.space.release(self.size);
            self.folder.remove_empty(&self.name);
        }
        if let Err(error) = outcome {
            let folder = &self.folder.label;
            tracing::warn!(folder, name = self.name.as_str(), %error, "a file that was given up could not be taken away");
        }
    }
}

/// Takes away what a killed server left unfinished, and says how many that were. A file that another server is still
/// writing stays.
pub(super) fn remove_leftovers(folder: &Local) -> usize {
    let Some(writing) = folder.writing_if_there() else { return 0 };
    let Ok(entries) = rustix::fs::Dir::read_from(&writing) else { return 0 };
    let mut removed = 0;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let Ok(file) = rustix::fs::openat(&writing, name, flags, Mode::empty()) else { continue };
        if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK) {
            continue;
        }
        if rustix::fs::unlinkat(&writing, name, AtFlags::empty()).is_ok() {
            removed += 1;
        }
    }
    removed
}
