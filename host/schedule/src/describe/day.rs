//! The days: day of the month, day of the week, month, and how they go together.

use super::words::{list, month, ordinal, ranges, rank, run, weekday, whole_step};
use crate::cron::{DayRule, DaysOfMonth, DaysOfWeek, Expression, Numbers};

/// What follows the time: " every weekday in March", or nothing.
pub(super) fn phrase(expression: &Expression, names_times: bool) -> String {
    let days = &expression.days;
    let months = months(expression.months);
    if days.is_plain() && days.is_every_day() {
        return match (months, names_times) {
            (None, false) => String::new(),
            (None, true) => " every day".to_owned(),
            (Some(months), false) => format!(" in {months}"),
            (Some(months), true) => format!(" every day in {months}"),
        };
    }
    let of_month = (!covers_month(days)).then(|| of_month(&days.of_month));
    let of_week = (!covers_week(days)).then(|| of_week(&days.of_week));
    match (of_month, of_week) {
        (Some(of_month), Some(of_week)) => {
            let of = months.unwrap_or_else(|| "every month".to_owned());
            if days.either() {
                format!(" on {of_month} of {of} or {of_week}")
            } else {
                format!(" on {of_month} of {of}, if it is {}", if_it_is(&of_week))
            }
        }
        (Some(of_month), None) => match single(&days.of_month.days).zip(one_month(expression)) {
            Some((day, month)) if plain(days) => format!(" on {day} {month} every year"),
            _ => format!(
                " on {of_month} of {}",
                months.unwrap_or_else(|| "every month".to_owned())
            ),
        },
        (None, of_week) => {
            let of_week = of_week.unwrap_or_else(|| "every day".to_owned());
            let of = match months {
                None if days.of_week.last.0 | days.of_week.nth.0 != 0 => {
                    " of every month".to_owned()
                }
                None => String::new(),
                Some(months) => format!(" in {months}"),
            };
            format!(" {of_week}{of}")
        }
    }
}

fn plain(days: &DayRule) -> bool {
    days.is_plain() && days.of_month.days.len() == 1
}

/// A field that restricts nothing has no place in the sentence: `*`, or all numbers where both have to match.
fn covers_month(days: &DayRule) -> bool {
    !days.either() && days.of_month.days.len() == 31
}

fn covers_week(days: &DayRule) -> bool {
    !days.either() && days.of_week.days.len() == 7
}

/// "the 1st and 15th"
fn of_month(days: &DaysOfMonth) -> String {
    let mut parts: Vec<String> = Vec::new();
    match whole_step(days.days, 1, 31) {
        Some(1) => parts.push("any day".to_owned()),
        Some(step) => parts.push(format!("every {} day from the 1st on", ordinal(step))),
        None => parts.extend(ranges(days.days, ordinal).into_iter().enumerate().map(
            |(place, part)| {
                if place == 0 {
                    format!("the {part}")
                } else {
                    part
                }
            },
        )),
    }
    for back in days.before_last.iter() {
        parts.push(match back {
            0 => "the last day".to_owned(),
            1 => "the day before the last".to_owned(),
            back => format!("the day {back} days before the last"),
        });
    }
    for day in days.nearest.iter() {
        parts.push(format!("the weekday nearest to the {}", ordinal(day)));
    }
    if days.last_weekday {
        parts.push("the last weekday (Monday to Friday)".to_owned());
    }
    list(&parts, "and")
}

/// "every weekday", "every Monday and Friday", "on the last Friday"
fn of_week(days: &DaysOfWeek) -> String {
    let mut parts: Vec<String> = Vec::new();
    let names: Vec<String> = days
        .days
        .iter()
        .map(|day| weekday(day).to_owned())
        .collect();
    match (days.days.0, run(days.days, 0, 6, 3, true)) {
        (0, _) => {}
        (0b111_1111, _) => parts.push("every day".to_owned()),
        (0b011_1110, _) => parts.push("every weekday".to_owned()),
        (0b100_0001, _) => parts.push("every Saturday and Sunday".to_owned()),
        (_, Some((from, to))) => parts.push(format!("every {} to {}", weekday(from), weekday(to))),
        _ => parts.push(format!("every {}", list(&names, "and"))),
    }
    let on = |parts: &Vec<String>| if parts.is_empty() { "on the" } else { "the" };
    for nth in 1..=5 {
        for day in (0..7).filter(|day| days.nth.contains(nth * 7 + day)) {
            let on = on(&parts);
            parts.push(format!("{on} {} {}", rank(nth), weekday(day)));
        }
    }
    for day in days.last.iter() {
        let on = on(&parts);
        parts.push(format!("{on} last {}", weekday(day)));
    }
    list(&parts, "and")
}

/// "a Monday or Friday" out of "every Monday and Friday".
fn if_it_is(of_week: &str) -> String {
    match of_week.strip_prefix("every ") {
        Some(days) => format!("a {}", days.replace(" and ", " or ")),
        None => of_week
            .strip_prefix("on ")
            .unwrap_or(of_week)
            .replace(" and ", " or "),
    }
}

/// "January and July", or nothing for all of them.
fn months(months: Numbers) -> Option<String> {
    if months.len() == 12 {
        return None;
    }
    if let Some((from, to)) = run(months, 1, 12, 3, true) {
        return Some(format!("{} to {}", month(from), month(to)));
    }
    let names: Vec<String> = months
        .iter()
        .map(|number| month(number).to_owned())
        .collect();
    Some(list(&names, "and"))
}

fn one_month(expression: &Expression) -> Option<&'static str> {
    single(&expression.months).map(month)
}

fn single(numbers: &Numbers) -> Option<u8> {
    (numbers.len() == 1)
        .then(|| numbers.iter().next())
        .flatten()
}
