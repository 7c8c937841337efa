//! What black-box tests start and talk to: the real server as a process of its own, and counterparts on loopback.
#![expect(clippy::expect_used, clippy::panic, reason = "only tests use this crate; a failure here is a failed test")]

mod client;
mod counterpart;
mod crafted;
mod python;
mod server;
mod smtp;
mod wire;

pub use client::{Answer, Client};
pub use counterpart::{Counterpart, Received};
pub use crafted::Crafted;
pub use python::{public_data, python, run_python};
pub use server::{Server, Setup, command, mongodb_uri, root};
pub use smtp::{Answer as MailAnswer, Conversation, MailServer};
pub use wire::WireServer;

use std::time::{Duration, Instant};

/// Asks until there is an answer. The deadline is for a machine that is slow and busy.
///
/// # Panics
/// When nothing came within `seconds`.
pub async fn wait_for<T, F>(what: &str, seconds: u64, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "no {what} within {seconds} s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
