//! Puts the built components into the binary. It builds nothing: `cargo xtask plugins` does, and without it the
//! list is empty, which the server says at its start.

use std::fmt::Write as _;
use std::path::Path;

/// The templates that Sandglass ships with. Whatever else stands beside them is dropped into a server by whoever runs it,
/// and gets nothing without a grant; what is in the binary has a grant from the start.
const BUILT_IN: [&str; 6] =
    ["backup_job", "data_export", "database_cleanup", "email_notification", "report_generation", "webhook_trigger"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../target/plugins");
    // A folder that is not there would count as changed at every build.
    std::fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    println!("cargo::rerun-if-changed=build.rs");
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
