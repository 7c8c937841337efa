//! Walls that match: pure calendar arithmetic on the naive clock, in both directions, without any zone.

use chrono::{Datelike, NaiveDate};

use super::day::DayRule;
use super::field::Numbers;

const DAY: i64 = 86_400;
/// Years outside of these are not searched; a wall may lie some hours beyond the horizon in either direction.
const YEARS: std::ops::RangeInclusive<i32> = 1969..=2100;

/// The fields as sets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calendar {
    pub seconds: Numbers,
    pub minutes: Numbers,
    pub hours: Numbers,
    pub months: Numbers,
    pub days: DayRule,
}

impl Calendar {
    /// The first matching wall (seconds) at or after `wall`.
    pub fn at_or_after(&self, wall: i64) -> Option<i64> {
        let (date, second) = split(wall)?;
        let (mut year, mut month, mut day) = (date.year(), date.month(), date.day());
        if self.has_day(date)
            && let Some(time) = self.time_at_or_after(second)
        {
            return join(date, time);
        }
        day += 1;
        while year <= *YEARS.end() {
            if let Some(found) = self.days_of(year, month).at_or_after(day) {
                return join(NaiveDate::from_ymd_opt(year, month, found)?, self.time_at_or_after(0)?);
            }
            day = 1;
            (year, month) = match self.months.at_or_after(month + 1) {
                Some(next) => (year, next),
                None => (year + 1, self.months.at_or_after(1)?),
            };
        }
        None
    }

    /// The last matching wall (seconds) at or before `wall`.
    pub fn at_or_before(&self, wall: i64) -> Option<i64> {
        let (date, second) = split(wall)?;
        let (mut year, mut month, mut day) = (date.year(), date.month(), date.day());
        if self.has_day(date)
            && let Some(time) = self.time_at_or_before(second)
        {
            return join(date, time);
        }
        day -= 1;
        while year >= *YEARS.start() {
            if let Some(found) = self.days_of(year, month).at_or_before(day) {
                return join(NaiveDate::from_ymd_opt(year, month, found)?, self.time_at_or_before(86_399)?);
            }
            day = 31;
            (year, month) = match self.months.at_or_before(month - 1) {
                Some(previous) => (year, previous),
                None => (year - 1, self.months.at_or_before(12)?),
            };
        }
        None
    }

    fn has_day(&self, date: NaiveDate) -> bool {
        self.days_of(date.year(), date.month()).at_or_after(date.day()) == Some(date.day())
    }

    fn days_of(&self, year: i32, month: u32) -> Numbers {
        if self.months.at_or_after(month) == Some(month) { self.days.mask(year, month) } else { Numbers::default() }
    }

    /// The first matching second of the day that is at least `second`.
    fn time_at_or_after(&self, second: u32) -> Option<u32> {
        let (hour, minute) = (second / 3600, second / 60 % 60);
        let first_second = self.seconds.at_or_after(0)?;
        let first_minute = self.minutes.at_or_after(0)?;
        let start = self.hours.at_or_after(hour)?;
        if start > hour {
            return Some(start * 3600 + first_minute * 60 + first_second);
        }
        if self.minutes.at_or_after(minute) == Some(minute)
            && let Some(found) = self.seconds.at_or_after(second % 60)
        {
            return Some(hour * 3600 + minute * 60 + found);
        }
        if let Some(found) = self.minutes.at_or_after(minute + 1) {
            return Some(hour * 3600 + found * 60 + first_second);
        }
        let later = self.hours.at_or_after(hour + 1)?;
        Some(later * 3600 + first_minute * 60 + first_second)
    }

    /// The last matching second of the day that is at most `second`.
    fn time_at_or_before(&self, second: u32) -> Option<u32> {
        let (hour, minute) = (second / 3600, second / 60 % 60);
        let last_second = self.seconds.at_or_before(59)?;
        let last_minute = self.minutes.at_or_before(59)?;
        let start = self.hours.at_or_before(hour)?;
        if start < hour {
            return Some(start * 3600 + last_minute * 60 + last_second);
        }
        if self.minutes.at_or_before(minute) == Some(minute)
            && let Some(found) = self.seconds.at_or_before(second % 60)
        {
            return Some(hour * 3600 + minute * 60 + found);
        }
        if let Some(found) = minute.checked_sub(1).and_then(|minute| self.minutes.at_or_before(minute)) {
            return Some(hour * 3600 + found * 60 + last_second);
        }
        let earlier = self.hours.at_or_before(hour.checked_sub(1)?)?;
        Some(earlier * 3600 + last_minute * 60 + last_second)
    }
}

fn split(wall: i64) -> Option<(NaiveDate, u32)> {
    let date = NaiveDate::from_epoch_days(i32::try_from(wall.div_euclid(DAY)).ok()?)?;
    Some((date, u32::try_from(wall.rem_euclid(DAY)).ok()?))
}

fn join(date: NaiveDate, time: u32) -> Option<i64> {
    Some(i64::from(date.to_epoch_days()) * DAY + i64::from(time))
}
