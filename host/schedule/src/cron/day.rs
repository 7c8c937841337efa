//! Which days of a month match: the two day fields, `L`, `W` and `#`, and crontab's rule for putting them together.

use chrono::{Datelike, NaiveDate};

use super::field::{self, Numbers, Refusal, Unit, begins_with_star};

/// The day-of-month field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct DaysOfMonth {
    /// Plain days, 1-31.
    pub days: Numbers,
    /// `L` is 0, `L-3` is 3: days before the last one.
    pub before_last: Numbers,
    /// `15W`: the weekday (Monday to Friday) nearest to this day, in the same month.
    pub nearest: Numbers,
    /// `LW`: the last weekday (Monday to Friday) of the month.
    pub last_weekday: bool,
    pub star: bool,
}

/// The day-of-week field. Sunday is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct DaysOfWeek {
    /// Plain days, 0-6.
    pub days: Numbers,
    /// `5L`: the last such day of the month.
    pub last: Numbers,
    /// `5#2` is bit `2 * 7 + 5`: the second Friday of the month.
    pub nth: Numbers,
    pub star: bool,
}

/// Both day fields. If both are restricted (neither begins with `*`), a day matches when either does; otherwise when
/// both do. (IEEE 1003.1, crontab; semantics.md.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayRule {
    pub of_month: DaysOfMonth,
    pub of_week: DaysOfWeek,
}

/// Whether an item has one of the letters of the special forms.
pub(crate) fn looks_special(item: &str) -> bool {
    item.contains(['L', 'l', 'W', 'w', '#'])
}

impl DaysOfMonth {
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut days = Self { star: begins_with_star(text), ..Self::default() };
        for item in field::items(text)? {
            days.add(item)?;
        }
        Ok(days)
    }

    fn add(&mut self, item: &str) -> Result<(), Refusal> {
        const UNIT: Unit = Unit::DayOfMonth;
        let upper = item.to_ascii_uppercase();
        if upper == "L" {
            self.before_last.insert(0);
        } else if upper == "LW" || upper == "WL" {
            self.last_weekday = true;
        } else if let Some(back) = upper.strip_prefix("L-") {
            if back.is_empty() || !back.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Refusal::Mixed(item.to_owned()));
            }
            let back: u8 = back
                .parse()
                .ok()
                .filter(|back| (1..=30).contains(back))
                .ok_or_else(|| Refusal::OutOfRange { found: item.to_owned(), low: 1, high: 30 })?;
            self.before_last.insert(back);
        } else if let Some(day) = upper.strip_suffix('W').filter(|day| is_number(day)) {
            self.nearest.insert(field::value(UNIT, item, day)?);
        } else if mixes_forms(item) {
            return Err(Refusal::Mixed(item.to_owned()));
        } else {
            field::add(UNIT, item, &mut self.days)?;
        }
        Ok(())
    }

    /// The matching days of a month as bits 1-31. `length` is its number of days, `first` the weekday of its first.
    fn mask(&self, length: u32, first: u32) -> u64 {
        let mut mask = self.days.0;
        for back in self.before_last.iter() {
            if u32::from(back) < length {
                mask |= 1 << (length - u32::from(back));
            }
        }
        for day in self.nearest.iter().map(u32::from).filter(|day| *day <= length) {
            mask |= 1 << nearest_weekday(day, length, first);
        }
        if self.last_weekday {
            mask |= 1 << nearest_weekday(length, length, first);
        }
        mask
    }

    fn is_plain(&self) -> bool {
        self.before_last.0 == 0 && self.nearest.0 == 0 && !self.last_weekday
    }
}

impl DaysOfWeek {
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut days = Self { star: begins_with_star(text), ..Self::default() };
        for item in field::items(text)? {
            days.add(item)?;
        }
        Ok(days)
    }

    fn add(&mut self, item: &str) -> Result<(), Refusal> {
        const UNIT: Unit = Unit::DayOfWeek;
        let upper = item.to_ascii_uppercase();
        let weekday = |text: &str| field::value(UNIT, item, text).map(|day| day % 7);
        if upper == "L" {
            return Err(Refusal::LastWithoutDay(item.to_owned()));
        }
        if let Some((day, nth)) = upper.split_once('#') {
            let day = weekday(day)?;
            let nth: u8 = Some(nth)
                .filter(|nth| is_number(nth))
                .and_then(|nth| nth.parse().ok())
                .filter(|nth| (1..=5).contains(nth))
                .ok_or_else(|| Refusal::OutOfRange { found: item.to_owned(), low: 1, high: 5 })?;
            self.nth.insert(nth * 7 + day);
            return Ok(());
        }
        let last = upper.strip_suffix('L').or_else(|| upper.strip_prefix('L'));
        match last {
            Some(day) if !day.is_empty() && day.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                self.last.insert(weekday(day)?);
                Ok(())
            }
            Some(_) => Err(Refusal::Mixed(item.to_owned())),
            None if mixes_forms(item) => Err(Refusal::Mixed(item.to_owned())),
            None => field::add(UNIT, item, &mut self.days),
        }
    }

    fn mask(&self, length: u32, first: u32) -> u64 {
        /// The first day of the month and those 1, 2, 3 and 4 weeks later.
        const WEEKS: u64 = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28;
        let mut mask = 0;
        for weekday in 0..7 {
            let earliest = 1 + (u32::from(weekday) + 7 - first) % 7;
            if self.days.contains(weekday) {
                mask |= WEEKS << earliest;
            }
            if self.last.contains(weekday) {
                let fifth = earliest + 28;
                mask |= 1 << if fifth <= length { fifth } else { fifth - 7 };
            }
            for nth in 1..=5 {
                if self.nth.contains(nth * 7 + weekday) {
                    mask |= 1 << (earliest + u32::from(nth - 1) * 7);
                }
            }
        }
        mask
    }

    fn is_plain(&self) -> bool {
        self.last.0 == 0 && self.nth.0 == 0
    }

    fn is_everything(&self) -> bool {
        self.days == Numbers::all(Unit::DayOfWeek)
    }
}

impl DayRule {
    /// Whether either field is enough.
    pub fn either(&self) -> bool {
        !self.of_month.star && !self.of_week.star
    }

    /// The matching days of a month, as bits 1-31.
    pub fn mask(&self, year: i32, month: u32) -> Numbers {
        let Some(first_day) = NaiveDate::from_ymd_opt(year, month, 1) else {
            return Numbers::default();
        };
        let length = u32::from(first_day.num_days_in_month());
        let first = first_day.weekday().num_days_from_sunday();
        let of_month = self.of_month.mask(length, first);
        let mask = if self.either() {
            of_month | self.of_week.mask(length, first)
        } else if self.of_week.is_everything() {
            of_month
        } else {
            of_month & self.of_week.mask(length, first)
        };
        Numbers(mask & (((1 << length) - 1) << 1))
    }

    /// Whether every day matches.
    pub fn is_every_day(&self) -> bool {
        let every_month_day = self.of_month.days == Numbers::all(Unit::DayOfMonth);
        if self.either() {
            every_month_day || self.of_week.is_everything()
        } else {
            every_month_day && self.of_week.is_everything()
        }
    }

    /// Whether neither field has `L`, `W` or `#`.
    pub fn is_plain(&self) -> bool {
        self.of_month.is_plain() && self.of_week.is_plain()
    }
}

/// Monday to Friday nearest to `day` without leaving the month.
fn nearest_weekday(day: u32, length: u32, first: u32) -> u32 {
    match (first + day - 1) % 7 {
        6 if day > 1 => day - 1,
        6 => day + 2,
        0 if day < length => day + 1,
        0 => day - 2,
        _ => day,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an item has a range or a step beside L, W or #. Names have these letters as well, but are longer.
fn mixes_forms(item: &str) -> bool {
    let names = item.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word.len() > 2);
    looks_special(item) && item.contains(['-', '/']) && !names
}
