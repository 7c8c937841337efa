//! T5 against brute force: the wall clock is walked minute by minute around every change of every zone's clocks.
//!
//! The oracle takes offsets and local times from chrono-tz, one minute at a time, and decides each wall by the words
//! of the rule. It knows nothing of spans, windows or sets. Zones are divided between tests so that they run side by
//! side; what is drawn depends on the zone's name only, so a failure comes again.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, LocalResult, NaiveDateTime, Offset, TimeZone, Timelike, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use sandglass_schedule::{Dst, Fold, Gap, Timetable};

use crate::at;
use crate::expression::{Dice, Expression};

const PARTS: usize = 4;
/// Random expressions for each change of each zone.
const EXPRESSIONS: usize = 2;

#[derive(Default)]
struct Seen {
    zones: usize,
    changes: usize,
    cases: usize,
    gap_runs: usize,
    gap_skips: usize,
    fold_choices: usize,
    second_passes: usize,
}

#[test]
fn t5_first_quarter_of_the_zones_agrees_with_the_minute_oracle() {
    check(0);
}

#[test]
fn t5_second_quarter_of_the_zones_agrees_with_the_minute_oracle() {
    check(1);
}

#[test]
fn t5_third_quarter_of_the_zones_agrees_with_the_minute_oracle() {
    check(2);
}

#[test]
fn t5_fourth_quarter_of_the_zones_agrees_with_the_minute_oracle() {
    check(3);
}

fn check(part: usize) {
    let mut seen = Seen::default();
    for tz in TZ_VARIANTS.iter().skip(part).step_by(PARTS) {
        let seed = tz.name().bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let mut dice = Dice(seed);
        seen.zones += 1;
        for change in changes(*tz) {
            seen.changes += 1;
            check_change(*tz, change, &mut dice, &mut seen);
        }
    }
    println!(
        "{} zones, {} changes, {} cases, {} gap runs, {} gap skips, {} fold choices, {} second passes",
        seen.zones, seen.changes, seen.cases, seen.gap_runs, seen.gap_skips, seen.fold_choices, seen.second_passes
    );
    // A suite that checks nothing would be green as well.
    assert!(seen.zones >= TZ_VARIANTS.len() / PARTS);
    assert!(seen.changes >= 7_000, "{} changes", seen.changes);
    assert_eq!(seen.cases, seen.changes * EXPRESSIONS);
    assert!(seen.gap_runs >= 500, "{} gap runs", seen.gap_runs);
    assert!(seen.gap_skips >= 500, "{} gap skips", seen.gap_skips);
    assert!(seen.fold_choices >= 1_000, "{} folds", seen.fold_choices);
    assert!(seen.second_passes >= 1_000, "{}", seen.second_passes);
}

fn offset(tz: Tz, at: DateTime<Utc>) -> i64 {
    i64::from(tz.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc())
}

/// The instants from 1970 to 2037 at which a zone's offset changes: by days, then by minutes, then by seconds.
fn changes(tz: Tz) -> Vec<DateTime<Utc>> {
    let mut found = Vec::new();
    let mut day = at("1970-01-01T00:00:00Z");
    let end = at("2038-01-01T00:00:00Z");
    let mut before = offset(tz, day);
    while day < end {
        let next = day + Duration::days(1);
        if offset(tz, next) != before {
            let mut minute = day;
            while minute < next {
                let following = minute + Duration::minutes(1);
                if offset(tz, following) != before {
                    let change = (1..=60)
                        .map(|second| minute + Duration::seconds(second))
                        .find(|second| offset(tz, *second) != before)
                        .unwrap();
                    found.push(change);
                    before = offset(tz, change);
                }
                minute = following;
            }
        }
        day = next;
    }
    found
}

/// What the clock on the wall shows, instant by instant: every minute, or every second where offsets have seconds.
fn walk(tz: Tz, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(DateTime<Utc>, NaiveDateTime)> {
    let odd = offset(tz, from) % 60 != 0 || offset(tz, until) % 60 != 0;
    let step = Duration::seconds(if odd { 1 } else { 60 });
    let mut walk = Vec::new();
    let mut instant = from;
    while instant <= until {
        let wall = instant.naive_utc() + Duration::seconds(offset(tz, instant));
        walk.push((instant, wall));
        instant += step;
    }
    walk
}

fn check_change(tz: Tz, change: DateTime<Utc>, dice: &mut Dice, seen: &mut Seen) {
    let (before, after) = (offset(tz, change - Duration::seconds(1)), offset(tz, change));
    let around = Duration::seconds((after - before).abs() + 2 * 3600);
    let start = (change - around).with_second(0).unwrap().max(at("1970-01-01T00:01:00Z"));
    let end = change + around;
    let walk = walk(tz, start, end);
    let near = [
        change.naive_utc() + Duration::seconds(before),
        change.naive_utc() + Duration::seconds(after),
        change.naive_utc() + Duration::seconds((before + after) / 2),
    ];
    for _ in 0..EXPRESSIONS {
        let expression = Expression::random(dice, &near);
        let dst = Dst {
            gap: if dice.chance(50) { Gap::Next } else { Gap::Skip },
            fold: match dice.within(0, 2) {
                0 => Fold::First,
                1 => Fold::Second,
                _ => Fold::Both,
            },
        };
        let mut schedule = crate::cron(&expression.text());
        schedule.timezone = Some(tz.name().to_owned());
        schedule.dst = Some(dst);
        seen.cases += 1;
        let timetable = match schedule.compile(at("1970-01-01T00:00:00Z")) {
            Ok(timetable) => timetable,
            Err(problems) => {
                assert_eq!(problems[0].code, "never_fires", "{}", expression.text());
                assert!(walk.iter().all(|(_, wall)| !expression.has(*wall)));
                continue;
            }
        };
        let (expected, left_out) = if expression.is_fixed_time() {
            fixed(tz, &expression, dst, &walk, seen)
        } else {
            (elapsed(&expression, &walk, seen), BTreeSet::new())
        };
        let about = || format!("{} in {tz}, {dst:?}, around {change}", expression.text());
        assert_eq!(forwards(&timetable, start, end), expected, "{}", about());
        assert_eq!(backwards(&timetable, start, end), expected, "{}", about());
        // Asked from just beside an instant as well, so that none is only found on the way from the one before it.
        let beside = Duration::milliseconds(1);
        for due in expected.iter().take(40) {
            assert_eq!(timetable.next(*due - beside), Some(*due), "{}", about());
            assert_eq!(timetable.previous(*due + beside), Some(*due), "{}", about());
        }
        let skips: BTreeSet<_> = timetable.gap_skips(start, end).into_iter().collect();
        assert_eq!(skips, left_out, "{}", about());
    }
}

/// Not fixed-time: due at each instant at which the clock shows a matching minute, whichever pass it is.
fn elapsed(expression: &Expression, walk: &[(DateTime<Utc>, NaiveDateTime)], seen: &mut Seen) -> Vec<DateTime<Utc>> {
    let mut walls = BTreeSet::new();
    walk.iter()
        .skip(1)
        .filter(|(_, wall)| wall.second() == 0 && expression.has(*wall))
        .map(|(instant, wall)| {
            seen.second_passes += usize::from(!walls.insert(*wall));
            *instant
        })
        .collect()
}

/// Fixed-time: each matching minute of the naive clock is looked up, and the rule says what becomes of it.
fn fixed(
    tz: Tz,
    expression: &Expression,
    dst: Dst,
    walk: &[(DateTime<Utc>, NaiveDateTime)],
    seen: &mut Seen,
) -> (Vec<DateTime<Utc>>, BTreeSet<DateTime<Utc>>) {
    let (start, first) = walk[0];
    let (end, last) = *walk.last().unwrap();
    let mut due = BTreeSet::new();
    let mut in_gap = BTreeSet::new();
    let mut wall = first.with_second(0).unwrap();
    while wall <= last {
        if expression.has(wall) {
            match tz.from_local_datetime(&wall) {
                LocalResult::Single(instant) => {
                    due.insert(instant.to_utc());
                }
                LocalResult::Ambiguous(early, late) => {
                    seen.fold_choices += 1;
                    if dst.fold != Fold::Second {
                        due.insert(early.to_utc());
                    }
                    if dst.fold != Fold::First {
                        due.insert(late.to_utc());
                    }
                }
                LocalResult::None => {
                    let after = walk.iter().find(|(_, shown)| *shown > wall).unwrap();
                    in_gap.insert(after.0);
                }
            }
        }
        wall += Duration::minutes(1);
    }
    let left_out = match dst.gap {
        Gap::Next => {
            seen.gap_runs += in_gap.len();
            due.extend(in_gap);
            BTreeSet::new()
        }
        Gap::Skip => in_gap.difference(&due).copied().collect(),
    };
    seen.gap_skips += left_out.len();
    let due = due.into_iter().filter(|instant| *instant > start && *instant <= end).collect();
    (due, left_out)
}

fn forwards(timetable: &Timetable, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let mut found = Vec::new();
    let mut last = from;
    while let Some(next) = timetable.next(last).filter(|next| *next <= until) {
        assert!(next > last, "{next} is not later than {last}");
        found.push(next);
        last = next;
    }
    found
}

fn backwards(timetable: &Timetable, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let mut found = Vec::new();
    let mut before = until + Duration::milliseconds(1);
    while let Some(previous) = timetable.previous(before).filter(|previous| *previous > from) {
        assert!(previous < before, "{previous} is not earlier than {before}");
        found.push(previous);
        before = previous;
    }
    found.reverse();
    found
}
