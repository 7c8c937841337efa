//! The stretch of time that a report is about, and the one before it.

use chrono_tz::Tz;
use sandglass_sdk::chrono::{
    DateTime, Datelike as _, Days, Duration, Months, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound as _, Utc,
};

use super::zone::{midnight, resolve, wall};
use crate::parameters::{DateRange, Parameters};

/// From `start` up to and without `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub zone: Tz,
}

/// An edge that a job names: a whole day, or a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    Day(NaiveDate),
    Wall(NaiveDateTime),
    Instant(DateTime<Utc>),
}

impl Edge {
    /// Reads `2026-11-01`, `2026-11-01T08:00` or `2026-11-01T08:00:00+01:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let day = || text.parse().ok().map(Self::Day);
        let minutes = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok().map(Self::Wall);
        let seconds = || text.parse().ok().map(Self::Wall);
        let instant = || DateTime::parse_from_rfc3339(text).ok().map(|at| Self::Instant(at.to_utc()));
        let edge = day().or_else(minutes).or_else(seconds).or_else(instant)?;
        // Within reach of calendar and database.
        (1970..=2200).contains(&edge.year()).then_some(edge)
    }

    fn year(self) -> i32 {
        match self {
            Self::Day(date) => date.year(),
            Self::Wall(wall) => wall.year(),
            Self::Instant(at) => at.year(),
        }
    }

    fn start(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::Day(date) => midnight(zone, date),
            Self::Wall(wall) => resolve(zone, wall),
            Self::Instant(at) => at,
        }
    }

    /// A day is meant with all its hours.
    fn end(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::Day(date) => midnight(zone, date + Days::new(1)),
            other => other.start(zone),
        }
    }
}

impl Period {
    /// What the parameters mean for a run that was due `now`.
    pub fn of(parameters: &Parameters, zone: Tz, now: DateTime<Utc>) -> Self {
        let now = now.trunc_subsecs(3);
        let here = wall(zone, now);
        let (today, month) = (here.date(), first_of_month(here.date()));
        let day = |date| midnight(zone, date);
        let (start, end) = match parameters.date_range {
            DateRange::Today => (day(today), now),
            DateRange::Yesterday => (day(today - Days::new(1)), day(today)),
            DateRange::Last24h => (now - Duration::hours(24), now),
            DateRange::Last7d => (resolve(zone, here - Days::new(7)), now),
            DateRange::Last30d => (resolve(zone, here - Days::new(30)), now),
            DateRange::ThisMonth => (day(month), now),
            DateRange::LastMonth => (day(month - Months::new(1)), day(month)),
            DateRange::Custom => {
                let edge = |text: &Option<String>| text.as_deref().and_then(Edge::parse);
                let start = edge(&parameters.start_date).map_or(now, |edge| edge.start(zone));
                (start, edge(&parameters.end_date).map_or(now, |edge| edge.end(zone)))
            }
        };
        Self { start, end, zone }
    }

    /// The period to compare with: the day, month or stretch before, as far into it as this one goes.
    pub fn previous(&self, range: DateRange) -> Self {
        let zone = self.zone;
        let (start, end) = (wall(zone, self.start), wall(zone, self.end));
        let back = |days: u64| (resolve(zone, start - Days::new(days)), resolve(zone, end - Days::new(days)));
        let (start, end) = match range {
            DateRange::Today | DateRange::Yesterday => back(1),
            DateRange::Last24h => (self.start - (self.end - self.start), self.start),
            DateRange::Last7d => (resolve(zone, start - Days::new(7)), self.start),
            DateRange::Last30d => (resolve(zone, start - Days::new(30)), self.start),
            DateRange::ThisMonth => {
                let until = resolve(zone, end - Months::new(1)).min(self.start);
                (resolve(zone, start - Months::new(1)), until)
            }
            DateRange::LastMonth => (resolve(zone, start - Months::new(1)), self.start),
            DateRange::Custom => match whole_days(start, end) {
                Some(days) => (resolve(zone, start - days), self.start),
                None => (self.start - (self.end - self.start), self.start),
            },
        };
        Self { start, end, zone }
    }

    /// The same end, but so many local days before it as the start.
    pub fn back_from_end(&self, days: u64) -> Self {
        Self { start: resolve(self.zone, wall(self.zone, self.end) - Days::new(days)), ..*self }
    }

    /// Whether both ends are midnights.
    pub fn is_of_whole_days(&self) -> bool {
        whole_days(wall(self.zone, self.start), wall(self.zone, self.end)).is_some()
    }

    /// As the clocks of the zone show both ends.
    pub fn text(&self) -> String {
        let (start, end) = (wall(self.zone, self.start), wall(self.zone, self.end));
        match whole_days(start, end) {
            Some(days) if days == Days::new(1) => start.format("%-d %B %Y").to_string(),
            Some(_) => {
                format!("{} – {}", start.format("%-d %B %Y"), (end - Days::new(1)).format("%-d %B %Y"))
            }
            None => format!("{} – {}", start.format("%-d %B %Y %H:%M"), end.format("%-d %B %Y %H:%M")),
        }
    }

    /// An instant, as the clocks of the zone show it with their offset.
    pub fn local(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).to_rfc3339()
    }
}

fn first_of_month(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

/// The number of days, when both ends are midnights.
fn whole_days(start: NaiveDateTime, end: NaiveDateTime) -> Option<Days> {
    let days = u64::try_from((end - start).num_days()).ok()?;
    (start.time() == NaiveTime::MIN && end.time() == NaiveTime::MIN && days > 0).then(|| Days::new(days))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Start and end of the period and of the one before it, in UTC.
    fn periods(parameters: Value, zone: Tz, now: &str) -> [String; 4] {
        let mut all = json!({"report_type": "engagement"});
        all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
        let parameters: Parameters = serde_json::from_value(all).unwrap();
        let period = Period::of(&parameters, zone, now.parse().unwrap());
        let before = period.previous(parameters.date_range);
        [period.start, period.end, before.start, before.end].map(|at| at.format("%m-%dT%H:%M").to_string())
    }

    fn range(name: &str, zone: Tz, now: &str) -> [String; 4] {
        periods(json!({ "date_range": name }), zone, now)
    }

    #[test]
    fn days_and_months_are_those_of_the_zone() {
        let tokyo = |name| range(name, Tz::Asia__Tokyo, "2026-11-24T16:00:00Z");
        assert_eq!(tokyo("today"), ["11-24T15:00", "11-24T16:00", "11-23T15:00", "11-23T16:00"]);
        assert_eq!(tokyo("yesterday"), ["11-23T15:00", "11-24T15:00", "11-22T15:00", "11-23T15:00"]);
        assert_eq!(tokyo("last_24h"), ["11-23T16:00", "11-24T16:00", "11-22T16:00", "11-23T16:00"]);
        assert_eq!(tokyo("last_7d"), ["11-17T16:00", "11-24T16:00", "11-10T16:00", "11-17T16:00"]);
        assert_eq!(tokyo("last_30d"), ["10-25T16:00", "11-24T16:00", "09-25T16:00", "10-25T16:00"]);
        assert_eq!(tokyo("this_month"), ["10-31T15:00", "11-24T16:00", "09-30T15:00", "10-24T16:00"]);
        assert_eq!(tokyo("last_month"), ["09-30T15:00", "10-31T15:00", "08-31T15:00", "09-30T15:00"]);
    }

    #[test]
    fn a_change_of_clocks_makes_a_day_longer_or_shorter() {
        let berlin = |name, now| range(name, Tz::Europe__Berlin, now);
        let autumn = berlin("yesterday", "2026-10-26T08:00:00Z");
        assert_eq!(autumn, ["10-24T22:00", "10-25T23:00", "10-23T22:00", "10-24T22:00"]);
        let spring = berlin("yesterday", "2026-03-30T08:00:00Z");
        assert_eq!(spring, ["03-28T23:00", "03-29T22:00", "03-27T23:00", "03-28T23:00"]);
        assert_eq!(berlin("last_7d", "2026-10-26T08:00:00Z")[0], "10-19T07:00");
        assert_eq!(berlin("last_24h", "2026-10-26T08:00:00Z")[0], "10-25T08:00");
    }

    #[test]
    fn a_longer_month_is_compared_with_all_of_a_shorter_one() {
        let found = range("this_month", Tz::UTC, "2026-03-31T12:00:00Z");
        assert_eq!(found, ["03-01T00:00", "03-31T12:00", "02-01T00:00", "02-28T12:00"]);
    }

    #[test]
    fn a_last_day_counts_with_all_its_hours() {
        let custom = |start: &str, end: &str| {
            let parameters = json!({"date_range": "custom", "start_date": start, "end_date": end});
            periods(parameters, Tz::Europe__Berlin, "2026-12-24T12:00:00Z")
        };
        let month = custom("2026-11-01", "2026-11-30");
        assert_eq!(month, ["10-31T23:00", "11-30T23:00", "10-01T22:00", "10-31T23:00"]);
        let hours = custom("2026-11-01T08:00", "2026-11-01T12:00:00Z");
        assert_eq!(hours, ["11-01T07:00", "11-01T12:00", "11-01T02:00", "11-01T07:00"]);
        let open = json!({"date_range": "custom", "start_date": "2026-12-24"});
        assert_eq!(periods(open, Tz::UTC, "2026-12-24T12:00:00Z")[1], "12-24T12:00");
    }

    #[test]
    fn edges_that_are_no_dates_are_not_read() {
        for text in ["", "yesterday", "2026-13-01", "2026-11-31", "1969-01-01", "9999-01-01", "2026-11-01 08:00"] {
            assert_eq!(Edge::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_period_is_told_in_words() {
        let text = |start: &str, end: &str| {
            Period { start: start.parse().unwrap(), end: end.parse().unwrap(), zone: Tz::Europe__Berlin }.text()
        };
        assert_eq!(text("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), "25 October 2026");
        assert_eq!(text("2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z"), "1 November 2026 – 30 November 2026");
        assert_eq!(
            text("2026-11-01T07:00:00Z", "2026-11-01T12:30:00Z"),
            "1 November 2026 08:00 – 1 November 2026 13:30"
        );
    }
}
