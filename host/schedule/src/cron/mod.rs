//! Cron as crontab means it: five fields, either day field may match, names, and clocks that change.
//!
//! `text` takes the expression apart, `field` reads one field, `day` holds the day rule, `calendar` finds walls that
//! match, `instants` turns walls into instants under T5. The dialect is stated in `semantics.md` and repeated where it
//! is read. The `cron` crate is not used here: it knows neither the day rule nor `L W #`, keeps several ordered sets a
//! field, and two of its schedules would be needed for one expression; the tests hold it against this calendar.

mod calendar;
mod day;
mod field;
mod instants;
mod text;

use chrono_tz::Tz;

pub(crate) use day::{DayRule, DaysOfMonth, DaysOfWeek};
pub(crate) use field::Numbers;
pub(crate) use instants::{Meeting, Mode};
pub(crate) use text::Expression;

use crate::error::Problem;
use crate::spec::Dst;
use crate::zone::Zone;
use instants::Instants;

/// A compiled cron schedule in its zone. Seconds since the epoch, half-open nowhere: `at_or_…` include their argument.
#[derive(Debug)]
pub(crate) struct Cron {
    instants: Instants,
}

impl Cron {
    pub fn new(expression: Option<&str>, seconds: Option<&str>, dst: Dst, tz: Tz) -> Result<Self, Vec<Problem>> {
        let (expression, seconds) = parse(expression, seconds)?;
        let mode = if expression.fixed_time { Mode::Fixed(dst) } else { Mode::Elapsed };
        Ok(Self { instants: Instants::new(expression.calendar(&seconds), Zone::of(tz), mode) })
    }

    pub fn at_or_after(&self, instant: i64) -> Option<i64> {
        self.instants.at_or_after(instant)
    }

    pub fn at_or_before(&self, instant: i64) -> Option<i64> {
        self.instants.at_or_before(instant)
    }

    /// T5's `gap: skip`: see [`Timetable::gap_skips`](crate::Timetable::gap_skips).
    pub fn gap_skips(&self, from: i64, until: i64) -> impl Iterator<Item = i64> {
        self.instants.gap_skips(from, until)
    }

    /// Changes of the clock in a range that this schedule meets.
    pub fn meetings(&self, from: i64, until: i64) -> impl Iterator<Item = Meeting> {
        self.instants.meetings(from, until)
    }
}

/// Reads the two texts of a cron schedule, and reports the problems of both.
pub(crate) fn parse(expression: Option<&str>, seconds: Option<&str>) -> Result<(Expression, Numbers), Vec<Problem>> {
    let expression = expression.map_or_else(
        || {
            Err(vec![Problem::new(
                "expression",
                "missing",
                "a cron schedule needs `expression`: five fields (minute hour day-of-month month day-of-week), for example `0 8 * * 1-5`",
            )])
        },
        Expression::parse,
    );
    let seconds = text::seconds(seconds.unwrap_or("0"));
    match (expression, seconds) {
        (Ok(expression), Ok(seconds)) => Ok((expression, seconds)),
        (expression, seconds) => {
            let mut problems = expression.err().unwrap_or_default();
            problems.extend(seconds.err());
            Err(problems)
        }
    }
}
