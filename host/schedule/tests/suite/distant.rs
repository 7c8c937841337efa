//! `next` and `previous` far from any change of the clock: against a walk by days, each other's inverse, and quick.

use std::time::Instant;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::TZ_VARIANTS;
use proptest::prelude::*;

use crate::at;
use crate::expression::{Dice, Expression};

/// The first matching minute of a date, by trying all of them.
fn first_minute(expression: &Expression, date: NaiveDate, from: NaiveTime) -> Option<DateTime<Utc>> {
    (0..1440)
        .map(|minute| NaiveTime::MIN + Duration::minutes(minute))
        .filter(|time| *time >= from)
        .map(|time| date.and_time(time))
        .find(|wall| expression.has(*wall))
        .map(|wall| wall.and_utc())
}

#[test]
fn next_is_what_a_walk_by_days_finds() {
    let mut dice = Dice(4711);
    let (mut found, mut absent) = (0, 0);
    while found < 3_000 {
        let start = at("1990-01-01T00:00:00Z") + Duration::minutes(i64::from(dice.within(0, 100 * 525_960)));
        let expression = Expression::random(&mut dice, &[start.naive_utc()]);
        let Ok(timetable) = crate::cron(&expression.text()).compile(at("1970-01-01T00:00:00Z")) else {
            absent += 1;
            continue;
        };
        let soon = start + Duration::minutes(1);
        let days = std::iter::successors(Some(soon.date_naive()), NaiveDate::succ_opt)
            .take_while(|date| date.year() < 2100)
            .filter(|date| expression.has_date(*date));
        let expected = days
            .map(|date| {
                let from = if date == soon.date_naive() { soon.time() } else { NaiveTime::MIN };
                first_minute(&expression, date, from)
            })
            .find_map(|minute| minute);
        assert_eq!(timetable.next(start), expected, "{} after {start}", expression.text());
        found += 1;
    }
    assert!(absent < 200, "{absent} never fire");
}

#[test]
fn t6_the_rarest_expression_is_found_within_five_milliseconds() {
    // 29 February on a Sunday comes every 28 years; in 2100 there is none.
    let mut asked = 0;
    for (expression, zone) in [
        ("0 0 29 2 */7", "America/New_York"),
        ("59 23 29 2 */7", "Africa/Casablanca"),
        ("0 0 28W 2 */5", "UTC"),
        ("0 0 */31 2 5#1", "Europe/Berlin"),
        ("30 2 31 12 *", "Pacific/Apia"),
    ] {
        let mut schedule = crate::cron(expression);
        schedule.timezone = Some(zone.to_owned());
        let timetable = schedule.compile(at("1970-01-01T00:00:00Z")).unwrap();
        let mut instant = at("1970-01-01T00:00:00Z");
        loop {
            // The quickest of three, because the machine may be busy with something else.
            let quickest = (0..3)
                .map(|_| {
                    let begun = Instant::now();
                    std::hint::black_box(timetable.next(instant));
                    std::hint::black_box(timetable.previous(instant));
                    begun.elapsed()
                })
                .min()
                .unwrap();
            assert!(quickest.as_millis() < 10, "{expression}: {quickest:?} for both");
            asked += 1;
            match timetable.next(instant) {
                Some(next) => instant = next,
                None => break,
            }
        }
    }
    assert!(asked > 120, "{asked}");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn previous_is_the_inverse_of_next(
        seed in any::<u64>(),
        zone in 0..TZ_VARIANTS.len(),
        second in 0_i64..4_102_444_800,
        millis in 0_u32..1000,
    ) {
        let start = Utc.timestamp_opt(second, millis * 1_000_000).unwrap();
        let mut dice = Dice(seed);
        let expression = Expression::random(&mut dice, &[start.naive_utc()]);
        let mut schedule = crate::cron(&expression.text());
        schedule.timezone = Some(TZ_VARIANTS[zone].name().to_owned());
        if dice.chance(30) {
            schedule.seconds = Some(format!("{},{}", dice.within(0, 59), dice.within(0, 59)));
        }
        let Ok(timetable) = schedule.compile(at("1970-01-01T00:00:00Z")) else {
            return Ok(());
        };
        if let Some(next) = timetable.next(start) {
            prop_assert!(next > start);
            prop_assert_eq!(timetable.next(next - Duration::milliseconds(1)), Some(next));
            let previous = timetable.previous(next);
            prop_assert!(previous.is_none_or(|previous| previous <= start));
            if let Some(previous) = previous {
                prop_assert_eq!(timetable.next(previous), Some(next));
                prop_assert_eq!(timetable.count(previous, next, 10), (2, false));
            }
            if let Some(following) = timetable.next(next) {
                prop_assert_eq!(timetable.previous(following), Some(next));
                prop_assert_eq!(timetable.period(next), Some(following - next));
            }
        }
    }
}
