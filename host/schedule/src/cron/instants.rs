//! From walls to instants: T5, the rule for clocks that change.
//!
//! A zone is a row of spans of constant offset. Inside a span a wall and an instant differ by that offset, so each
//! span asks the calendar for walls within a window of its own, and the answers of all spans are in order and never
//! repeat. What T5 leaves open is only which window: a fixed-time job takes a repeated wall once, everything else
//! follows elapsed time and takes whatever the clock shows. A gap adds at most one instant, the span's first.

use std::cell::Cell;
use std::sync::Arc;

use super::calendar::Calendar;
use crate::spec::{Dst, Fold, Gap};
use crate::zone::{HORIZON, ORIGIN, Span, Zone};

/// Which half of T5 applies.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    /// Fixed-time: a gap runs once after it, a fold once or as `dst` says.
    Fixed(Dst),
    /// Elapsed time: nothing extra in the gap, both passes of the fold.
    Elapsed,
}

/// A calendar in a zone. All numbers are seconds since the epoch.
#[derive(Debug)]
pub(crate) struct Instants {
    calendar: Calendar,
    zone: Arc<Zone>,
    mode: Mode,
}

/// A change of the clock at which the schedule has something to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meeting {
    /// The span that begins with the change.
    pub span: Span,
    /// The first matching wall within the gap or the fold.
    pub wall: i64,
    /// Whether more than one wall matches there.
    pub several: bool,
    pub mode: Mode,
}

impl Instants {
    pub fn new(calendar: Calendar, zone: Arc<Zone>, mode: Mode) -> Self {
        Self { calendar, zone, mode }
    }

    pub fn at_or_after(&self, instant: i64) -> Option<i64> {
        let instant = instant.max(ORIGIN);
        if instant >= HORIZON {
            return None;
        }
        // Sparse expressions pass many spans on the way to one wall: ask the calendar once.
        let known: Cell<Option<(i64, Option<i64>)>> = Cell::new(None);
        let seek = |wall: i64| match known.get() {
            Some((from, answer)) if from <= wall && answer.is_none_or(|found| wall <= found) => answer,
            _ => {
                let answer = self.calendar.at_or_after(wall);
                known.set(Some((wall, answer)));
                answer
            }
        };
        for span in self.zone.from(instant) {
            if span.begin >= instant
                && self.runs_after_gap()
                && let Some((from, until)) = span.gap()
                && seek(from).is_some_and(|wall| wall < until)
            {
                return Some(span.begin);
            }
            let (low, high) = self.window(span);
            let from = low.max(instant + span.offset);
            if from < high
                && let Some(wall) = seek(from)
                && wall < high
            {
                return Some(wall - span.offset);
            }
        }
        None
    }

    pub fn at_or_before(&self, instant: i64) -> Option<i64> {
        let instant = instant.min(HORIZON - 1);
        if instant < ORIGIN {
            return None;
        }
        let known: Cell<Option<(i64, Option<i64>)>> = Cell::new(None);
        let seek = |wall: i64| match known.get() {
            Some((from, answer)) if from >= wall && answer.is_none_or(|found| wall >= found) => answer,
            _ => {
                let answer = self.calendar.at_or_before(wall);
                known.set(Some((wall, answer)));
                answer
            }
        };
        for span in self.zone.back_from(instant) {
            let (low, high) = self.window(span);
            let until = (high - 1).min(instant + span.offset);
            if low <= until
                && let Some(wall) = seek(until)
                && wall >= low
            {
                return Some(wall - span.offset);
            }
            if self.runs_after_gap()
                && let Some((from, until)) = span.gap()
                && seek(until - 1).is_some_and(|wall| wall >= from)
            {
                return Some(span.begin);
            }
        }
        None
    }

    /// Instants after `from` and up to `until` at which a run is left out because of `gap: skip`.
    pub fn gap_skips(&self, from: i64, until: i64) -> impl Iterator<Item = i64> {
        let skips = matches!(self.mode, Mode::Fixed(Dst { gap: Gap::Skip, .. }));
        self.zone
            .changes(from, until.min(HORIZON - 1))
            .filter(move |_| skips)
            .filter(|span| {
                span.gap().is_some_and(|(from, until)| {
                    let due = self.calendar.at_or_after(from);
                    due.is_some_and(|wall| wall < until) && self.calendar.at_or_after(until) != Some(until)
                })
            })
            .map(|span| span.begin)
    }

    /// Gaps and folds after `from` and up to `until` that contain a matching wall.
    pub fn meetings(&self, from: i64, until: i64) -> impl Iterator<Item = Meeting> {
        self.zone.changes(from, until).filter_map(|span| {
            let (low, high) = span.gap().or_else(|| span.fold())?;
            let wall = self.calendar.at_or_after(low).filter(|wall| *wall < high)?;
            let several = self.calendar.at_or_after(wall + 1).is_some_and(|wall| wall < high);
            Some(Meeting { span: *span, wall, several, mode: self.mode })
        })
    }

    fn runs_after_gap(&self) -> bool {
        matches!(self.mode, Mode::Fixed(Dst { gap: Gap::Next, .. }))
    }

    /// The walls that count in this span, half-open.
    fn window(&self, span: &Span) -> (i64, i64) {
        let (begin, end) = (span.wall_begin(), span.wall_end());
        match self.mode {
            Mode::Fixed(Dst { fold: Fold::First, .. }) => (begin.max(span.seen_until), end),
            Mode::Fixed(Dst { fold: Fold::Second, .. }) => (begin, end.min(span.returns_from)),
            Mode::Fixed(Dst { fold: Fold::Both, .. }) | Mode::Elapsed => (begin, end),
        }
    }
}
