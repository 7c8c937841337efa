//! Requests to HTTP servers: the contract's `sandglass:http`.
//!
//! Policy (addresses, patterns, headers, redirects) is pure and stands in files of its own; [`HttpClient`] only asks it.
//! Names are resolved once, each address is checked, and the connection goes to a checked one. Proxies of the
//! environment are ignored, redirects are followed here and never by the library.

mod address;
mod auth;
mod client;
mod pattern;
mod redirect;
mod request;
mod resolver;
mod response;
mod send;
mod sender;

pub use address::{Class, InvalidNetwork, Networks, class};
pub use auth::Auth;
pub(super) use client::HttpBounds;
pub use client::{HttpClient, HttpSetupError};
pub(super) use pattern::host_pattern_covers;
pub use pattern::{HttpTarget, check_pattern};
pub use request::HttpRequest;
pub use resolver::{Lookup, SystemLookup};
pub use response::Response;
pub(super) use send::body_bound;
pub use send::send;
pub use sender::{HttpResponse, HttpSender, Origin};
