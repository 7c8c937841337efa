//! When a job is due: cron, interval and once, in IANA zones, and what becomes of instants that were missed.
//!
//! Pure time: no input or output, and no clock of its own; the caller brings every instant. The rules are those of
//! `semantics.md` and are named by their ids (T4 to T7, T16). Knows nothing of jobs, stores or HTTP.
//!
//! A [`Schedule`] is the customer's JSON object. [`Schedule::compile`] checks it and makes a [`Timetable`], which
//! answers what is due next and what was due before; [`misfire::rule`] rules on what was missed; [`preview`] shows a
//! person what a schedule means.

mod cron;
mod describe;
mod error;
mod interval;
pub mod misfire;
mod name;
mod next;
mod once;
mod preview;
mod spec;
mod zone;

pub use error::Problem;
pub use next::Timetable;
pub use preview::{Preview, preview};
pub use spec::{Dst, Fold, Gap, Schedule, ScheduleKind};
