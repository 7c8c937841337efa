//! Comma-separated values as RFC 4180 has them, with line feeds.

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::Value;

use super::Findings;
use crate::cell;
use crate::columns::Columns;
use crate::parameters::Parameters;

/// Writes documents as lines of cells.
pub struct Writer<'a, W: Write> {
    inner: csv::Writer<W>,
    columns: &'a Columns,
    parameters: &'a Parameters,
}

impl<'a, W: Write> Writer<'a, W> {
    /// Begins with the titles, if they are wanted.
    pub fn begin(parameters: &'a Parameters, columns: &'a Columns, inner: W) -> io::Result<Self> {
        let delimiter = parameters.csv.delimiter.bytes().next().unwrap_or(b',');
        let mut inner = csv::WriterBuilder::new().delimiter(delimiter).from_writer(inner);
        if parameters.csv.header && !columns.titles().is_empty() {
            let titles = columns.titles().iter();
            let titles = titles.map(|title| safe(Cow::Borrowed(title), parameters.csv.excel_safe).into_owned());
            inner.write_record(titles).map_err(plain)?;
        }
        Ok(Self { inner, columns, parameters })
    }

    pub fn write(&mut self, document: &Value, findings: &mut Findings) -> io::Result<()> {
        let table = &self.parameters.csv;
        let values = self.columns.values(document, &mut findings.surprises);
        if values.is_empty() {
            return Ok(());
        }
        for value in &values {
            let text = value.as_deref().and_then(|value| cell::text(value, self.parameters.json_style));
            let text = match text {
                None => Cow::Borrowed(table.null_text.as_str()),
                Some(text) => safe(text, table.excel_safe),
            };
            self.inner.write_field(text.as_bytes()).map_err(plain)?;
        }
        self.inner.write_record(None::<&[u8]>).map_err(plain)
    }

    pub fn end(self) -> io::Result<W> {
        self.inner.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

fn safe(text: Cow<'_, str>, is_wanted: bool) -> Cow<'_, str> {
    if is_wanted { cell::harmless(text) } else { text }
}

/// Rows of different lengths cannot occur, so what is left are errors of the output.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn written(settings: Value, documents: &[Value]) -> String {
        let mut parameters: Parameters = serde_json::from_value(json!({"collection": "c", "format": "csv"})).unwrap();
        parameters.csv = serde_json::from_value(settings).unwrap();
        let mut columns = if parameters.csv.columns.is_empty() {
            Columns::unknown(parameters.csv.flatten)
        } else {
            Columns::named(&parameters.csv.columns)
        };
        documents.iter().for_each(|document| columns.learn(document).unwrap());
        let mut writer = Writer::begin(&parameters, &columns, Vec::new()).unwrap();
        let mut findings = Findings::default();
        documents.iter().for_each(|document| writer.write(document, &mut findings).unwrap());
        String::from_utf8(writer.end().unwrap()).unwrap()
    }

    #[test]
    fn each_setting_does_what_it_says() {
        let documents = [
            json!({"_id": 1, "a": {"b": "x;y"}, "n": -5, "t": "-5", "f": "=1+1"}),
            json!({"_id": 2, "a": {"b": null}, "n": null, "t": "say \"hi\"\nthere"}),
        ];
        for (settings, expected) in [
            (
                json!({}),
                "_id,a,n,t,f\n1,\"{\"\"b\"\":\"\"x;y\"\"}\",-5,-5,'=1+1\n\
                 2,\"{\"\"b\"\":null}\",,\"say \"\"hi\"\"\nthere\",\n",
            ),
            (
                json!({"delimiter": ";", "flatten": true, "null_text": "NULL"}),
                "_id;a.b;n;t;f\n1;\"x;y\";-5;-5;'=1+1\n2;NULL;NULL;\"say \"\"hi\"\"\nthere\";NULL\n",
            ),
            (
                json!({"header": false, "excel_safe": false, "columns": [{"path": "f"}, {"path": "a.b", "title": "B"}]}),
                "=1+1,x;y\n,\n",
            ),
            (json!({"columns": [{"path": "a.b", "title": "@B"}]}), "'@B\nx;y\n\"\"\n"),
            (
                json!({"delimiter": "\t", "columns": [{"path": "n"}, {"path": "t"}]}),
                "n\tt\n-5\t-5\n\t\"say \"\"hi\"\"\nthere\"\n",
            ),
        ] {
            assert_eq!(written(settings.clone(), &documents), expected, "{settings}");
        }
    }

    #[test]
    fn without_documents_there_is_at_most_a_header() {
        assert_eq!(written(json!({}), &[]), "");
        assert_eq!(written(json!({"columns": [{"path": "a"}]}), &[]), "a\n");
        assert_eq!(written(json!({}), &[json!({})]), "");
    }

    #[test]
    fn names_of_fields_are_made_harmless_and_numbers_are_left() {
        let document = json!({"=cmd": -1.5, "n": {"$numberLong": "-9"}, "d": {"$numberDecimal": "-1"}, "l": [-1]});
        assert_eq!(written(json!({}), &[document]), "'=cmd,n,d,l\n-1.5,-9,-1,[-1]\n");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            rows in proptest::collection::vec((any::<String>(), any::<i64>(), "[=+@\\-,;\"\r\n\t a']{0,8}"), 1..8),
            delimiter in proptest::sample::select(vec![",", ";", "\t", "|", " "]),
        ) {
            let documents = rows.iter().map(|(text, number, odd)| {
                json!({"text": text, "number": {"$numberLong": number.to_string()}, "odd": odd})
            });
            let documents = documents.collect::<Vec<_>>();
            let text = written(json!({"delimiter": delimiter, "excel_safe": false}), &documents);
            let mut reader = csv::ReaderBuilder::new().delimiter(delimiter.as_bytes()[0]).from_reader(text.as_bytes());
            prop_assert_eq!(reader.headers().unwrap(), vec!["text", "number", "odd"]);
            let back = reader.records().map(|record| record.unwrap()).collect::<Vec<_>>();
            prop_assert_eq!(back.len(), rows.len());
            for (record, (text, number, odd)) in back.iter().zip(&rows) {
                prop_assert_eq!(&record[0], text);
                prop_assert_eq!(record[1].parse::<i64>().unwrap(), *number);
                prop_assert_eq!(&record[2], odd);
            }
        }

        #[test]
        fn nothing_that_a_spreadsheet_would_run_remains(odd in "[=+@\\-\r\n\t1aＡ＝＋－＠]{0,8}") {
            let text = written(json!({}), &[json!({"first": "x", "odd": odd})]);
            let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            let cell = &record[1];
            let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
            prop_assert!(!begins || cell.parse::<f64>().is_ok(), "{cell:?}");
            prop_assert_eq!(cell.strip_prefix('\'').unwrap_or(cell), odd);
        }
    }
}
