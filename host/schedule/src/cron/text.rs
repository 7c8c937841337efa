//! An expression's text: length, macros, the number of fields, and which field is wrong.

use super::calendar::Calendar;
use super::day::{DayRule, DaysOfMonth, DaysOfWeek};
use super::field::{self, Numbers, Refusal, Unit, begins_with_star};
use crate::error::Problem;

/// T6: longer expressions are refused.
const LIMIT_BYTES: usize = 256;

/// An expression taken apart; the zone and the seconds are not part of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expression {
    pub minutes: Numbers,
    pub hours: Numbers,
    pub months: Numbers,
    pub days: DayRule,
    /// T5: neither the minute nor the hour field begins with `*`.
    pub fixed_time: bool,
}

impl Expression {
    /// # Errors
    /// One [`Problem`] for each field that is wrong, or one for the whole text.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let refuse = |code, message: String| Err(vec![Problem::new("expression", code, message)]);
        if text.len() > LIMIT_BYTES {
            return refuse(
                "too_long",
                format!(
                    "the expression has {} bytes; at most {LIMIT_BYTES} are read, so shorten its lists to ranges",
                    text.len()
                ),
            );
        }
        let mut text = text.trim_matches([' ', '\t', '\r', '\n']);
        if text.starts_with('@') {
            text = expand(text).map_err(|problem| vec![problem])?;
        }
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        if let Some(zone) = fields.first().and_then(|first| first.split_once("TZ=")) {
            return refuse(
                "zone_in_expression",
                format!(
                    "the expression begins with a time zone; put `{}` into the schedule's `timezone` field instead",
                    zone.1.escape_debug()
                ),
            );
        }
        let &[minute, hour, day_of_month, month, day_of_week] = fields.as_slice() else {
            let shown: Vec<String> = fields.iter().map(|field| field.escape_debug().to_string()).collect();
            return refuse(count_code(fields.len()), count_message(&shown));
        };
        let minutes = field::numbers(Unit::Minute, minute);
        let hours = field::numbers(Unit::Hour, hour);
        let of_month = DaysOfMonth::parse(day_of_month);
        let months = field::numbers(Unit::Month, month);
        let of_week = DaysOfWeek::parse(day_of_week);
        match (minutes, hours, of_month, months, of_week) {
            (Ok(minutes), Ok(hours), Ok(of_month), Ok(months), Ok(of_week)) => Ok(Self {
                minutes,
                hours,
                months,
                days: DayRule { of_month, of_week },
                fixed_time: !begins_with_star(minute) && !begins_with_star(hour),
            }),
            (minutes, hours, of_month, months, of_week) => Err([
                (Unit::Minute, minutes.err()),
                (Unit::Hour, hours.err()),
                (Unit::DayOfMonth, of_month.err()),
                (Unit::Month, months.err()),
                (Unit::DayOfWeek, of_week.err()),
            ]
            .into_iter()
            .filter_map(|(unit, refusal)| refusal.map(|refusal| problem("expression", unit, &refusal)))
            .collect()),
        }
    }

    pub fn calendar(&self, seconds: &Numbers) -> Calendar {
        Calendar { seconds: *seconds, minutes: self.minutes, hours: self.hours, months: self.months, days: self.days }
    }
}

/// Reads the schedule's `seconds` field.
pub(crate) fn seconds(text: &str) -> Result<Numbers, Problem> {
    if text.len() > LIMIT_BYTES {
        return Err(Problem::new(
            "seconds",
            "too_long",
            format!(
                "`seconds` has {} bytes; at most {LIMIT_BYTES} are read, so shorten its list to ranges",
                text.len()
            ),
        ));
    }
    field::numbers(Unit::Second, text.trim_matches([' ', '\t']))
        .map_err(|refusal| problem("seconds", Unit::Second, &refusal))
}

fn problem(place: &'static str, unit: Unit, refusal: &Refusal) -> Problem {
    Problem::new(place, refusal.code(), format!("{}: {refusal}", unit.name()))
}

fn expand(text: &str) -> Result<&'static str, Problem> {
    let refuse = |code, message: String| Err(Problem::new("expression", code, message));
    match text.to_ascii_lowercase().as_str() {
        "@yearly" | "@annually" => Ok("0 0 1 1 *"),
        "@monthly" => Ok("0 0 1 * *"),
        "@weekly" => Ok("0 0 * * 0"),
        "@daily" | "@midnight" => Ok("0 0 * * *"),
        "@hourly" => Ok("0 * * * *"),
        "@reboot" => refuse(
            "reboot",
            "`@reboot` names no time, and a scheduler on several hosts has no reboot; use a time, or run the job by hand after a start"
                .to_owned(),
        ),
        word if word.starts_with("@every") => refuse(
            "unknown_macro",
            "`@every` is not a calendar time; set `type` to `interval` and write `interval_seconds`"
                .to_owned(),
        ),
        _ => refuse(
            "unknown_macro",
            format!(
                "`{}` is not a known macro; write @yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly, or five fields",
                text.escape_debug()
            ),
        ),
    }
}

fn count_code(count: usize) -> &'static str {
    match count {
        0 => "empty",
        6 | 7 => "six_fields",
        _ => "field_count",
    }
}

fn count_message(fields: &[String]) -> String {
    const FIVE: &str = "minute hour day-of-month month day-of-week";
    match fields {
        [] => {
            format!("the expression is empty; write five fields: {FIVE}, for example `0 8 * * 1-5`")
        }
        [first, middle @ .., last] if fields.len() == 6 => format!(
            "the expression has six fields, and half the world puts seconds first and half last; put five fields ({FIVE}) into `expression` and the seconds into the schedule's `seconds` field: \
             `{} {last}` with seconds `{first}` if they came first, `{first} {}` with seconds `{last}` if they came last",
            middle.join(" "),
            middle.join(" "),
        ),
        _ if fields.len() == 7 => format!(
            "the expression has seven fields; put five ({FIVE}) into `expression`, seconds into the schedule's `seconds` field, and years into `start_at` and `end_at`"
        ),
        _ => format!(
            "the expression has {} field{}; write five: {FIVE}, for example `0 8 * * 1-5`",
            fields.len(),
            if fields.len() == 1 { "" } else { "s" }
        ),
    }
}
