//! What is in a folder: files by type and exact name, no link followed, not more than a dump can have.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::CliError;
use super::file::{self, File};
use super::manifest::{self, Manifest};
use super::name::{self, Kind};

/// Entries of one folder; a database with as many collections is beyond what anybody keeps.
const MOST_ENTRIES: usize = 50_000;
/// Databases of a MongoDB server itself.
const SERVERS_OWN: [&str; 3] = ["admin", "config", "local"];

/// One collection of a dump.
#[derive(Debug)]
pub(super) struct Part {
    pub collection: String,
    pub data: File,
    pub metadata: Option<File>,
    /// How many documents a manifest says there are.
    pub documents: Option<u64>,
}

/// A dump, and what is worth knowing about it.
#[derive(Debug)]
pub(super) struct Dump {
    pub parts: Vec<Part>,
    pub has_manifest: bool,
    pub notes: Vec<String>,
}

/// Looks at a folder.
///
/// # Errors
/// When it holds no dump, or one that cannot be trusted.
pub(super) fn find(folder: &Path) -> Result<Dump, CliError> {
    let listed = list(folder)?;
    let mut dump = Dump { parts: Vec::new(), has_manifest: false, notes: Vec::new() };
    if listed.files.iter().any(|name| name == manifest::FILE) {
        dump.has_manifest = true;
        let manifest = manifest::read(&folder.join(manifest::FILE))?;
        dump.parts = of_manifest(folder, manifest)?;
    } else if listed.files.iter().any(|name| name::split(name).is_some() && !is_oplog(name)) {
        of_database(folder, listed.files, &mut dump)?;
    } else {
        of_databases(folder, &listed, &mut dump)?;
    }
    dump.parts.retain(|part| {
        let is_kept = !name::is_of_the_server(&part.collection) && !name::is_reserved(&part.collection);
        if !is_kept {
            dump.notes.push(format!("{} is left out: it belongs to the server that wrote it", part.collection));
        }
        is_kept
    });
    dump.parts.sort_by(|one, other| one.collection.cmp(&other.collection));
    if let [one, other, ..] =
        dump.parts.chunk_by(|one, other| one.collection == other.collection).find(|same| same.len() > 1).unwrap_or(&[])
    {
        return Err(CliError::Conflict(format!(
            "{} is there twice, in {} and in {}: name the folder of one database",
            one.collection,
            one.data.path.display(),
            other.data.path.display()
        )));
    }
    if dump.parts.is_empty() {
        return Err(nothing(folder, &listed.folders));
    }
    Ok(dump)
}

fn nothing(folder: &Path, folders: &[String]) -> CliError {
    let is_backup = |name: &&String| folder.join(name).join(manifest::FILE).is_file();
    let backups = folders.iter().filter(is_backup).map(String::as_str).collect::<Vec<_>>();
    let shown = folder.display();
    CliError::NotFound(match backups.as_slice() {
        [] => format!("{shown} holds no .bson files and no backup: name the folder of one backup or dump"),
        some => format!("{shown} holds several backups: name the folder of one of them: {}", some.join(", ")),
    })
}

fn is_oplog(name: &str) -> bool {
    name == "oplog.bson" || name == "oplog.bson.gz"
}

/// Plain files and real folders, sorted; anything else is refused.
struct Listed {
    files: Vec<String>,
    folders: Vec<String>,
}

fn list(folder: &Path) -> Result<Listed, CliError> {
    let failed = |error: std::io::Error| CliError::NotFound(format!("{} cannot be read: {error}", folder.display()));
    let mut listed = Listed { files: Vec::new(), folders: Vec::new() };
    for (number, entry) in fs::read_dir(folder).map_err(failed)?.enumerate() {
        let entry = entry.map_err(failed)?;
        let fault = |what: &str| CliError::Failure(format!("{} {what}; nothing was read", entry.path().display()));
        if number >= MOST_ENTRIES {
            return Err(fault("is one file too many: a dump has at most 50,000 in a folder"));
        }
        let Ok(name) = entry.file_name().into_string() else {
            return Err(fault("has a name that is not UTF-8"));
        };
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            listed.folders.push(name);
        } else if kind.is_file() {
            listed.files.push(name);
        } else {
            return Err(fault("is a link or a device, which no dump has"));
        }
    }
    listed.files.sort();
    listed.folders.sort();
    Ok(listed)
}

/// The folders of databases in a dump's root.
fn of_databases(folder: &Path, listed: &Listed, dump: &mut Dump) -> Result<(), CliError> {
    for name in listed.files.iter().filter(|name| !name.starts_with("prelude.json")) {
        dump.notes.push(format!("{name} is left out: it is no collection"));
    }
    for name in &listed.folders {
        let inside = list(&folder.join(name))?;
        if !inside.files.iter().any(|file| name::split(file).is_some()) {
            continue;
        }
        if SERVERS_OWN.contains(&name.as_str()) {
            dump.notes.push(format!("the database {name} is left out: it belongs to the server that wrote it"));
            continue;
        }
        of_database(&folder.join(name), inside.files, dump)?;
    }
    Ok(())
}

/// The files of one database.
fn of_database(folder: &Path, files: Vec<String>, dump: &mut Dump) -> Result<(), CliError> {
    let mut stems: BTreeMap<String, (Option<PathBuf>, Option<PathBuf>)> = BTreeMap::new();
    for file in files {
        let Some((stem, kind)) = name::split(&file).filter(|_| !is_oplog(&file)) else {
            dump.notes.push(format!("{file} is left out: it is no collection"));
            continue;
        };
        let (data, metadata) = stems.entry(stem.to_owned()).or_default();
        let place = if kind == Kind::Data { data } else { metadata };
        if place.replace(folder.join(&file)).is_some() {
            let shown = folder.join(stem);
            return Err(CliError::Conflict(format!(
                "{} is there twice, packed and not: remove one of them",
                shown.display()
            )));
        }
    }
    for (stem, (data, metadata)) in stems {
        let metadata = metadata.map(|path| file::open(&path, None)).transpose()?;
        let Some(data) = data else {
            dump.notes.push(without_data(&stem, metadata)?);
            continue;
        };
        let collection = if name::is_cut(&stem) {
            let named = metadata.as_ref().map(super::metadata::collection_name).transpose()?.flatten();
            named.ok_or_else(|| {
                CliError::Failure(format!("{}: its name is cut, and no metadata tells the whole", data.display()))
            })?
        } else {
            name::unescaped(&stem).ok_or_else(|| {
                CliError::Failure(format!("{}: the percent signs in its name make no sense", data.display()))
            })?
        };
        dump.parts.push(Part { collection, data: file::open(&data, None)?, metadata, documents: None });
    }
    Ok(())
}

/// A view has metadata and no data. Anything else has lost it.
fn without_data(stem: &str, metadata: Option<File>) -> Result<String, CliError> {
    let Some(file) = metadata else { return Ok(format!("{stem} is left out")) };
    match super::metadata::kind(&file)?.as_deref() {
        Some(kind @ ("view" | "timeseries")) => Ok(format!("{stem} is left out: it is a {kind}")),
        _ => Err(CliError::Failure(format!("{} has no .bson file beside it", file.path.display()))),
    }
}

/// The files that a manifest names, and no others.
fn of_manifest(folder: &Path, manifest: Manifest) -> Result<Vec<Part>, CliError> {
    let open = |entry: manifest::FileEntry| {
        let mut path = folder.to_owned();
        let parts = entry.name.split('/');
        for part in parts {
            path.push(part);
            let is_link = fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink());
            if is_link {
                return Err(CliError::Failure(format!("{} is a link, which no backup has", path.display())));
            }
        }
        file::open(&path, Some((entry.size, entry.sha256)))
    };
    let part = |entry: manifest::CollectionEntry| {
        Ok(Part {
            collection: entry.name,
            data: open(entry.data)?,
            metadata: Some(open(entry.metadata)?),
            documents: Some(entry.documents),
        })
    };
    manifest.collections.into_iter().map(part).collect()
}
