//! The components that this binary brings along, as `build.rs` found them.

/// Type and bytes of each; empty when the binary was built before the components were.
pub(super) const COMPONENTS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/components.rs"));
