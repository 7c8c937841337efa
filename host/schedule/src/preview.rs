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
    let local = runs.iter().map(|run| run.with_timezone(&tz).to_rfc3339_opts(SecondsFormat::AutoSi, false)).collect();
    let until = last.max(after.checked_add_signed(OUTLOOK).unwrap_or(after));
    Ok(Preview { runs, local, description: schedule.describe(), notes: notes(&timetable, tz, after, until) })
}

/// One note for the first gap and one for the first fold that the schedule meets.
fn notes(timetable: &Timetable, tz: Tz, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<String> {
    let (from, to) = (after.timestamp(), until.timestamp());
    match timetable.rule() {
        Rule::Cron(cron) => {
            let within = |meeting: &Meeting| {
                let around = Duration::days(2);
                let change = DateTime::from_timestamp(meeting.span.begin, 0).unwrap_or_default();
                timetable.next(change - around).is_some() && timetable.previous(change + around).is_some()
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
    let due = shown(span, meeting.wall);
    let (low, high) =
        (shown(span, span.seen_until.min(span.wall_begin())), shown(span, span.seen_until.max(span.wall_begin())));
    let what = match (meeting.mode, span.gap().is_some(), meeting.several) {
        (Mode::Elapsed, true, _) => {
            format!("Times from {low} to {high} do not exist that day, and nothing runs in their place.")
        }
        (Mode::Elapsed, false, _) => {
            format!("Times from {low} to {high} come twice, and the job runs in both passes.")
        }
        (Mode::Fixed(Dst { gap: Gap::Next, .. }), true, false) => {
            format!("The run due at {due} happens at {high} instead.")
        }
        (Mode::Fixed(Dst { gap: Gap::Next, .. }), true, true) => {
            format!("The runs due from {due} on happen once, at {high} instead.")
        }
        (Mode::Fixed(Dst { gap: Gap::Skip, .. }), true, false) => {
            format!("The run due at {due} is left out.")
        }
        (Mode::Fixed(Dst { gap: Gap::Skip, .. }), true, true) => {
            format!("The runs due from {due} to {high} are left out.")
        }
        (Mode::Fixed(Dst { fold, .. }), false, several) => {
            let times = if several { "and later times come" } else { "comes" };
            let how = match fold {
                Fold::First => "once, the first time",
                Fold::Second => "once, the second time",
                Fold::Both => "both times",
            };
            format!("{due} {times} twice that day; the job runs {how}.")
        }
    };
    format!("{} {what}", announce(span, tz))
}

/// "On 29 March 2026 the clocks in Europe/Berlin go forward from 02:00 to 03:00."
fn announce(span: &Span, tz: Tz) -> String {
    format!(
        "On {} the clocks in {tz} go {} from {} to {}.",
        wall(span.seen_until).format("%-d %B %Y"),
        if span.gap().is_some() { "forward" } else { "back" },
        shown(span, span.seen_until),
        shown(span, span.wall_begin())
    )
}

/// The clock's time at a change; with the date where whole days are lost or repeated.
fn shown(span: &Span, second: i64) -> String {
    let days = (span.wall_begin() - span.seen_until).abs() >= 86_400;
    let format = if days { "%-d %B, %H:%M" } else { "%H:%M" };
    wall(second).format(format).to_string()
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

fn wall(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap_or_default()
}
