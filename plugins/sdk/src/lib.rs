//! What a Sandglass job template is written with.
//!
//! A template is three things: a struct for its parameters, a type that implements [`Template`], and one line
//! that makes a component of it.
//!
//! ```
//! use sandglass_sdk::{documents, log, Failure, Metadata, Need, Outcome, Problems, Template};
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//!
//! /// The form of the web interface is made from this: document comments become descriptions.
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! pub struct Parameters {
//!     /// Where to count.
//!     #[schemars(title = "Collection", example = &"orders")]
//!     collection: String,
//!     /// Fail when there are fewer.
//!     #[serde(default)]
//!     #[schemars(title = "At least", example = 10, extend("x-ui" = {"group": "Alarm"}))]
//!     at_least: u64,
//! }
//!
//! pub struct Census;
//!
//! impl Template for Census {
//!     type Parameters = Parameters;
//!
//!     fn describe() -> Metadata {
//!         Metadata::new("census", env!("CARGO_PKG_VERSION"), "Census")
//!             .description("Counts the documents of a collection.")
//!             .icon("🧮")
//!             .category("Database")
//!             .need(Need::new("documents", "param:/collection", "read", "To count."))
//!     }
//!
//!     fn validate(parameters: &Parameters) -> Problems {
//!         let mut problems = Problems::none();
//!         if parameters.collection.starts_with("system.") {
//!             problems.add("/collection", "is the database's own: name one of yours");
//!         }
//!         problems
//!     }
//!
//!     fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
//!         let collection = documents::Collection::open(&parameters.collection)?;
//!         let count = collection.count(&serde_json::json!({}))?;
//!         log::info("counted", &[("count", &count)]);
//!         if count < parameters.at_least {
//!             return Err(Failure::permanent(format!("only {count} documents")));
//!         }
//!         Ok(Outcome::new(format!("{count} documents")).processed(count))
//!     }
//! }
//!
//! sandglass_sdk::export!(Census);
//!
//! // And a test, which runs natively against fakes of everything the host offers:
//! # #[cfg(not(target_arch = "wasm32"))] {
//! use sandglass_sdk::fakes;
//! let world = fakes::World::new();
//! world.collection("orders", serde_json::json!([{"_id": 1}, {"_id": 2}]));
//! let outcome = fakes::execute::<Census>(serde_json::json!({"collection": "orders"})).unwrap();
//! assert_eq!(outcome.message, "2 documents");
//! # }
//! ```
//!
//! # The crate around it
//! The crate is a library of the types `cdylib` (for the component) and `rlib` (for tests). Its `build.rs` gives it
//! a stack of 96 KiB: a megabyte, the default, costs every run, and less would not hold JSON as deep as `serde_json`
//! reads it (128 levels), so that a deep document would end the run instead of being an error.
//!
//! ```
//! # fn build_script() {
//! if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
//!     println!("cargo::rustc-link-arg-cdylib=-zstack-size=98304");
//! }
//! # }
//! ```
//!
//! A component may import nothing but the contract, so a template takes no dependency that asks a browser or an
//! operating system for something (`wasm-bindgen`, `getrandom` with `wasm_js`, `chrono` with its default features,
//! `bson`): `cargo xtask plugins` refuses one that does.
//!
//! # What a run may rely on
//! - Parameters fit the schema and passed [`Template::validate`].
//! - Every capability that the template calls can be denied; a denial is an [`Error`] like another.
//! - A panic ends the run as failed, and its message reaches the log. Return a [`Failure`] instead where you can.
//! - Nothing is remembered from one run to the next.
//! - Ask [`execution::should_stop`] between batches.

#![deny(missing_docs)]

mod template;

#[allow(
    clippy::all,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs,
    reason = "generated, and natively without callers"
)]
#[doc(hidden)]
pub mod bindings;

pub mod clock;
pub mod documents;
pub mod email;
pub mod execution;
mod file_name;
pub mod files;
pub mod http;
pub mod insight;
pub mod log;
pub mod query;
pub mod random;
pub mod secrets;

#[cfg(target_arch = "wasm32")]
mod allocator;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod component;
#[cfg(not(target_arch = "wasm32"))]
pub mod fakes;
#[cfg(target_arch = "wasm32")]
mod host;
mod nearest;
mod parameters;
mod schema;

#[cfg(not(target_arch = "wasm32"))]
use fakes::host;

pub use bindings::sandglass::base::types::{Error, ErrorKind};
pub use chrono;
pub use file_name::{FileName, OWN_FOLDER};
pub use nearest::nearest;
pub use parameters::decode;
pub use schema::schema_of;
pub use template::{Failure, FailureKind, Metadata, Need, OnLost, Outcome, Problem, Problems, Template};

/// Makes a component of a type that implements [`Template`]. Once in a crate; natively it does nothing.
///
/// ```
/// # use sandglass_sdk::{Failure, Metadata, Outcome, Template};
/// # #[derive(serde::Deserialize, schemars::JsonSchema)]
/// # pub struct Parameters {}
/// pub struct Hello;
///
/// impl Template for Hello {
///     // …
/// #     type Parameters = Parameters;
/// #     fn describe() -> Metadata { Metadata::new("hello", "1.0.0", "Hello") }
/// #     fn execute(_: Parameters) -> Result<Outcome, Failure> { Ok(Outcome::new("hello")) }
/// }
///
/// sandglass_sdk::export!(Hello);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($template:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Component = $crate::component::Component<$template>;
    $crate::bindings::export_component!(Component with_types_in $crate::bindings);
        };
    };
}
