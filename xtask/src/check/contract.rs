//! The rules of evolution of `wit/`: within a version only add functions, interfaces and types; never a case, a flag or
//! a field, and never change a signature.
//!
//! `wit/released.txt` holds the contract as templates were built against it, one line for each thing with the place
//! where it stands. A line that is gone is a break; a new one is taken in with `cargo xtask check --take-in-contract`.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};
use wit_component::WitPrinter;
use wit_parser::Resolve;

use crate::plugins::PACKAGES;
use crate::process::workspace;

/// Kinds of block that may not even grow.
const FROZEN: [&str; 4] = ["record ", "enum ", "variant ", "flags "];

/// Holds the contract against what was released.
///
/// # Errors
/// Names each line that breaks a rule, or is not taken in yet.
pub fn check(take_in: bool) -> anyhow::Result<()> {
    let root = workspace()?;
    let now = lines_of_contract()?;
    let file = root.join("wit/released.txt");
    let text: String = now.iter().map(|line| format!("{line}\n")).collect();
    if take_in {
        std::fs::write(&file, text)?;
    }
    let released = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let released: BTreeSet<String> = released.lines().map(str::to_owned).collect();
    let faults = faults(&released, &now);
    if !faults.is_empty() {
        bail!("wit/ breaks its rules of evolution (wit/README.md):\n{}", faults.join("\n"));
    }
    let new: Vec<&String> = now.difference(&released).collect();
    if !new.is_empty() {
        bail!(
            "wit/ has grown by what wit/released.txt does not hold; cargo xtask check --take-in-contract takes it in:\n{new:#?}"
        );
    }
    eprintln!("    {} lines of the contract are as released", now.len());
    Ok(())
}

fn faults(released: &BTreeSet<String>, now: &BTreeSet<String>) -> Vec<String> {
    let gone = released.difference(now).map(|line| format!("gone or changed: {line}"));
    let grown = now.difference(released).filter(|line| {
        let place = line.rsplit_once(" > ").map_or("", |(place, _)| place);
        let block = place.rsplit_once(" > ").map_or(place, |(_, block)| block);
        FROZEN.iter().any(|kind| block.starts_with(kind))
            && released.iter().any(|old| old.starts_with(&format!("{place} > ")))
    });
    gone.chain(grown.map(|line| format!("added to something frozen: {line}"))).collect()
}

/// Every declaration with its place, such as `sandglass:base@0.1.0 > interface types > record error > kind: error-kind`.
fn lines_of_contract() -> anyhow::Result<BTreeSet<String>> {
    let wit = workspace()?.join("wit");
    let mut resolve = Resolve::default();
    let mut lines = BTreeSet::new();
    for package in PACKAGES {
        let (id, _) = resolve.push_path(wit.join(package)).with_context(|| format!("wit/{package}"))?;
        let mut printer = WitPrinter::default();
        printer.emit_docs(false);
        printer.print(&resolve, id, &[])?;
        lines.extend(declarations(&printer.output.to_string()));
    }
    Ok(lines)
}

fn declarations(text: &str) -> Vec<String> {
    let mut place: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line == "}" {
            place.pop();
        } else if let Some(package) = line.strip_prefix("package ") {
            place = vec![package.trim_end_matches(';')];
        } else if let Some(block) = line.strip_suffix('{') {
            place.push(block.trim());
            found.push(place.join(" > "));
        } else {
            found.push(format!("{} > {}", place.join(" > "), line.trim_end_matches([';', ','])));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> BTreeSet<String> {
        declarations(text).into_iter().collect()
    }

    const OLD: &str = "package a:b@0.1.0;\ninterface i {\n  record r {\n    x: u32,\n  }\n  f: func();\n}\n";

    #[test]
    fn a_new_function_is_allowed() {
        let new = OLD.replace("  f: func();", "  f: func();\n  g: func();");
        assert_eq!(faults(&set(OLD), &set(&new)), [""; 0]);
    }

    #[test]
    fn a_new_field_and_a_changed_signature_are_not() {
        let field = OLD.replace("    x: u32,", "    x: u32,\n    y: u32,");
        assert_eq!(faults(&set(OLD), &set(&field)).len(), 1);
        let signature = OLD.replace("f: func()", "f: func(x: u32)");
        assert_eq!(faults(&set(OLD), &set(&signature)).len(), 1);
    }

    #[test]
    fn a_new_record_may_have_fields() {
        let new = OLD.replace("  f: func();", "  f: func();\n  record s {\n    z: u32,\n  }");
        assert_eq!(faults(&set(OLD), &set(&new)), [""; 0]);
    }
}
