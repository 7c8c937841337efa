//! The table that people compare.

use crate::workload::Outcome;

pub fn print(outcomes: &[Outcome]) {
    println!(
        "{:<36} {:>17} {:>7} {:>8} {:>8} {:>8} {:>10} {:>9} {:>12} {:>6}",
        "workload",
        "done/expected",
        "others",
        "p50 ms",
        "p99 ms",
        "max ms",
        "CPU µs/run",
        "RSS MiB",
        "oversleep ms",
        "load"
    );
    for outcome in outcomes {
        println!(
            "{:<36} {:>17} {:>7} {:>8} {:>8} {:>8} {:>10.1} {:>9} {:>12.2} {:>6.2}",
            outcome.workload.to_string(),
            format!("{}/{}", outcome.runs.done, outcome.expected),
            outcome.runs.others.values().sum::<u64>(),
            outcome.runs.percentile(0.50),
            outcome.runs.percentile(0.99),
            outcome.runs.percentile(1.0),
            outcome.cpu_microseconds,
            outcome.memory_bytes / (1 << 20),
            outcome.noise.oversleep.as_secs_f64() * 1_000.0,
            outcome.noise.load,
        );
    }
    for outcome in outcomes {
        for (why, count) in &outcome.runs.others {
            println!("{}: {count} {why}", outcome.workload);
        }
    }
}
