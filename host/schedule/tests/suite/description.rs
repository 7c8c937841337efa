//! Golden sentences. Whoever changes one should like the new one better.

use chrono::{DateTime, Utc};
use sandglass_schedule::Schedule;

use crate::{at, blank, cron, interval, once};

#[test]
fn cron_expressions_in_words() {
    let table: &[(&str, &str)] = &[
        ("* * * * *", "Every minute"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("*/7 * * * *", "Every 7 minutes (starting anew each hour)"),
        ("0 * * * *", "Every hour"),
        ("5 * * * *", "Every hour at 5 past"),
        ("0,30 * * * *", "Every 30 minutes"),
        ("5,35 * * * *", "At 5 and 35 past every hour"),
        ("0 */2 * * *", "Every 2 hours"),
        ("15 */6 * * *", "At 00:15, 06:15, 12:15 and 18:15 every day"),
        ("0 */5 * * *", "At 00:00, 05:00, 10:00, 15:00 and 20:00 every day"),
        ("0 8 * * *", "At 08:00 every day"),
        ("0 8 * * 1-5", "At 08:00 every weekday"),
        ("0 8 * * 0,6", "At 08:00 every Saturday and Sunday"),
        ("0 8,20 * * *", "At 08:00 and 20:00 every day"),
        ("0,30 9 * * *", "At 09:00 and 09:30 every day"),
        ("0 9-17 * * *", "Every hour from 09:00 to 17:00 every day"),
        ("0 9-17 * * 1-5", "Every hour from 09:00 to 17:00 every weekday"),
        ("*/15 9-17 * * 1-5", "Every 15 minutes from 09:00 to 17:45 every weekday"),
        ("*/15 22-2 * * *", "Every 15 minutes from 22:00 to 02:45 every day"),
        ("* 3 * * *", "Every minute from 03:00 to 03:59 every day"),
        ("*/10 */2 * * *", "Every 10 minutes in every 2nd hour (00:00, 02:00 and so on) every day"),
        ("0 1,5,7,9,11,13,15 * * *", "At 01:00, 05:00, 07:00, 09:00, 11:00, 13:00 and 15:00 every day"),
        ("5,10,40 1,5,9 * * *", "At 5, 10 and 40 past the hour in the hours 01:00, 05:00 and 09:00 every day"),
        ("0 0 1 * *", "At 00:00 on the 1st of every month"),
        ("0 0 1,15 * *", "At 00:00 on the 1st and 15th of every month"),
        ("0 0 L * *", "At 00:00 on the last day of every month"),
        ("0 0 L-3 * *", "At 00:00 on the 3rd day before the last of every month"),
        ("0 0 L-1 * *", "At 00:00 on the day before the last of every month"),
        ("0 0 15W * *", "At 00:00 on the weekday nearest to the 15th of every month"),
        ("0 0 LW * *", "At 00:00 on the last weekday (Monday to Friday) of every month"),
        ("30 7 * * 1", "At 07:30 every Monday"),
        ("30 7 * * mon,wed,fri", "At 07:30 every Monday, Wednesday and Friday"),
        ("30 7 * * 5L", "At 07:30 on the last Friday of every month"),
        ("30 7 * * 5#2", "At 07:30 on the second Friday of every month"),
        ("30 7 * * 1#1,1#3", "At 07:30 on the first Monday and the third Monday of every month"),
        ("30 7 * * fri-mon", "At 07:30 every day from Friday to Monday"),
        ("30 7 * * 1,5L", "At 07:30 every Monday and the last Friday of every month"),
        ("0 0 13 * 5", "At 00:00 on the 13th of every month or every Friday"),
        ("0 0 1 1 *", "At 00:00 on 1 January every year"),
        ("0 0 29 2 *", "At 00:00 on 29 February in leap years"),
        ("0 0 1 1,7 *", "At 00:00 on the 1st of January and July"),
        ("0 0 * 6-8 *", "At 00:00 every day from June to August"),
        ("0 0 * 11-2 1", "At 00:00 every Monday from November to February"),
        ("*/5 * * 12 *", "Every 5 minutes in December"),
        ("*/5 * 1 * *", "Every 5 minutes on the 1st of every month"),
        ("*/5 * * * 1-5", "Every 5 minutes every weekday"),
        ("0 0 1-7 * 1", "At 00:00 on the 1st to 7th of every month or every Monday"),
        (
            "0 0 1-7 * */2",
            "At 00:00 on the 1st to 7th of every month, if it is a Sunday, Tuesday, Thursday or Saturday",
        ),
        ("0 0 */2 * 1", "At 00:00 on every 2nd day (1st, 3rd and so on) of every month, if it is a Monday"),
        ("0 0 */2 * *", "At 00:00 on every 2nd day (1st, 3rd and so on) of every month"),
        ("0 0 1-7,20 * *", "At 00:00 on the 1st to 7th and 20th of every month"),
        ("1-10 * * * *", "At 1 to 10 past every hour"),
        ("1-10,40 3,5 * * *", "At 1 to 10 and 40 past the hour in the hours 03:00 and 05:00 every day"),
        // The months hold for both day fields.
        ("0 0 13 6 5", "At 00:00 on the 13th or every Friday, in June"),
        ("0 0 L 6-8 5L", "At 00:00 on the last day or on the last Friday, from June to August"),
        ("0 0 1-31 * 5L", "At 00:00 every day"),
        ("@hourly", "Every hour"),
        ("@daily", "At 00:00 every day"),
        ("@weekly", "At 00:00 every Sunday"),
        ("@monthly", "At 00:00 on the 1st of every month"),
        ("@yearly", "At 00:00 on 1 January every year"),
        ("0 12 1 */3 *", "At 12:00 on the 1st of January, April, July and October"),
        ("59 23 31 12 *", "At 23:59 on 31 December every year"),
        ("0 0 ? * ?", "At 00:00 every day"),
        ("0 6 * * 1-6", "At 06:00 every day from Monday to Saturday"),
        ("0 6 * * 0-7", "At 06:00 every day"),
        ("0 8 L * 5L", "At 08:00 on the last day of every month or on the last Friday"),
        ("*/20 8-10,14,16 * * *", "Every 20 minutes in the hours 08:00 to 10:00, 14:00 and 16:00 every day"),
        ("0 0-23/3 1 * *", "Every 3 hours on the 1st of every month"),
        ("0 0 1-31 * 1", "At 00:00 every day"),
        ("45 0 * * *", "At 00:45 every day"),
        ("10 4-6/2 * * *", "At 04:10 and 06:10 every day"),
        ("0 22-6 * * *", "Every hour from 22:00 to 06:00 every day"),
    ];
    for (expression, words) in table {
        assert_eq!(cron(expression).describe(), format!("{words}, UTC"), "{expression}");
    }
    assert!(table.len() >= 40);
}

#[test]
fn seconds_in_words() {
    let table: &[(&str, &str, &str)] = &[
        ("0", "0 8 * * *", "At 08:00 every day"),
        ("30", "0 8 * * *", "At 08:00:30 every day"),
        ("*", "* * * * *", "Every second"),
        ("*/10", "* * * * *", "Every 10 seconds"),
        ("*/10", "0 8 * * *", "Every 10 seconds for one minute at 08:00 every day"),
        ("0,30", "*/5 9-17 * * *", "Every 30 seconds for one minute, every 5 minutes from 09:00 to 17:55 every day"),
        ("5", "* * * * *", "Every minute at second 5"),
        ("1,2,5", "0 * * * *", "Every hour at seconds 1, 2 and 5"),
        ("*/7", "* 9 * * 1", "Every 7 seconds (starting anew each minute) from 09:00 to 09:59 every Monday"),
        ("15", "*/5 * * * *", "Every 5 minutes at second 15"),
        ("15", "0 * * * *", "Every hour at second 15"),
    ];
    for (seconds, expression, words) in table {
        let mut schedule = cron(expression);
        schedule.seconds = Some((*seconds).to_owned());
        assert_eq!(schedule.describe(), format!("{words}, UTC"));
    }
}

#[test]
fn intervals_in_words() {
    let table: &[(u64, &str)] = &[
        (1, "Every second"),
        (2, "Every 2 seconds"),
        (30, "Every 30 seconds"),
        (60, "Every minute"),
        (61, "Every 61 seconds"),
        (90, "Every 90 seconds"),
        (300, "Every 5 minutes"),
        (900, "Every 15 minutes"),
        (3600, "Every hour"),
        (5400, "Every 90 minutes"),
        (7200, "Every 2 hours"),
        (86400, "Every day"),
        (129600, "Every 36 hours"),
        (172800, "Every 2 days"),
        (604800, "Every week"),
        (1209600, "Every 2 weeks"),
        (3661, "Every 1 hour, 1 minute and 1 second"),
        (100000, "Every 1 day, 3 hours, 46 minutes and 40 seconds"),
        (2592000, "Every 30 days"),
        (31536000, "Every 365 days"),
        (93784, "Every 1 day, 2 hours, 3 minutes and 4 seconds"),
    ];
    for (seconds, words) in table {
        assert_eq!(interval(*seconds).describe(), *words);
    }
    // However large, it is described and not overflowed.
    assert!(interval(u64::MAX).describe().starts_with("Every "));
}

#[test]
fn zones_and_bounds_in_words() {
    let with = |mut schedule: Schedule, zone: Option<&str>, start: Option<&str>, end: Option<&str>| {
        schedule.timezone = zone.map(str::to_owned);
        schedule.start_at = start.map(at);
        schedule.end_at = end.map(at);
        schedule.describe()
    };
    let berlin = Some("Europe/Berlin");
    assert_eq!(with(cron("0 8 * * 1-5"), berlin, None, None), "At 08:00 every weekday, Europe/Berlin");
    assert_eq!(
        with(cron("0 8 * * *"), Some("europe/berlin"), Some("2026-03-01T07:00:00Z"), None),
        "At 08:00 every day, Europe/Berlin, from 1 March 2026 at 08:00"
    );
    assert_eq!(
        with(interval(900), berlin, Some("2026-03-01T07:00:30Z"), Some("2026-07-01T07:00:00Z")),
        "Every 15 minutes, from 1 March 2026 at 08:00:30, until 1 July 2026 at 09:00 (Europe/Berlin)"
    );
    // Whatever can be written in JSON can be described, even where it will not compile.
    let far = with(once(DateTime::<Utc>::MAX_UTC), Some("Pacific/Kiritimati"), None, None);
    assert!(far.starts_with("Once, on "), "{far}");
    assert_eq!(
        with(once(at("2026-03-01T07:00:00Z")), berlin, None, None),
        "Once, on 1 March 2026 at 08:00, Europe/Berlin"
    );
}

#[test]
fn what_does_not_compile_is_described_by_its_first_problem() {
    use sandglass_schedule::ScheduleKind::{Cron, Interval, Once};
    for (schedule, words) in [
        (cron("0 25 * * *"), "hour: `25` is out of range"),
        (blank(Cron), "needs `expression`"),
        (blank(Interval), "`interval_seconds`"),
        (interval(0), "`interval_seconds`"),
        (blank(Once), "`run_at`"),
    ] {
        let described = schedule.describe();
        assert!(described.starts_with("Not a valid schedule: "), "{described}");
        assert!(described.contains(words), "{described}");
    }
    let mut schedule = cron("0 8 * * *");
    schedule.timezone = Some("Berlin".to_owned());
    assert!(schedule.describe().contains("did you mean `Europe/Berlin`?"));
}
