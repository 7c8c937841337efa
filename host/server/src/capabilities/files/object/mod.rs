//! Folders in object stores that speak S3, through the library `object_store`.
//!
//! A file is spooled to disk part by part and sent as an upload in parts, which has no name before it is completed; a
//! small one is sent whole. Nothing of it is there before it is finished. Each upload that has begun is on a list on disk
//! (`pending.rs`) until it is completed or aborted, so that a crash leaves none behind.

mod checked;
mod credentials;
mod draft;
mod fault;
mod folder;
mod pending;
mod placed;
mod transport;

pub(super) use checked::{Fault, Settings};
pub(super) use folder::{Common, ObjectFolder};
