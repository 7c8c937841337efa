//! Who may use whom. The rooms and their order are those of `host/ARCHITECTURE.md`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::process::workspace;

/// From left to right: a room uses rooms to its right.
const ROOMS: [&str; 9] =
    ["cli", "api", "registry", "scheduler", "executor", "sandbox", "capabilities", "repository", "model"];

/// Crates that only some rooms may name.
const CRATES: [(&str, &[&str]); 7] = [
    ("axum", &["api"]),
    ("utoipa", &["api"]),
    ("wasmtime", &["sandbox"]),
    ("wasmparser", &["sandbox"]),
    ("reqwest", &["capabilities", "cli"]),
    ("rusqlite", &[]),
    ("clap", &["cli"]),
];

/// Calls that only some rooms may not make: these are given a clock.
const CLOCKS: [&str; 3] = ["Utc::now()", "SystemTime::now()", "Instant::now()"];
const CLOCKLESS: [&str; 2] = ["scheduler", "executor"];

/// Reads every source file of the server and of the two crates below it.
///
/// # Errors
/// Lists each line that breaks a rule.
pub fn check() -> anyhow::Result<()> {
    let root = workspace()?;
    let source = root.join("host/server/src");
    let mut texts = Vec::new();
    for path in rust_files(&source)? {
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        texts.push((path, text));
    }
    let tests: Vec<PathBuf> = texts.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
    let mut faults = Vec::new();
    let mut files = 0;
    for (path, text) in &texts {
        let inside = path.strip_prefix(&source)?;
        files += 1;
        for fault in faults_of(&room_of(inside), text, tests.contains(path)) {
            faults.push(format!("{}:{fault}", path.strip_prefix(&root)?.display()));
        }
    }
    for (crate_folder, forbidden) in [
        ("host/database/src", ["sandglass::", "sandglass_schedule"]),
        ("host/schedule/src", ["sandglass::", "sandglass_database"]),
    ] {
        for path in rust_files(&root.join(crate_folder))? {
            let text = std::fs::read_to_string(&path)?;
            files += 1;
            if let Some(name) = forbidden.iter().find(|name| text.contains(*name)) {
                faults.push(format!("{}: names {name}", path.strip_prefix(&root)?.display()));
            }
        }
    }
    if !faults.is_empty() {
        bail!("arrows that run back, or names in the wrong room:\n{}", faults.join("\n"));
    }
    eprintln!("    {files} files keep the order {}", ROOMS.join(" -> "));
    Ok(())
}

/// The first part of the path: `scheduler/planner.rs` belongs to `scheduler`, `app.rs` to `app`.
fn room_of(path: &Path) -> String {
    let first = path.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned());
    first.unwrap_or_default().trim_end_matches(".rs").to_owned()
}

/// Files that are compiled for tests only: `#[cfg(test)] mod name;` in `path`.
fn test_modules(path: &Path, text: &str) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(path);
    let mut lines = text.lines().map(str::trim);
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]"
            && let Some(name) = lines.next().and_then(|next| next.rsplit_once("mod ")?.1.strip_suffix(';'))
        {
            found.push(folder.join(format!("{name}.rs")));
        }
    }
    found
}

fn faults_of(room: &str, text: &str, is_test: bool) -> Vec<String> {
    let place = |name: &str| ROOMS.iter().position(|room| *room == name);
    let mut faults = Vec::new();
    let mut in_tests = is_test;
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        in_tests |= code.contains("#[cfg(test)]");
        let mut fault = |what: String| faults.push(format!("{}: {what}", number + 1));
        for used in code.split("crate::").skip(1) {
            let used: String = used.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
            match (place(room), place(&used)) {
                (Some(from), Some(to)) if to < from => fault(format!("{room} uses {used}, which stands to its left")),
                (Some(_), None) if used == "app" && room != "cli" => fault(format!("{room} uses app")),
                (None, Some(_)) if room == "config" => fault(format!("config uses {used}")),
                _ => {}
            }
        }
        if place(room).is_some() || room == "config" {
            for (name, allowed) in CRATES {
                if !allowed.contains(&room) && names(code, name) {
                    fault(format!("{room} names {name}"));
                }
            }
        }
        if CLOCKLESS.contains(&room) && !in_tests {
            for call in CLOCKS {
                if code.contains(call) {
                    fault(format!("{room} calls {call}: it is given a clock"));
                }
            }
        }
    }
    faults
}

/// Whether the line uses the crate: `use axum…` or a path that begins with it.
fn names(code: &str, name: &str) -> bool {
    code.match_indices(&format!("{name}::")).any(|(at, _)| {
        !code.get(..at).unwrap_or_default().ends_with(|before: char| before.is_alphanumeric() || "_:.".contains(before))
    })
}

fn rust_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_that_runs_back_is_found() {
        assert_eq!(faults_of("executor", "use crate::scheduler::Scheduler;", false).len(), 1);
        assert_eq!(faults_of("executor", "    let x = crate::api::y();", false).len(), 1);
        assert!(
            faults_of("scheduler", "use crate::executor::Executor;\nuse crate::config::Scheduler;", false).is_empty()
        );
        assert!(faults_of("app", "use crate::api::router;", false).is_empty());
    }

    #[test]
    fn a_crate_in_the_wrong_room_is_found() {
        assert_eq!(faults_of("registry", "use axum::Json;", false).len(), 1);
        assert!(faults_of("api", "use axum::Json;", false).is_empty());
        assert!(faults_of("registry", "use my_axum::Json;", false).is_empty());
    }

    #[test]
    fn a_clock_in_a_room_without_one_is_found_outside_tests() {
        assert_eq!(faults_of("scheduler", "let now = Utc::now();", false).len(), 1);
        assert!(faults_of("scheduler", "#[cfg(test)]\nmod tests { let now = Utc::now(); }", false).is_empty());
        assert!(faults_of("api", "let now = Utc::now();", false).is_empty());
    }
}
