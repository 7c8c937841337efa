//! The product as its users meet it: the real server, over real sockets, with real counterparts.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failure here is a failed test")]

mod access;
mod archive;
mod audit;
mod author;
mod backup;
mod bounds;
mod browser;
mod cleanup;
mod command_line;
mod crash;
mod dropin;
mod examples;
mod export;
mod first_steps;
mod grants;
mod hostile;
mod input;
mod jobs;
mod languages;
mod mail;
mod mail_tls;
mod notifications;
mod object_store;
mod on_mongodb;
mod parameters;
mod report;
mod restore;
mod runs;
mod scale;
mod secrets;
mod trespass;
mod webhook;
