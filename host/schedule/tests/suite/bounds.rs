//! Intervals, `once`, bounds, and what an object may not say.

use chrono::{Duration, SubsecRound};
use sandglass_schedule::{Dst, Gap, Problem, Schedule, ScheduleKind};

use crate::{at, blank, cron, interval, once};

fn refused(schedule: &Schedule) -> Vec<(&'static str, &'static str)> {
    let problems = schedule.compile(at("2026-01-01T00:00:00Z")).unwrap_err();
    for Problem { message, .. } in &problems {
        assert!(message.len() > 20, "no way out in {message:?}");
    }
    problems.iter().map(|p| (p.field, p.code)).collect()
}

#[test]
fn t4_an_interval_counts_from_its_creation_and_does_not_fire_at_once() {
    let created = at("2026-01-01T12:00:00.437Z");
    let job = interval(90).compile(created).unwrap();
    let first = created + Duration::seconds(90);
    assert_eq!(job.next(at("2020-01-01T00:00:00Z")), Some(first));
    assert_eq!(job.next(created), Some(first));
    assert_eq!(job.next(first), Some(first + Duration::seconds(90)));
    assert_eq!(job.next(first - Duration::nanoseconds(1)), Some(first));
    let second = first + Duration::seconds(90);
    assert_eq!(job.next(second - Duration::milliseconds(1)), Some(second));
    assert_eq!(job.count(first, second, 1), (2, false));
    assert_eq!(job.count(first + Duration::milliseconds(1), second, 1), (1, false));
    assert_eq!(job.previous(first), None);
    assert_eq!(job.previous(first + Duration::nanoseconds(1)), Some(first));
    assert_eq!(job.period(first), Some(Duration::seconds(90)));
}

#[test]
fn t4_the_phase_is_the_same_whether_the_creation_time_comes_from_memory_or_from_the_store() {
    let created = at("2026-01-01T12:00:00.437912345Z");
    let (fresh, stored) =
        (interval(7).compile(created).unwrap(), interval(7).compile(created.trunc_subsecs(3)).unwrap());
    let now = at("2026-03-01T00:00:00Z");
    assert_eq!(fresh.next(now), stored.next(now));
}

#[test]
fn t4_a_start_is_itself_the_first_occurrence() {
    let mut schedule = interval(3600);
    schedule.start_at = Some(at("2026-02-01T08:15:00Z"));
    let job = schedule.compile(at("2026-01-01T00:00:00Z")).unwrap();
    assert_eq!(job.next(at("2026-01-01T00:00:00Z")), schedule.start_at);
    assert_eq!(job.next(at("2026-02-03T00:00:00Z")), Some(at("2026-02-03T00:15:00Z")));
    // A start before the creation only fixes the phase.
    let job = schedule.compile(at("2026-03-01T00:00:00Z")).unwrap();
    assert_eq!(job.next(at("2026-03-01T00:00:00Z")), Some(at("2026-03-01T00:15:00Z")));
}

#[test]
fn the_end_is_included() {
    let mut schedule = interval(60);
    schedule.start_at = Some(at("2026-02-01T00:00:00Z"));
    schedule.end_at = Some(at("2026-02-01T00:02:00Z"));
    let job = schedule.compile(at("2026-01-01T00:00:00Z")).unwrap();
    assert_eq!(job.next(at("2026-02-01T00:01:00Z")), schedule.end_at);
    assert_eq!(job.next(at("2026-02-01T00:02:00Z")), None);
    assert_eq!(job.previous(at("2027-01-01T00:00:00Z")), schedule.end_at);
    assert_eq!(job.count(at("2020-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z"), 1), (3, false));
}

#[test]
fn bounds_hold_for_cron_too() {
    let mut schedule = cron("0 8 * * *");
    schedule.start_at = Some(at("2026-02-01T08:00:00.001Z"));
    schedule.end_at = Some(at("2026-02-04T08:00:00Z"));
    let job = schedule.compile(at("2026-01-01T00:00:00Z")).unwrap();
    let (first, last) = (at("2026-02-02T08:00:00Z"), at("2026-02-04T08:00:00Z"));
    assert_eq!(job.next(at("2026-01-01T00:00:00Z")), Some(first));
    assert_eq!(job.previous(first), None);
    assert_eq!(job.previous(at("2099-01-01T00:00:00Z")), Some(last));
    assert_eq!(job.next(last), None);
}

#[test]
fn t5_a_gap_outside_of_the_bounds_leaves_nothing_out() {
    let mut schedule = cron("30 2 * * *");
    schedule.timezone = Some("America/New_York".to_owned());
    schedule.dst = Some(Dst { gap: Gap::Skip, ..Dst::default() });
    let (from, until) = (at("2026-01-01T00:00:00Z"), at("2026-12-31T00:00:00Z"));
    assert_eq!(schedule.compile(from).unwrap().gap_skips(from, until).len(), 1);
    schedule.start_at = Some(at("2026-03-09T00:00:00Z"));
    assert!(schedule.compile(from).unwrap().gap_skips(from, until).is_empty());
}

#[test]
fn once_is_due_once() {
    let due = at("2026-06-01T08:00:00.250Z");
    let job = once(due).compile(at("2026-01-01T00:00:00Z")).unwrap();
    assert_eq!(job.next(at("2026-01-01T00:00:00Z")), Some(due));
    assert_eq!(job.next(due), None);
    assert_eq!(job.previous(due), None);
    assert_eq!(job.previous(at("2027-01-01T00:00:00Z")), Some(due));
    assert_eq!(job.period(due), None);
    assert_eq!(job.count(due, due, 10), (1, false));
}

#[test]
fn seconds_refine_a_cron_minute() {
    let mut schedule = cron("*/30 8 * * *");
    schedule.seconds = Some("15,45".to_owned());
    let job = schedule.compile(at("2026-01-01T00:00:00Z")).unwrap();
    let runs: Vec<_> = std::iter::successors(Some(at("2026-01-01T00:00:00Z")), |last| job.next(*last))
        .skip(1)
        .take(5)
        .map(|run| run.format("%d %T").to_string())
        .collect();
    assert_eq!(runs, ["01 08:00:15", "01 08:00:45", "01 08:30:15", "01 08:30:45", "02 08:00:15"]);
}

#[test]
fn five_years_of_a_one_second_interval_are_arithmetic() {
    let created = at("2021-01-01T00:00:00Z");
    let job = interval(1).compile(created).unwrap();
    let (count, at_least) = job.count(at("2021-01-01T00:00:01Z"), at("2026-01-01T00:00:00Z"), 10);
    assert_eq!((count, at_least), (1826 * 86_400, false));
}

#[test]
fn fields_of_another_kind_are_refused_by_name_and_all_at_once() {
    let everything = |kind| Schedule {
        interval_seconds: Some(60),
        expression: Some("0 8 * * *".to_owned()),
        timezone: Some("UTC".to_owned()),
        run_at: Some(at("2026-06-01T00:00:00Z")),
        start_at: Some(at("2026-02-01T00:00:00Z")),
        end_at: Some(at("2026-12-01T00:00:00Z")),
        seconds: Some("0".to_owned()),
        dst: Some(Dst::default()),
        ..blank(kind)
    };
    assert_eq!(
        refused(&everything(ScheduleKind::Interval)),
        ["expression", "run_at", "seconds", "dst"].map(|field| (field, "not_allowed"))
    );
    assert_eq!(
        refused(&everything(ScheduleKind::Cron)),
        ["interval_seconds", "run_at"].map(|field| (field, "not_allowed"))
    );
    assert_eq!(
        refused(&everything(ScheduleKind::Once)),
        ["interval_seconds", "expression", "start_at", "end_at", "seconds", "dst"].map(|field| (field, "not_allowed"))
    );
}

#[test]
fn what_a_kind_needs_is_asked_for() {
    assert_eq!(refused(&blank(ScheduleKind::Interval)), [("interval_seconds", "missing")]);
    assert_eq!(refused(&blank(ScheduleKind::Cron)), [("expression", "missing")]);
    assert_eq!(refused(&blank(ScheduleKind::Once)), [("run_at", "missing")]);
    assert_eq!(refused(&interval(0)), [("interval_seconds", "out_of_range")]);
}

#[test]
fn several_problems_are_reported_at_once() {
    let mut schedule = cron("61 25 * foo *");
    schedule.timezone = Some("Mars/Olympus".to_owned());
    schedule.seconds = Some("60".to_owned());
    schedule.start_at = Some(at("2026-02-01T00:00:00Z"));
    schedule.end_at = Some(at("2026-01-01T00:00:00Z"));
    schedule.interval_seconds = Some(5);
    assert_eq!(
        refused(&schedule),
        [
            ("interval_seconds", "not_allowed"),
            ("timezone", "unknown_zone"),
            ("end_at", "end_before_start"),
            ("expression", "out_of_range"),
            ("expression", "out_of_range"),
            ("expression", "not_understood"),
            ("seconds", "out_of_range"),
        ]
    );
}

#[test]
fn t6_what_never_fires_is_refused_where_it_can_be_changed() {
    for expression in ["0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 L-30 2 *", "0 0 31W 2 *"] {
        assert_eq!(refused(&cron(expression)), [("expression", "never_fires")], "{expression}");
    }
    let mut schedule = cron("0 0 29 2 *");
    assert!(schedule.compile(at("2026-01-01T00:00:00Z")).is_ok());
    schedule.end_at = Some(at("2028-02-28T00:00:00Z"));
    assert_eq!(refused(&schedule), [("end_at", "never_fires")]);
    let mut schedule = interval(3600);
    schedule.end_at = Some(at("2026-01-01T00:30:00Z"));
    assert_eq!(refused(&schedule), [("end_at", "never_fires")]);
    let mut schedule = cron("0 0 29 2 *");
    schedule.start_at = Some(at("2096-03-01T00:00:00Z"));
    assert_eq!(refused(&schedule), [("start_at", "never_fires")]);
    assert_eq!(refused(&once(at("2025-12-31T00:00:00Z"))), [("run_at", "in_the_past")]);
    assert_eq!(refused(&once(at("2100-01-01T00:00:00Z"))), [("run_at", "beyond_horizon")]);
    assert_eq!(refused(&interval(u64::MAX)), [("interval_seconds", "beyond_horizon")]);
    assert_eq!(refused(&interval(3_000_000_000)), [("interval_seconds", "beyond_horizon")]);
    let mut schedule = interval(1);
    schedule.start_at = Some(at("2100-01-01T00:00:00Z"));
    assert_eq!(refused(&schedule)[0], ("start_at", "beyond_horizon"));
}

#[test]
fn the_json_is_the_customers() {
    let schedule: Schedule = serde_json::from_str(
        r#"{"type":"cron","expression":"0 8 * * *","timezone":"Europe/Berlin","dst":{"fold":"both"}}"#,
    )
    .unwrap();
    assert_eq!(schedule.dst.unwrap().gap, Gap::Next);
    assert_eq!(
        serde_json::to_string(&schedule).unwrap(),
        r#"{"type":"cron","expression":"0 8 * * *","timezone":"Europe/Berlin","dst":{"gap":"next","fold":"both"}}"#
    );
    for (text, complaint) in [
        (r#"{"type":"cron","cron":"0 8 * * *"}"#, "unknown field `cron`"),
        (r#"{"type":"daily"}"#, "unknown variant `daily`"),
        (r#"{"type":"interval","interval_seconds":-5}"#, "-5"),
        (r#"{"type":"interval","interval_seconds":1.5}"#, "1.5"),
        (r#"{"type":"cron","dst":{"gap":"never"}}"#, "unknown variant `never`"),
        (r#"{"interval_seconds":5}"#, "missing field `type`"),
    ] {
        let error = serde_json::from_str::<Schedule>(text).unwrap_err().to_string();
        assert!(error.contains(complaint), "{text}: {error}");
    }
    let spare: Schedule = serde_json::from_str(r#"{"type":"interval","interval_seconds":5,"timezone":null}"#).unwrap();
    assert_eq!(spare, interval(5));
    assert_eq!(spare.timezone(), "UTC");
}
