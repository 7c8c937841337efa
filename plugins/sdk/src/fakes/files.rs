//! Folders in memory. They refuse what the host refuses: names that are not plain, files that exist, writers that
//! failed before. Every label is a folder, and nothing is ever full.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::state::{begin, error, with};
use crate::clock::to_instant;
use crate::files::{Info, WriterOptions};
use crate::{Error, ErrorKind};

/// What the host hands over at once.
const MOST_BYTES: u32 = 1_048_576;
const MOST_ENTRIES: u32 = 1_000;
const LONGEST_PART: usize = 255;
const LONGEST_NAME: usize = 800;
const MOST_PARTS: usize = 10;

#[derive(Debug)]
pub struct Folder(String);

impl Folder {
    pub fn open(label: &str) -> Result<Self, Error> {
        begin("files.open")?;
        Ok(Self(label.to_owned()))
    }

    pub fn info(&self, name: &str) -> Result<Info, Error> {
        begin("files.info")?;
        check(name)?;
        content(&self.0, name).map(|bytes| info(name, &bytes))
    }

    pub fn entries(&self, prefix: &str, after: Option<&str>, max: u32) -> Result<Vec<Info>, Error> {
        begin("files.entries")?;
        if let Some((whole, _)) = prefix.rsplit_once('/') {
            check(whole)?;
        }
        let files = with(|state| state.folders.get(&self.0).cloned().unwrap_or_default());
        let wanted = files
            .iter()
            .filter(|(name, _)| name.starts_with(prefix) && after.is_none_or(|after| name.as_str() > after));
        Ok(wanted.take(max.min(MOST_ENTRIES) as usize).map(|(name, bytes)| info(name, bytes)).collect())
    }

    pub fn read(&self, name: &str, offset: u64, max: u32) -> Result<Vec<u8>, Error> {
        begin("files.read")?;
        check(name)?;
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        content(&self.0, name).map(|bytes| bytes.into_iter().skip(skip).take(max.min(MOST_BYTES) as usize).collect())
    }
}

#[derive(Debug)]
pub struct Writer {
    folder: String,
    name: String,
    overwrites: bool,
    bytes: RefCell<Vec<u8>>,
    is_lost: Cell<bool>,
}

impl Writer {
    pub fn create(target: &Folder, name: &str, options: &WriterOptions) -> Result<Self, Error> {
        begin("files.create")?;
        check(name)?;
        let writer = Self {
            folder: target.0.clone(),
            name: name.to_owned(),
            overwrites: options.overwrite,
            bytes: RefCell::default(),
            is_lost: Cell::new(false),
        };
        writer.refuse_existing()?;
        Ok(writer)
    }

    pub fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        self.refuse_lost()?;
        begin("files.write").inspect_err(|_| self.is_lost.set(true))?;
        self.bytes.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }

    pub fn finish(this: Self) -> Result<Info, Error> {
        this.refuse_lost()?;
        begin("files.finish")?;
        this.refuse_existing()?;
        this.refuse_taken()?;
        let bytes = this.bytes.into_inner();
        let found = info(&this.name, &bytes);
        with(|state| state.folders.entry(this.folder).or_default().insert(this.name, bytes));
        Ok(found)
    }

    fn refuse_lost(&self) -> Result<(), Error> {
        if self.is_lost.get() {
            let message = "writing this file failed before: it is gone, begin it again".to_owned();
            return Err(error(ErrorKind::Invalid, "writer-lost", message));
        }
        Ok(())
    }

    /// A file where the name needs a folder, or the other way round.
    fn refuse_taken(&self) -> Result<(), Error> {
        let (name, inside) = (self.name.as_str(), format!("{}/", self.name));
        let is_taken = with(|state| {
            let files = state.folders.get(&self.folder);
            files.is_some_and(|files| {
                files.keys().any(|other| other.starts_with(&inside) || name.starts_with(&format!("{other}/")))
            })
        });
        if is_taken {
            let message = format!("{name} cannot stand in {}: a folder or a file is in the way", self.folder);
            return Err(error(ErrorKind::Conflict, "name-taken", message));
        }
        Ok(())
    }

    fn refuse_existing(&self) -> Result<(), Error> {
        if !self.overwrites && content(&self.folder, &self.name).is_ok() {
            return Err(error(ErrorKind::Conflict, "file-exists", format!("there is a file {} already", self.name)));
        }
        Ok(())
    }
}

pub fn delete(target: &Folder, name: &str) -> Result<(), Error> {
    begin("files.delete")?;
    check(name)?;
    content(&target.0, name)?;
    with(|state| state.folders.get_mut(&target.0).map(|files| files.remove(name)));
    Ok(())
}

fn content(folder: &str, name: &str) -> Result<Vec<u8>, Error> {
    with(|state| state.folders.get(folder).and_then(|files| files.get(name)).cloned())
        .ok_or_else(|| error(ErrorKind::NotFound, "unknown-file", format!("there is no file {name} in {folder}")))
}

fn info(name: &str, bytes: &[u8]) -> Info {
    let modified = to_instant(with(|state| state.now));
    let sha256 = Sha256::digest(bytes).iter().fold(String::new(), |mut digits, byte| {
        let _infallible = write!(digits, "{byte:02x}");
        digits
    });
    Info { name: name.to_owned(), size: bytes.len() as u64, modified, sha256: Some(sha256) }
}

/// The host's rule for names, without what only rare characters of Unicode break.
fn check(name: &str) -> Result<(), Error> {
    let is_plain = |part: &str| {
        !part.is_empty()
            && part.len() <= LONGEST_PART
            && !part.starts_with('.')
            && !part.ends_with('.')
            && part.trim() == part
            && !part.contains(|character: char| character == '\\' || character.is_control())
    };
    if name.len() <= LONGEST_NAME && name.split('/').count() <= MOST_PARTS && name.split('/').all(is_plain) {
        return Ok(());
    }
    Err(error(ErrorKind::Invalid, "file-name", format!("{name:?} is no name for a file: each part has to be plain")))
}

#[cfg(test)]
mod tests {
    use crate::ErrorKind;
    use crate::fakes::World;
    use crate::files::{Folder, WriterOptions};

    const NEW: WriterOptions = WriterOptions { overwrite: false, content_type: None };

    #[test]
    fn a_file_is_there_only_when_it_is_finished_and_is_not_written_over() {
        let _world = World::new();
        let folder = Folder::open("exports").unwrap();
        let writer = folder.create("a/b", &NEW).unwrap();
        writer.write(b"hello").unwrap();
        assert_eq!(folder.info("a/b").unwrap_err().kind, ErrorKind::NotFound);
        let second = folder.create("a/b", &NEW).unwrap();
        let info = writer.finish().unwrap();
        let digits = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert_eq!((info.size, info.sha256.as_deref()), (5, Some(digits)));
        assert_eq!(second.finish().unwrap_err().reason, "file-exists");
        assert_eq!(folder.create("a/b", &NEW).unwrap_err().kind, ErrorKind::Conflict);
        assert_eq!(folder.create("a", &NEW).unwrap().finish().unwrap_err().reason, "name-taken");
        drop(folder.create("never", &NEW).unwrap());
        assert_eq!(folder.entries("", None, 10).unwrap().len(), 1);
    }

    #[test]
    fn a_writer_that_failed_stays_lost() {
        let world = World::new();
        let folder = Folder::open("exports").unwrap();
        let writer = folder.create("a", &NEW).unwrap();
        world.fail_next("files.write", ErrorKind::Limit, "no-space");
        assert_eq!(writer.write(b"1").unwrap_err().reason, "no-space");
        assert_eq!(writer.write(b"1").unwrap_err().reason, "writer-lost");
        assert_eq!(writer.finish().unwrap_err().reason, "writer-lost");
        assert_eq!(folder.delete("a").unwrap_err().kind, ErrorKind::NotFound);
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused_everywhere() {
        let _world = World::new();
        let folder = Folder::open("exports").unwrap();
        for name in ["", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a.", " a", "a\\b", "a\nb"] {
            assert_eq!(folder.info(name).unwrap_err().reason, "file-name", "{name:?}");
            assert_eq!(folder.read(name, 0, 1).unwrap_err().reason, "file-name", "{name:?}");
            assert_eq!(folder.create(name, &NEW).unwrap_err().reason, "file-name", "{name:?}");
            assert_eq!(folder.delete(name).unwrap_err().reason, "file-name", "{name:?}");
        }
    }
}
