//! The files of a new plugin: texts in `skeleton/` with names to be filled in.

use anyhow::{Context as _, bail};

use super::name::Name;
use super::place::Place;

const FILES: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("skeleton/manifest.toml")),
    ("build.rs", include_str!("skeleton/build.rs.txt")),
    ("src/lib.rs", include_str!("skeleton/lib.rs.txt")),
    ("src/parameters.rs", include_str!("skeleton/parameters.rs.txt")),
    ("src/tests.rs", include_str!("skeleton/tests.rs.txt")),
];

const DEPENDENCIES: [&str; 3] = ["schemars", "serde", "serde_json"];

/// Paths below the crate's folder, with their texts. `manifest` is the workspace's, from which a crate that stands alone
/// takes versions and profile.
///
/// # Errors
/// When the workspace's manifest does not hold what is looked for.
pub fn files(name: &Name, place: &Place, manifest: &str) -> anyhow::Result<Vec<(&'static str, String)>> {
    let (keys, dependencies, tables) = match place {
        Place::Member { .. } => member(),
        Place::Alone { root, .. } => alone(&root.join("plugins/sdk").display().to_string(), manifest)?,
    };
    let fill = |text: &str| {
        text.replace("{{package}}", name.package())
            .replace("{{type}}", &name.type_name())
            .replace("{{struct}}", &name.struct_name())
            .replace("{{title}}", &name.title())
            .replace("{{package keys}}", &keys)
            .replace("{{dependencies}}", &dependencies)
            .replace("{{tables}}", &tables)
    };
    let mut files: Vec<_> = FILES.iter().map(|(path, text)| (*path, fill(text))).collect();
    if matches!(place, Place::Alone { .. }) {
        files.push((".gitignore", "/target\n".to_owned()));
    }
    if let Some((path, _)) = files.iter().find(|(_, text)| text.contains("{{")) {
        bail!("{path}: a place to be filled in was forgotten");
    }
    Ok(files)
}

type Parts = (String, String, String);

fn member() -> Parts {
    let inherit =
        |keys: &[&str]| keys.iter().map(|key| format!("{key}.workspace = true")).collect::<Vec<_>>().join("\n");
    let dependencies: Vec<&str> = ["sandglass-sdk"].into_iter().chain(DEPENDENCIES).collect();
    (
        inherit(&["edition", "rust-version", "license", "publish"]),
        inherit(&dependencies),
        "[lints]\nworkspace = true".to_owned(),
    )
}

fn alone(sdk: &str, manifest: &str) -> anyhow::Result<Parts> {
    let line = |key: &str| {
        let start = format!("{key} = ");
        let found = manifest.lines().find(|line| line.starts_with(&start));
        found.with_context(|| format!("the workspace's Cargo.toml has no line {start}…"))
    };
    let keys = [line("edition")?, line("rust-version")?, "publish = false"].join("\n");
    let mut dependencies = vec![format!("sandglass-sdk = {{ path = {sdk:?} }}")];
    for name in DEPENDENCIES {
        dependencies.push(line(name)?.to_owned());
    }
    let profile =
        manifest.split("[profile.plugin]").nth(1).context("the workspace's Cargo.toml has no profile `plugin`")?;
    let profile = profile.split("\n\n").next().unwrap_or_default().trim();
    let tables = format!(
        "# A workspace of its own, wherever it stands.\n[workspace]\n\n# Components: small, and without anything to unwind \
         to.\n[profile.plugin]\n{profile}"
    );
    Ok((keys, dependencies.join("\n"), tables))
}
