//! Hours, days, weeks and months: how the database names them, and which ones a period has.
//!
//! The database names each group with `$dateToString`, which knows zones and their changes; here the same names are
//! made for the whole period, so that a group in which nothing happened is there with a nought.

use sandglass_sdk::chrono::Duration;
use serde_json::{Value, json};

use super::Period;
use crate::parameters::GroupBy;

/// Rows of one series, at most: two months of hours. The host's own statistics have the same bound.
pub const MOST_GROUPS: usize = 1_500;

impl GroupBy {
    /// The format of a group's name, the same for `$dateToString` and chrono. An hour that clocks show twice is two
    /// groups, which their offset tells apart; weeks are those of ISO 8601.
    fn format(self) -> &'static str {
        match self {
            Self::Hour => "%Y-%m-%dT%H:00%z",
            Self::Day => "%Y-%m-%d",
            Self::Week => "%G-W%V",
            Self::Month => "%Y-%m",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// An expression that names the group of a date field.
    pub fn expression(self, date_field: &str, period: &Period) -> Value {
        json!({ "$dateToString": {
            "date": format!("${date_field}"), "format": self.format(), "timezone": period.zone.name()
        } })
    }

    /// The names of all groups of a period, in order. `None` when there are more than [`MOST_GROUPS`].
    pub fn groups(self, period: &Period) -> Option<Vec<String>> {
        // Shorter than any group, and a divisor of every offset.
        let step = match self {
            Self::Hour => Duration::minutes(15),
            Self::Day | Self::Week | Self::Month => Duration::hours(6),
        };
        let mut groups: Vec<String> = Vec::new();
        let mut at = period.start;
        let last = period.end - Duration::milliseconds(1);
        while at <= last {
            self.add(&mut groups, period, at);
            if groups.len() > MOST_GROUPS {
                return None;
            }
            at += step;
        }
        if last >= period.start {
            self.add(&mut groups, period, last);
        }
        Some(groups)
    }

    fn add(
        self,
        groups: &mut Vec<String>,
        period: &Period,
        at: sandglass_sdk::chrono::DateTime<sandglass_sdk::chrono::Utc>,
    ) {
        let name = at.with_timezone(&period.zone).format(self.format()).to_string();
        if groups.last() != Some(&name) {
            groups.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;

    fn groups(by: GroupBy, zone: Tz, start: &str, end: &str) -> Vec<String> {
        by.groups(&Period { start: start.parse().unwrap(), end: end.parse().unwrap(), zone }).unwrap()
    }

    #[test]
    fn every_group_of_a_period_is_there_once() {
        let berlin = Tz::Europe__Berlin;
        let days = groups(GroupBy::Day, berlin, "2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z");
        assert_eq!(days, ["2026-10-24", "2026-10-25", "2026-10-26"]);
        let hours = groups(GroupBy::Hour, berlin, "2026-10-24T23:30:00Z", "2026-10-25T02:00:00Z");
        let expected = ["2026-10-25T01:00+0200", "2026-10-25T02:00+0200", "2026-10-25T02:00+0100"];
        assert_eq!(hours, expected);
        let weeks = groups(GroupBy::Week, Tz::UTC, "2026-12-27T23:00:00Z", "2027-01-04T00:00:00.001Z");
        assert_eq!(weeks, ["2026-W52", "2026-W53", "2027-W01"]);
        let months = groups(GroupBy::Month, Tz::UTC, "2026-11-30T23:59:59.999Z", "2027-01-01T00:00:00Z");
        assert_eq!(months, ["2026-11", "2026-12"]);
        let hour = groups(GroupBy::Hour, Tz::Asia__Kathmandu, "2026-11-24T00:00:00Z", "2026-11-24T00:20:00Z");
        assert_eq!(hour, ["2026-11-24T05:00+0545", "2026-11-24T06:00+0545"]);
    }

    #[test]
    fn too_many_groups_are_not_made() {
        let period = Period {
            start: "2020-01-01T00:00:00Z".parse().unwrap(),
            end: "2026-01-01T00:00:00Z".parse().unwrap(),
            zone: Tz::UTC,
        };
        assert_eq!(GroupBy::Hour.groups(&period), None);
        assert_eq!(GroupBy::Day.groups(&period), None);
        assert_eq!(GroupBy::Month.groups(&period).unwrap().len(), 72);
        assert_eq!(GroupBy::Day.groups(&Period { end: period.start, ..period }).unwrap().len(), 0);
    }
}
