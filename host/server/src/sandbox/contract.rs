//! The versions of the contract that this host offers: the one place where a second version would stand.
//!
//! A component says in the names of what it imports and exports which version it was built against
//! (`sandglass:template/job@0.1.0`). Here that is looked up and turned into the linker that offers it. A second version
//! gets bindings of its own beside `bindings.rs`, an arm in each `match` below, and adapters that convert its types and
//! call the very functions in `host`, so that it passes the same gate. What is here decides nothing about rights.

use wasmtime::Engine;
use wasmtime::component::{HasSelf, InstancePre, Linker};

use super::SandboxError;
use super::bindings::{Full, FullPre};
use super::state::State;

/// A released version of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contract {
    V0_1_0,
}

impl Contract {
    /// All that this host offers, the newest last.
    pub(super) const OFFERED: [Self; 1] = [Self::V0_1_0];

    /// As it stands behind the `@`.
    pub(super) fn version(self) -> &'static str {
        match self {
            Self::V0_1_0 => "0.1.0",
        }
    }

    /// A linker with every function of this version.
    ///
    /// # Errors
    /// When two functions have one name, which a test would have found.
    pub(super) fn linker(self, engine: &Engine) -> wasmtime::Result<Linker<State>> {
        let mut linker = Linker::new(engine);
        match self {
            Self::V0_1_0 => Full::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)?,
        }
        Ok(linker)
    }

    /// Looks up what a linked component exports, so that calls need not.
    ///
    /// # Errors
    /// When an export is missing or has another type.
    pub(super) fn exports(self, linked: InstancePre<State>) -> wasmtime::Result<FullPre<State>> {
        match self {
            Self::V0_1_0 => FullPre::new(linked),
        }
    }
}

/// What the name of an import or export says about the contract.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name<'a> {
    /// An interface of ours, without its version, in a version that is offered.
    Ours(&'a str, Contract),
    /// An interface of ours in a version that is not offered.
    OtherVersion,
    /// Somebody else's.
    Foreign,
}

/// Reads `sandglass:documents/write@0.1.0`.
pub(super) fn name(name: &str) -> Name<'_> {
    let Some((interface, version)) = name.split_once('@') else { return Name::Foreign };
    if !interface.starts_with("sandglass:") {
        return Name::Foreign;
    }
    let offered = Contract::OFFERED.into_iter().find(|contract| contract.version() == version);
    offered.map_or(Name::OtherVersion, |contract| Name::Ours(interface, contract))
}

/// The refusal of a component that was built against versions that this host does not offer.
pub(super) fn unknown(names: Vec<String>) -> SandboxError {
    let offered = Contract::OFFERED.map(Contract::version);
    SandboxError::ContractVersion { names, offered: offered.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_interface_and_version() {
        assert_eq!(name("sandglass:documents/write@0.1.0"), Name::Ours("sandglass:documents/write", Contract::V0_1_0));
        assert_eq!(name("sandglass:template/job@0.9.0"), Name::OtherVersion);
        assert_eq!(name("sandglass:template/job@0.1.1"), Name::OtherVersion);
        for foreign in ["sandglass:documents/write", "wasi:cli/exit@0.1.0", "sandglassx:a/b@0.1.0", "system"] {
            assert_eq!(name(foreign), Name::Foreign, "{foreign}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_offered_and_what_to_do() {
        let refusal = unknown(vec!["sandglass:template/job@0.9.0".into()]).to_string();
        for part in ["sandglass:template/job@0.9.0", "0.1.0", "build it"] {
            assert!(refusal.contains(part), "{refusal}");
        }
    }
}
