//! Secrets by label: the contract's `sandglass:secrets`.
//!
//! A handle holds a label and nothing else. The text is opened at the moment of use, on the host's side: by HTTP for a
//! sign-in, by e-mail for an identity, or by `reveal`, which is a right of its own. Whatever a run has opened is masked in
//! all that is kept of the run.

mod forms;
mod handle;
mod mask;

pub use handle::{SecretHandle, get, reveal};
pub(super) use handle::{unknown, use_for_http};
pub use mask::Mask;
