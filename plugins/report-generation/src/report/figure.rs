//! One number that a reader remembers, and how it changed.

use super::Unit;
use super::cell::show;

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Good {
    Up,
    Down,
    /// Neither.
    Either,
}

/// A number with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub id: &'static str,
    pub label: &'static str,
    pub unit: Unit,
    /// None where there is nothing to divide by.
    pub value: Option<f64>,
    /// The same of the period before, where one was asked for.
    pub previous: Option<Option<f64>>,
    pub good: Good,
    /// As it is now, whatever the period: there is nothing to compare with.
    pub is_state: bool,
}

/// How a figure changed since the period before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    pub difference: f64,
    /// The difference divided by what it was; none when that was nought.
    pub share: Option<f64>,
}

impl Figure {
    pub fn new(id: &'static str, label: &'static str, unit: Unit, value: Option<f64>) -> Self {
        Self { id, label, unit, value, previous: None, good: Good::Either, is_state: false }
    }

    pub fn count(id: &'static str, label: &'static str, value: f64) -> Self {
        Self::new(id, label, Unit::Count, Some(value))
    }

    /// More is better.
    #[must_use]
    pub fn up(self) -> Self {
        Self { good: Good::Up, ..self }
    }

    /// Less is better.
    #[must_use]
    pub fn down(self) -> Self {
        Self { good: Good::Down, ..self }
    }

    /// As it is now, whatever the period.
    #[must_use]
    pub fn state(self) -> Self {
        Self { is_state: true, ..self }
    }

    pub fn change(&self) -> Option<Change> {
        let (now, before) = (self.value?, self.previous??);
        let difference = now - before;
        Some(Change { difference, share: (before != 0.0).then(|| difference / before) })
    }

    /// As people read it.
    pub fn show(&self) -> String {
        self.value.map_or_else(|| "–".to_owned(), |value| show(value, self.unit))
    }

    /// What it was, as people read it.
    pub fn show_previous(&self) -> Option<String> {
        self.previous.map(|previous| previous.map_or_else(|| "–".to_owned(), |value| show(value, self.unit)))
    }

    /// How it changed, as people read it: `+12.5 %`; for shares in percentage points.
    pub fn show_change(&self) -> Option<String> {
        let change = self.change()?;
        let sign = if change.difference < 0.0 { "−" } else { "+" };
        Some(match (self.unit, change.share) {
            _ if change.difference == 0.0 => "±0".to_owned(),
            (Unit::Share, _) => format!("{sign}{:.1} points", change.difference.abs() * 100.0),
            (_, Some(share)) => format!("{sign}{:.1} %", share.abs() * 100.0),
            (_, None) => format!("{sign}{}", show(change.difference.abs(), self.unit)),
        })
    }

    /// Whether the change is for the better; none when nothing changed or neither way is.
    pub fn is_better(&self) -> Option<bool> {
        let difference = self.change()?.difference;
        match self.good {
            _ if difference == 0.0 => None,
            Good::Up => Some(difference > 0.0),
            Good::Down => Some(difference < 0.0),
            Good::Either => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(unit: Unit, before: f64, now: f64) -> Option<String> {
        Figure { previous: Some(Some(before)), ..Figure::new("x", "X", unit, Some(now)) }.show_change()
    }

    #[test]
    fn a_change_is_told_in_the_way_that_means_something() {
        assert_eq!(changed(Unit::Count, 80.0, 100.0).unwrap(), "+25.0 %");
        assert_eq!(changed(Unit::Count, 100.0, 80.0).unwrap(), "−20.0 %");
        assert_eq!(changed(Unit::Count, 0.0, 80.0).unwrap(), "+80");
        assert_eq!(changed(Unit::Count, 7.0, 7.0).unwrap(), "±0");
        assert_eq!(changed(Unit::Share, 0.25, 0.5).unwrap(), "+25.0 points");
        assert_eq!(Figure::count("x", "X", 1.0).show_change(), None);
    }

    #[test]
    fn better_depends_on_the_figure() {
        let figure = |good| Figure { previous: Some(Some(1.0)), good, ..Figure::count("x", "X", 2.0) };
        assert_eq!(figure(Good::Up).is_better(), Some(true));
        assert_eq!(figure(Good::Down).is_better(), Some(false));
        assert_eq!(figure(Good::Either).is_better(), None);
    }
}
