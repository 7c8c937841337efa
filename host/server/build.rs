//! Puts the built components and the built web interface into the binary. It builds nothing: `cargo xtask plugins` and
//! `cargo xtask ui` do, and without them the lists are empty, which the server says.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The templates that Sandglass ships with. Whatever else stands beside them is dropped into a server by whoever runs it,
/// and gets nothing without a grant; what is in the binary has a grant from the start.
const BUILT_IN: [&str; 6] =
    ["backup_job", "data_export", "database_cleanup", "email_notification", "report_generation", "webhook_trigger"];

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    println!("cargo::rerun-if-changed=build.rs");
    components()?;
    interface()
}

/// `(type, bytes)` of each component.
fn components() -> Outcome<()> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../target/plugins");
    // A folder that is not there would count as changed at every build.
    std::fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    let mut code = String::from("&[\n");
    let mut is_complete = true;
    for name in BUILT_IN {
        let path = folder.join(format!("{name}.wasm"));
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
            writeln!(code, "    ({name:?}, include_bytes!({:?}).as_slice()),", path.display().to_string())?;
        } else {
            is_complete = false;
        }
    }
    if !is_complete {
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    code.push_str("]\n");
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("components.rs"), code)?;
    Ok(())
}

/// Each file of the interface with its compressed forms, and `index.html` apart, because every answer changes it.
fn interface() -> Outcome<()> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../target/ui");
    std::fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut paths = Vec::new();
    walk(&folder, &mut paths)?;
    paths.sort();
    let mut code = String::from("Interface {\n");
    let index = folder.join("index.html");
    if index.exists() {
        writeln!(code, "    index: Some(include_str!({:?})),", index.display().to_string())?;
    } else {
        code.push_str("    index: None,\n");
    }
    code.push_str("    files: &[\n");
    for path in paths {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.strip_prefix(&folder)?.to_str().ok_or("a file name is not UTF-8")?;
        if name == "index.html" || name.starts_with('.') || name.ends_with(".gz") || name.ends_with(".br") {
            continue;
        }
        let beside = |ending: &str| {
            let other = format!("{}.{ending}", path.display());
            if Path::new(&other).exists() { format!("Some(include_bytes!({other:?}))") } else { "None".to_owned() }
        };
        writeln!(
            code,
            "        File {{ name: {name:?}, plain: include_bytes!({:?}), gzip: {}, brotli: {} }},",
            path.display().to_string(),
            beside("gz"),
            beside("br"),
        )?;
    }
    code.push_str("    ],\n}\n");
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("interface.rs"), code)?;
    Ok(())
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> Outcome<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { walk(&path, paths)? } else { paths.push(path) }
    }
    Ok(())
}
