//! The cron dialect as a table: what is read, as what, and what is refused with which words.

use proptest::prelude::*;
use sandglass_schedule::Problem;

use crate::{at, cron};

/// The next `count` runs in January 2026 and later, in a form that is easy to read. 2026-01-01 is a Thursday.
fn runs(expression: &str, count: usize) -> Vec<String> {
    let timetable = cron(expression).compile(at("2026-01-01T00:00:00Z")).unwrap();
    std::iter::successors(timetable.next(at("2025-12-31T23:59:59Z")), |last| timetable.next(*last))
        .take(count)
        .map(|run| run.format("%m-%d %H:%M").to_string())
        .collect()
}

fn problems(expression: &str) -> Vec<Problem> {
    cron(expression).compile(at("2026-01-01T00:00:00Z")).err().unwrap_or_default()
}

#[test]
fn accepted_forms_mean_what_the_dialect_says() {
    let table: &[(&str, &[&str])] = &[
        ("5 4 * * *", &["01-01 04:05", "01-02 04:05"]),
        ("  5\t4  * * *\n", &["01-01 04:05"]),
        ("05 04 01 01 04", &["01-01 04:05", "01-08 04:05"]),
        ("0,20,40 0 * * *", &["01-01 00:00", "01-01 00:20", "01-01 00:40", "01-02 00:00"]),
        ("0 1-3 * * *", &["01-01 01:00", "01-01 02:00", "01-01 03:00", "01-02 01:00"]),
        ("*/25 0 * * *", &["01-01 00:00", "01-01 00:25", "01-01 00:50", "01-02 00:00"]),
        ("?/25 0 ? * ?", &["01-01 00:00", "01-01 00:25"]),
        ("20/15 0 * * *", &["01-01 00:20", "01-01 00:35", "01-01 00:50", "01-02 00:20"]),
        ("10-20/5 0 * * *", &["01-01 00:10", "01-01 00:15", "01-01 00:20", "01-02 00:10"]),
        ("0 22-2 * * *", &["01-01 00:00", "01-01 01:00", "01-01 02:00", "01-01 22:00", "01-01 23:00", "01-02 00:00"]),
        ("0 22-2/2 * * *", &["01-01 00:00", "01-01 02:00", "01-01 22:00"]),
        ("0 5-5 * * *", &["01-01 05:00", "01-02 05:00"]),
        ("*/60 * * * *", &["01-01 00:00", "01-01 01:00"]),
        ("0 0 1 jul *", &["07-01 00:00"]),
        ("0 0 1 JAN-Mar *", &["01-01 00:00", "02-01 00:00", "03-01 00:00", "01-01 00:00"]),
        ("0 0 1 nov-feb *", &["01-01 00:00", "02-01 00:00", "11-01 00:00", "12-01 00:00"]),
        ("0 0 * * sun", &["01-04 00:00", "01-11 00:00"]),
        ("0 0 * * 0", &["01-04 00:00", "01-11 00:00"]),
        ("0 0 * * 7", &["01-04 00:00", "01-11 00:00"]),
        ("0 0 * * 0,7", &["01-04 00:00", "01-11 00:00"]),
        ("0 0 * * 5-7", &["01-02 00:00", "01-03 00:00", "01-04 00:00", "01-09 00:00"]),
        ("0 0 * * 7-1", &["01-04 00:00", "01-05 00:00", "01-11 00:00"]),
        ("0 0 * * 0-7", &["01-01 00:00", "01-02 00:00", "01-03 00:00", "01-04 00:00", "01-05 00:00"]),
        ("0 0 * * 7-7", &["01-04 00:00", "01-11 00:00"]),
        ("0 0 * * FRI-mon", &["01-02 00:00", "01-03 00:00", "01-04 00:00", "01-05 00:00", "01-09 00:00"]),
        ("0 0 * * 1/2", &["01-02 00:00", "01-05 00:00", "01-07 00:00", "01-09 00:00"]),
        ("0 0 * * 5/2", &["01-02 00:00", "01-09 00:00"]),
        ("0 0 * * 7/2", &["01-04 00:00", "01-11 00:00"]),
        ("0 0 * * */2", &["01-01 00:00", "01-03 00:00", "01-04 00:00", "01-06 00:00"]),
        ("0 0 30-2 * *", &["01-01 00:00", "01-02 00:00", "01-30 00:00", "01-31 00:00", "02-01 00:00"]),
        ("0 0 L * *", &["01-31 00:00", "02-28 00:00", "03-31 00:00", "04-30 00:00"]),
        ("0 0 l-3 * *", &["01-28 00:00", "02-25 00:00", "03-28 00:00"]),
        ("0 0 L-30 * *", &["01-01 00:00", "03-01 00:00", "05-01 00:00"]),
        ("0 0 * * 5L", &["01-30 00:00", "02-27 00:00", "03-27 00:00"]),
        ("0 0 * * L5", &["01-30 00:00", "02-27 00:00"]),
        ("0 0 * * friL", &["01-30 00:00", "02-27 00:00"]),
        ("0 0 * * 7L", &["01-25 00:00", "02-22 00:00"]),
        ("0 0 15W * *", &["01-15 00:00", "02-16 00:00", "03-16 00:00", "04-15 00:00"]),
        // 1 August 2026 is a Saturday and must not fall back into July; 31 May is a Sunday and stays in May.
        ("0 0 1W 8 *", &["08-03 00:00"]),
        ("0 0 31w 5 *", &["05-29 00:00"]),
        ("0 0 31W 2,3 *", &["03-31 00:00"]),
        ("0 0 LW * *", &["01-30 00:00", "02-27 00:00", "03-31 00:00"]),
        ("0 0 * * 5#2", &["01-09 00:00", "02-13 00:00"]),
        ("0 0 * * fri#5", &["01-30 00:00", "05-29 00:00"]),
        ("0 0 * * 7#1", &["01-04 00:00", "02-01 00:00"]),
        ("0 0 1,15,L * *", &["01-01 00:00", "01-15 00:00", "01-31 00:00", "02-01 00:00"]),
        ("0 0 * * 1,5L", &["01-05 00:00", "01-12 00:00", "01-19 00:00", "01-26 00:00", "01-30 00:00"]),
        // Both day fields restricted: either may match.
        ("0 0 13 * 5", &["01-02 00:00", "01-09 00:00", "01-13 00:00", "01-16 00:00"]),
        ("0 0 L * 1#1", &["01-05 00:00", "01-31 00:00", "02-02 00:00", "02-28 00:00"]),
        // One of them begins with `*`: both have to.
        ("0 0 */2 * 1", &["01-05 00:00", "01-19 00:00", "02-09 00:00"]),
        ("0 0 13 * */5", &["02-13 00:00", "03-13 00:00", "09-13 00:00"]),
        ("0 0 ?/2 * 1", &["01-05 00:00", "01-19 00:00"]),
        ("@yearly", &["01-01 00:00", "01-01 00:00"]),
        ("@annually", &["01-01 00:00"]),
        ("@monthly", &["01-01 00:00", "02-01 00:00"]),
        ("@weekly", &["01-04 00:00", "01-11 00:00"]),
        ("@daily", &["01-01 00:00", "01-02 00:00"]),
        ("@Midnight", &["01-01 00:00", "01-02 00:00"]),
        (" @hourly ", &["01-01 00:00", "01-01 01:00"]),
    ];
    for (expression, expected) in table {
        assert_eq!(runs(expression, expected.len()), *expected, "{expression}");
    }
    assert!(table.len() > 50);
}

#[test]
fn t6_refusals_name_the_field_what_was_found_and_a_way_out() {
    let table: &[(&str, &str, &str)] = &[
        ("", "empty", "five fields"),
        ("   ", "empty", "five fields"),
        ("* * * *", "field_count", "4 fields"),
        ("5", "field_count", "1 field;"),
        (
            "0 0 8 * * 1-5",
            "six_fields",
            "`0 8 * * 1-5` with seconds `0` if they came first, `0 0 8 * *` with seconds `1-5`",
        ),
        ("0 0 8 * * 1-5 2026", "six_fields", "`start_at` and `end_at`"),
        ("* * * * * * * *", "field_count", "8 fields"),
        ("@reboot", "reboot", "names no time"),
        ("@every 5m", "unknown_macro", "`interval_seconds`"),
        ("@fortnightly", "unknown_macro", "@hourly"),
        ("CRON_TZ=Europe/Berlin 0 8 * * *", "zone_in_expression", "`Europe/Berlin` into the schedule's `timezone`"),
        ("TZ=UTC 0 8 * * *", "zone_in_expression", "`UTC`"),
        (", * * * *", "empty_item", "minute: `,`"),
        ("1,,2 * * * *", "empty_item", "minute: `1,,2`"),
        ("1,2, * * * *", "empty_item", "minute: `1,2,`"),
        ("* ,1 * * *", "empty_item", "hour: `,1`"),
        ("*/0 * * * *", "zero_step", "minute: `*/0`"),
        ("1/0 * * * *", "zero_step", "minute: `1/0`"),
        ("*/00 * * * *", "zero_step", "at least 1"),
        ("*/90 * * * *", "large_step", "would not mean \"every 90\""),
        ("0 */25 * * *", "large_step", "hour: `*/25`"),
        ("*/99999999999999999999 * * * *", "large_step", "minute"),
        ("*/ * * * *", "not_understood", "minute: `*/`"),
        ("*/a * * * *", "not_understood", "minute: `*/a`"),
        ("*/2/3 * * * *", "not_understood", "minute: `*/2/3`"),
        ("/5 * * * *", "sign", "minute: `/5`"),
        ("*/-5 * * * *", "sign", "minute: `*/-5`"),
        ("+5 * * * *", "sign", "minute: `+5`"),
        ("-5 * * * *", "sign", "minute: `-5`"),
        ("5- * * * *", "sign", "both ends"),
        ("1--5 * * * *", "sign", "minute: `1--5`"),
        ("60 * * * *", "out_of_range", "minute: `60` is out of range; write 0-59"),
        ("* 24 * * *", "out_of_range", "hour: `24` is out of range; write 0-23"),
        ("* * 0 * *", "out_of_range", "day-of-month: `0` is out of range; write 1-31"),
        ("* * 32 * *", "out_of_range", "day-of-month: `32`"),
        ("* * * 0 *", "out_of_range", "month: `0` is out of range; write 1-12"),
        ("* * * 13 *", "out_of_range", "month: `13`"),
        ("* * * * 8", "out_of_range", "day-of-week: `8` is out of range; write 0-7"),
        ("1-60 * * * *", "out_of_range", "minute: `60`"),
        ("99999999999999999999999 * * * *", "out_of_range", "minute: `99999999999999999999999`"),
        ("* * L-31 * *", "out_of_range", "day-of-month: `L-31`"),
        ("* * L-0 * *", "out_of_range", "day-of-month: `L-0`"),
        ("* * 32W * *", "out_of_range", "day-of-month: `32`"),
        ("* * * * 5#0", "out_of_range", "day-of-week: `5#0`"),
        ("* * * * 5#6", "out_of_range", "day-of-week: `5#6`"),
        ("* * * * 8#1", "out_of_range", "day-of-week: `8`"),
        ("* * * * 9L", "out_of_range", "day-of-week: `9`"),
        ("\u{0661} * * * *", "not_ascii", "minute: `\u{0661}`"),
        ("* * * * \u{ff15}", "not_ascii", "day-of-week: `\u{ff15}`"),
        ("0\u{a0}8 * * * *", "not_ascii", "minute"),
        (
            "* * * mon *",
            "name_in_wrong_field",
            "month: `mon` is the name of a day of the week, which belongs in the day-of-week field",
        ),
        (
            "* * * * jan",
            "name_in_wrong_field",
            "day-of-week: `jan` is the name of a month, which belongs in the month field",
        ),
        ("* * jul * *", "name_in_wrong_field", "day-of-month: `jul`"),
        ("wed * * * *", "name_in_wrong_field", "minute: `wed`"),
        ("* * * * monday", "long_name", "three letters, `mon`"),
        ("* * * january *", "long_name", "three letters, `jan`"),
        ("* * * foo *", "not_understood", "month: `foo`"),
        ("H * * * *", "not_understood", "minute: `H`"),
        ("1.5 * * * *", "not_understood", "minute: `1.5`"),
        ("** * * * *", "not_understood", "minute: `**`"),
        ("*5 * * * *", "not_understood", "minute: `*5`"),
        ("0 8 * * 1-5;", "not_understood", "day-of-week: `5;`"),
        ("L * * * *", "day_fields_only", "minute: `L`"),
        ("* 5W * * *", "day_fields_only", "hour: `5W`"),
        ("* 5#2 * * *", "day_fields_only", "hour: `5#2`"),
        ("* * * * L", "last_without_day", "`5L` for the last Friday"),
        ("* * 1-L * *", "mixed_forms", "day-of-month: `1-L`"),
        ("* * L/2 * *", "mixed_forms", "day-of-month: `L/2`"),
        ("* * 1-5W * *", "mixed_forms", "day-of-month: `1-5W`"),
        ("* * L-3W * *", "mixed_forms", "day-of-month: `L-3W`"),
        ("* * * * 1-5L", "mixed_forms", "day-of-week: `1-5L`"),
        ("* * * * 5L/2", "mixed_forms", "day-of-week: `5L/2`"),
        ("* * W * *", "not_understood", "day-of-month: `W`"),
        ("* * * * 5W", "not_understood", "day-of-week: `5W`"),
        ("* * * * #2", "sign", "day-of-week: `#2`"),
    ];
    for (expression, code, words) in table {
        let found = problems(expression);
        assert_eq!(found.len(), 1, "{expression:?}: {found:?}");
        assert_eq!(found[0].field, "expression");
        assert_eq!(found[0].code, *code, "{expression:?}: {}", found[0]);
        assert!(found[0].message.contains(words), "{expression:?}: {}", found[0]);
    }
    assert!(table.len() > 60);
}

#[test]
fn t6_an_expression_of_256_bytes_is_read_and_a_longer_one_is_not() {
    let long = |bytes: usize| {
        let mut text = "0 8 * * *".to_owned();
        text.insert_str(1, &" ".repeat(bytes - text.len()));
        text
    };
    assert!(problems(&long(256)).is_empty());
    let found = problems(&long(257));
    assert_eq!((found[0].code, found.len()), ("too_long", 1));
    assert!(found[0].message.contains("257 bytes"));
    let huge = problems(&"1,".repeat(500_000));
    assert!(huge[0].message.len() < 200);
}

#[test]
fn each_wrong_field_is_reported() {
    let codes: Vec<_> = problems("60 24 0 13 8").iter().map(|p| p.message.clone()).collect();
    assert_eq!(codes.len(), 5);
    for (message, field) in codes.iter().zip(["minute", "hour", "day-of-month", "month", "day-of-week"]) {
        assert!(message.starts_with(field), "{message}");
    }
}

#[test]
fn the_seconds_field_takes_a_list_a_range_or_a_step() {
    let of = |seconds: &str| {
        let mut schedule = cron("* * * * *");
        schedule.seconds = Some(seconds.to_owned());
        schedule.compile(at("2026-01-01T00:00:00Z"))
    };
    for good in ["0", "0,30", "10-20", "*/15", "50-10", "*", "5/20"] {
        assert!(of(good).is_ok(), "{good}");
    }
    for (bad, code) in [
        ("60", "out_of_range"),
        ("", "empty_item"),
        ("1,", "empty_item"),
        ("*/0", "zero_step"),
        ("-1", "sign"),
        ("L", "day_fields_only"),
        ("0 30", "not_understood"),
        ("\u{0661}", "not_ascii"),
    ] {
        let found = of(bad).unwrap_err();
        assert_eq!((found[0].field, found[0].code), ("seconds", code), "{bad}");
    }
    assert_eq!(of(&"0,".repeat(200)).unwrap_err()[0].code, "too_long");
}

/// Whether the text itself is wrong; that it never fires takes a calendar to see.
fn cron_is_refused(found: &[Problem]) -> bool {
    found.iter().any(|problem| problem.code != "never_fires")
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 5_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_text_makes_the_reader_fall_over(text in "\\PC{0,60}") {
        let _ = problems(&text);
        let _ = cron(&text).describe();
    }

    #[test]
    fn no_text_of_the_dialects_own_letters_makes_the_reader_fall_over(
        text in "[-0-9*/,?LW#@a-f \t]{0,24}( [-0-9*/,?LW#]{1,5}){0,5}"
    ) {
        let found = problems(&text);
        for problem in &found {
            prop_assert!(!problem.message.is_empty());
        }
        let described = cron(&text).describe();
        prop_assert!(!described.is_empty());
        prop_assert_eq!(described.starts_with("Not a valid schedule"), cron_is_refused(&found), "{}", described);
    }
}
