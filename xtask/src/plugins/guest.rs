//! Which crates become components, and what their files are called.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// A crate that becomes a component. Its package is called like its folder.
#[derive(Debug)]
pub struct Guest {
    folder: PathBuf,
    package: String,
    is_test: bool,
}

impl Guest {
    /// The templates in `plugins/` and the test components in `tests/components/`, sorted by name.
    ///
    /// # Errors
    /// When a folder cannot be read or there is no guest at all.
    pub fn find_all(root: &Path) -> anyhow::Result<Vec<Self>> {
        let mut guests = Self::below(&root.join("plugins"), false)?;
        guests.retain(|guest| guest.package != "sdk");
        guests.extend(Self::below(&root.join("tests/components"), true)?);
        if guests.is_empty() {
            bail!("no crate to build below {}", root.join("plugins").display());
        }
        Ok(guests)
    }

    fn below(parent: &Path, is_test: bool) -> anyhow::Result<Vec<Self>> {
        let mut guests = Vec::new();
        if !parent.exists() {
            return Ok(guests);
        }
        for entry in parent.read_dir().with_context(|| format!("cannot read {}", parent.display()))? {
            let folder = entry?.path();
            if !folder.join("Cargo.toml").exists() {
                continue;
            }
            let name = folder.file_name().and_then(|name| name.to_str());
            let package = name.with_context(|| format!("{} is no crate name", folder.display()))?.to_owned();
            guests.push(Self { folder, package, is_test });
        }
        guests.sort_by(|one, other| one.package.cmp(&other.package));
        Ok(guests)
    }

    /// Where the crate stands.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Name of the package.
    #[must_use]
    pub fn package(&self) -> &str {
        &self.package
    }

    /// File name that cargo gives to the core module.
    #[must_use]
    pub fn module_file(&self) -> String {
        format!("{}.wasm", self.package.replace('-', "_"))
    }

    /// Path of the component below `target/plugins`.
    #[must_use]
    pub fn component_file(&self) -> PathBuf {
        let folder = if self.is_test { "test" } else { "" };
        Path::new(folder).join(self.module_file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_is_no_guest_and_a_template_is_called_like_its_type() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let guests = Guest::find_all(root).unwrap();
        assert!(guests.iter().all(|guest| guest.package() != "sdk"));
        let cleanup = guests.iter().find(|guest| guest.package() == "database-cleanup").unwrap();
        assert_eq!(cleanup.component_file(), Path::new("database_cleanup.wasm"));
    }
}
