//! Rows with named columns, and how they may be drawn.

use super::{Cell, Unit};

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub id: String,
    pub title: String,
    pub unit: Unit,
}

/// How a table is drawn where pictures are possible. Columns by their places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chart {
    None,
    /// Along time: the first column names the moments, these are drawn over them.
    Series(Vec<usize>),
    /// A bar for each row: its length is the value of this column.
    Bars(usize),
    /// Shades: these columns hold shares.
    Shades(Vec<usize>),
}

/// Rows with named columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub id: String,
    pub title: String,
    /// What the rows mean.
    pub note: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    pub chart: Chart,
}

impl Table {
    pub fn new(id: &str, title: &str, columns: &[(&str, &str, Unit)]) -> Self {
        let columns = columns.iter().map(|(id, title, unit)| Column {
            id: (*id).to_owned(),
            title: (*title).to_owned(),
            unit: *unit,
        });
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            note: String::new(),
            columns: columns.collect(),
            rows: Vec::new(),
            chart: Chart::None,
        }
    }

    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    #[must_use]
    pub fn drawn(mut self, chart: Chart) -> Self {
        self.chart = chart;
        self
    }

    #[must_use]
    pub fn rows(mut self, rows: Vec<Vec<Cell>>) -> Self {
        self.rows = rows;
        self
    }
}
