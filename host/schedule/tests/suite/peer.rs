//! Our calendar against the `cron` crate, where both mean the same: UTC, explicit lists, one restricted day field.

use std::str::FromStr;

use chrono::{Duration, Utc};

use crate::at;
use crate::expression::Dice;

fn list(dice: &mut Dice, low: u32, high: u32, most: u32) -> Vec<u32> {
    let mut values: Vec<u32> = (0..dice.within(1, most)).map(|_| dice.within(low, high)).collect();
    values.sort_unstable();
    values.dedup();
    values
}

fn join(values: &[u32]) -> String {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    texts.join(",")
}

#[test]
fn plain_expressions_are_due_when_the_cron_crate_says_so() {
    let mut dice = Dice(20_261_124);
    let mut compared = 0;
    for _ in 0..400 {
        let seconds = join(&list(&mut dice, 0, 59, 3));
        let minutes = join(&list(&mut dice, 0, 59, 8));
        let hours = join(&list(&mut dice, 0, 23, 5));
        let months = join(&list(&mut dice, 1, 12, 12));
        let (ours_days, theirs_days) = if dice.chance(50) {
            let days = list(&mut dice, 1, 28, 5);
            ((join(&days), "*".to_owned()), (join(&days), "*".to_owned()))
        } else {
            let days = list(&mut dice, 0, 6, 3);
            let theirs: Vec<u32> = days.iter().map(|day| day % 7 + 1).collect();
            (("*".to_owned(), join(&days)), ("*".to_owned(), join(&theirs)))
        };
        let mut ours = crate::cron(&format!("{minutes} {hours} {} {months} {}", ours_days.0, ours_days.1));
        ours.seconds = Some(seconds.clone());
        let ours = ours.compile(at("2020-01-01T00:00:00Z")).unwrap();
        let theirs = cron::Schedule::from_str(&format!(
            "{seconds} {minutes} {hours} {} {months} {}",
            theirs_days.0, theirs_days.1
        ))
        .unwrap();
        let start = at("2020-01-01T00:00:00Z") + Duration::seconds(i64::from(dice.within(0, 10 * 365 * 86_400)));
        let mut instant = start;
        for expected in theirs.after(&start).take(25) {
            let next = ours.next(instant).unwrap();
            assert_eq!(next, expected.with_timezone(&Utc), "{}", theirs.source());
            instant = next;
            compared += 1;
        }
    }
    assert_eq!(compared, 400 * 25);
}
