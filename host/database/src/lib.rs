//! A document database with MongoDB's meaning, behind one trait and on exchangeable engines.
//!
//! It knows nothing of jobs or schedules and could be used by somebody else. What a filter, an update or a
//! sort means is decided in [`query`], which is pure; an engine only stores, indexes and orders writes.
//! Both sides of the trait see the same allow-list ([`query::allow`]), so that what works on one engine
//! works on the other.

mod command;
mod database;
mod definition;
pub mod embedded;
mod error;
pub mod extended_json;
pub mod memory;
pub mod mongo;
mod name;
pub mod query;

pub use command::{
    Change, CollectionInfo, Delete, Find, FindAndUpdate, Index, InsertReport, Outcome, Return, Update, UpdateReport,
    Write,
};
pub use database::{Cursor, Database, RawCursor, collect};
pub use error::{Error, Result};

pub use bson;
