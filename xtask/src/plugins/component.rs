//! Core module in, component out.

use anyhow::{Context as _, bail};
use wasmparser::{Parser, Payload};

/// Wraps a core module into a component, after looking at what it imports.
///
/// # Errors
/// When the module imports anything that is not of the contract, or was not made from it.
pub fn encode(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let foreign = foreign_imports(module)?;
    if !foreign.is_empty() {
        bail!(
            "imports what no Sandglass host offers: {}.\nA dependency brought it in: look for it with `cargo tree \
             --target wasm32-unknown-unknown -p CRATE`, wasm-bindgen and getrandom first",
            foreign.join(", ")
        );
    }
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .context("the module does not carry the contract: does the crate call `sandglass_sdk::export!`?")?
        .encode()
        .context("the module does not fit the contract")
}

/// The imports that are neither of the contract nor made by the canonical ABI for an exported resource.
fn foreign_imports(module: &[u8]) -> anyhow::Result<Vec<String>> {
    let mut foreign = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(section) = payload.context("this is no WebAssembly module")? {
            for import in section.into_imports() {
                let import = import?;
                if !import.module.starts_with("sandglass:") {
                    foreign.push(format!("{}/{}", import.module, import.name));
                }
            }
        }
    }
    Ok(foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module that imports a function `f` from `from`, written by hand.
    fn importing(from: &str) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0".to_vec();
        let name = u8::try_from(from.len()).unwrap();
        module.extend([2, name + 6, 1, name]);
        module.extend(from.as_bytes());
        module.extend([1, b'f', 0, 0]);
        module
    }

    #[test]
    fn an_import_from_elsewhere_is_named() {
        let error = encode(&importing("wasi_snapshot_preview1")).unwrap_err().to_string();
        assert!(error.contains("wasi_snapshot_preview1/f"), "{error}");
    }

    #[test]
    fn an_import_of_the_contract_is_not_foreign() {
        assert_eq!(foreign_imports(&importing("sandglass:base/clock@0.1.0")).unwrap(), [""; 0]);
    }
}
