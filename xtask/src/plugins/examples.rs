//! Builds the templates in JavaScript and Python: the examples of `plugins/examples` and the test components.
//!
//! Their compilers come from npm and pip, at the versions that stand beside the examples. A component is built again
//! when its source, its compiler or the contract changed; what it was built from stands in a file beside it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::{PACKAGES, write_if_changed};
use crate::process::{step, workspace};

/// `(name of the component, its source)`.
const JAVASCRIPT: [(&str, &str); 2] = [
    ("collection_watch", "plugins/examples/javascript/app.js"),
    ("javascript_probe", "tests/languages/javascript/app.js"),
];
const PYTHON: [(&str, &str); 2] =
    [("field_digest", "plugins/examples/python/app.py"), ("python_probe", "tests/languages/python/app.py")];

/// Builds what is missing. The components stand in `target/test-data/components` afterwards.
///
/// # Errors
/// When npm or pip is missing or fails, or a template does not compile.
pub fn build() -> anyhow::Result<()> {
    let root = workspace()?;
    let work = root.join("target/test-data");
    let wit = contract(&root, &work)?;
    let text = |path: &str| std::fs::read_to_string(root.join(path)).with_context(|| path.to_owned());

    let compiler = javascript_compiler(&root, &work)?;
    let lock = text("plugins/examples/javascript/package-lock.json")?;
    for (name, source) in JAVASCRIPT {
        let inputs = format!("{}\n{lock}\n{}", text(source)?, wit.text);
        component(&work, name, &inputs, |output| {
            let mut command = Command::new(&compiler);
            command.arg("-w").arg(&wit.folder).args(["-n", "full", "--sync", "-j"]).arg(root.join(source));
            command.arg("-o").arg(output);
            command
        })?;
    }

    let packages = python_compiler(&root, &work)?;
    let requirements = text("plugins/examples/python/requirements.txt")?;
    for (name, source) in PYTHON {
        let inputs = format!("{}\n{requirements}\n{}", text(source)?, wit.text);
        let folder = root.join(source).parent().context("a source stands in a folder")?.to_path_buf();
        component(&work, name, &inputs, |output| {
            let mut command = Command::new("python3");
            command.arg(packages.join("bin/componentize-py")).env("PYTHONPATH", &packages).current_dir(&folder);
            command.env("PYTHONDONTWRITEBYTECODE", "1");
            command.arg("-d").arg(&wit.folder).args(["-w", "full", "componentize", "app", "-o"]).arg(output);
            command
        })?;
    }
    Ok(())
}

/// Runs the compiler unless the component that is there was made from the same inputs.
fn component(work: &Path, name: &str, inputs: &str, compiler: impl FnOnce(&Path) -> Command) -> anyhow::Result<()> {
    let folder = work.join("components");
    std::fs::create_dir_all(&folder)?;
    let (output, made_from) = (folder.join(format!("{name}.wasm")), folder.join(format!("{name}.inputs")));
    if output.exists() && std::fs::read_to_string(&made_from).is_ok_and(|made_from| made_from == inputs) {
        return Ok(());
    }
    step(&format!("component {name}"), &mut compiler(&output))?;
    std::fs::write(&made_from, inputs).with_context(|| made_from.display().to_string())
}

/// The contract as these compilers want it.
struct Contract {
    folder: PathBuf,
    text: String,
}

/// One package in the folder, those that it uses below `deps`.
fn contract(root: &Path, work: &Path) -> anyhow::Result<Contract> {
    let folder = work.join("wit");
    let mut text = String::new();
    for package in PACKAGES {
        let to = if package == "template" { folder.clone() } else { folder.join("deps").join(package) };
        for entry in root.join("wit").join(package).read_dir()? {
            let path = entry?.path();
            let bytes = std::fs::read(&path)?;
            write_if_changed(&to.join(path.file_name().context("an entry has a name")?), &bytes)?;
            write!(text, "{}", String::from_utf8_lossy(&bytes))?;
        }
    }
    Ok(Contract { folder, text })
}

fn javascript_compiler(root: &Path, work: &Path) -> anyhow::Result<PathBuf> {
    let folder = work.join("javascript");
    let mut changed = false;
    for file in ["package.json", "package-lock.json"] {
        let bytes = std::fs::read(root.join("plugins/examples/javascript").join(file))?;
        changed |= write_if_changed(&folder.join(file), &bytes)?;
    }
    let compiler = folder.join("node_modules/.bin/componentize-qjs");
    if changed || !compiler.exists() {
        let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        step("compiler for JavaScript", Command::new("npm").args(arguments).current_dir(&folder))?;
    }
    Ok(compiler)
}

fn python_compiler(root: &Path, work: &Path) -> anyhow::Result<PathBuf> {
    let wanted = root.join("plugins/examples/python/requirements.txt");
    let folder = work.join("componentize-py");
    let installed = folder.join("requirements.txt");
    let requirements = std::fs::read(&wanted).with_context(|| wanted.display().to_string())?;
    if std::fs::read(&installed).is_ok_and(|installed| installed == requirements) {
        return Ok(folder);
    }
    let arguments = ["-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--root-user-action=ignore"];
    let mut pip = Command::new("python3");
    pip.args(arguments).arg("--target").arg(&folder).arg("--requirement").arg(&wanted);
    step("compiler for Python", &mut pip)?;
    write_if_changed(&installed, &requirements)?;
    Ok(folder)
}
