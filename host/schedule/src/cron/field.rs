//! One field of an expression: lists, ranges, steps and names, read into a set of numbers.
//!
//! The special forms of the day fields (`L`, `15W`, `5#2`) are read by `day`; this file only knows plain items, and
//! says for both what is refused and why. Source of the grammar: the cron dialect in `semantics.md`.

use thiserror::Error;

use super::day;

/// Which field a text stands in: its name, its numbers and its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Second,
    Minute,
    Hour,
    DayOfMonth,
    Month,
    DayOfWeek,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Unit {
    pub fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day-of-month",
            Self::Month => "month",
            Self::DayOfWeek => "day-of-week",
        }
    }

    /// Lowest and highest number. Sunday is 0; that it may be written 7 is handled while reading.
    pub fn range(self) -> (u8, u8) {
        match self {
            Self::Second | Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 6),
        }
    }

    fn highest_written(self) -> u8 {
        match self {
            Self::DayOfWeek => 7,
            _ => self.range().1,
        }
    }

    /// How many different numbers there are.
    fn size(self) -> u8 {
        let (low, high) = self.range();
        high - low + 1
    }

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Month => &MONTHS,
            Self::DayOfWeek => &WEEKDAYS,
            _ => &[],
        }
    }
}

/// Why a field is refused. Each message ends in the way out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Refusal {
    #[error("`{0}` has an empty list item; remove the extra comma")]
    EmptyItem(String),
    #[error("`{0}` has a step of 0; a step is at least 1")]
    ZeroStep(String),
    #[error(
        "`{found}` has a step larger than the field's {size} values, so it would not mean \"every {step}\"; write at most {size}, or use an interval schedule"
    )]
    LargeStep { found: String, step: String, size: u8 },
    #[error("`{0}` has a sign or an open range; write plain numbers, and both ends of a range")]
    Sign(String),
    #[error("`{0}` has a character that is not plain ASCII; write digits 0-9 and letters a-z")]
    NotAscii(String),
    #[error("`{found}` is out of range; write {low}-{high}")]
    OutOfRange { found: String, low: u8, high: u8 },
    #[error("`{found}` is the name of a {what}, which belongs in the {home} field")]
    WrongField { found: String, what: &'static str, home: &'static str },
    #[error("`{found}` is not a name; write three letters, `{offer}`")]
    LongName { found: String, offer: &'static str },
    #[error("`{found}` is not understood; write {example}")]
    Unknown { found: String, example: &'static str },
    #[error("`{0}` stands alone; write the day of the week with it, `5L` for the last Friday")]
    LastWithoutDay(String),
    #[error("`{0}` only has a meaning in the day fields")]
    DayFieldsOnly(String),
    #[error("`{0}` mixes L, W or # with a range or a step; separate them by commas")]
    Mixed(String),
}

impl Refusal {
    pub fn code(&self) -> &'static str {
        match self {
            Self::EmptyItem(_) => "empty_item",
            Self::ZeroStep(_) => "zero_step",
            Self::LargeStep { .. } => "large_step",
            Self::Sign(_) => "sign",
            Self::NotAscii(_) => "not_ascii",
            Self::OutOfRange { .. } => "out_of_range",
            Self::WrongField { .. } => "name_in_wrong_field",
            Self::LongName { .. } => "long_name",
            Self::Unknown { .. } => "not_understood",
            Self::LastWithoutDay(_) => "last_without_day",
            Self::DayFieldsOnly(_) => "day_fields_only",
            Self::Mixed(_) => "mixed_forms",
        }
    }
}

/// A set of small numbers, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Numbers(pub u64);

impl Numbers {
    pub fn insert(&mut self, number: u8) {
        self.0 |= 1 << number;
    }

    pub fn contains(self, number: u8) -> bool {
        self.0 >> number & 1 == 1
    }

    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..64).filter(move |number| self.contains(*number))
    }

    /// The smallest member that is at least `number`.
    pub fn at_or_after(self, number: u32) -> Option<u32> {
        let rest = self.0.checked_shr(number)?;
        (rest != 0).then(|| number + rest.trailing_zeros())
    }

    /// The largest member that is at most `number`.
    pub fn at_or_before(self, number: u32) -> Option<u32> {
        let rest = self.0 & (u64::MAX >> (63 - number.min(63)));
        rest.checked_ilog2()
    }

    /// Every number of a field.
    pub fn all(unit: Unit) -> Self {
        let (low, high) = unit.range();
        let mut numbers = Self::default();
        (low..=high).for_each(|number| numbers.insert(number));
        numbers
    }
}

/// Whether a field leaves everything open, as the day rule and T5 mean it.
pub(crate) fn begins_with_star(text: &str) -> bool {
    text.starts_with(['*', '?'])
}

/// Reads a field that has no special forms.
pub(crate) fn numbers(unit: Unit, text: &str) -> Result<Numbers, Refusal> {
    let mut numbers = Numbers::default();
    for item in items(text)? {
        if unit != Unit::Month && day::looks_special(item) && !names_something(item) {
            return Err(Refusal::DayFieldsOnly(item.to_owned()));
        }
        add(unit, item, &mut numbers)?;
    }
    Ok(numbers)
}

/// The items of a list, none of them empty.
pub(crate) fn items(text: &str) -> Result<impl Iterator<Item = &str>, Refusal> {
    let plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    if !text.bytes().all(plain) {
        return Err(Refusal::NotAscii(text.escape_debug().to_string()));
    }
    if text.split(',').any(str::is_empty) {
        return Err(Refusal::EmptyItem(text.to_owned()));
    }
    Ok(text.split(','))
}

/// Adds a plain item: `*`, a value or a range, each with or without a step.
pub(crate) fn add(unit: Unit, item: &str, numbers: &mut Numbers) -> Result<(), Refusal> {
    let (base, step) = match item.split_once('/') {
        Some((base, step)) => (base, Some(read_step(unit, item, step)?)),
        None => (item, None),
    };
    let (low, high) = unit.range();
    let size = u16::from(unit.size());
    // A range is a first value and how many follow it, so that wrapping needs no case of its own.
    let (first, length) = if base == "*" || base == "?" {
        (low, size)
    } else if let Some((from, to)) = base.split_once('-') {
        let from = value(unit, item, from)?;
        let to = value(unit, item, to)?;
        range(unit, from, to)
    } else {
        let from = value(unit, item, base)?;
        let to = if step.is_some() { from.max(high) } else { from };
        range(unit, from, to)
    };
    for k in (0..length).step_by(usize::from(step.unwrap_or(1))) {
        let place = (u16::from(first - low) + k) % size;
        // Below the field's size, so below 60.
        numbers.insert(low + u8::try_from(place).unwrap_or(0));
    }
    Ok(())
}

/// First value and length of a range that may wrap: `22-2`, `fri-mon`, and `0-7` for a whole week.
fn range(unit: Unit, from: u8, to: u8) -> (u8, u16) {
    let size = unit.size();
    if unit == Unit::DayOfWeek && from == 0 && to == 7 {
        return (0, u16::from(size));
    }
    let normal = |value: u8| {
        if unit == Unit::DayOfWeek { value % 7 } else { value }
    };
    let (from, to) = (normal(from), normal(to));
    (from, u16::from((to + size - from) % size) + 1)
}

/// A number or a name, Sunday still 0 or 7.
pub(crate) fn value(unit: Unit, item: &str, text: &str) -> Result<u8, Refusal> {
    if text.is_empty() || text.starts_with(['+', '-']) {
        return Err(Refusal::Sign(item.to_owned()));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let (low, _) = unit.range();
        let high = unit.highest_written();
        return text.parse().ok().filter(|number| (low..=high).contains(number)).ok_or_else(|| Refusal::OutOfRange {
            found: text.to_owned(),
            low,
            high,
        });
    }
    let word = text.to_ascii_lowercase();
    if let Some(place) = unit.words().iter().position(|known| *known == word) {
        let (low, _) = unit.range();
        return Ok(low + u8::try_from(place).unwrap_or(0));
    }
    Err(wrong_word(unit, text, &word))
}

fn wrong_word(unit: Unit, text: &str, word: &str) -> Refusal {
    let found = text.to_owned();
    for (home, what) in [(Unit::Month, "month"), (Unit::DayOfWeek, "day of the week")] {
        if unit != home && home.words().contains(&word) {
            return Refusal::WrongField { found, what, home: home.name() };
        }
    }
    if word.len() > 3
        && let Some(offer) = unit.words().iter().find(|known| word.starts_with(**known))
    {
        return Refusal::LongName { found, offer };
    }
    Refusal::Unknown {
        found,
        example: match unit {
            Unit::Second | Unit::Minute => "a number 0-59, `*`, a list `0,30`, a range `0-29` or a step `*/15`",
            Unit::Hour => "a number 0-23, `*`, a list `8,20`, a range `9-17` or a step `*/6`",
            Unit::DayOfMonth => "a number 1-31, `*`, a list `1,15`, a range `1-7`, a step `*/2`, `L`, `L-3` or `15W`",
            Unit::Month => "a number 1-12 or a name jan-dec, `*`, a list `1,7`, a range `6-8` or a step `*/3`",
            Unit::DayOfWeek => "a number 0-7 or a name sun-sat, `*`, a list `1,3`, a range `1-5`, `5L` or `5#2`",
        },
    }
}

fn read_step(unit: Unit, item: &str, step: &str) -> Result<u8, Refusal> {
    if step.is_empty() || !step.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(if step.starts_with(['+', '-']) {
            Refusal::Sign(item.to_owned())
        } else {
            Refusal::Unknown { found: item.to_owned(), example: "a step as a number after the slash, such as `*/5`" }
        });
    }
    if step.bytes().all(|byte| byte == b'0') {
        return Err(Refusal::ZeroStep(item.to_owned()));
    }
    step.parse().ok().filter(|step| *step <= unit.size()).ok_or_else(|| Refusal::LargeStep {
        found: item.to_owned(),
        step: step.to_owned(),
        size: unit.size(),
    })
}

/// Whether an item is (or contains) one of the names of months or weekdays, which may have an L or a W in them.
fn names_something(item: &str) -> bool {
    let item = item.to_ascii_lowercase();
    MONTHS.iter().chain(&WEEKDAYS).any(|word| item.contains(word))
}
