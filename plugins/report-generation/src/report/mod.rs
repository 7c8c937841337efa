//! A report as what it says, whatever it will be written as: sections with figures and tables.
//!
//! Kinds of report make it, formats write it. Neither knows the other.

mod cell;
mod figure;
mod table;

pub use cell::{Cell, Unit, number_to_json, show, to_the_minute};
pub use figure::Figure;
pub use table::{Chart, Column, Table};

/// Everything a reader is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The kind, as parameters spell it.
    pub kind: &'static str,
    pub title: String,
    pub job: String,
    /// The IANA zone of all times.
    pub zone: String,
    pub generated_at: String,
    pub period: Option<Span>,
    pub previous: Option<Span>,
    pub sections: Vec<Section>,
    /// What a reader has to know about the figures.
    pub notes: Vec<String>,
}

/// A period, as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub start: String,
    pub end: String,
    pub text: String,
}

/// A part with a heading.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section {
    pub id: String,
    pub title: String,
    /// What the figures mean.
    pub note: String,
    pub figures: Vec<Figure>,
    pub tables: Vec<Table>,
}

impl Section {
    pub fn new(id: &str, title: &str) -> Self {
        Self { id: id.to_owned(), title: title.to_owned(), ..Self::default() }
    }

    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    #[must_use]
    pub fn figure(mut self, figure: Figure) -> Self {
        self.figures.push(figure);
        self
    }

    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }

    /// Puts the figures of the period before beside those of this one.
    pub fn compare(&mut self, previous: &Self) {
        for figure in &mut self.figures {
            let before = previous.figures.iter().find(|before| before.id == figure.id && !before.is_state);
            if let Some(before) = before {
                figure.previous = Some(before.value);
            }
        }
    }
}
