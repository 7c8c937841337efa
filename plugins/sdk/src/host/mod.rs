//! The host as a component sees it: the contract's functions, under the names that the fakes have as well.
//!
//! Only what differs between a component and a test stands here; records, conversions and comfort are the same in
//! both and belong to the public modules.

pub mod http;

pub use crate::bindings::sandglass::base::{clock, execution, log, random};
pub use crate::bindings::sandglass::insight::runs as insight;

pub mod documents {
    pub use crate::bindings::sandglass::documents::manage::{create, create_index, drop, drop_index, rename};
    pub use crate::bindings::sandglass::documents::read::{Collection, Cursor, RawCursor, collections};
    pub use crate::bindings::sandglass::documents::write::{delete, insert, insert_raw, update};
}

pub mod secrets {
    pub use crate::bindings::sandglass::secrets::reveal::plaintext;
    pub use crate::bindings::sandglass::secrets::store::{Secret, get};
}

pub mod email {
    pub use crate::bindings::sandglass::email::sender::send;
}

pub mod files {
    pub use crate::bindings::sandglass::files::read::Folder;
    pub use crate::bindings::sandglass::files::write::{Writer, delete};
}
