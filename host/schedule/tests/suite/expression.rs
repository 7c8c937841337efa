//! Random expressions whose meaning is known without reading their text.
//!
//! Shares nothing with the crate: each form is a predicate over numbers or dates, written as directly as the dialect
//! states it, and a text to hand in.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, Timelike, Weekday};

/// A small deterministic generator (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn within(&mut self, low: u32, high: u32) -> u32 {
        low + u32::try_from(self.next() % u64::from(high - low + 1)).unwrap()
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }
}

#[derive(Debug, Clone)]
pub enum Form {
    Star,
    StarStep(u32),
    List(Vec<u32>),
    Range(u32, u32),
    From(u32, u32),
    Last(u32),
    Nearest(u32),
    LastWeekday(u32),
    Nth(u32, u32),
}

impl Form {
    pub fn text(&self) -> String {
        match self {
            Self::Star => "*".to_owned(),
            Self::StarStep(step) => format!("*/{step}"),
            Self::List(values) => values.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
            Self::Range(from, to) => format!("{from}-{to}"),
            Self::From(from, step) => format!("{from}/{step}"),
            Self::Last(0) => "L".to_owned(),
            Self::Last(back) => format!("L-{back}"),
            Self::Nearest(day) => format!("{day}W"),
            Self::LastWeekday(day) => format!("{day}L"),
            Self::Nth(day, nth) => format!("{day}#{nth}"),
        }
    }

    fn is_star(&self) -> bool {
        matches!(self, Self::Star | Self::StarStep(_))
    }

    /// Forms that only look at a number; `low` is the field's lowest.
    fn has(&self, value: u32, low: u32) -> bool {
        match self {
            Self::Star => true,
            Self::StarStep(step) => (value - low).is_multiple_of(*step),
            Self::List(values) => values.contains(&value),
            Self::Range(from, to) if from <= to => (*from..=*to).contains(&value),
            Self::Range(from, to) => value >= *from || value <= *to,
            Self::From(from, step) => value >= *from && (value - from).is_multiple_of(*step),
            _ => unreachable!("a form of the day fields"),
        }
    }

    fn has_day_of_month(&self, date: NaiveDate) -> bool {
        match self {
            Self::Last(back) => {
                let ahead = date + Days::new(u64::from(*back));
                ahead.month() == date.month() && (ahead + Days::new(1)).month() != date.month()
            }
            Self::Nearest(day) => date.with_day(*day).is_some_and(|aim| nearest_weekday(aim) == date),
            plain => plain.has(date.day(), 1),
        }
    }

    fn has_day_of_week(&self, date: NaiveDate) -> bool {
        let weekday = date.weekday().num_days_from_sunday();
        match self {
            Self::LastWeekday(day) => weekday == day % 7 && (date + Days::new(7)).month() != date.month(),
            Self::Nth(day, nth) => weekday == day % 7 && date.day().div_ceil(7) == *nth,
            Self::List(values) => values.iter().any(|value| value % 7 == weekday),
            plain => plain.has(weekday, 0),
        }
    }
}

/// The nearest day from Monday to Friday, in the same month; of two equally near ones there are none.
fn nearest_weekday(aim: NaiveDate) -> NaiveDate {
    (0..=2)
        .flat_map(|far| [aim - Days::new(far), aim + Days::new(far)])
        .find(|day| day.month() == aim.month() && !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
        .unwrap()
}

#[derive(Debug, Clone)]
pub struct Expression {
    pub minute: Form,
    pub hour: Form,
    pub day_of_month: Form,
    pub month: Form,
    pub day_of_week: Form,
}

impl Expression {
    pub fn text(&self) -> String {
        [&self.minute, &self.hour, &self.day_of_month, &self.month, &self.day_of_week].map(Form::text).join(" ")
    }

    pub fn is_fixed_time(&self) -> bool {
        !self.minute.is_star() && !self.hour.is_star()
    }

    pub fn has_date(&self, date: NaiveDate) -> bool {
        let (of_month, of_week) = (self.day_of_month.has_day_of_month(date), self.day_of_week.has_day_of_week(date));
        self.month.has(date.month(), 1)
            && if self.day_of_month.is_star() || self.day_of_week.is_star() {
                of_month && of_week
            } else {
                of_month || of_week
            }
    }

    /// Whether this minute of the clock on the wall matches; the second is not looked at.
    pub fn has(&self, wall: NaiveDateTime) -> bool {
        self.minute.has(wall.minute(), 0) && self.hour.has(wall.hour(), 0) && self.has_date(wall.date())
    }

    /// A random expression that is likely to be due around the wall times `near`.
    pub fn random(dice: &mut Dice, near: &[NaiveDateTime]) -> Self {
        let hours: Vec<u32> = near.iter().map(|wall| wall.hour()).collect();
        let days: Vec<u32> = near.iter().map(|wall| wall.day()).collect();
        let months: Vec<u32> = near.iter().map(|wall| wall.month()).collect();
        let weekdays: Vec<u32> = near.iter().map(|wall| wall.weekday().num_days_from_sunday()).collect();
        let open_day = dice.chance(60);
        Self {
            minute: number(dice, 0, 59, &[0, 30], 25),
            hour: number(dice, 0, 23, &hours, 30),
            day_of_month: match dice.within(0, 9) {
                _ if open_day => Form::Star,
                0..=3 => Form::Star,
                4 => Form::Last(dice.within(0, 3)),
                5 => Form::Nearest(dice.within(1, 31)),
                _ => number(dice, 1, 31, &days, 20),
            },
            month: if dice.chance(75) { Form::Star } else { number(dice, 1, 12, &months, 20) },
            day_of_week: match dice.within(0, 9) {
                _ if open_day => Form::Star,
                0..=3 => Form::Star,
                4 => Form::LastWeekday(dice.within(0, 7)),
                5 => Form::Nth(dice.within(0, 7), dice.within(1, 5)),
                _ => number(dice, 0, 6, &weekdays, 20),
            },
        }
    }
}

/// A form for plain numbers, drawn around the values in `near`.
fn number(dice: &mut Dice, low: u32, high: u32, near: &[u32], star_percent: u64) -> Form {
    let size = high - low + 1;
    let value = |dice: &mut Dice| {
        if near.is_empty() || dice.chance(25) {
            return dice.within(low, high);
        }
        let place = dice.within(0, u32::try_from(near.len()).unwrap() - 1);
        let moved = near[place as usize] + size + dice.within(0, 2) - 1 - low;
        low + moved % size
    };
    if dice.chance(star_percent) {
        return if dice.chance(40) { Form::Star } else { Form::StarStep(dice.within(1, size)) };
    }
    match dice.within(0, 9) {
        0 | 1 => Form::Range(value(dice), value(dice)),
        2 => Form::From(value(dice), dice.within(1, size)),
        _ => {
            let count = dice.within(1, 3);
            Form::List((0..count).map(|_| value(dice)).collect())
        }
    }
}
