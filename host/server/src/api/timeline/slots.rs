//! The parts of a window into which many runs are summed, and where the clocks change in it. Pure.

use chrono::{DateTime, Duration, NaiveDateTime, Offset as _, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;

/// A window as it was asked for: from its first instant up to and without its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub zone: Tz,
}

/// A change of the clock: the first instant of the new offset, and by how much it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClockChange {
    pub at: DateTime<Utc>,
    pub shift_seconds: i32,
}

impl Window {
    /// Where each slot begins; the first at the window's begin. Hours for up to two days; else quarters of a day for up to
    /// ten; else days, by the clock of the zone. On a day on which the clock changes a slot is longer or shorter.
    pub fn slots(&self) -> Vec<DateTime<Utc>> {
        let length = self.to - self.from;
        let hours = if length <= Duration::days(2) {
            1
        } else if length <= Duration::days(10) {
            6
        } else {
            24
        };
        let mut begins = vec![self.from];
        let wall = self.from.with_timezone(&self.zone).naive_local();
        let mut next = floor(wall, hours);
        // A wall time may not exist, and hours by the wall stand still when the clock goes back: the instants decide.
        while begins.len() <= 1_200 {
            let Some(later) = next.checked_add_signed(Duration::hours(hours.into())) else { break };
            next = later;
            let Some(begin) = first_at_or_after(self.zone, next) else { continue };
            if begin >= self.to {
                break;
            }
            if begins.last().is_some_and(|last| begin > *last) {
                begins.push(begin);
            }
        }
        begins
    }

    /// Where the clocks of the zone change.
    pub fn clock_changes(&self) -> Vec<ClockChange> {
        let offset = |at: DateTime<Utc>| at.with_timezone(&self.zone).offset().fix().local_minus_utc();
        let mut changes = Vec::new();
        let mut at = self.from;
        while at < self.to {
            let next = (at + Duration::hours(1)).min(self.to);
            let (before, after) = (offset(at), offset(next));
            if before != after {
                let (mut low, mut high) = (at, next);
                while high - low > Duration::seconds(1) {
                    let middle = low + (high - low) / 2;
                    if offset(middle) == before {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                let at = high.with_nanosecond(0).unwrap_or(high);
                changes.push(ClockChange { at, shift_seconds: after - before });
            }
            at = next;
        }
        changes
    }
}

/// In which slot an instant lies; what lies before the first counts there.
pub(super) fn slot_of(begins: &[DateTime<Utc>], at: DateTime<Utc>) -> usize {
    begins.partition_point(|begin| *begin <= at).saturating_sub(1)
}

fn floor(wall: NaiveDateTime, hours: u32) -> NaiveDateTime {
    let hour = wall.hour() / hours * hours;
    wall.date().and_hms_opt(hour, 0, 0).unwrap_or(wall)
}

/// The instant at which the clock first shows this time; where it jumps over it, none.
fn first_at_or_after(zone: Tz, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
    zone.from_local_datetime(&wall).earliest().map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn window(from: &str, to: &str, zone: &str) -> Window {
        Window { from: at(from), to: at(to), zone: zone.parse().unwrap() }
    }

    #[test]
    fn a_day_has_hours_a_week_quarters_of_days_and_a_month_days() {
        let day = window("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z", "UTC").slots();
        assert_eq!((day.len(), day[1]), (24, at("2026-11-24T01:00:00Z")));
        let week = window("2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z", "UTC").slots();
        assert_eq!((week.len(), week[1]), (28, at("2026-11-23T06:00:00Z")));
        let month = window("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", "UTC").slots();
        assert_eq!((month.len(), month[29]), (30, at("2026-11-30T00:00:00Z")));
    }

    #[test]
    fn days_begin_at_midnight_of_the_zone_also_where_the_clock_changes() {
        let days = window("2026-03-15T23:00:00Z", "2026-04-12T22:00:00Z", "Europe/Berlin").slots();
        assert_eq!(days.len(), 28);
        // 29 March has 23 hours.
        assert_eq!(&days[13..15], [at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z")]);
    }

    #[test]
    fn a_day_of_23_hours_has_23_slots_and_one_of_25_leaves_no_hour_out() {
        let short = window("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "Europe/Berlin").slots();
        assert_eq!(short.len(), 23);
        let long = window("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "Europe/Berlin").slots();
        // The hour that comes twice is one slot of two hours.
        assert_eq!(long.len(), 24);
        assert_eq!(slot_of(&long, at("2026-10-25T00:30:00Z")), slot_of(&long, at("2026-10-25T01:30:00Z")));
    }

    #[test]
    fn a_window_that_begins_within_an_hour_goes_on_at_the_full_one() {
        let slots = window("2026-11-24T09:41:00Z", "2026-11-24T12:00:00Z", "Asia/Kolkata").slots();
        // Whole hours of a zone that is half an hour off.
        assert_eq!(slots[..2], [at("2026-11-24T09:41:00Z"), at("2026-11-24T10:30:00Z")]);
        assert_eq!(slot_of(&slots, at("2026-11-24T09:00:00Z")), 0);
        assert_eq!(slot_of(&slots, at("2026-11-24T10:30:00Z")), 1);
    }

    #[test]
    fn changes_of_the_clock_are_found_to_the_second() {
        let spring = window("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "Europe/Berlin").clock_changes();
        assert_eq!(spring, [ClockChange { at: at("2026-03-29T01:00:00Z"), shift_seconds: 3600 }]);
        let autumn = window("2026-10-20T00:00:30Z", "2026-11-20T00:00:00Z", "Europe/Berlin").clock_changes();
        assert_eq!(autumn, [ClockChange { at: at("2026-10-25T01:00:00Z"), shift_seconds: -3600 }]);
        assert_eq!(window("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "UTC").clock_changes(), []);
    }
}
