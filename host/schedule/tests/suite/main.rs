//! What the schedule crate promises, through its public face. One binary, so that it links once.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected should stop there")]

mod bounds;
mod description;
mod dialect;
mod distant;
mod expression;
mod misfire;
mod oracle;
mod peer;
mod previews;
mod transitions;

use chrono::{DateTime, Utc};
use sandglass_schedule::{Schedule, ScheduleKind};

/// An instant from RFC 3339.
fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A schedule with nothing but its kind.
fn blank(kind: ScheduleKind) -> Schedule {
    Schedule {
        kind,
        interval_seconds: None,
        expression: None,
        timezone: None,
        run_at: None,
        start_at: None,
        end_at: None,
        seconds: None,
        dst: None,
    }
}

fn cron(expression: &str) -> Schedule {
    Schedule { expression: Some(expression.to_owned()), ..blank(ScheduleKind::Cron) }
}

fn interval(seconds: u64) -> Schedule {
    Schedule { interval_seconds: Some(seconds), ..blank(ScheduleKind::Interval) }
}

fn once(at: DateTime<Utc>) -> Schedule {
    Schedule { run_at: Some(at), ..blank(ScheduleKind::Once) }
}
