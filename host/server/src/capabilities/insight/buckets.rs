//! Hours, days, weeks and months of a zone, as instants. Pure.
//!
//! A bucket is what people of the zone call one: a day may have 23 or 25 hours, an hour that the clocks show twice is
//! two, and weeks begin on Monday (ISO 8601).

use chrono::{DateTime, Datelike as _, Days, Duration, Months, NaiveDate, NaiveTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::Tz;

/// What a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Hour,
    Day,
    Week,
    Month,
}

impl Unit {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "hour" => Some(Self::Hour),
            "day" => Some(Self::Day),
            "week" => Some(Self::Week),
            "month" => Some(Self::Month),
            _ => None,
        }
    }
}

/// Buckets that cover a stretch of time without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buckets {
    /// First instants, in order.
    starts: Vec<DateTime<Utc>>,
}

impl Buckets {
    /// Covers from `since` up to and without `until`; the first bucket may begin before. `None` when more than `most`
    /// would be needed or the calendar ends.
    pub fn new(unit: Unit, zone: Tz, since: DateTime<Utc>, until: DateTime<Utc>, most: usize) -> Option<Self> {
        let mut starts: Vec<DateTime<Utc>> = Vec::new();
        if since >= until {
            return Some(Self { starts });
        }
        let mut date = first_date(unit, since.with_timezone(&zone).date_naive())?;
        let mut next = match unit {
            Unit::Hour => hour_of(zone, since)?,
            _ => first_instant(zone, date)?,
        };
        while next < until {
            // A date that a zone left out begins with the next one.
            if starts.last().is_none_or(|last| *last < next) {
                if starts.len() >= most {
                    return None;
                }
                starts.push(next);
            }
            next = match unit {
                Unit::Hour => next_hour(zone, next)?,
                Unit::Day | Unit::Week | Unit::Month => {
                    date = next_date(unit, date)?;
                    first_instant(zone, date)?
                }
            };
        }
        Some(Self { starts })
    }

    pub fn starts(&self) -> &[DateTime<Utc>] {
        &self.starts
    }

    /// The place of the bucket that holds `at`; none before the first.
    pub fn place(&self, at: DateTime<Utc>) -> Option<usize> {
        self.starts.partition_point(|start| *start <= at).checked_sub(1)
    }
}

fn first_date(unit: Unit, date: NaiveDate) -> Option<NaiveDate> {
    match unit {
        Unit::Hour | Unit::Day => Some(date),
        Unit::Week => date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into())),
        Unit::Month => date.with_day(1),
    }
}

fn next_date(unit: Unit, date: NaiveDate) -> Option<NaiveDate> {
    match unit {
        Unit::Hour | Unit::Day => date.succ_opt(),
        Unit::Week => date.checked_add_days(Days::new(7)),
        Unit::Month => date.checked_add_months(Months::new(1)),
    }
}

/// The first instant of a local date. Where midnight does not exist, the day begins when the gap ends.
fn first_instant(zone: Tz, date: NaiveDate) -> Option<DateTime<Utc>> {
    let midnight = date.and_time(NaiveTime::MIN);
    if let Some(at) = zone.from_local_datetime(&midnight).earliest() {
        return Some(at.to_utc());
    }
    // The clock jumped over midnight, at some instant within a day of where it would have been.
    let around = midnight.and_utc();
    let is_before = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local() < midnight;
    let (mut low, mut high) =
        (around.checked_sub_signed(Duration::days(2))?, around.checked_add_signed(Duration::days(2))?);
    while high - low > Duration::seconds(1) {
        let middle = low + (high - low) / 2;
        if is_before(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    DateTime::from_timestamp(high.timestamp(), 0)
}

fn offset(zone: Tz, at: DateTime<Utc>) -> i64 {
    i64::from(zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc())
}

/// The beginning of the local hour that holds `at`, in the offset that holds then.
fn hour_of(zone: Tz, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let wall = at.timestamp() + offset(zone, at);
    let start = DateTime::from_timestamp(at.timestamp() - wall.rem_euclid(3600), 0)?;
    if offset(zone, start) == offset(zone, at) { Some(start) } else { change(zone, start, at) }
}

/// The next full hour on the clock, or the next change of the clock if that comes first.
fn next_hour(zone: Tz, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let wall = at.timestamp() + offset(zone, at);
    let next = DateTime::from_timestamp(at.timestamp() + 3600 - wall.rem_euclid(3600), 0)?;
    if offset(zone, next) == offset(zone, at) { Some(next) } else { change(zone, at, next) }
}

/// The instant in (`low`, `high`] at which the offset changes.
fn change(zone: Tz, low: DateTime<Utc>, high: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let before = offset(zone, low);
    let (mut low, mut high) = (low.timestamp(), high.timestamp());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if offset(zone, DateTime::from_timestamp(middle, 0)?) == before {
            low = middle;
        } else {
            high = middle;
        }
    }
    DateTime::from_timestamp(high, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn lengths(unit: Unit, zone: Tz, since: &str, until: &str) -> Vec<i64> {
        let buckets = Buckets::new(unit, zone, at(since), at(until), 10_000).unwrap();
        buckets.starts().windows(2).map(|pair| (pair[1] - pair[0]).num_minutes()).collect()
    }

    #[test]
    fn days_of_a_change_of_clocks_are_shorter_and_longer() {
        let spring = lengths(Unit::Day, Tz::Europe__Berlin, "2026-03-27T23:00:00Z", "2026-03-31T00:00:00Z");
        assert_eq!(spring, [1440, 1380, 1440]);
        let autumn = lengths(Unit::Day, Tz::Europe__Berlin, "2026-10-23T22:00:00Z", "2026-10-27T00:00:00Z");
        assert_eq!(autumn, [1440, 1500, 1440]);
    }

    #[test]
    fn an_hour_that_is_shown_twice_is_two_and_a_half_hour_change_makes_a_half_hour() {
        let hours = lengths(Unit::Hour, Tz::Europe__Berlin, "2026-10-24T22:30:00Z", "2026-10-25T04:00:00Z");
        assert_eq!(hours, [60; 5]);
        // Lord Howe Island goes from 02:00 to 02:30.
        let hours = lengths(Unit::Hour, Tz::Australia__Lord_Howe, "2026-10-03T14:00:00Z", "2026-10-03T17:00:00Z");
        assert_eq!(hours, [60, 60, 30]);
    }

    #[test]
    fn a_day_without_midnight_begins_after_the_gap_and_a_day_that_never_was_is_left_out() {
        // Beirut's clocks go forward at midnight.
        let buckets =
            Buckets::new(Unit::Day, Tz::Asia__Beirut, at("2026-03-28T12:00:00Z"), at("2026-03-29T12:00:00Z"), 9);
        assert_eq!(buckets.unwrap().starts(), [at("2026-03-27T22:00:00Z"), at("2026-03-28T22:00:00Z")]);
        // Samoa went from 29 to 31 December 2011.
        let days = lengths(Unit::Day, Tz::Pacific__Apia, "2011-12-28T10:00:00Z", "2012-01-01T12:00:00Z");
        assert_eq!(days, [1440; 4]);
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let since = at("2026-11-25T12:00:00Z");
        let week = Buckets::new(Unit::Week, Tz::UTC, since, at("2026-12-01T00:00:00Z"), 9).unwrap();
        assert_eq!(week.starts(), [at("2026-11-23T00:00:00Z"), at("2026-11-30T00:00:00Z")]);
        let month = Buckets::new(Unit::Month, Tz::Asia__Tokyo, since, at("2027-01-05T00:00:00Z"), 9).unwrap();
        let starts = ["2026-10-31T15:00:00Z", "2026-11-30T15:00:00Z", "2026-12-31T15:00:00Z"].map(at);
        assert_eq!(month.starts(), starts);
        assert_eq!(month.place(at("2026-11-30T14:59:59Z")), Some(0));
        assert_eq!(month.place(at("2026-11-30T15:00:00Z")), Some(1));
        assert_eq!(month.place(at("2026-01-01T00:00:00Z")), None);
    }

    #[test]
    fn too_many_are_refused_before_they_are_made() {
        let until = at("2036-01-01T00:00:00Z");
        assert_eq!(Buckets::new(Unit::Hour, Tz::UTC, at("2026-01-01T00:00:00Z"), until, 1_000), None);
        assert!(Buckets::new(Unit::Month, Tz::UTC, until, until, 10).unwrap().starts().is_empty());
    }
}
