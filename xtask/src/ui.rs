//! `cargo xtask ui`: builds the web interface into `target/ui`, where the server's build finds it.
//!
//! Everything is npm's work; what is here decides only whether there is any: packages are installed anew when the lock
//! file changed, and nothing is built when no source did.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::process::{step, workspace};

/// How to build the interface.
#[derive(clap::Args)]
pub struct Arguments {
    /// Serve it from the sources and rebuild on every change, beside a server at SANDGLASS_URL (http://127.0.0.1:8000)
    #[arg(long)]
    watch: bool,
    /// Take the readme's pictures of it anew, from demo data, into docs/pictures (needs Chromium and a font with emojis)
    #[arg(long, conflicts_with = "watch")]
    pictures: bool,
}

/// Does what the command line asks for.
///
/// # Errors
/// As [`build`].
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.pictures {
        return crate::pictures::take();
    }
    if !arguments.watch {
        return build();
    }
    install()?;
    step("the interface, anew at every change", &mut npm(&["run", "dev"])?)
}

/// Builds the interface unless it is what the sources give already.
///
/// # Errors
/// When Node is missing or too old, and when a step of the build fails.
pub fn build() -> anyhow::Result<()> {
    install()?;
    let root = workspace()?;
    let stamp = root.join("target/ui.stamp");
    let sources = sources(&root)?;
    let built = root.join("target/ui/index.html").exists();
    if built && std::fs::read_to_string(&stamp).is_ok_and(|before| before == sources) {
        eprintln!("==> the interface is built");
        return Ok(());
    }
    step("the interface", &mut npm(&["run", "build"])?)?;
    std::fs::write(&stamp, sources).with_context(|| stamp.display().to_string())
}

/// Formatting, lints, types and literal colours of the interface.
///
/// # Errors
/// When one of them does not hold.
pub fn check() -> anyhow::Result<()> {
    install()?;
    step("the interface's sources", &mut npm(&["run", "check"])?)
}

/// Tests of the interface that need no server.
///
/// # Errors
/// When one fails.
pub fn test() -> anyhow::Result<()> {
    install()?;
    step("tests of the interface", &mut npm(&["test"])?)
}

/// Exactly the packages of the lock file.
fn install() -> anyhow::Result<()> {
    let folder = folder()?;
    let lock = std::fs::read_to_string(folder.join("package-lock.json")).context("host/ui/package-lock.json")?;
    let marker = folder.join("node_modules/installed.json");
    if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    node()?;
    step("packages of the interface", &mut npm(&["ci"])?)?;
    std::fs::write(&marker, lock).with_context(|| marker.display().to_string())
}

/// Says what is missing before npm says something less plain.
fn node() -> anyhow::Result<()> {
    let output = Command::new("node").arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    let mut numbers = text.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version < (20, 19) {
        let found = if text.is_empty() { "none".to_owned() } else { text };
        bail!("the web interface needs Node 20.19 or later with npm on the PATH; found: {found}");
    }
    Ok(())
}

fn npm(arguments: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(folder()?);
    Ok(command)
}

fn folder() -> anyhow::Result<PathBuf> {
    Ok(workspace()?.join("host/ui"))
}

/// What the interface is built from: a line for each file with a hash of its content.
fn sources(root: &Path) -> anyhow::Result<String> {
    let mut found = BTreeMap::new();
    walk(&root.join("host/ui"), &mut found)?;
    let document = root.join("host/server/openapi.json");
    found.insert(document.clone(), hash(&document)?);
    Ok(found.iter().fold(String::new(), |text, (path, hash)| format!("{text}{hash:016x} {}\n", path.display())))
}

/// Folders and files that the build makes itself, or that it does not read.
const NOT_SOURCES: [&str; 3] = ["node_modules", "browser", "schema.d.ts"];

fn walk(folder: &Path, found: &mut BTreeMap<PathBuf, u64>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| NOT_SOURCES.iter().any(|other| name == *other)) {
            continue;
        }
        if path.is_dir() {
            walk(&path, found)?;
        } else {
            found.insert(path.clone(), hash(&path)?);
        }
    }
    Ok(())
}

fn hash(path: &Path) -> anyhow::Result<u64> {
    let mut hasher = DefaultHasher::new();
    std::fs::read(path).with_context(|| path.display().to_string())?.hash(&mut hasher);
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_of_the_interface_are_its_files_and_the_document_of_the_routes() {
        let text = sources(&workspace().unwrap()).unwrap();
        for name in ["host/ui/src/main.tsx", "host/ui/package-lock.json", "host/server/openapi.json"] {
            assert!(text.contains(name), "{name}");
        }
        assert!(!text.contains("node_modules") && !text.contains("schema.d.ts"));
        assert!(text.lines().count() > 50);
    }
}
