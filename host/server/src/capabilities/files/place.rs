//! Where the folders of the configuration are: labels, addresses, and places that are not for templates.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use url::Url;

use super::object::Fault;
use crate::config;

/// Folders in the data directory that are not for templates.
const RESERVED: [&str; 3] = ["database", "components", "files"];
/// Longest label.
const LONGEST_LABEL: usize = 64;

pub(super) fn check_label(label: &str) -> Result<(), String> {
    let is_plain = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '_' | '-')
    };
    if label.is_empty() || label.len() > LONGEST_LABEL || !label.chars().all(is_plain) {
        return Err(format!("{label:?} is no label: small letters, digits, `_` and `-` are, at most {LONGEST_LABEL}"));
    }
    if RESERVED.contains(&label) {
        return Err(format!("{label} is a folder of the server's own: choose another label"));
    }
    Ok(())
}

/// Whether the address is one of an object store.
pub(super) fn is_remote(folder: &config::Folder) -> bool {
    folder.url.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("s3:"))
}

/// A folder of this machine has no use for what an object store needs.
pub(super) fn check_keys(folder: &config::Folder) -> Result<(), Fault> {
    let given = [
        ("region", !folder.region.is_empty()),
        ("endpoint", !folder.endpoint.is_empty()),
        ("allow_cleartext", folder.allow_cleartext),
        ("path_style", folder.path_style.is_some()),
        ("access_key_id", !folder.access_key_id.is_empty()),
        ("secret_access_key", !folder.secret_access_key.is_empty()),
        ("secret_access_key_secret", !folder.secret_access_key_secret.is_empty()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((key, _)) => {
            let why = format!("it is for object stores, and url is {:?}: write that as s3://bucket/prefix", folder.url);
            Err(Fault { key, found: "set".to_owned(), why })
        }
    }
}

/// Where a folder of this machine is; made if it is one of the data directory.
pub(super) fn path(label: &str, folder: &config::Folder, data_dir: &Path) -> Result<PathBuf, String> {
    if folder.url.is_empty() {
        let path = data_dir.join(label);
        let mut builder = std::fs::DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(&path);
        made.map_err(|error| format!("{} cannot be made: {error}", path.display()))?;
        return Ok(path);
    }
    let path = path_of(&folder.url)?;
    match std::fs::metadata(&path) {
        Ok(there) if there.is_dir() => {}
        Ok(_) => return Err("that is a file and no folder".to_owned()),
        Err(error) => {
            // Perhaps it is mounted later; making it here would fill the disk below its mount point.
            tracing::warn!(label, path = %path.display(), %error, "a folder is not there; its use is refused until it is");
        }
    }
    Ok(path)
}

/// The path that an address names.
fn path_of(url: &str) -> Result<PathBuf, String> {
    let usual = "write it as file:///srv/exports or s3://bucket/prefix";
    let address = Url::parse(url).map_err(|error| format!("{error}; {usual}"))?;
    match address.scheme() {
        "file" => address
            .to_file_path()
            .map_err(|()| "a file address has three slashes and an absolute path, as file:///srv/exports".to_owned()),
        other => Err(format!("{other}: is not known; {usual}")),
    }
}

/// The place of a path behind all links. It must not hold the server's own data, nor lie in it.
pub(super) fn real(path: &Path, data_dir: &Path) -> Result<PathBuf, String> {
    let place = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let data_dir = std::fs::canonicalize(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    if data_dir.starts_with(&place) {
        return Err("it holds the data directory of the server itself".to_owned());
    }
    if RESERVED.iter().any(|own| place.starts_with(data_dir.join(own))) {
        return Err("it lies among the server's own files".to_owned());
    }
    Ok(place)
}

/// Why a place that another folder reaches too is none.
pub(super) fn shared(other: &str) -> String {
    format!("it shares files with the folder {other}, and a grant for one would reach the other")
}
