//! The workloads of `cargo xtask bench`: how late runs start, and what one costs; or what many documents take.
//!
//! Lateness is `started_at - scheduled_for` as stored, read back from the database after the server has ended. CPU a
//! run is user and system time of the server's process over the measured window, divided by the runs in it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here ends the measurement, with its reason"
)]

mod data;
mod machine;
mod readback;
mod table;
mod workload;

use clap::Parser;

use workload::{Outcome, Workload};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
struct Arguments {
    /// Under two minutes: shorter windows
    #[arg(long)]
    quick: bool,
    /// Only workloads whose name holds this text, such as W2
    #[arg(long)]
    only: Option<String>,
    /// Instead of schedules: exports, a backup and its restore of so many documents
    #[arg(long, value_name = "DOCUMENTS", num_args = 0..=1, default_missing_value = "1000000")]
    data: Option<u64>,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    if let Some(documents) = arguments.data {
        data::measure(documents).await;
        return;
    }
    let seconds = if arguments.quick { 10 } else { 60 };
    let workloads = [
        Workload::EachSecond { jobs: 100, seconds },
        Workload::EachSecond { jobs: 1_000, seconds },
        Workload::EachSecond { jobs: 10_000, seconds },
        Workload::AtOnce { jobs: 10_000 },
    ];
    eprintln!("Each run is a database_cleanup component on an empty match: a read in a sandbox, recorded durably.");
    let mut outcomes: Vec<Outcome> = Vec::new();
    for workload in workloads {
        if arguments.only.as_ref().is_none_or(|only| workload.to_string().contains(only.as_str())) {
            outcomes.push(workload.measure().await);
        }
    }
    table::print(&outcomes);
}
