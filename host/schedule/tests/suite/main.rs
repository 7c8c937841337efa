//! What the schedule crate promises, through its public face. One binary, so that it links once.

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
    Schedule {
        expression: Some(expression.to_owned()),
        ..blank(ScheduleKind::Cron)
    }
}
