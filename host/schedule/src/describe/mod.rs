//! A schedule as a sentence: "At 08:00 every weekday, Europe/Berlin".
//!
//! `time` says at what times of the day, `day` on which days, `words` puts numbers and lists into English. Written for
//! people: where an expression is too odd for a sentence, it still says all that is in it.

mod day;
mod time;
mod words;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::cron;
use crate::spec::{Schedule, ScheduleKind};

impl Schedule {
    /// The schedule in plain English. A schedule that does not compile is described by its first problem.
    #[must_use]
    pub fn describe(&self) -> String {
        let tz = match self.zone() {
            Ok(tz) => tz,
            Err(problem) => return format!("Not a valid schedule: {}", problem.message),
        };
        let sentence = match self.kind {
            ScheduleKind::Interval => match self.interval_seconds {
                Some(seconds) if seconds > 0 => Ok(format!("Every {}", words::duration(seconds))),
                _ => Err("`interval_seconds` is missing or 0".to_owned()),
            },
            ScheduleKind::Cron => cron::parse(self.expression.as_deref(), self.seconds.as_deref())
                .map(|(expression, seconds)| {
                    let time = time::sentence(&expression, seconds);
                    format!("{}{}, {tz}", time.text, day::phrase(&expression, time.names_times))
                })
                .map_err(|problems| problems.into_iter().next().map(|problem| problem.message).unwrap_or_default()),
            ScheduleKind::Once => self
                .run_at
                .map(|at| format!("Once, on {}, {tz}", moment(at, tz)))
                .ok_or_else(|| "`run_at` is missing".to_owned()),
        };
        match sentence {
            Ok(sentence) => format!("{sentence}{}", self.bounds_in_words(tz)),
            Err(message) => format!("Not a valid schedule: {message}"),
        }
    }

    fn bounds_in_words(&self, tz: Tz) -> String {
        let start = self.start_at.map(|at| format!(", from {}", moment(at, tz)));
        let end = self.end_at.map(|at| format!(", until {}", moment(at, tz)));
        // Cron and once have named the zone already.
        let zone =
            (self.kind == ScheduleKind::Interval && (start.is_some() || end.is_some())).then(|| format!(" ({tz})"));
        [start, end, zone].into_iter().flatten().collect()
    }
}

/// "1 March 2026 at 08:00"
fn moment(at: DateTime<Utc>, tz: Tz) -> String {
    let local = at.with_timezone(&tz);
    let format = if at.timestamp() % 60 == 0 { "%-d %B %Y at %H:%M" } else { "%-d %B %Y at %H:%M:%S" };
    local.format(format).to_string()
}
