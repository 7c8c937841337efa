//! The sandbox and the gate, from outside: real components, real sockets, a database in memory.
//!
//! Needs the components that `cargo xtask plugins` builds.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what helps a test may end it; clippy only knows functions that are tests themselves"
)]

#[path = "sandbox/admission.rs"]
mod admission;
#[path = "sandbox/answers.rs"]
mod answers;
#[path = "sandbox/compile.rs"]
mod compile;
#[path = "../../../tests/src/crafted.rs"]
mod crafted;
#[path = "sandbox/egress.rs"]
mod egress;
#[path = "sandbox/egress_answers.rs"]
mod egress_answers;
#[path = "sandbox/egress_forms.rs"]
mod egress_forms;
#[path = "sandbox/egress_hops.rs"]
mod egress_hops;
#[path = "sandbox/files.rs"]
mod files;
#[path = "sandbox/gate.rs"]
mod gate;
#[path = "sandbox/hostile.rs"]
mod hostile;
#[path = "sandbox/inert.rs"]
mod inert;
#[path = "sandbox/languages.rs"]
mod languages;
#[path = "sandbox/mail.rs"]
mod mail;
#[path = "sandbox/mail_faults.rs"]
mod mail_faults;
#[path = "sandbox/mail_secrets.rs"]
mod mail_secrets;
#[path = "sandbox/narrow.rs"]
mod narrow;
#[path = "sandbox/secrets.rs"]
mod secrets;
#[path = "../../../tests/src/smtp.rs"]
mod smtp;
#[path = "sandbox/versions.rs"]
mod versions;
#[path = "sandbox/world.rs"]
mod world;
