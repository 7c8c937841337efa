//! Builds the guests: every crate below `plugins/` but the SDK, the examples, and the test components.
//!
//! Crates become core modules with cargo and components with `wit-component`. Nothing here knows what a template
//! does; what a component may import is decided by the contract in `wit/`. Called by `cargo xtask plugins`, and
//! by the other commands before they need components.

mod component;
mod contract;
pub mod examples;
mod guest;
mod step;
mod toolchain;

use std::path::Path;

use anyhow::Context as _;

use guest::Guest;
use step::Steps;
use toolchain::{Choice, Toolchain};

/// The packages of the contract, each after those it uses. Bindings on both sides name the folders in this order.
pub const PACKAGES: [&str; 8] = ["base", "documents", "secrets", "http", "email", "files", "insight", "template"];

/// How to build the components.
#[derive(clap::Args)]
pub struct Arguments {
    /// Only these: names of plugins, or folders of crates that stand elsewhere
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Which Rust to build with, instead of the first that works: installed, rustup or debian
    #[arg(long, value_enum)]
    toolchain: Option<Choice>,
    /// Build the templates in JavaScript and Python as well; needs npm and pip
    #[arg(long)]
    examples: bool,
}

/// Does what the command line asks for.
///
/// # Errors
/// As [`build`], and when a name is not known.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let root = crate::process::workspace()?;
    let guests = if arguments.names.is_empty() {
        Guest::find_all(&root)?
    } else {
        arguments.names.iter().map(|name| Guest::find(&root, name)).collect::<Result<_, _>>()?
    };
    build_with(&root, &guests, arguments.toolchain)?;
    if arguments.examples { examples::build() } else { Ok(()) }
}

/// Builds all components with whatever toolchain this machine offers.
///
/// They stand in `target/plugins/<type>.wasm`, `target/plugins/examples/<type>.wasm` and
/// `target/plugins/test/<name>.wasm` afterwards. A file whose content did not change keeps its modification time.
///
/// # Errors
/// Fails, naming the crate, when one does not compile or imports anything that the contract does not hold.
pub fn build() -> anyhow::Result<()> {
    let root = crate::process::workspace()?;
    build_with(&root, &Guest::find_all(&root)?, None)
}

fn build_with(root: &Path, guests: &[Guest], choice: Option<Choice>) -> anyhow::Result<()> {
    let steps = Steps::begin();
    let toolchain = Toolchain::choose(choice, root, &steps)?;

    steps.say(&format!("compiling {} crates with {toolchain}", guests.len()));
    let modules = toolchain.compile(root, guests)?;

    let mut changed = 0;
    for guest in guests {
        let module = modules.join(guest.module_file());
        let bytes = std::fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
        let encoded = component::encode(&bytes)
            .with_context(|| format!("{} (crate {})", guest.folder().display(), guest.package()))?;
        let target = root.join("target/plugins").join(guest.component_file());
        if write_if_changed(&target, &encoded)? {
            changed += 1;
            steps.say(&format!("{} ({} KiB)", target.strip_prefix(root)?.display(), encoded.len().div_ceil(1024)));
        }
    }
    match guests {
        [guest] => {
            let file = Path::new("target/plugins").join(guest.component_file());
            steps.say(&format!("{} is ready{}", file.display(), if changed == 0 { ", unchanged" } else { "" }));
        }
        _ => steps.say(&format!("{} components ready, {changed} changed", guests.len())),
    }
    Ok(())
}

/// Writes `bytes` unless the file holds them already, so that whoever watches modification times sees no change
/// where there is none. Tells whether it wrote.
fn write_if_changed(path: &Path, bytes: &[u8]) -> anyhow::Result<bool> {
    if std::fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_the_same_content_is_left_alone() {
        let folder = std::env::temp_dir().join(format!("sandglass-xtask-{}", std::process::id()));
        let path = folder.join("test/a.wasm");
        assert!(write_if_changed(&path, b"one").unwrap());
        assert!(!write_if_changed(&path, b"one").unwrap());
        assert!(write_if_changed(&path, b"two").unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
