//! What a component asks for, read from its bytes without running them.

use std::collections::BTreeSet;

use wasmparser::component_types::{ComponentEntityType, ComponentInstanceTypeId};
use wasmparser::types::Types;
use wasmparser::{BinaryReaderError, Parser, Payload, Validator, WasmFeatures};

use super::contract::{self, Contract, Name};
use super::environment::Kind;
use super::{SandboxError, wasi};
use crate::model::Digest;

/// Sections and nested modules that a component may have; more is no honest compiler's work.
const MOST_PAYLOADS: usize = 100_000;

/// What the bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    pub digest: Digest,
    /// Functions that the component can call, sorted: `sandglass:documents/write.delete`.
    pub imports: Vec<String>,
    /// Interfaces of WASI that it imports, sorted: `wasi:cli/stdout@0.2.12`. They lead nowhere. What imports them was
    /// made by a toolchain that imports the whole contract whether it is called or not, so that for such a component
    /// `imports` says little and its needs decide.
    pub wasi: Vec<String>,
    /// Names of what it exports, sorted.
    pub exports: Vec<String>,
    pub size_bytes: u64,
}

/// Features of WebAssembly that components may use; the engine has the same.
fn features() -> WasmFeatures {
    let without = WasmFeatures::MEMORY64
        | WasmFeatures::MULTI_MEMORY
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::RELAXED_SIMD
        | WasmFeatures::THREADS
        | WasmFeatures::EXCEPTIONS
        | WasmFeatures::CM_ASYNC;
    WasmFeatures::default().difference(without) | WasmFeatures::COMPONENT_MODEL
}

/// Which names the outermost component imports and exports, and what they come to.
struct Names {
    /// Interfaces of ours: as imported, and without the version.
    ours: Vec<(String, String)>,
    wasi: BTreeSet<String>,
    exports: BTreeSet<String>,
    contract: Contract,
}

/// What decides where a component runs: the contract that it was built against, and whether it needs the large
/// environment. Reads names only; the bytes were validated before, or are not trusted with more than an error.
///
/// # Errors
/// As [`inspect`].
pub(super) fn place(bytes: &[u8]) -> Result<(Contract, Kind), SandboxError> {
    let names = names(bytes)?;
    Ok((names.contract, if names.wasi.is_empty() { Kind::Plain } else { Kind::Large }))
}

/// Validates a component and lists what it imports and exports.
///
/// # Errors
/// [`SandboxError::Refused`] for bytes that are no valid component, [`SandboxError::ContractVersion`] for versions of the
/// contract that are not offered, [`SandboxError::ForeignImports`] for imports that are neither ours nor the inert WASI.
pub(super) fn inspect(bytes: &[u8]) -> Result<Inspection, SandboxError> {
    let refused = |text: String| SandboxError::Refused(text);
    match bytes.get(..8) {
        Some([0, b'a', b's', b'm', 1, 0, 0, 0]) => {
            return Err(refused(
                "this is a core WebAssembly module, not a component: encode it with `cargo xtask plugins` or \
                 `wasm-tools component new`"
                    .to_owned(),
            ));
        }
        Some([0, b'a', b's', b'm', ..]) => {}
        _ => return Err(refused("these bytes are no WebAssembly component".to_owned())),
    }
    count_payloads(bytes)?;
    let mut validator = Validator::new_with_features(features());
    let types = validator.validate_all(bytes).map_err(|error| refused(format!("not a valid component: {error}")))?;
    let names = names(bytes)?;
    let mut imports = BTreeSet::new();
    let mut foreign = Vec::new();
    for (import, interface) in names.ours {
        match types.as_ref().component_item_for_import(&import).map(|item| item.ty) {
            Some(ComponentEntityType::Instance(instance)) => {
                imports.extend(functions(&types, instance).iter().map(|function| format!("{interface}.{function}")));
            }
            _ => foreign.push(import),
        }
    }
    if !foreign.is_empty() {
        return Err(SandboxError::ForeignImports { imports: foreign });
    }
    Ok(Inspection {
        digest: Digest::of(bytes),
        imports: imports.into_iter().collect(),
        wasi: names.wasi.into_iter().collect(),
        exports: names.exports.into_iter().collect(),
        size_bytes: bytes.len() as u64,
    })
}

fn names(bytes: &[u8]) -> Result<Names, SandboxError> {
    let refused = |error: BinaryReaderError| SandboxError::Refused(format!("not a valid component: {error}"));
    let (mut ours, mut wasi, mut exports) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let (mut foreign, mut other_versions, mut contract) = (BTreeSet::new(), BTreeSet::new(), None);
    for payload in top_level(bytes) {
        match payload.map_err(refused)? {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import.map_err(refused)?.name.name;
                    match contract::name(import) {
                        Name::Ours(interface, version) => {
                            contract = contract.or(Some(version));
                            ours.push((import.to_owned(), interface.to_owned()));
                        }
                        Name::OtherVersion => drop(other_versions.insert(import.to_owned())),
                        Name::Foreign if wasi::is_offered(import) => drop(wasi.insert(import.to_owned())),
                        Name::Foreign => drop(foreign.insert(import.to_owned())),
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export.map_err(refused)?.name.name;
                    match contract::name(export) {
                        // What is called is exported: that decides, whatever else is imported.
                        Name::Ours(_, version) => contract = Some(version),
                        Name::OtherVersion => drop(other_versions.insert(export.to_owned())),
                        Name::Foreign => {}
                    }
                    exports.insert(export.to_owned());
                }
            }
            _ => {}
        }
    }
    if !other_versions.is_empty() {
        return Err(contract::unknown(other_versions.into_iter().collect()));
    }
    if !foreign.is_empty() {
        return Err(SandboxError::ForeignImports { imports: foreign.into_iter().collect() });
    }
    let [newest] = Contract::OFFERED;
    Ok(Names { ours, wasi, exports, contract: contract.unwrap_or(newest) })
}

/// The payloads of the outermost component, without those of what is nested in it.
fn top_level(bytes: &[u8]) -> impl Iterator<Item = Result<Payload<'_>, BinaryReaderError>> {
    let mut depth = 0usize;
    Parser::new(0).parse_all(bytes).filter(move |payload| match payload {
        Ok(Payload::ModuleSection { .. } | Payload::ComponentSection { .. }) => {
            depth += 1;
            false
        }
        Ok(Payload::End(_)) if depth > 0 => {
            depth -= 1;
            false
        }
        _ => depth == 0,
    })
}

fn count_payloads(bytes: &[u8]) -> Result<(), SandboxError> {
    for (count, payload) in Parser::new(0).parse_all(bytes).enumerate() {
        payload.map_err(|error| SandboxError::Refused(format!("not a valid component: {error}")))?;
        if count >= MOST_PAYLOADS {
            return Err(SandboxError::Refused(format!("the component has more than {MOST_PAYLOADS} parts")));
        }
    }
    Ok(())
}

/// The functions of an imported interface: `delete`, `collection.find`.
fn functions(types: &Types, instance: ComponentInstanceTypeId) -> Vec<String> {
    let types = types.as_ref();
    #[expect(clippy::indexing_slicing, reason = "the id comes from these very types, and there is no other way to ask")]
    let exports = types[instance].exports.iter();
    let functions = exports.filter(|(_, item)| matches!(item.ty, ComponentEntityType::Func(_)));
    let plain = |name: &String| {
        let kinds = ["[method]", "[static]", "[constructor]"];
        kinds.iter().find_map(|kind| name.strip_prefix(kind)).unwrap_or(name).to_owned()
    };
    functions.map(|(name, _)| plain(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    /// An empty component that imports a function `name`, written by hand.
    fn importing(name: &str) -> Vec<u8> {
        let mut bytes = EMPTY.to_vec();
        // Type section: one function without parameters and result.
        bytes.extend([7, 5, 1, 0x40, 0, 1, 0]);
        let name_length = u8::try_from(name.len()).unwrap();
        bytes.extend([10, name_length + 5, 1, 0, name_length]);
        bytes.extend(name.as_bytes());
        bytes.extend([1, 0]);
        bytes
    }

    #[test]
    fn an_empty_component_asks_for_nothing() {
        let inspection = inspect(EMPTY).unwrap();
        assert_eq!((inspection.imports.len(), inspection.exports.len(), inspection.size_bytes), (0, 0, 8));
        assert_eq!(inspection.digest, Digest::of(EMPTY));
    }

    #[test]
    fn what_is_no_component_is_refused_with_a_way_out() {
        for (bytes, part) in [
            (&b""[..], "no WebAssembly"),
            (b"hello, world", "no WebAssembly"),
            (b"\0asm\x01\0\0\0", "core WebAssembly module"),
            (b"\0asm\x0d\0\x01\0\xff\xff", "not a valid component"),
        ] {
            match inspect(bytes) {
                Err(SandboxError::Refused(message)) => assert!(message.contains(part), "{message}"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn an_import_of_somebody_else_is_named() {
        for name in ["system", "evil"] {
            match inspect(&importing(name)) {
                Err(SandboxError::ForeignImports { imports }) => assert_eq!(imports, [name]),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn another_version_of_the_contract_is_refused_with_what_is_offered() {
        match inspect(&importing("sandglass:base/log@0.9.0")) {
            Err(SandboxError::ContractVersion { names, offered }) => {
                assert_eq!((names, offered.as_str()), (vec!["sandglass:base/log@0.9.0".to_owned()], "0.1.0"));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_function_in_the_name_of_an_interface_is_foreign() {
        for name in ["sandglass:base/log@0.1.0", "wasi:http/types@0.2.0"] {
            match inspect(&importing(name)) {
                Err(SandboxError::ForeignImports { imports }) => assert_eq!(imports, [name]),
                other => panic!("{other:?}"),
            }
        }
    }
}
