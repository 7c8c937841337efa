//! What a person sees before saving: runs in both zones, and what happens when the clocks change.

use chrono::{DateTime, Utc};
use sandglass_schedule::{Dst, Fold, Gap, Schedule, preview};

use crate::{at, cron, interval, once};

fn in_zone(schedule: Schedule, zone: &str) -> Schedule {
    Schedule { timezone: Some(zone.to_owned()), ..schedule }
}

fn notes(schedule: &Schedule, after: &str) -> Vec<String> {
    preview(schedule, at("2009-12-01T00:00:00Z"), at(after), 10).unwrap().notes
}

#[test]
fn the_next_runs_are_shown_in_utc_and_in_the_zone() {
    let schedule = in_zone(cron("30 8 * * *"), "Europe/Berlin");
    let now = at("2026-03-28T07:30:00Z");
    let preview = preview(&schedule, now, now, 2).unwrap();
    assert_eq!(preview.runs, [at("2026-03-29T06:30:00Z"), at("2026-03-30T06:30:00Z")]);
    assert_eq!(preview.local, ["2026-03-29T08:30:00+02:00", "2026-03-30T08:30:00+02:00"]);
    assert_eq!(preview.description, "At 08:30 every day, Europe/Berlin");
    assert!(preview.notes.is_empty(), "{:?}", preview.notes);
}

#[test]
fn a_preview_ends_with_the_schedule_and_refuses_what_compile_refuses() {
    let now = at("2026-01-01T00:00:00Z");
    let due = at("2026-06-01T08:00:00Z");
    let shown = preview(&once(due), now, now, 10).unwrap();
    assert_eq!(shown.runs, [due]);
    assert!(preview(&cron("0 0 31 2 *"), now, now, 10).is_err());
    assert!(preview(&cron("* * * * *"), now, now, 0).unwrap().runs.is_empty());
    assert_eq!(preview(&cron("* * * * *"), now, now, usize::MAX).unwrap().runs.len(), 1000);
}

#[test]
fn a_preview_of_the_far_past_or_future_is_no_trouble() {
    let now = at("2026-01-01T00:00:00Z");
    for schedule in [in_zone(cron("30 2 * * *"), "Europe/Berlin"), interval(86_400)] {
        let past = preview(&schedule, now, DateTime::<Utc>::MIN_UTC, 2).unwrap();
        assert_eq!(past.runs.len(), 2);
        let future = preview(&schedule, now, DateTime::<Utc>::MAX_UTC, 2).unwrap();
        assert!(future.runs.is_empty() && future.notes.is_empty());
    }
}

#[test]
fn t5_notes_say_what_a_fixed_time_does() {
    let mut schedule = in_zone(cron("30 2 * * *"), "Europe/Berlin");
    assert_eq!(
        notes(&schedule, "2026-01-01T00:00:00Z"),
        [
            "On 29 March 2026 the clocks in Europe/Berlin go forward from 02:00 to 03:00. The run due at 02:30 happens at 03:00 instead.",
            "On 25 October 2026 the clocks in Europe/Berlin go back from 03:00 to 02:00. 02:30 comes twice that day; the job runs once, the first time.",
        ]
    );
    schedule.dst = Some(Dst { gap: Gap::Skip, fold: Fold::Second });
    assert_eq!(
        notes(&schedule, "2026-06-01T00:00:00Z"),
        [
            "On 25 October 2026 the clocks in Europe/Berlin go back from 03:00 to 02:00. 02:30 comes twice that day; the job runs once, the second time.",
            "On 28 March 2027 the clocks in Europe/Berlin go forward from 02:00 to 03:00. The run due at 02:30 is left out.",
        ]
    );
    schedule.dst = Some(Dst { gap: Gap::Next, fold: Fold::Both });
    schedule.expression = Some("0,30 2 * * *".to_owned());
    assert_eq!(
        notes(&schedule, "2026-01-01T00:00:00Z"),
        [
            "On 29 March 2026 the clocks in Europe/Berlin go forward from 02:00 to 03:00. The runs due from 02:00 on happen once, at 03:00 instead.",
            "On 25 October 2026 the clocks in Europe/Berlin go back from 03:00 to 02:00. 02:00 and later times come twice that day; the job runs both times.",
        ]
    );
}

#[test]
fn t5_notes_say_what_a_wildcard_job_does() {
    let schedule = in_zone(cron("*/10 * * * *"), "Australia/Lord_Howe");
    assert_eq!(
        notes(&schedule, "2026-01-01T00:00:00Z"),
        [
            "On 5 April 2026 the clocks in Australia/Lord_Howe go back from 02:00 to 01:30. Times from 01:30 to 02:00 come twice, and the job runs in both passes.",
            "On 4 October 2026 the clocks in Australia/Lord_Howe go forward from 02:00 to 02:30. Times from 02:00 to 02:30 do not exist that day, and nothing runs in their place.",
        ]
    );
}

#[test]
fn t5_notes_say_that_a_day_is_left_out() {
    let schedule = in_zone(cron("0 8 * * *"), "Pacific/Apia");
    assert_eq!(
        notes(&schedule, "2011-12-01T00:00:00Z"),
        [
            "On 30 December 2011 the clocks in Pacific/Apia go forward from 30 December, 00:00 to 31 December, 00:00. The run due at 30 December, 08:00 happens at 31 December, 00:00 instead.",
        ]
    );
}

#[test]
fn a_change_that_does_not_concern_the_schedule_is_not_mentioned() {
    for (schedule, zone) in [
        (cron("0 8 * * *"), "America/New_York"),
        (cron("30 2 * * *"), "UTC"),
        (cron("30 2 * * *"), "Asia/Tokyo"),
        (cron("30 2 1 6 *"), "Europe/Berlin"),
        (interval(60), "Europe/Berlin"),
        (interval(86_400), "UTC"),
    ] {
        let schedule = in_zone(schedule, zone);
        let notes = notes(&schedule, "2026-01-01T00:00:00Z");
        assert!(notes.is_empty(), "{notes:?}");
    }
    let mut ended = in_zone(cron("30 2 * * *"), "Europe/Berlin");
    ended.end_at = Some(at("2026-02-01T00:00:00Z"));
    assert!(notes(&ended, "2026-01-01T00:00:00Z").is_empty());
}

#[test]
fn a_long_interval_says_that_its_local_time_moves() {
    let schedule = in_zone(interval(86_400), "Europe/Berlin");
    assert_eq!(
        notes(&schedule, "2026-01-01T00:00:00Z"),
        [
            "On 29 March 2026 the clocks in Europe/Berlin go forward from 02:00 to 03:00. An interval follows elapsed time, so the local time of its runs shifts by one hour.",
        ]
    );
}
