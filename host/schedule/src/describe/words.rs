//! Numbers and lists in English.

use crate::cron::Numbers;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

pub(super) fn month(number: u8) -> &'static str {
    MONTHS.get(usize::from(number).wrapping_sub(1)).copied().unwrap_or("?")
}

pub(super) fn weekday(number: u8) -> &'static str {
    WEEKDAYS.get(usize::from(number)).copied().unwrap_or("?")
}

/// "a", "a and b", "a, b and c"
pub(super) fn list(items: &[String], and: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} {and} {last}", rest.join(", ")),
    }
}

/// "1st", "2nd", "3rd", "11th"
pub(super) fn ordinal(number: u8) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// "first" to "fifth"
pub(super) fn rank(number: u8) -> &'static str {
    match number {
        1 => "first",
        2 => "second",
        3 => "third",
        4 => "fourth",
        _ => "fifth",
    }
}

/// "15 minutes", "hour", "1 day 2 hours"; to follow "Every".
pub(super) fn duration(seconds: u64) -> String {
    let units = [("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)];
    for (name, size) in units {
        if seconds == size {
            return name.to_owned();
        }
        // "90 minutes" and "36 hours" read better than two units; "100 hours" does not.
        if seconds.is_multiple_of(size) && (seconds / size < 100 || size == 604_800) {
            return format!("{} {name}s", seconds / size);
        }
    }
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (name, size) in units.into_iter().skip(1) {
        let count = rest / size;
        rest %= size;
        match count {
            0 => {}
            1 => parts.push(format!("1 {name}")),
            _ => parts.push(format!("{count} {name}s")),
        }
    }
    list(&parts, "and")
}

/// The step of a set that runs through its whole field from the lowest number: `0,15,30,45` is 15.
pub(super) fn whole_step(numbers: Numbers, low: u8, high: u8) -> Option<u8> {
    let mut members = numbers.iter();
    let (first, second) = (members.next()?, members.next()?);
    let step = second - first;
    let expected = (low..=high).step_by(usize::from(step));
    (first == low && numbers.len() >= 3 && numbers.iter().eq(expected)).then_some(step)
}

/// The ends of a set without holes, of at least `least` members. `wraps` joins the highest number to the lowest.
pub(super) fn run(numbers: Numbers, low: u8, high: u8, least: u32, wraps: bool) -> Option<(u8, u8)> {
    if numbers.len() < least {
        return None;
    }
    if numbers.len() == u32::from(high - low) + 1 {
        return Some((low, high));
    }
    let starts: Vec<u8> = numbers
        .iter()
        .filter(|number| {
            let before = if *number == low { high } else { number - 1 };
            !(numbers.contains(before) && (wraps || *number != low))
        })
        .collect();
    match starts.as_slice() {
        [start] => {
            let length = u8::try_from(numbers.len()).unwrap_or(u8::MAX) - 1;
            let end = start + length;
            Some((*start, if end > high { end - (high - low + 1) } else { end }))
        }
        _ => None,
    }
}

/// Runs of three or more as "2 to 5", the rest one by one.
pub(super) fn ranges(numbers: Numbers, show: impl Fn(u8) -> String) -> Vec<String> {
    let mut parts = Vec::new();
    let mut members = numbers.iter().peekable();
    while let Some(start) = members.next() {
        let mut end = start;
        while members.peek() == Some(&(end + 1)) {
            end += 1;
            members.next();
        }
        if end - start >= 2 {
            parts.push(format!("{} to {}", show(start), show(end)));
        } else {
            parts.extend((start..=end).map(&show));
        }
    }
    parts
}
