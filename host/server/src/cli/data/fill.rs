//! Files into the collections of a scratch database.

use std::path::{Path, PathBuf};

use sandglass_database::Database;

use super::CliError;
use super::import::{self, Format};

/// Inserts the documents of a file, or of each file in a folder whose ending says what it holds. Without a name the
/// collection is called like the file.
///
/// # Errors
/// A file that cannot be read, or a document that is refused.
pub(in crate::cli) async fn fill(
    database: &dyn Database,
    collection: Option<&str>,
    path: &Path,
    dates: &[String],
) -> Result<(), CliError> {
    if !path.is_dir() {
        return import::run(database, import::Arguments::of(path, &named(collection, path)?, dates)).await;
    }
    let failed = |error: std::io::Error| CliError::NotFound(format!("{} cannot be read: {error}", path.display()));
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in path.read_dir().map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if file.is_file() && Format::of(&file).is_some() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(CliError::Usage(format!("{} holds no file in .jsonl, .json, .csv or .bson", path.display())));
    }
    for file in files {
        import::run(database, import::Arguments::of(&file, &named(collection, &file)?, dates)).await?;
    }
    Ok(())
}

fn named(collection: Option<&str>, file: &Path) -> Result<String, CliError> {
    let stem = || file.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    collection.map(str::to_owned).or_else(stem).ok_or_else(|| {
        CliError::Usage(format!("{} gives no name for a collection: write COLLECTION={0}", file.display()))
    })
}
