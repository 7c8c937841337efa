//! T5 by hand: New York, Lord Howe, Apia and others, as a reader of the rule would work them out.

use sandglass_schedule::{Dst, Fold, Gap, Timetable};

use crate::at;

fn cron(expression: &str, zone: &str, dst: Dst) -> Timetable {
    let mut schedule = crate::cron(expression);
    schedule.timezone = Some(zone.to_owned());
    schedule.dst = Some(dst);
    schedule.compile(at("1970-01-01T00:00:00Z")).unwrap()
}

/// The instants after `from` and up to `until`, found forwards, after checking that backwards gives the same.
fn instants(timetable: &Timetable, from: &str, until: &str) -> Vec<String> {
    let (from, until) = (at(from), at(until));
    let mut found = Vec::new();
    let mut last = from;
    while let Some(next) = timetable.next(last).filter(|next| *next <= until) {
        assert!(next > last);
        found.push(next);
        last = next;
    }
    let mut back = Vec::new();
    let mut before = until + chrono::Duration::milliseconds(1);
    while let Some(previous) = timetable.previous(before).filter(|previous| *previous > from) {
        back.push(previous);
        before = previous;
    }
    back.reverse();
    assert_eq!(found, back);
    found.into_iter().map(|instant| instant.format("%m-%d %H:%M").to_string()).collect()
}

const NEXT_FIRST: Dst = Dst { gap: Gap::Next, fold: Fold::First };

#[test]
fn t5_new_york_runs_a_fixed_time_in_the_gap_once_at_three() {
    let job = cron("30 2 * * *", "America/New_York", NEXT_FIRST);
    assert_eq!(
        instants(&job, "2026-03-07T00:00:00Z", "2026-03-10T00:00:00Z"),
        ["03-07 07:30", "03-08 07:00", "03-09 06:30"]
    );
}

#[test]
fn t5_several_times_in_the_gap_run_once_and_not_again_at_its_end() {
    let job = cron("0,15,30 2,3 * * *", "America/New_York", NEXT_FIRST);
    assert_eq!(
        instants(&job, "2026-03-08T06:00:00Z", "2026-03-08T12:00:00Z"),
        ["03-08 07:00", "03-08 07:15", "03-08 07:30"]
    );
}

#[test]
fn t5_skip_leaves_the_gap_out_and_says_where() {
    let skip = Dst { gap: Gap::Skip, fold: Fold::First };
    let job = cron("30 2 * * *", "America/New_York", skip);
    let (from, until) = ("2026-03-07T00:00:00Z", "2026-03-10T00:00:00Z");
    assert_eq!(instants(&job, from, until), ["03-07 07:30", "03-09 06:30"]);
    assert_eq!(job.gap_skips(at(from), at(until)), [at("2026-03-08T07:00:00Z")]);
    assert!(job.gap_skips(at("2026-03-08T07:00:00Z"), at(until)).is_empty());
    // Due at the end of the gap anyway: nothing is left out at that instant.
    let job = cron("0 2,3 * * *", "America/New_York", skip);
    assert!(job.gap_skips(at(from), at(until)).is_empty());
    // Not fixed-time, so there is nothing to leave out.
    let job = cron("*/15 2 * * *", "America/New_York", skip);
    assert!(job.gap_skips(at(from), at(until)).is_empty());
}

#[test]
fn t5_new_york_runs_a_fixed_time_in_the_fold_as_the_option_says() {
    let (from, until) = ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");
    for (fold, expected) in [
        (Fold::First, vec!["11-01 05:30"]),
        (Fold::Second, vec!["11-01 06:30"]),
        (Fold::Both, vec!["11-01 05:30", "11-01 06:30"]),
    ] {
        let dst = Dst { gap: Gap::Next, fold };
        let job = cron("30 1 * * *", "America/New_York", dst);
        assert_eq!(instants(&job, from, until), expected);
    }
}

#[test]
fn t5_wildcard_jobs_follow_elapsed_time() {
    let job = cron("*/30 1-3 * * *", "America/New_York", NEXT_FIRST);
    assert_eq!(
        instants(&job, "2026-03-08T05:30:00Z", "2026-03-08T08:00:00Z"),
        ["03-08 06:00", "03-08 06:30", "03-08 07:00", "03-08 07:30"]
    );
    assert_eq!(
        instants(&job, "2026-11-01T04:30:00Z", "2026-11-01T07:30:00Z"),
        ["11-01 05:00", "11-01 05:30", "11-01 06:00", "11-01 06:30", "11-01 07:00", "11-01 07:30"]
    );
    // A wildcard in the hour, a fixed minute: the same.
    let job = cron("30 * * * *", "America/New_York", NEXT_FIRST);
    assert_eq!(instants(&job, "2026-11-01T05:00:00Z", "2026-11-01T07:00:00Z"), ["11-01 05:30", "11-01 06:30"]);
    let job = cron("@hourly", "America/New_York", NEXT_FIRST);
    assert_eq!(instants(&job, "2026-03-08T06:00:00Z", "2026-03-08T08:00:00Z"), ["03-08 07:00", "03-08 08:00"]);
}

#[test]
fn t5_lord_howe_changes_by_half_an_hour() {
    // 2026-10-04 02:00 (+10:30) -> 02:30 (+11): 15:30 UTC the day before.
    let job = cron("15 2 * * *", "Australia/Lord_Howe", NEXT_FIRST);
    assert_eq!(instants(&job, "2026-10-02T20:00:00Z", "2026-10-05T00:00:00Z"), ["10-03 15:30", "10-04 15:15"]);
    let job = cron("*/20 2 * * *", "Australia/Lord_Howe", NEXT_FIRST);
    assert_eq!(instants(&job, "2026-10-03T15:00:00Z", "2026-10-03T17:00:00Z"), ["10-03 15:40"]);
    // 2026-04-05 02:00 (+11) -> 01:30 (+10:30): 15:00 UTC the day before.
    let job = cron("45 1 * * *", "Australia/Lord_Howe", NEXT_FIRST);
    assert_eq!(instants(&job, "2026-04-04T12:00:00Z", "2026-04-05T16:00:00Z"), ["04-04 14:45", "04-05 15:15"]);
    let both = Dst { gap: Gap::Next, fold: Fold::Both };
    let job = cron("45 1 * * *", "Australia/Lord_Howe", both);
    assert_eq!(instants(&job, "2026-04-04T12:00:00Z", "2026-04-05T12:00:00Z"), ["04-04 14:45", "04-04 15:15"]);
}

#[test]
fn t5_apia_skipped_a_whole_day() {
    // The end of 2011-12-29 (-10) was followed by 2011-12-31 (+14): 10:00 UTC on the 30th.
    let job = cron("0 8 * * *", "Pacific/Apia", NEXT_FIRST);
    assert_eq!(
        instants(&job, "2011-12-29T00:00:00Z", "2012-01-01T00:00:00Z"),
        ["12-29 18:00", "12-30 10:00", "12-30 18:00", "12-31 18:00"]
    );
    let skip = Dst { gap: Gap::Skip, fold: Fold::First };
    let job = cron("0 8 30 12 *", "Pacific/Apia", skip);
    assert_eq!(instants(&job, "2010-12-31T00:00:00Z", "2012-12-31T00:00:00Z"), ["12-29 18:00"]);
    assert_eq!(job.gap_skips(at("2010-12-31T00:00:00Z"), at("2012-12-31T00:00:00Z")), [at("2011-12-30T10:00:00Z")]);
    let job = cron("0 */8 * * *", "Pacific/Apia", NEXT_FIRST);
    assert_eq!(
        instants(&job, "2011-12-29T20:00:00Z", "2011-12-31T00:00:00Z"),
        ["12-30 02:00", "12-30 10:00", "12-30 18:00"]
    );
}

#[test]
fn t5_midnight_that_does_not_exist_runs_at_one() {
    // Cairo, 2026-04-24: 00:00 -> 01:00 (+02 -> +03).
    let job = cron("@daily", "Africa/Cairo", NEXT_FIRST);
    assert_eq!(
        instants(&job, "2026-04-22T12:00:00Z", "2026-04-25T12:00:00Z"),
        ["04-22 22:00", "04-23 22:00", "04-24 21:00"]
    );
}

#[test]
fn t5_chatham_and_kathmandu_have_odd_offsets() {
    let job = cron("0 9 * * *", "Pacific/Chatham", NEXT_FIRST);
    assert_eq!(instants(&job, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"), ["01-01 19:15"]);
    let job = cron("0 9 * * *", "Asia/Kathmandu", NEXT_FIRST);
    assert_eq!(instants(&job, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"), ["01-01 03:15"]);
}

#[test]
fn t16_answers_are_strictly_later_even_inside_a_second() {
    let job = cron("* * * * *", "UTC", NEXT_FIRST);
    assert_eq!(job.next(at("2026-01-01T00:00:00Z")), Some(at("2026-01-01T00:01:00Z")));
    assert_eq!(job.next(at("2025-12-31T23:59:59.999999999Z")), Some(at("2026-01-01T00:00:00Z")));
    assert_eq!(job.previous(at("2026-01-01T00:00:00.000000001Z")), Some(at("2026-01-01T00:00:00Z")));
    assert_eq!(job.previous(at("2026-01-01T00:00:00Z")), Some(at("2025-12-31T23:59:00Z")));
}

#[test]
fn nothing_is_due_from_2100_on() {
    let job = cron("0 0 * * *", "Pacific/Kiritimati", NEXT_FIRST);
    let last = job.previous(at("2200-01-01T00:00:00Z")).unwrap();
    assert_eq!(last, at("2099-12-31T10:00:00Z"));
    assert_eq!(job.next(last), None);
    assert_eq!(job.next(at("2150-01-01T00:00:00Z")), None);
    assert_eq!(job.period(last), None);
    let seconds = crate::interval(1).compile(at("2099-01-01T00:00:00Z")).unwrap();
    assert_eq!(seconds.next(at("2099-12-31T23:59:59Z")), None);
    assert_eq!(seconds.previous(at("2100-01-01T00:00:01Z")), Some(at("2099-12-31T23:59:59Z")));
}
