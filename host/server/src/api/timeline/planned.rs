//! What a schedule holds in a window: instants while they are few, numbers a slot when they are many. Pure, and bounded:
//! instants of cron expressions are counted one by one, and only so many.

use chrono::{DateTime, Duration, Utc};
use sandglass_schedule::Timetable;

/// How many instants may still be counted one by one, in all that one request looks at.
pub(super) struct Budget {
    pub steps: u64,
}

/// What is due.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Planned {
    /// Each instant; empty when there are more than asked for.
    pub instants: Vec<DateTime<Utc>>,
    /// In each slot; empty when the instants are told.
    pub sums: Vec<u64>,
    /// Counting stopped where the budget ended: there may be more.
    pub is_at_least: bool,
}

/// What is due from `from` up to and without `to`: instants up to `most`, else sums over the slots, which begin at
/// `begins`.
pub(super) fn planned(
    timetable: &Timetable,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    begins: &[DateTime<Utc>],
    most: usize,
    budget: &mut Budget,
) -> Planned {
    let mut instants = Vec::new();
    let mut after = before(from);
    while let Some(next) = timetable.next(after).filter(|next| *next < to) {
        if instants.len() == most {
            return summed(timetable, (from, to), begins, budget);
        }
        instants.push(next);
        after = next;
    }
    Planned { instants, ..Planned::default() }
}

/// The same, always summed.
pub(super) fn summed(
    timetable: &Timetable,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    begins: &[DateTime<Utc>],
    budget: &mut Budget,
) -> Planned {
    let mut planned = Planned { sums: vec![0; begins.len()], ..Planned::default() };
    let ends = begins.iter().skip(1).copied().chain([to]);
    for ((begin, end), sum) in begins.iter().zip(ends).zip(&mut planned.sums) {
        let (first, last) = ((*begin).max(from), before(end.min(to)));
        if last < first {
            continue;
        }
        let (count, is_cut) = timetable.count(first, last, budget.steps);
        // An interval is counted by arithmetic; that it costs nothing is not told, and it is no great number either.
        budget.steps = budget.steps.saturating_sub(count.min(3_600));
        *sum = count;
        planned.is_at_least |= is_cut;
    }
    planned
}

fn before(at: DateTime<Utc>) -> DateTime<Utc> {
    at - Duration::milliseconds(1)
}

#[cfg(test)]
mod tests {
    use sandglass_schedule::Schedule;
    use serde_json::{Value, json};

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn timetable(schedule: Value) -> Timetable {
        let schedule: Schedule = serde_json::from_value(schedule).unwrap();
        schedule.compile(at("2026-01-01T00:00:00Z")).unwrap()
    }

    const DAY: (&str, &str) = ("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z");

    fn day() -> (DateTime<Utc>, DateTime<Utc>) {
        (at(DAY.0), at(DAY.1))
    }

    fn halves() -> [DateTime<Utc>; 2] {
        [at(DAY.0), at("2026-11-24T12:00:00Z")]
    }

    #[test]
    fn few_instants_are_told_one_by_one_the_first_of_the_window_and_not_its_end() {
        let daily = timetable(json!({"type": "cron", "expression": "0 0,8 * * *"}));
        let found = planned(&daily, day(), &halves(), 10, &mut Budget { steps: 100 });
        assert_eq!(found.instants, [at(DAY.0), at("2026-11-24T08:00:00Z")]);
        assert_eq!((found.sums.len(), found.is_at_least), (0, false));
    }

    #[test]
    fn many_are_summed_over_slots_and_an_interval_costs_next_to_nothing() {
        let minutely = timetable(json!({"type": "cron", "expression": "* * * * *"}));
        let found = planned(&minutely, day(), &halves(), 100, &mut Budget { steps: 10_000 });
        assert_eq!((found.sums, found.is_at_least, found.instants.len()), (vec![720, 720], false, 0));
        let secondly = timetable(json!({"type": "interval", "interval_seconds": 1}));
        let mut budget = Budget { steps: 100_000 };
        let found = planned(&secondly, day(), &halves(), 100, &mut budget);
        assert_eq!((found.sums, found.is_at_least), (vec![43_200, 43_200], false));
        assert!(budget.steps > 90_000);
    }

    #[test]
    fn counting_ends_with_the_budget_and_says_so() {
        let secondly = timetable(json!({"type": "cron", "expression": "* * * * *", "seconds": "*"}));
        let mut budget = Budget { steps: 3_000 };
        let found = planned(&secondly, day(), &halves(), 100, &mut budget);
        assert!(found.is_at_least && found.sums[0] == 3_000, "{found:?}");
        assert_eq!(budget.steps, 0);
        // Another job that asks afterwards gets no more.
        assert!(planned(&secondly, day(), &halves(), 100, &mut budget).is_at_least);
    }

    #[test]
    fn what_has_passed_within_the_window_is_not_planned() {
        let hourly = timetable(json!({"type": "interval", "interval_seconds": 3600}));
        let rest = (at("2026-11-24T13:30:00Z"), at(DAY.1));
        let found = planned(&hourly, rest, &halves(), 5, &mut Budget { steps: 100 });
        assert_eq!(found.sums, [0, 10]);
    }
}
