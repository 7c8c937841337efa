//! Puts the built components into the binary. It builds nothing: `cargo xtask plugins` does, and without it the
//! list is empty, which the server says at its start.

use std::fmt::Write as _;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../target/plugins");
    // A folder that is not there would count as changed at every build.
    std::fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut components = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            println!("cargo::rerun-if-changed={}", path.display());
            components.push(path);
        }
    }
    components.sort();
    let mut code = String::from("&[\n");
    for path in components {
        let name = path.file_stem().and_then(|name| name.to_str()).ok_or("a component's name is not UTF-8")?;
        writeln!(code, "    ({name:?}, include_bytes!({:?}).as_slice()),", path.display().to_string())?;
    }
    code.push_str("]\n");
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("components.rs"), code)?;
    Ok(())
}
