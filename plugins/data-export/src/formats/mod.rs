//! Documents as bytes, in each of the formats. One document at a time: nothing here grows with their number.

mod compressed;
mod csv;
mod json;
mod sheet;

use std::io;

use serde_json::Value;

use crate::columns::{Columns, Surprises};
use crate::output::Output;
use crate::parameters::{Format, Parameters};
use compressed::Compressed;

/// Writes documents in one of the formats.
pub enum FormatWriter<'a> {
    Json(Box<json::Writer<Compressed>>),
    Csv(Box<csv::Writer<'a, Compressed>>),
    Sheet(Box<sheet::Writer<'a, Output>>),
}

/// What turned up on the way.
#[derive(Debug, Default)]
pub struct Findings {
    /// Fields without a column.
    pub surprises: Surprises,
    /// Texts that were longer than a cell of a spreadsheet may be.
    pub cut_cells: u64,
}

impl<'a> FormatWriter<'a> {
    /// Begins the file.
    ///
    /// # Errors
    /// Those of the output.
    pub fn begin(parameters: &'a Parameters, columns: &'a Columns, output: Output) -> io::Result<Self> {
        let compressed = |output| Compressed::new(parameters.compression, output);
        Ok(match parameters.format {
            Format::Json => Self::Json(Box::new(json::Writer::array(compressed(output), parameters.json_style)?)),
            Format::Jsonl => Self::Json(Box::new(json::Writer::lines(compressed(output), parameters.json_style))),
            Format::Csv => Self::Csv(Box::new(csv::Writer::begin(parameters, columns, compressed(output))?)),
            Format::Xlsx => Self::Sheet(Box::new(sheet::Writer::begin(parameters, columns, output)?)),
        })
    }

    /// Adds one document.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write(&mut self, document: &Value, findings: &mut Findings) -> io::Result<()> {
        match self {
            Self::Json(writer) => writer.write(document),
            Self::Csv(writer) => writer.write(document, findings),
            Self::Sheet(writer) => writer.write(document, findings),
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Those of the output.
    pub fn end(self) -> io::Result<Output> {
        match self {
            Self::Json(writer) => writer.end()?.end(),
            Self::Csv(writer) => writer.end()?.end(),
            Self::Sheet(writer) => writer.end(),
        }
    }
}
