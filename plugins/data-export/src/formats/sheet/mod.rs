//! An Excel workbook (ECMA-376) with one sheet of typed cells, written row by row.
//!
//! The library that makes workbooks keeps all cells in memory, or in temporary files that a component does not have.
//! So it makes an empty one at build time (see `build.rs`), and here its parts are copied and the rows streamed into
//! the archive as its last part. The texts stand in the cells themselves, not in a shared table that would have to be
//! remembered.

mod cell;

use std::fmt::Write as _;
use std::io::{self, Cursor, Write};

use serde_json::Value;
use zip::result::ZipError;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::Findings;
use crate::columns::Columns;
use crate::parameters::Parameters;
use cell::Cell;

static SKELETON: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/skeleton.xlsx"));
const SHEET: &str = "xl/worksheets/sheet1.xml";

/// Writes documents as rows of a sheet.
pub struct Writer<'a, W: Write> {
    archive: ZipWriter<StreamWriter<W>>,
    columns: &'a Columns,
    parameters: &'a Parameters,
    /// The name of each column: A, B, …, Z, AA, …
    letters: Vec<String>,
    row: u32,
    text: String,
}

impl<'a, W: Write> Writer<'a, W> {
    /// Begins with everything but the rows, and the titles if they are wanted.
    pub fn begin(parameters: &'a Parameters, columns: &'a Columns, inner: W) -> io::Result<Self> {
        let mut archive = ZipWriter::new_stream(inner);
        let mut skeleton = ZipArchive::new(Cursor::new(SKELETON)).map_err(plain)?;
        for index in 0..skeleton.len() {
            let part = skeleton.by_index_raw(index).map_err(plain)?;
            if part.name() != SHEET {
                archive.raw_copy_file(part).map_err(plain)?;
            }
        }
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        archive.start_file(SHEET, options).map_err(plain)?;
        let letters = (0..columns.titles().len()).map(column_name).collect();
        let mut writer = Self { archive, columns, parameters, letters, row: 0, text: String::new() };
        writer.head()?;
        Ok(writer)
    }

    fn head(&mut self) -> io::Result<()> {
        let titles = self.columns.titles();
        let has_titles = self.parameters.csv.header && !titles.is_empty();
        let mut head = String::from(concat!(
            r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
            "\n",
            r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#,
        ));
        if has_titles {
            // The titles stay in sight.
            head.push_str(concat!(
                r#"<sheetViews><sheetView workbookViewId="0">"#,
                r#"<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>"#,
                "</sheetView></sheetViews>",
            ));
        }
        if !titles.is_empty() {
            head.push_str("<cols>");
            for (index, title) in titles.iter().enumerate() {
                let width = title.chars().count().clamp(12, 40) + 2;
                let number = index + 1;
                put(&mut head, format_args!(r#"<col min="{number}" max="{number}" width="{width}" customWidth="1"/>"#));
            }
            head.push_str("</cols>");
        }
        head.push_str("<sheetData>");
        self.archive.write_all(head.as_bytes())?;
        if has_titles {
            let cells = titles.iter().map(|title| Cell::title(title)).collect::<Vec<_>>();
            self.row(&cells)?;
        }
        Ok(())
    }

    pub fn write(&mut self, document: &Value, findings: &mut Findings) -> io::Result<()> {
        let values = self.columns.values(document, &mut findings.surprises);
        let settings = self.parameters;
        let (null_text, style) = (settings.csv.null_text.as_str(), settings.json_style);
        let cells = values.iter().map(|value| Cell::of(value.as_deref(), null_text, style)).collect::<Vec<_>>();
        findings.cut_cells += cells.iter().filter(|cell| cell.is_cut()).count() as u64;
        self.row(&cells)
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.row += 1;
        self.text.clear();
        put(&mut self.text, format_args!(r#"<row r="{}">"#, self.row));
        for (letters, cell) in self.letters.iter().zip(cells) {
            cell.write(&mut self.text, letters, self.row);
        }
        self.text.push_str("</row>");
        self.archive.write_all(self.text.as_bytes())
    }

    pub fn end(mut self) -> io::Result<W> {
        self.archive.write_all(b"</sheetData></worksheet>")?;
        Ok(self.archive.finish().map_err(plain)?.into_inner())
    }
}

/// As spreadsheets name their columns.
fn column_name(index: usize) -> String {
    let mut name = Vec::new();
    let mut rest = index + 1;
    while rest > 0 {
        name.push(b'A' + u8::try_from((rest - 1) % 26).unwrap_or_default());
        rest = (rest - 1) / 26;
    }
    name.iter().rev().map(|letter| char::from(*letter)).collect()
}

fn put(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _infallible = text.write_fmt(more);
}

fn plain(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_named_as_in_spreadsheets() {
        let names =
            [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")];
        for (index, name) in names {
            assert_eq!(column_name(index), name);
        }
    }

    #[test]
    fn the_archive_holds_the_parts_of_a_workbook_and_the_rows() {
        let parameters: Parameters = serde_json::from_value(json!({"collection": "c", "format": "xlsx"})).unwrap();
        let mut columns = Columns::unknown(false);
        columns.learn(&json!({"a<b": 1, "c": 1})).unwrap();
        let mut writer = Writer::begin(&parameters, &columns, Vec::new()).unwrap();
        writer.write(&json!({"a<b": 5, "c": {"$date": "2026-11-24T12:00:00Z"}}), &mut Findings::default()).unwrap();
        writer.write(&json!({"c": "x & y"}), &mut Findings::default()).unwrap();
        let bytes = writer.end().unwrap();
        let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut part = |name: &str| {
            let mut text = String::new();
            archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        let sheet = part(SHEET);
        let rows = sheet.split("<sheetData>").nth(1).unwrap();
        assert_eq!(
            rows,
            concat!(
                r#"<row r="1"><c r="A1" s="1" t="inlineStr"><is><t xml:space="preserve">a&lt;b</t></is></c>"#,
                r#"<c r="B1" s="1" t="inlineStr"><is><t xml:space="preserve">c</t></is></c></row>"#,
                r#"<row r="2"><c r="A2"><v>5</v></c><c r="B2" s="2"><v>46350.5</v></c></row>"#,
                r#"<row r="3"><c r="B3" t="inlineStr"><is><t xml:space="preserve">x &amp; y</t></is></c></row>"#,
                "</sheetData></worksheet>"
            )
        );
        assert!(part("xl/workbook.xml").contains("Export"));
        let styles = part("xl/styles.xml");
        let formats = styles.split("<cellXfs").nth(1).unwrap().split("<xf ").collect::<Vec<_>>();
        assert!(formats[2].contains("fontId=\"1\"") && formats[3].contains("numFmtId=\"164\""), "{styles}");
        assert!(styles.contains("yyyy-mm-dd hh:mm:ss"), "{styles}");
    }
}
