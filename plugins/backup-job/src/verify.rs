//! Reading back what was stored, and comparing.

use sandglass_sdk::Failure;
use sandglass_sdk::files::Folder;

use crate::documents::Counter;
use crate::manifest::{CollectionEntry, FileEntry};
use crate::stored::{self, Found};

/// Reads both files of a collection: checksums, sizes, and the documents by their lengths.
///
/// # Errors
/// A permanent failure that says what does not agree.
pub fn collection(folder: &Folder, entry: &CollectionEntry) -> Result<(), Failure> {
    let mut counter = Counter::default();
    let name = &entry.data.name;
    let found = stored::read(folder, name, |piece| {
        counter.feed(piece).map_err(|damage| differs(name, &format!("is damaged {damage}")))
    });
    agrees(&entry.data, found)?;
    counter.end().map_err(|damage| differs(name, &format!("is damaged {damage}")))?;
    if (counter.documents(), counter.bytes()) != (entry.documents, entry.bytes) {
        let (documents, bytes) = (counter.documents(), counter.bytes());
        let expected = format!("{} documents of {} bytes", entry.documents, entry.bytes);
        return Err(differs(name, &format!("holds {documents} documents of {bytes} bytes instead of {expected}")));
    }
    agrees(&entry.metadata, stored::read(folder, &entry.metadata.name, |_| Ok(())))
}

fn agrees(entry: &FileEntry, found: Result<Found, Failure>) -> Result<(), Failure> {
    let found = found?;
    if found.size != entry.size {
        return Err(differs(&entry.name, &format!("has {} bytes instead of {}", found.size, entry.size)));
    }
    if found.sha256 != entry.sha256 {
        return Err(differs(&entry.name, &format!("has the SHA-256 {} instead of {}", found.sha256, entry.sha256)));
    }
    Ok(())
}

fn differs(name: &str, what: &str) -> Failure {
    Failure::permanent(format!("{name} {what}"))
}
