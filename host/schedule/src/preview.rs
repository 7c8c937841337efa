//! What a schedule means, shown to the person who is writing it: the next runs, a sentence, and what happens when the
//! clocks change.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use chrono_tz::Tz;

use crate::cron::{Meeting, Mode};
use crate::error::Problem;
use crate::next::{Rule, Timetable};
use crate::spec::{Dst, Fold, Gap, Schedule};
use crate::zone::Span;

/// No preview shows more runs, whatever is asked for.
const MOST_RUNS: usize = 1000;
/// Changes of the clock are looked for at least this far ahead, so that a daily job written in January tells of March.
const OUTLOOK: Duration = Duration::days(366);
/// An interval of at least this many milliseconds is worth a note when its local times move.
const LONG_INTERVAL: i64 = 3_600_000;

/// A schedule in words and instants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The next instants, strictly later than the `after` that was asked for.
    pub runs: Vec<DateTime<Utc>>,
    /// The same in the schedule's zone, RFC 3339 with its offset.
    pub local: Vec<String>,
    /// [`Schedule::describe`].
    pub description: String,
    /// What happens at the next changes of the clock, a sentence or two each; empty where nothing is affected.
    pub notes: Vec<String>,
}

/// Shows the next `count` runs after `after`, without storing anything.
///
/// # Errors
/// The problems that [`Schedule::compile`] reports.
pub fn preview(
    schedule: &Schedule,
    created_at: DateTime<Utc>,
    after: DateTime<Utc>,
    count: usize,
) -> Result<Preview, Vec<Problem>> {
    let timetable = schedule.compile(created_at)?;
    let tz = timetable.zone().tz();
    let mut runs = Vec::new();
    let mut last = after;
    while runs.len() < count.min(MOST_RUNS) {
        let Some(next) = timetable.next(last) else {
            break;
        };
        runs.push(next);
        last = next;
    }
    let local = runs
        .iter()
        .map(|run| {
            run.with_timezone(&tz)
                .to_rfc3339_opts(SecondsFormat::AutoSi, false)
        })
        .collect();
    let until = last.max(after.checked_add_signed(OUTLOOK).unwrap_or(after));
    Ok(Preview {
        runs,
        local,
        description: schedule.describe(),
        notes: notes(&timetable, tz, after, until),
    })
}

/// One note for the first gap and one for the first fold that the schedule meets.
fn notes(timetable: &Timetable, tz: Tz, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<String> {
    let (from, to) = (after.timestamp(), until.timestamp());
    match timetable.rule() {
        Rule::Cron(cron) => {
            let within = |meeting: &Meeting| {
                let around = Duration::days(2);
                let change = DateTime::from_timestamp(meeting.span.begin, 0).unwrap_or_default();
                timetable.next(change - around).is_some()
                    && timetable.previous(change + around).is_some()
            };
            let meetings: Vec<Meeting> = cron.meetings(from, to).filter(within).collect();
            let first = |gap: bool| meetings.iter().find(move |m| m.span.gap().is_some() == gap);
            let mut chosen: Vec<&Meeting> = [first(true), first(false)].into_iter().flatten().collect();
            chosen.sort_by_key(|meeting| meeting.span.begin);
            chosen.into_iter().map(|meeting| note(meeting, tz)).collect()
        }
        Rule::Interval(interval) if interval.every() >= LONG_INTERVAL => timetable
            .zone()
            .changes(from, to)
            .find(|change| {
                let change = DateTime::from_timestamp(change.begin, 0).unwrap_or_default();
                timetable.next(change).is_some() && timetable.previous(change).is_some()
            })
            .map(|change| {
                format!(
                    "{} An interval follows elapsed time, so the local time of its runs shifts by {}.",
                    announce(change, tz),
                    length(change)
                )
            })
            .into_iter()
            .collect(),
        Rule::Interval(_) | Rule::Once(_) => Vec::new(),
    }
}

fn note(meeting: &Meeting, tz: Tz) -> String {
    let span = &meeting.span;
    let due = clock(meeting.wall);
    let (whose, verb) = if meeting.several {
        (format!("the runs due from {due} on"), "are")
    } else {
        (format!("the run due at {due}"), "is")
    };
    let what = match (meeting.mode, span.gap().is_some()) {
        (Mode::Elapsed, true) => format!(
            "Times from {} to {} do not exist that day, and nothing runs in their place.",
            clock(span.seen_until),
            clock(span.wall_begin())
        ),
        (Mode::Elapsed, false) => format!(
            "Times from {} to {} come twice, and the job runs in both passes.",
            clock(span.wall_begin()),
            clock(span.seen_until)
        ),
        (Mode::Fixed(Dst { gap: Gap::Next, .. }), true) => {
            let once = if meeting.several {
                "happen once, at"
            } else {
                "happens at"
            };
            capital(&format!(
                "{whose} {once} {} instead.",
                clock(span.wall_begin())
            ))
        }
        (Mode::Fixed(Dst { gap: Gap::Skip, .. }), true) => {
            capital(&format!("{whose} {verb} left out."))
        }
        (Mode::Fixed(Dst { fold, .. }), false) => {
            let times = if meeting.several { "come" } else { "comes" };
            let how = match fold {
                Fold::First => "the job runs once, the first time",
                Fold::Second => "the job runs once, the second time",
                Fold::Both => "the job runs both times",
            };
            let from = if meeting.several {
                " and later times"
            } else {
                ""
            };
            format!("{due}{from} {times} twice that day; {how}.")
        }
    };
    format!("{} {what}", announce(span, tz))
}

/// "On 29 March 2026 the clocks in Europe/Berlin go forward from 02:00 to 03:00."
fn announce(span: &Span, tz: Tz) -> String {
    let forward = span.gap().is_some();
    let before = span.seen_until;
    let date = wall(before - i64::from(forward))
        .format("%-d %B %Y")
        .to_string();
    let skips_days = (span.wall_begin() - before).abs() >= 86_400;
    let shown = |second: i64| {
        if skips_days {
            wall(second).format("%-d %B, %H:%M").to_string()
        } else {
            clock(second)
        }
    };
    format!(
        "On {date} the clocks in {tz} go {} from {} to {}.",
        if forward { "forward" } else { "back" },
        shown(before),
        shown(span.wall_begin())
    )
}

fn length(span: &Span) -> String {
    let minutes = (span.wall_begin() - span.seen_until).abs() / 60;
    match (minutes / 60, minutes % 60) {
        (1, 0) => "one hour".to_owned(),
        (hours, 0) => format!("{hours} hours"),
        (0, minutes) => format!("{minutes} minutes"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

fn clock(second: i64) -> String {
    wall(second).format("%H:%M").to_string()
}

fn wall(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap_or_default()
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
