//! The time of the day: minutes, hours and seconds.

use super::words::{list, ranges, run, whole_step};
use crate::cron::{Expression, Numbers};

/// Up to this many clock times are listed one by one.
const LISTED: u32 = 6;

/// The beginning of a sentence.
pub(super) struct Time {
    pub text: String,
    /// Whether it names clock times, so that "every day" has to follow if nothing else does.
    pub names_times: bool,
}

pub(super) fn sentence(expression: &Expression, seconds: Numbers) -> Time {
    let (minutes, hours) = (expression.minutes, expression.hours);
    let seconds_alone = single(seconds);
    if minutes.len() * hours.len() <= LISTED
        && let Some(second) = seconds_alone
    {
        return Time { text: format!("At {}", clock_times(hours, minutes, second)), names_times: true };
    }
    let (text, whole) = if seconds_alone == Some(0) {
        minutes_and_hours(minutes, hours)
    } else {
        with_seconds(minutes, hours, seconds)
    };
    Time { text, names_times: !whole }
}

/// The second value says whether it goes on around the clock.
fn minutes_and_hours(minutes: Numbers, hours: Numbers) -> (String, bool) {
    let every_hour = hours.len() == 24;
    if let Some(minute) = single(minutes) {
        let past = if minute == 0 { String::new() } else { format!(" at {minute} past") };
        if every_hour {
            return (format!("Every hour{past}"), true);
        }
        if let Some(step) = whole_step(hours, 0, 23) {
            return (
                if 24 % step == 0 {
                    format!("Every {step} hours{past}")
                } else {
                    format!("Every {step} hours{past} (starting anew at midnight)")
                },
                true,
            );
        }
        if let Some((from, to)) = run(hours, 0, 23, 3, true) {
            return (format!("Every hour from {} to {}", clock(from, minute), clock(to, minute)), false);
        }
        let times: Vec<String> = hours.iter().map(|hour| clock(hour, minute)).collect();
        return (format!("At {}", list(&times, "and")), false);
    }
    let often = if minutes.len() == 60 {
        "Every minute".to_owned()
    } else if let Some(step) = whole_step(minutes, 0, 59).or_else(|| half_hours(minutes)) {
        if 60 % step == 0 {
            format!("Every {step} minutes")
        } else {
            format!("Every {step} minutes (starting anew each hour)")
        }
    } else {
        let past = ranges(minutes, |minute| minute.to_string());
        if every_hour {
            return (format!("At {} past every hour", list(&past, "and")), true);
        }
        format!("At {} past the hour", list(&past, "and"))
    };
    (format!("{often}{}", during(hours, minutes)), every_hour)
}

fn with_seconds(minutes: Numbers, hours: Numbers, seconds: Numbers) -> (String, bool) {
    let few = minutes.len() * hours.len() <= LISTED;
    let often = if seconds.len() == 60 {
        "Every second".to_owned()
    } else if let Some(step) = whole_step(seconds, 0, 59).or_else(|| half_hours(seconds)) {
        let anew = if 60 % step == 0 { "" } else { " (starting anew each minute)" };
        format!("Every {step} seconds{anew}")
    } else {
        let (text, whole) = if few {
            (format!("At {}", clock_times(hours, minutes, 0)), false)
        } else {
            minutes_and_hours(minutes, hours)
        };
        let listed = list(&ranges(seconds, |second| second.to_string()), "and");
        let word = if seconds.len() == 1 { "second" } else { "seconds" };
        return (format!("{text} at {word} {listed}"), whole);
    };
    if minutes.len() == 60 {
        let text = format!("{often}{}", during(hours, minutes));
        return (text, hours.len() == 24);
    }
    if few {
        let times = clock_times(hours, minutes, 0);
        return (format!("{often} for one minute at {times}"), false);
    }
    let (rest, whole) = minutes_and_hours(minutes, hours);
    (format!("{often} for one minute, {}", decapitalised(&rest)), whole)
}

fn decapitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// " from 09:00 to 17:59", or the hours one by one.
fn during(hours: Numbers, minutes: Numbers) -> String {
    if hours.len() == 24 {
        return String::new();
    }
    let first = minutes.iter().next().unwrap_or(0);
    let last = minutes.iter().last().unwrap_or(59);
    if let Some((from, to)) = run(hours, 0, 23, 1, true) {
        return format!(" from {} to {}", clock(from, first), clock(to, last));
    }
    if let Some(step) = whole_step(hours, 0, 23) {
        return format!(" in every {} hour (00:00, {} and so on)", super::words::ordinal(step), clock(step, 0));
    }
    let listed = ranges(hours, |hour| clock(hour, 0));
    format!(" in the hours {}", list(&listed, "and"))
}

fn clock_times(hours: Numbers, minutes: Numbers, second: u8) -> String {
    let times: Vec<String> = hours
        .iter()
        .flat_map(|hour| {
            minutes.iter().map(move |minute| {
                if second == 0 { clock(hour, minute) } else { format!("{}:{second:02}", clock(hour, minute)) }
            })
        })
        .collect();
    list(&times, "and")
}

fn clock(hour: u8, minute: u8) -> String {
    format!("{hour:02}:{minute:02}")
}

fn single(numbers: Numbers) -> Option<u8> {
    (numbers.len() == 1).then(|| numbers.iter().next()).flatten()
}

/// `0,30` is a step as well, though it has two members only.
fn half_hours(numbers: Numbers) -> Option<u8> {
    numbers.iter().eq([0, 30]).then_some(30)
}
