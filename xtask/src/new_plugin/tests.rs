use std::path::Path;

use super::*;

fn root() -> PathBuf {
    workspace().unwrap()
}

fn fresh() -> Name {
    Name::new("fresh").unwrap()
}

/// A workspace with nothing but its manifest, its lock file and the SDK's name in it.
fn scratch() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("plugins")).unwrap();
    for file in ["Cargo.toml", "Cargo.lock"] {
        std::fs::copy(root().join(file), folder.path().join(file)).unwrap();
    }
    folder
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// `tests/components/fresh` is compiled, tested and run with everything else, so what holds for it holds for whatever
/// the command makes. To renew it: `SANDGLASS_WRITE_FRESH=1 cargo test --workspace new_plugin`.
#[test]
fn what_is_made_is_what_the_other_tests_build_and_run() {
    let kept = root().join("tests/components/fresh");
    let place = Place::find(&root(), Path::new("plugins")).unwrap();
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let files = skeleton::files(&fresh(), &place, &manifest).unwrap();
    if std::env::var_os("SANDGLASS_WRITE_FRESH").is_some() {
        write(&kept, &files).unwrap();
    }
    for (path, text) in &files {
        assert_eq!(&std::fs::read_to_string(kept.join(path)).unwrap(), text, "{path}");
    }
    assert_eq!(files_below(&kept).len(), files.len());
}

#[test]
fn a_new_plugin_is_a_member_and_in_the_lock_file() {
    let scratch = scratch();
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, rest) = manifest.split_once("members = [").unwrap().1.split_once(']').unwrap();
    let members = format!("[workspace]\nresolver = \"3\"\nmembers = [\"plugins/*\"]{rest}");
    let members = members.replace("default-members = [\"host/server\"]", "");
    std::fs::write(scratch.path().join("Cargo.toml"), members).unwrap();
    std::os::unix::fs::symlink(root().join("plugins/sdk"), scratch.path().join("plugins/sdk")).unwrap();

    let folder = make(scratch.path(), &Name::new("order-watch").unwrap(), Path::new("plugins")).unwrap();
    assert_eq!(folder, scratch.path().canonicalize().unwrap().join("plugins/order-watch"));
    let lock = std::fs::read_to_string(scratch.path().join("Cargo.lock")).unwrap();
    assert!(lock.contains("name = \"order-watch\"\nversion = \"0.1.0\"\n"), "{lock}");

    let again = make(scratch.path(), &Name::new("order-watch").unwrap(), Path::new("plugins")).unwrap_err().to_string();
    assert!(again.contains("is there already"), "{again}");
    let taken = make(scratch.path(), &Name::new("serde-json").unwrap(), Path::new("plugins")).unwrap_err().to_string();
    assert!(taken.contains("there is a crate serde-json already"), "{taken}");
    assert!(!scratch.path().join("plugins/serde-json").exists());
}

#[test]
fn what_cannot_be_made_leaves_nothing_behind() {
    // Its members are not there, so cargo refuses whatever is added.
    let scratch = scratch();
    let lock = std::fs::read(scratch.path().join("Cargo.lock")).unwrap();
    let error =
        format!("{:#}", make(scratch.path(), &Name::new("order-watch").unwrap(), Path::new("plugins")).unwrap_err());
    assert!(error.contains("was not made: cargo does not take it in"), "{error}");
    assert_eq!(files_below(&scratch.path().join("plugins")), Vec::<PathBuf>::new());
    assert_eq!(std::fs::read(scratch.path().join("Cargo.lock")).unwrap(), lock);
}

#[test]
fn a_folder_inside_the_workspace_has_to_be_that_of_the_plugins() {
    let error = make(&root(), &fresh(), Path::new("tests")).unwrap_err().to_string();
    assert!(error.contains("inside this workspace plugins stand in plugins/"), "{error}");
    let error = make(&root(), &fresh(), Path::new("no-such-folder")).unwrap_err().to_string();
    assert!(error.contains("there is no such folder"), "{error}");
}

#[test]
fn a_plugin_outside_is_a_workspace_of_its_own_with_the_versions_of_this_one() {
    let outside = tempfile::tempdir().unwrap();
    let folder = make(&root(), &Name::new("order-watch").unwrap(), outside.path()).unwrap();
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for part in ["[workspace]", "edition = \"2024\"", "serde_json = {", "[profile.plugin]", "panic = \"abort\""] {
        assert!(manifest.contains(part), "{part} in {manifest}");
    }
    let version = |lock: &str| lock.split("name = \"schemars\"\n").nth(1).unwrap().lines().next().unwrap().to_owned();
    let (here, there) = (root().join("Cargo.lock"), folder.join("Cargo.lock"));
    let [here, there] = [here, there].map(|lock| std::fs::read_to_string(lock).unwrap());
    assert_eq!(version(&here), version(&there));
    assert!(there.len() < here.len(), "what it does not use is not in it");
}
