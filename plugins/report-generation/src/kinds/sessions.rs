//! Sessions: events of one user with less than half an hour between them.
//!
//! Events are read once, in the order of time, and only sessions that may still go on are remembered; so memory grows
//! with the number of users of half an hour, not with the number of events.

use std::collections::{BTreeMap, HashMap};

use sandglass_sdk::Failure;
use sandglass_sdk::documents::FindOptions;
use serde_json::{Value, json};

use crate::query::{self, explained, go_on};
use crate::source::Source;
use crate::time::Period;

/// A longer silence ends a session, in milliseconds. Half an hour is the usual measure of web analytics.
const GAP_MS: i64 = 30 * 60 * 1000;
/// Events after which sessions that have ended are put away.
const SWEEP_EVERY: u64 = 10_000;

/// Sessions of a period. What began before or goes on after counts as far as it lies within.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sessions {
    pub count: u64,
    pub events: u64,
    /// Sessions with one event only.
    pub single: u64,
    total_ms: i64,
    longest_ms: i64,
    /// Sessions by their whole seconds.
    lengths: BTreeMap<i64, u64>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    begin: i64,
    last: i64,
    events: u64,
}

/// Sessions that may still go on, and sums over those that cannot.
#[derive(Debug, Default)]
pub struct Tracker {
    open: HashMap<String, Open>,
    sums: Sessions,
    seen: u64,
}

impl Tracker {
    /// Takes an event. They have to come in the order of time.
    pub fn add(&mut self, user: &str, at_ms: i64) {
        match self.open.get_mut(user) {
            Some(open) if at_ms - open.last < GAP_MS => {
                open.last = at_ms;
                open.events += 1;
            }
            Some(open) => {
                let ended = std::mem::replace(open, Open { begin: at_ms, last: at_ms, events: 1 });
                self.sums.add(ended);
            }
            None => {
                self.open.insert(user.to_owned(), Open { begin: at_ms, last: at_ms, events: 1 });
            }
        }
        self.seen += 1;
        if self.seen.is_multiple_of(SWEEP_EVERY) {
            let sums = &mut self.sums;
            self.open.retain(|_, open| {
                let goes_on = at_ms - open.last < GAP_MS;
                if !goes_on {
                    sums.add(*open);
                }
                goes_on
            });
        }
    }

    pub fn finish(mut self) -> Sessions {
        self.open.values().for_each(|open| self.sums.add(*open));
        self.sums
    }
}

impl Sessions {
    fn add(&mut self, session: Open) {
        let length = session.last - session.begin;
        self.count += 1;
        self.events += session.events;
        self.single += u64::from(session.events == 1);
        self.total_ms += length;
        self.longest_ms = self.longest_ms.max(length);
        *self.lengths.entry(length / 1000).or_default() += 1;
    }

    /// Seconds from the first event of a session to its last.
    pub fn mean_seconds(&self) -> Option<f64> {
        (self.count > 0).then(|| self.total_ms as f64 / 1000.0 / self.count as f64)
    }

    pub fn longest_seconds(&self) -> Option<f64> {
        (self.count > 0).then(|| self.longest_ms as f64 / 1000.0)
    }

    /// The length in whole seconds that half of the sessions do not exceed.
    pub fn median_seconds(&self) -> Option<f64> {
        let mut before = 0;
        let half = self.count.div_ceil(2);
        let median = self.lengths.iter().find(|(_, count)| {
            before += **count;
            before >= half && half > 0
        });
        median.map(|(seconds, _)| *seconds as f64)
    }
}

/// Reads the events of a period.
///
/// # Errors
/// Those of the database and of stopping.
pub fn of(source: &Source, period: &Period) -> Result<Sessions, Failure> {
    let (date, user) = (&source.date_field, &source.user_field);
    let filter = json!({ "$and": [query::within(date, period), { user: { "$ne": null } }] });
    let options = FindOptions {
        sort: Some(json!({ date: 1 })),
        projection: Some(json!({ "_id": 0, date: 1, user: 1 })),
        batch: Some(1_000),
        ..FindOptions::default()
    };
    let cursor = source.events.find(&filter, &options).map_err(explained)?;
    let mut tracker = Tracker::default();
    loop {
        let batch = cursor.next_batch(1_000).map_err(explained)?;
        if batch.is_empty() {
            break;
        }
        for event in &batch {
            let user = query::at(event, user);
            let at = query::at(event, date).and_then(query::instant);
            if let (Some(user), Some(at)) = (user.filter(|user| **user != Value::Null), at) {
                tracker.add(&user.to_string(), at.timestamp_millis());
            }
        }
        go_on()?;
    }
    Ok(tracker.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(events: &[(&str, i64)]) -> Sessions {
        let mut tracker = Tracker::default();
        events.iter().for_each(|(user, at)| tracker.add(user, *at));
        tracker.finish()
    }

    #[test]
    fn half_an_hour_of_silence_ends_a_session() {
        let found = sessions(&[("a", 0), ("b", 5_000), ("a", GAP_MS - 1), ("a", 2 * GAP_MS - 1), ("b", 6_000)]);
        assert_eq!((found.count, found.events, found.single), (3, 5, 1));
        assert_eq!(found.longest_seconds(), Some(1_799.999));
        assert_eq!(found.median_seconds(), Some(1.0));
        assert_eq!(sessions(&[]).mean_seconds(), None);
        assert_eq!(sessions(&[]).median_seconds(), None);
    }

    /// The same by a plain walk over each user's events.
    #[test]
    fn putting_ended_sessions_away_changes_nothing() {
        let mut seed = 3_u64;
        let mut events: Vec<(String, i64)> = (0..45_000)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (format!("user{}", (seed >> 40) % 300), i64::try_from((seed >> 20) % 900_000_000).unwrap())
            })
            .collect();
        events.sort_by_key(|(_, at)| *at);
        let mut tracker = Tracker::default();
        let (first, rest) = events.split_at(40_000);
        first.iter().for_each(|(user, at)| tracker.add(user, *at));
        assert!(tracker.open.len() < 100, "{} sessions were put away", 300 - tracker.open.len());
        rest.iter().for_each(|(user, at)| tracker.add(user, *at));
        let found = tracker.finish();
        let mut expected = 0;
        let mut by_user: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        events.iter().for_each(|(user, at)| by_user.entry(user).or_default().push(*at));
        for times in by_user.values() {
            expected += 1 + times.windows(2).filter(|pair| pair[1] - pair[0] >= GAP_MS).count() as u64;
        }
        assert_eq!((found.count, found.events), (expected, 45_000));
    }
}
