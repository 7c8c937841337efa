//! Which crates become components, and what their files are called.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// A crate that becomes a component.
#[derive(Debug)]
pub struct Guest {
    folder: PathBuf,
    package: String,
    home: Home,
}

/// Where a crate belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Home {
    /// A template of the workspace.
    Plugins,
    /// A template that shows how one is written; it does not come with the server.
    Examples,
    /// A component of the tests.
    Tests,
    /// A workspace of its own.
    Elsewhere,
}

impl Guest {
    /// The templates in `plugins/`, the examples in `plugins/examples/` and the test components in
    /// `tests/components/`, each sorted by name. Their packages are called like their folders.
    ///
    /// # Errors
    /// When a folder cannot be read or there is no guest at all.
    pub fn find_all(root: &Path) -> anyhow::Result<Vec<Self>> {
        let mut guests = Self::below(&root.join("plugins"), Home::Plugins)?;
        guests.retain(|guest| guest.package != "sdk");
        guests.extend(Self::below(&root.join("plugins/examples"), Home::Examples)?);
        guests.extend(Self::below(&root.join("tests/components"), Home::Tests)?);
        if guests.is_empty() {
            bail!("no crate to build below {}", root.join("plugins").display());
        }
        Ok(guests)
    }

    /// The one that a person names: by its package, by its type, or by the folder of a crate that stands elsewhere.
    ///
    /// # Errors
    /// Names those that could have been meant.
    pub fn find(root: &Path, name: &str) -> anyhow::Result<Self> {
        let package = name.replace('_', "-");
        let mut all = Self::find_all(root)?;
        if let Some(place) = all.iter().position(|guest| guest.package == package) {
            return Ok(all.swap_remove(place));
        }
        let folder = Path::new(name);
        if !folder.join("Cargo.toml").exists() {
            let known: Vec<&str> = all.iter().map(Self::package).collect();
            bail!(
                "there is no plugin {name:?}, and no crate in a folder of that name. There are: {}",
                known.join(", ")
            );
        }
        let folder = folder.canonicalize().with_context(|| folder.display().to_string())?;
        if let Some(place) = all.iter().position(|guest| guest.folder == folder) {
            return Ok(all.swap_remove(place));
        }
        let manifest = folder.join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest).with_context(|| manifest.display().to_string())?;
        let package = package_name(&text).with_context(|| format!("{} has no [package] name", manifest.display()))?;
        Ok(Self { folder, package: package.to_owned(), home: Home::Elsewhere })
    }

    fn below(parent: &Path, home: Home) -> anyhow::Result<Vec<Self>> {
        let mut guests = Vec::new();
        if !parent.exists() {
            return Ok(guests);
        }
        let parent = parent.canonicalize().with_context(|| parent.display().to_string())?;
        for entry in parent.read_dir().with_context(|| format!("cannot read {}", parent.display()))? {
            let folder = entry?.path();
            if !folder.join("Cargo.toml").exists() {
                continue;
            }
            let name = folder.file_name().and_then(|name| name.to_str());
            let package = name.with_context(|| format!("{} is no crate name", folder.display()))?.to_owned();
            guests.push(Self { folder, package, home });
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

    /// The manifest of a crate that is no member of the workspace.
    #[must_use]
    pub fn foreign_manifest(&self) -> Option<PathBuf> {
        (self.home == Home::Elsewhere).then(|| self.folder.join("Cargo.toml"))
    }

    /// File name that cargo gives to the core module.
    #[must_use]
    pub fn module_file(&self) -> String {
        format!("{}.wasm", self.package.replace('-', "_"))
    }

    /// Path of the component below `target/plugins`.
    #[must_use]
    pub fn component_file(&self) -> PathBuf {
        let folder = match self.home {
            Home::Plugins | Home::Elsewhere => "",
            Home::Examples => "examples",
            Home::Tests => "test",
        };
        Path::new(folder).join(self.module_file())
    }
}

/// The name in a manifest's `[package]`.
fn package_name(manifest: &str) -> Option<&str> {
    let package = manifest.split("[package]").nth(1)?.split("\n[").next()?;
    let value = package.lines().find_map(|line| line.trim().strip_prefix("name")?.trim_start().strip_prefix('='))?;
    value.trim().strip_prefix('"')?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    #[test]
    fn the_sdk_is_no_guest_and_a_template_is_called_like_its_type() {
        let guests = Guest::find_all(root()).unwrap();
        assert!(guests.iter().all(|guest| guest.package() != "sdk"));
        let cleanup = guests.iter().find(|guest| guest.package() == "database-cleanup").unwrap();
        assert_eq!(cleanup.component_file(), Path::new("database_cleanup.wasm"));
        let hello = guests.iter().find(|guest| guest.package() == "hello").unwrap();
        assert_eq!(hello.component_file(), Path::new("examples/hello.wasm"));
    }

    #[test]
    fn one_is_found_by_package_type_or_folder() {
        let folder = root().join("plugins/database-cleanup");
        for name in ["database-cleanup", "database_cleanup", folder.to_str().unwrap()] {
            let guest = Guest::find(root(), name).unwrap();
            assert_eq!((guest.package(), guest.foreign_manifest()), ("database-cleanup", None));
        }
        let error = Guest::find(root(), "database-cleaning").unwrap_err().to_string();
        assert!(error.contains("There are: backup-job, "), "{error}");
    }

    #[test]
    fn a_crate_that_stands_elsewhere_is_called_as_its_manifest_says() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = "# name = \"no\"\n[package]\nversion = \"1\"\nname = \"orders\" # ours\n[lib]\nname = \"x\"\n";
        std::fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        let guest = Guest::find(root(), folder.path().to_str().unwrap()).unwrap();
        assert_eq!(guest.package(), "orders");
        assert_eq!(guest.component_file(), Path::new("orders.wasm"));
        assert!(guest.foreign_manifest().is_some());
    }
}
