//! T7 as tables: what runs, what is skipped, where the schedule stands afterwards.

use std::time::Instant;

use chrono::{DateTime, Duration, Utc};
use sandglass_schedule::Timetable;
use sandglass_schedule::misfire::{Missed, Policy, Ruling, Verdict, rule};

use crate::expression::{Dice, Expression};
use crate::{at, cron, interval, once};

const WINDOW: Duration = Duration::hours(1);
const GRACE: Duration = Duration::seconds(60);

fn ruling(timetable: &Timetable, policy: Policy, oldest: &str, now: &str) -> Ruling {
    rule(timetable, policy, WINDOW, GRACE, 100, at(oldest), at(now))
}

fn skipped(count: u64, first: &str, last: &str) -> Option<Missed> {
    Some(Missed { count, at_least: false, first: at(first), last: at(last) })
}

fn daily() -> Timetable {
    cron("0 2 * * *").compile(at("2020-01-01T00:00:00Z")).unwrap()
}

/// Due at each full ten seconds.
fn ten_seconds() -> Timetable {
    interval(10).compile(at("2026-01-01T00:00:00Z")).unwrap()
}

#[test]
fn t7_within_the_grace_it_just_runs_whatever_the_policy() {
    for policy in [Policy::Latest, Policy::All, Policy::None] {
        for now in ["2026-01-01T01:59:59.9Z", "2026-01-01T02:00:00Z", "2026-01-01T02:01:00Z"] {
            let ruling = ruling(&daily(), policy, "2026-01-01T02:00:00Z", now);
            assert_eq!(
                ruling,
                Ruling {
                    skipped: None,
                    run: Some(at("2026-01-01T02:00:00Z")),
                    next: Some(at("2026-01-02T02:00:00Z")),
                    on_time: true,
                }
            );
            assert_eq!(ruling.verdict(), Verdict::OnTime(at("2026-01-01T02:00:00Z")));
        }
    }
}

#[test]
fn t7_a_daily_backup_missed_at_night_runs_in_the_morning_unless_the_policy_is_none() {
    let (oldest, now) = ("2026-01-01T02:00:00Z", "2026-01-01T02:30:00Z");
    for policy in [Policy::Latest, Policy::All] {
        let ruling = ruling(&daily(), policy, oldest, now);
        assert_eq!(ruling.verdict(), Verdict::Run(at(oldest)));
        assert_eq!(ruling.skipped, None);
        assert_eq!(ruling.next, Some(at("2026-01-02T02:00:00Z")));
    }
    let none = ruling(&daily(), Policy::None, oldest, now);
    assert_eq!(none.verdict(), Verdict::Skip);
    assert_eq!(none.skipped, skipped(1, oldest, oldest));
    assert_eq!(none.next, Some(at("2026-01-02T02:00:00Z")));
    // The window is closed: an hour late to the millisecond still runs.
    let edge = ruling(&daily(), Policy::All, oldest, "2026-01-01T03:00:00Z");
    assert_eq!(edge.verdict(), Verdict::Run(at(oldest)));
    let beyond = ruling(&daily(), Policy::All, oldest, "2026-01-01T03:00:00.001Z");
    assert_eq!(beyond.verdict(), Verdict::Skip);
    // Six hours late: beyond the window of `all`, but not of `latest`.
    let late = "2026-01-01T08:00:00Z";
    assert_eq!(ruling(&daily(), Policy::Latest, oldest, late).run, Some(at(oldest)));
    assert_eq!(ruling(&daily(), Policy::All, oldest, late).run, None);
}

#[test]
fn t7_latest_runs_one_and_skips_those_before_it() {
    let missed = ruling(&daily(), Policy::Latest, "2026-01-01T02:00:00Z", "2026-01-05T09:00:00Z");
    assert_eq!(
        missed,
        Ruling {
            skipped: skipped(4, "2026-01-01T02:00:00Z", "2026-01-04T02:00:00Z"),
            run: Some(at("2026-01-05T02:00:00Z")),
            next: Some(at("2026-01-06T02:00:00Z")),
            on_time: false,
        }
    );
}

#[test]
fn t7_a_period_shorter_than_the_grace_takes_its_place() {
    // Twelve seconds late is more than one period of ten.
    let ruling = ruling(&ten_seconds(), Policy::Latest, "2026-01-01T00:01:00Z", "2026-01-01T00:01:12Z");
    assert_eq!(ruling.skipped, skipped(1, "2026-01-01T00:01:00Z", "2026-01-01T00:01:00Z"));
    assert_eq!(ruling.verdict(), Verdict::OnTime(at("2026-01-01T00:01:10Z")));
    assert_eq!(ruling.next, Some(at("2026-01-01T00:01:20Z")));
}

#[test]
fn t7_none_still_runs_the_one_that_is_on_time() {
    let ruling = ruling(&ten_seconds(), Policy::None, "2026-01-01T00:01:00Z", "2026-01-01T00:02:03Z");
    assert_eq!(ruling.skipped, skipped(6, "2026-01-01T00:01:00Z", "2026-01-01T00:01:50Z"));
    assert_eq!(ruling.verdict(), Verdict::OnTime(at("2026-01-01T00:02:00Z")));
}

#[test]
fn t7_late_by_exactly_one_period_is_on_time() {
    let ruling = ruling(&ten_seconds(), Policy::None, "2026-01-01T00:01:00Z", "2026-01-01T00:01:20Z");
    assert_eq!(ruling.skipped, skipped(1, "2026-01-01T00:01:00Z", "2026-01-01T00:01:00Z"));
    assert_eq!(ruling.verdict(), Verdict::OnTime(at("2026-01-01T00:01:10Z")));
    assert_eq!(ruling.next, Some(at("2026-01-01T00:01:20Z")));
}

#[test]
fn t7_all_replays_oldest_first_and_stands_at_the_following_missed_instant() {
    let hourly = cron("@hourly").compile(at("2020-01-01T00:00:00Z")).unwrap();
    let now = at("2026-01-01T10:30:00Z");
    let mut oldest = at("2026-01-01T05:00:00Z");
    let mut runs = Vec::new();
    let mut lost = 0;
    for _ in 0..10 {
        let ruling = rule(&hourly, Policy::All, Duration::hours(4), GRACE, 100, oldest, now);
        lost += ruling.skipped.map_or(0, |missed| missed.count);
        let Verdict::Run(run) = ruling.verdict() else {
            break;
        };
        runs.push(run.format("%H").to_string());
        oldest = ruling.next.unwrap();
        if oldest > now {
            break;
        }
    }
    // 05 and 06 are older than four hours.
    assert_eq!(lost, 2);
    assert_eq!(runs, ["07", "08", "09", "10"]);
    assert_eq!(oldest, at("2026-01-01T11:00:00Z"));
}

#[test]
fn t7_all_keeps_the_most_recent_ones_up_to_the_maximum_and_not_the_one_on_time() {
    let job = ten_seconds();
    let (oldest, now) = (at("2026-01-01T00:00:10Z"), at("2026-01-01T00:10:05Z"));
    let ruling = rule(&job, Policy::All, WINDOW, GRACE, 3, oldest, now);
    // 00:10:00 is on time; the three before it are kept.
    assert_eq!(ruling.verdict(), Verdict::Run(at("2026-01-01T00:09:30Z")));
    assert_eq!(ruling.skipped, skipped(56, "2026-01-01T00:00:10Z", "2026-01-01T00:09:20Z"));
    assert_eq!(ruling.next, Some(at("2026-01-01T00:09:40Z")));
    let none_kept = rule(&job, Policy::All, WINDOW, GRACE, 0, oldest, now);
    assert_eq!(none_kept.verdict(), Verdict::OnTime(at("2026-01-01T00:10:00Z")));
    assert_eq!(none_kept.skipped.unwrap().count, 59);
}

#[test]
fn t7_a_one_shot_that_was_missed() {
    let due = at("2026-01-01T12:00:00Z");
    let job = once(due).compile(at("2026-01-01T00:00:00Z")).unwrap();
    let late = due + Duration::minutes(30);
    for (policy, run) in [(Policy::Latest, Some(due)), (Policy::All, Some(due)), (Policy::None, None)] {
        let ruling = rule(&job, policy, WINDOW, GRACE, 100, due, late);
        assert_eq!((ruling.run, ruling.next), (run, None));
    }
}

#[test]
fn t7_an_oldest_instant_that_the_timetable_no_longer_has_is_still_decided() {
    let ruling = ruling(&daily(), Policy::Latest, "2026-01-01T01:23:45Z", "2026-01-03T09:00:00Z");
    assert_eq!(ruling.run, Some(at("2026-01-03T02:00:00Z")));
    assert_eq!(ruling.skipped, skipped(3, "2026-01-01T01:23:45Z", "2026-01-02T02:00:00Z"));
}

#[test]
fn t7_five_years_of_absence_cost_less_than_a_second() {
    let created = at("2021-01-01T00:00:00Z");
    let now = at("2026-01-01T00:00:00.500Z");
    let begun = Instant::now();
    let job = interval(1).compile(created).unwrap();
    let every_second = rule(&job, Policy::Latest, WINDOW, GRACE, 100, created + Duration::seconds(1), now);
    let missed = every_second.skipped.unwrap();
    assert_eq!((missed.count, missed.at_least), (1826 * 86_400 - 1, false));
    assert_eq!(every_second.run, Some(at("2026-01-01T00:00:00Z")));

    let mut schedule = cron("* * * * *");
    schedule.seconds = Some("*".to_owned());
    schedule.timezone = Some("America/New_York".to_owned());
    let job = schedule.compile(created).unwrap();
    for policy in [Policy::Latest, Policy::All, Policy::None] {
        let ruling = rule(&job, policy, WINDOW, GRACE, u64::MAX, created, now);
        let missed = ruling.skipped.unwrap();
        assert_eq!((missed.count, missed.at_least), (10_000, true));
        assert_eq!(missed.first, created);
    }
    assert!(begun.elapsed().as_secs() < 1, "{:?}", begun.elapsed());
}

#[test]
fn t7_policies_are_written_in_lower_case() {
    for (policy, text) in [(Policy::Latest, "\"latest\""), (Policy::All, "\"all\""), (Policy::None, "\"none\"")] {
        assert_eq!(serde_json::to_string(&policy).unwrap(), text);
        assert_eq!(serde_json::from_str::<Policy>(text).unwrap(), policy);
    }
    assert_eq!(Policy::default(), Policy::Latest);
}

/// Every instant is decided once, by a straightforward reading of the rule.
#[test]
fn t1_t7_rulings_decide_every_instant_exactly_once() {
    let mut dice = Dice(77);
    let mut decided_total = 0;
    for _ in 0..300 {
        let now = at("2026-05-05T12:00:00Z") + Duration::seconds(i64::from(dice.within(0, 86_400)));
        let expression = Expression::random(&mut dice, &[now.naive_utc()]);
        let Ok(job) = cron(&expression.text()).compile(at("2020-01-01T00:00:00Z")) else {
            continue;
        };
        let absence = Duration::minutes(i64::from(dice.within(0, 3000)));
        let Some(oldest) = job.next(now - absence).filter(|oldest| *oldest <= now) else {
            continue;
        };
        let all: Vec<DateTime<Utc>> =
            std::iter::successors(Some(oldest), |last| job.next(*last)).take_while(|instant| *instant <= now).collect();
        let policy = [Policy::Latest, Policy::All, Policy::None][dice.within(0, 2) as usize];
        let maximum = u64::from(dice.within(0, 20));
        let mut place = 0;
        let mut late_runs = 0;
        let mut standing = Some(oldest);
        while let Some(instant) = standing.filter(|instant| *instant <= now) {
            assert_eq!(instant, all[place], "{}", expression.text());
            let ruling = rule(&job, policy, WINDOW, GRACE, maximum, instant, now);
            if let Some(missed) = ruling.skipped {
                assert!(!missed.at_least);
                let count = usize::try_from(missed.count).unwrap();
                assert_eq!((missed.first, missed.last), (all[place], all[place + count - 1]));
                place += count;
            }
            if let Some(run) = ruling.run {
                assert_eq!(run, all[place]);
                let allowed = job.period(run).map_or(GRACE, |period| period.min(GRACE));
                assert_eq!(ruling.on_time, now - run <= allowed);
                late_runs += u64::from(!ruling.on_time);
                place += 1;
            }
            standing = ruling.next;
        }
        assert_eq!(place, all.len());
        match policy {
            Policy::Latest => assert!(late_runs <= 1),
            Policy::All => assert!(late_runs <= maximum),
            Policy::None => assert_eq!(late_runs, 0),
        }
        decided_total += place;
    }
    assert!(decided_total > 5_000, "{decided_total} instants");
}
