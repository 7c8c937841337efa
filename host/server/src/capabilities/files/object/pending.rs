//! The durable list of uploads that have begun and are neither completed nor aborted.
//!
//! An upload that nobody ends is invisible in a bucket, and paid for. A line is stored before one is begun and another
//! when the store has given it an id; the list is looked through at each start and now and then.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// Where an upload goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Target {
    /// Label of the folder.
    pub(super) folder: String,
    /// Server and bucket, as they were configured.
    pub(super) place: String,
    pub(super) key: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Id {
    upload: String,
}

/// All uploads of this host.
#[derive(Debug)]
pub(in super::super) struct Pending {
    folder: PathBuf,
    /// Those that somebody in this process is busy with.
    live: Mutex<HashSet<PathBuf>>,
}

/// One that is on the list. While this is held, nobody else ends the upload.
#[derive(Debug)]
pub(super) struct Listed {
    path: PathBuf,
    pending: Arc<Pending>,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.pending.live.lock().remove(&self.path);
    }
}

impl Pending {
    /// Uses a folder, which is made if need be. Blocks, as all here does.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(in super::super) fn open(folder: &Path) -> io::Result<Arc<Self>> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Arc::new(Self { folder: folder.to_owned(), live: Mutex::default() }))
    }

    /// Lists an upload that is about to begin.
    pub(super) fn list(self: &Arc<Self>, target: &Target) -> io::Result<Listed> {
        let path = self.folder.join(bson::oid::ObjectId::new().to_hex());
        self.live.lock().insert(path.clone());
        let listed = Listed { path, pending: Arc::clone(self) };
        let mut file = File::options().append(true).create_new(true).mode(0o600).open(&listed.path)?;
        file.write_all(&line(target)?)?;
        file.sync_data()?;
        File::open(&self.folder)?.sync_all()?;
        Ok(listed)
    }

    /// What nobody is busy with, of one folder: what it was to be, and its id if it got one.
    pub(super) fn left(self: &Arc<Self>, label: &str) -> io::Result<Vec<(Listed, Target, Option<String>)>> {
        let mut left = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if !self.live.lock().insert(path.clone()) {
                continue;
            }
            let listed = Listed { path, pending: Arc::clone(self) };
            let text = match std::fs::read_to_string(&listed.path) {
                // It had its end meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                text => text?,
            };
            let mut lines = text.lines();
            let target = lines.next().and_then(|line| serde_json::from_str::<Target>(line).ok());
            let id = lines.next().and_then(|line| serde_json::from_str::<Id>(line).ok());
            match target {
                Some(target) if target.folder == label => left.push((listed, target, id.map(|id| id.upload))),
                Some(_) => {}
                // Cut off before anything was begun.
                None => listed.forget()?,
            }
        }
        Ok(left)
    }
}

impl Listed {
    /// Notes the id that the store has given.
    pub(super) fn name(&self, upload: &str) -> io::Result<()> {
        let mut file = File::options().append(true).open(&self.path)?;
        file.write_all(&line(&Id { upload: upload.to_owned() })?)?;
        file.sync_data()
    }

    /// The upload has its end.
    pub(super) fn forget(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value).map_err(io::Error::other)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(folder: &str) -> Target {
        Target { folder: folder.into(), place: "https://s3 bucket".into(), key: "a/b".into() }
    }

    #[test]
    fn what_a_former_process_began_is_found_with_what_is_known_of_it() {
        let data = tempfile::tempdir().unwrap();
        let former = Pending::open(data.path()).unwrap();
        let begun = former.list(&target("archive")).unwrap();
        begun.name("id-1").unwrap();
        drop(begun);
        drop(former.list(&target("archive")).unwrap());
        drop(former.list(&target("other")).unwrap());
        std::fs::write(data.path().join("cut"), "{\"folder\":").unwrap();

        let pending = Pending::open(data.path()).unwrap();
        let left = pending.left("archive").unwrap();
        let mut ids: Vec<_> = left.iter().map(|(_, found, id)| (found.clone(), id.clone())).collect();
        ids.sort_by_key(|(_, id)| id.clone());
        assert_eq!(ids, [(target("archive"), None), (target("archive"), Some("id-1".into()))]);
        assert!(!data.path().join("cut").exists());
        for (listed, ..) in left {
            listed.forget().unwrap();
        }
        assert!(pending.left("archive").unwrap().is_empty());
        assert_eq!(pending.left("other").unwrap().len(), 1);
    }

    #[test]
    fn an_upload_that_is_under_way_is_nobody_elses() {
        let data = tempfile::tempdir().unwrap();
        let pending = Pending::open(data.path()).unwrap();
        let listed = pending.list(&target("archive")).unwrap();
        assert!(pending.left("archive").unwrap().is_empty());
        drop(listed);
        assert_eq!(pending.left("archive").unwrap().len(), 1);
    }
}
