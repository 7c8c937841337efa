//! Wall clocks of a zone as instants.

use chrono_tz::Tz;
use sandglass_sdk::chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};

/// The first instant at which the clocks of the zone show this, or the first after the gap when they never do.
pub fn resolve(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    if let Some(at) = zone.from_local_datetime(&wall).earliest() {
        return at.to_utc();
    }
    // Clocks jumped over it. Offsets are less than a day, and a gap is at most one.
    let (mut low, mut high) = (wall.and_utc() - Duration::days(2), wall.and_utc() + Duration::days(2));
    while high - low > Duration::milliseconds(1) {
        let middle = low + (high - low) / 2;
        if middle.with_timezone(&zone).naive_local() < wall {
            low = middle;
        } else {
            high = middle;
        }
    }
    DateTime::from_timestamp(high.timestamp(), 0).unwrap_or(high)
}

/// The first instant of a local date.
pub fn midnight(zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    resolve(zone, date.and_time(NaiveTime::MIN))
}

/// What the clocks of the zone show.
pub fn wall(zone: Tz, at: DateTime<Utc>) -> NaiveDateTime {
    at.with_timezone(&zone).naive_local()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(zone: Tz, wall: &str) -> String {
        resolve(zone, wall.parse().unwrap()).to_rfc3339()
    }

    #[test]
    fn a_wall_that_comes_twice_is_its_first_and_one_that_never_comes_is_the_end_of_the_gap() {
        let berlin = Tz::Europe__Berlin;
        assert_eq!(resolved(berlin, "2026-10-25T02:30:00"), "2026-10-25T00:30:00+00:00");
        assert_eq!(resolved(berlin, "2026-03-29T02:30:00"), "2026-03-29T01:00:00+00:00");
        // Beirut has no midnight on this day.
        assert_eq!(resolved(Tz::Asia__Beirut, "2026-03-29T00:00:00"), "2026-03-28T22:00:00+00:00");
        // Samoa left 30 December 2011 out.
        assert_eq!(resolved(Tz::Pacific__Apia, "2011-12-30T12:00:00"), "2011-12-30T10:00:00+00:00");
    }
}
