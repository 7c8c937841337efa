//! IANA zones as stretches of constant offset.
//!
//! chrono-tz answers "which offset now?" but does not say where the next change is, and T5 is all about the edges.
//! So the changes between 1970 and the horizon are found once for each zone and kept. Which walls of a stretch are
//! new, repeated or missing is worked out here; what a job does about it is decided in `cron::instants`.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use chrono::{DateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

/// Nothing fires before 1970-01-01T00:00:00Z; the tables begin there. Seconds since the epoch.
pub(crate) const ORIGIN: i64 = 0;
/// Nothing fires at or after 2100-01-01T00:00:00Z: chrono-tz's tables end in 2099. Seconds since the epoch.
pub(crate) const HORIZON: i64 = 4_102_444_800;

const DAY: i64 = 86_400;

/// A stretch of time during which the offset of a zone does not change.
///
/// *Instants* are seconds since the epoch in UTC, *walls* the same count read off the clock on the wall
/// (`wall = instant + offset`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// First instant.
    pub begin: i64,
    /// First instant that no longer belongs to it.
    pub end: i64,
    /// Seconds east of Greenwich.
    pub offset: i64,
    /// All walls before this one have been shown before this span began. Below [`Span::wall_begin`] there is a gap
    /// from here to there; above it there is a fold, and the walls up to here are shown again.
    pub seen_until: i64,
    /// Walls from this one on will be shown again after this span has ended.
    pub returns_from: i64,
}

impl Span {
    pub fn wall_begin(&self) -> i64 {
        self.begin + self.offset
    }

    pub fn wall_end(&self) -> i64 {
        self.end + self.offset
    }

    /// Walls that no clock ever showed, half-open; `None` where the clock did not jump forward.
    pub fn gap(&self) -> Option<(i64, i64)> {
        (self.seen_until < self.wall_begin()).then(|| (self.seen_until, self.wall_begin()))
    }

    /// Walls that this span shows for a second time, half-open.
    pub fn fold(&self) -> Option<(i64, i64)> {
        (self.seen_until > self.wall_begin()).then(|| (self.wall_begin(), self.seen_until))
    }
}

/// A zone with all its changes from [`ORIGIN`] to [`HORIZON`].
#[derive(Debug)]
pub(crate) struct Zone {
    tz: Tz,
    spans: Box<[Span]>,
}

impl Zone {
    /// The zone's table; built at the first call (a few milliseconds), shared from then on.
    pub fn of(tz: Tz) -> Arc<Self> {
        static TABLES: LazyLock<RwLock<HashMap<Tz, Arc<Zone>>>> = LazyLock::new(RwLock::default);
        // A table is inserted whole or not at all, so a poisoned lock still guards good data.
        if let Some(zone) = TABLES.read().unwrap_or_else(PoisonError::into_inner).get(&tz) {
            return Arc::clone(zone);
        }
        let zone = Arc::new(Self::build(tz));
        let mut tables = TABLES.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tables.entry(tz).or_insert(zone))
    }

    pub fn tz(&self) -> Tz {
        self.tz
    }

    /// The span that contains `instant`, and all later ones.
    pub fn from(&self, instant: i64) -> impl Iterator<Item = &Span> {
        self.spans.iter().skip(self.position(instant))
    }

    /// The span that contains `instant`, and all earlier ones, latest first.
    pub fn back_from(&self, instant: i64) -> impl Iterator<Item = &Span> {
        self.spans.iter().take(self.position(instant) + 1).rev()
    }

    /// Spans that begin with a change of the clock after `from` and at most at `until`, in order.
    pub fn changes(&self, from: i64, until: i64) -> impl Iterator<Item = &Span> {
        self.from(from).skip(1).take_while(move |span| span.begin <= until)
    }

    fn position(&self, instant: i64) -> usize {
        self.spans.partition_point(|span| span.begin <= instant).saturating_sub(1)
    }

    fn build(tz: Tz) -> Self {
        let mut edges = vec![(ORIGIN, offset(tz, ORIGIN))];
        let mut probe = ORIGIN;
        let mut current = offset(tz, ORIGIN);
        while probe < HORIZON {
            let ahead = (probe + DAY).min(HORIZON);
            let there = offset(tz, ahead);
            // More than one change may hide in a day: go on from the first that is found.
            while current != there {
                (probe, current) = first_change(tz, probe, ahead, current);
                edges.push((probe, current));
            }
            probe = ahead;
        }
        edges.retain(|(begin, _)| *begin < HORIZON);
        Self { tz, spans: spans(&edges) }
    }
}

fn spans(edges: &[(i64, i64)]) -> Box<[Span]> {
    let ends = edges.iter().skip(1).map(|edge| edge.0).chain([HORIZON]);
    let mut spans: Vec<Span> = edges
        .iter()
        .zip(ends)
        .map(|(&(begin, offset), end)| Span {
            begin,
            end,
            offset,
            seen_until: begin + offset,
            returns_from: end + offset,
        })
        .collect();
    let mut seen = i64::MIN;
    for span in &mut spans {
        if seen != i64::MIN {
            span.seen_until = seen;
        }
        seen = seen.max(span.wall_end());
    }
    let mut returns = i64::MAX;
    for span in spans.iter_mut().rev() {
        span.returns_from = span.returns_from.min(returns);
        returns = returns.min(span.wall_begin());
    }
    spans.into_boxed_slice()
}

/// The instant in (`low`, `high`] at which the offset first stops being `before`, and the offset from there on.
/// The offset at `high` has to differ from `before`.
fn first_change(tz: Tz, mut low: i64, mut high: i64, before: i64) -> (i64, i64) {
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if offset(tz, middle) == before {
            low = middle;
        } else {
            high = middle;
        }
    }
    (high, offset(tz, high))
}

fn offset(tz: Tz, instant: i64) -> i64 {
    let utc = DateTime::<Utc>::from_timestamp(instant, 0).unwrap_or_default().naive_utc();
    i64::from(tz.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}
