//! The days: day of the month, day of the week, month, and how they go together.

use super::words::{list, month, ordinal, ranges, rank, run, weekday, whole_step};
use crate::cron::{DayRule, DaysOfMonth, DaysOfWeek, Expression, Numbers};

/// What follows the time: " every weekday in March", or nothing.
pub(super) fn phrase(expression: &Expression, names_times: bool) -> String {
    let days = &expression.days;
    let months = Months(expression.months);
    if days.is_every_day() {
        let every_day = if names_times { " every day" } else { "" };
        return format!("{every_day}{}", months.within());
    }
    let of_month = (!covers_month(days)).then(|| of_month(&days.of_month));
    let of_week = (!covers_week(days)).then(|| of_week(&days.of_week));
    match (of_month, of_week) {
        (Some(of_month), Some(of_week)) if days.either() => match months.within() {
            all if all.is_empty() => format!(" on {of_month} of every month or {of_week}"),
            some => format!(" on {of_month} or {of_week},{some}"),
        },
        (Some(of_month), Some(of_week)) => {
            format!(" on {of_month}{}, if it is {}", months.of(), if_it_is(&of_week))
        }
        (Some(of_month), None) => match one_date(expression) {
            Some((29, 2)) => " on 29 February in leap years".to_owned(),
            Some((day, number)) => format!(" on {day} {} every year", month(number)),
            None => format!(" on {of_month}{}", months.of()),
        },
        (None, of_week) => {
            let of_week = of_week.unwrap_or_else(|| "every day".to_owned());
            let by_rank = days.of_week.last.0 | days.of_week.nth.0 != 0;
            let of = if by_rank { months.of() } else { months.within() };
            format!(" {of_week}{of}")
        }
    }
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
        Some(step) => parts.push(format!("every {} day (1st, {} and so on)", ordinal(step), ordinal(step + 1))),
        None => parts.extend(
            ranges(days.days, ordinal)
                .into_iter()
                .enumerate()
                .map(|(place, part)| if place == 0 { format!("the {part}") } else { part }),
        ),
    }
    for back in days.before_last.iter() {
        parts.push(match back {
            0 => "the last day".to_owned(),
            1 => "the day before the last".to_owned(),
            back => format!("the {} day before the last", ordinal(back)),
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
    let names: Vec<String> = days.days.iter().map(|day| weekday(day).to_owned()).collect();
    match (days.days.0, run(days.days, 0, 6, 3, true)) {
        (0, _) => {}
        (0b111_1111, _) => parts.push("every day".to_owned()),
        (0b011_1110, _) => parts.push("every weekday".to_owned()),
        (0b100_0001, _) => parts.push("every Saturday and Sunday".to_owned()),
        (_, Some((from, to))) => parts.push(format!("every day from {} to {}", weekday(from), weekday(to))),
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
        None => of_week.strip_prefix("on ").unwrap_or(of_week).replace(" and ", " or "),
    }
}

struct Months(Numbers);

impl Months {
    /// " in January and July", " from June to August", or nothing for all of them.
    fn within(&self) -> String {
        match (self.0.len(), run(self.0, 1, 12, 3, true)) {
            (12, _) => String::new(),
            (_, Some((from, to))) => format!(" from {} to {}", month(from), month(to)),
            _ => format!(" in {}", self.names()),
        }
    }

    /// " of January and July", " of every month from June to August", " of every month".
    fn of(&self) -> String {
        // "of every month" even where `within` is empty.
        if run(self.0, 1, 12, 3, true).is_some() {
            format!(" of every month{}", self.within())
        } else {
            format!(" of {}", self.names())
        }
    }

    fn names(&self) -> String {
        let names: Vec<String> = self.0.iter().map(|number| month(number).to_owned()).collect();
        list(&names, "and")
    }
}

/// Day and month, where there is one of each.
fn one_date(expression: &Expression) -> Option<(u8, u8)> {
    let single = |numbers: Numbers| numbers.iter().next().filter(|_| numbers.len() == 1);
    if !expression.days.is_plain() {
        return None;
    }
    single(expression.days.of_month.days).zip(single(expression.months))
}
