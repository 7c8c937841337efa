//! `cargo xtask new-plugin NAME`: a job template that builds and whose tests pass, to be changed into what it should
//! be.
//!
//! What it makes is kept as `tests/components/fresh` too, so that it is compiled, tested and run with everything else.

mod name;
mod place;
mod skeleton;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::process::workspace;
use name::Name;
use place::Place;

/// What to make, and where.
#[derive(clap::Args)]
pub struct Arguments {
    /// Small letters and digits in words with hyphens between them, such as order-watch
    name: String,
    /// Where the crate's folder is made. Outside of this checkout it gets a workspace of its own
    #[arg(long, value_name = "FOLDER", default_value = "plugins")]
    folder: PathBuf,
}

/// Makes the crate and says how to go on.
///
/// # Errors
/// When the name or the folder cannot be used, or files cannot be written; nothing is left behind then.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let root = workspace()?;
    let name = Name::new(&arguments.name)?;
    let folder = make(&root, &name, &arguments.folder)?;
    let shown = folder.strip_prefix(&root).unwrap_or(&folder).display();
    let (package, component) = (name.package(), name.type_name());
    let (test, plugin) = if folder.starts_with(&root) {
        (format!("cargo test -p {package}"), package.to_owned())
    } else {
        (format!("cargo test --manifest-path {shown}/Cargo.toml"), shown.to_string())
    };
    println!("{shown} is made: the template {component}.");
    println!("  {test}");
    println!("      runs its tests, against fakes of everything the host offers");
    println!("  cargo xtask plugins {plugin}");
    println!("      makes target/plugins/{component}.wasm of it");
    println!("  sandglass template check target/plugins/{component}.wasm");
    println!("      says whether a server would take it, and what it asks for");
    println!("plugins/README.md goes on from there.");
    Ok(())
}

/// Makes the crate and returns its folder.
fn make(root: &Path, name: &Name, parent: &Path) -> anyhow::Result<PathBuf> {
    let place = Place::find(root, parent)?;
    let folder = place.parent().join(name.package());
    if folder.exists() {
        bail!("{} is there already: choose another name, or remove it", folder.display());
    }
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).context("Cargo.lock")?;
    name.refuse_taken(&lock)?;
    let files = skeleton::files(name, &place, &std::fs::read_to_string(root.join("Cargo.toml"))?)?;

    let made = write(&folder, &files).and_then(|()| lock_in(&place, &folder, &lock));
    if let Err(error) = made {
        // What the attempt left would make the next one say that the name is taken.
        let removed = std::fs::remove_dir_all(&folder);
        let restored = std::fs::write(root.join("Cargo.lock"), &lock);
        for result in [removed, restored] {
            if let Err(left) = result.as_ref().map_err(ToString::to_string) {
                eprintln!("cleaning up after the failure failed as well: {left}");
            }
        }
        return Err(error.context(format!("{} was not made", folder.display())));
    }
    Ok(folder)
}

fn write(folder: &Path, files: &[(&str, String)]) -> anyhow::Result<()> {
    for (path, text) in files {
        let path = folder.join(path);
        let parent = path.parent().context("a file stands in a folder")?;
        std::fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Takes the crate into a lock file, for builds with `--locked` refuse one that is not in it.
fn lock_in(place: &Place, folder: &Path, lock: &str) -> anyhow::Result<()> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = Command::new(program);
    cargo.args(["update", "--workspace", "--offline", "--quiet"]);
    match place {
        Place::Member { root, .. } => cargo.current_dir(root),
        Place::Alone { .. } => {
            // The same versions as here: tried together, and at hand.
            std::fs::write(folder.join("Cargo.lock"), lock)?;
            cargo.current_dir(folder)
        }
    };
    let output = cargo.output().context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("cargo does not take it in:\n{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
