//! Folders in memory.

use std::cell::RefCell;

use super::state::{begin, error, with};
use crate::clock::to_instant;
use crate::files::{Info, WriterOptions};
use crate::{Error, ErrorKind};

#[derive(Debug)]
pub struct Folder(String);

impl Folder {
    pub fn open(label: &str) -> Result<Self, Error> {
        begin("files.open")?;
        Ok(Self(label.to_owned()))
    }

    pub fn info(&self, name: &str) -> Result<Info, Error> {
        begin("files.info")?;
        content(&self.0, name).map(|bytes| info(name, &bytes))
    }

    pub fn entries(&self, prefix: &str, after: Option<&str>, max: u32) -> Result<Vec<Info>, Error> {
        begin("files.entries")?;
        let files = with(|state| state.folders.get(&self.0).cloned().unwrap_or_default());
        let wanted = files
            .iter()
            .filter(|(name, _)| name.starts_with(prefix) && after.is_none_or(|after| name.as_str() > after));
        Ok(wanted.take(max as usize).map(|(name, bytes)| info(name, bytes)).collect())
    }

    pub fn read(&self, name: &str, offset: u64, max: u32) -> Result<Vec<u8>, Error> {
        begin("files.read")?;
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        content(&self.0, name).map(|bytes| bytes.into_iter().skip(skip).take(max as usize).collect())
    }
}

#[derive(Debug)]
pub struct Writer {
    folder: String,
    name: String,
    overwrites: bool,
    bytes: RefCell<Vec<u8>>,
}

impl Writer {
    pub fn create(target: &Folder, name: &str, options: &WriterOptions) -> Result<Self, Error> {
        begin("files.create")?;
        let writer = Self {
            folder: target.0.clone(),
            name: name.to_owned(),
            overwrites: options.overwrite,
            bytes: RefCell::default(),
        };
        writer.refuse_existing()?;
        Ok(writer)
    }

    pub fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        begin("files.write")?;
        self.bytes.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }

    pub fn finish(this: Self) -> Result<Info, Error> {
        begin("files.finish")?;
        this.refuse_existing()?;
        let bytes = this.bytes.into_inner();
        let found = info(&this.name, &bytes);
        with(|state| state.folders.entry(this.folder).or_default().insert(this.name, bytes));
        Ok(found)
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
    Info { name: name.to_owned(), size: bytes.len() as u64, modified, sha256: None }
}
