//! JSON: an array with a document on each line, or the lines alone.

use std::io::{self, Write};

use serde_json::Value;

use crate::extended::{JsonStyle, Styled};

/// Writes documents as JSON.
pub struct Writer<W> {
    inner: W,
    style: JsonStyle,
    line: Vec<u8>,
    /// What comes before the next document.
    before: &'static str,
    /// What comes after each document.
    after: &'static str,
    /// What comes at the end, when there was no document and when there was one.
    end: [&'static str; 2],
    has_documents: bool,
}

impl<W: Write> Writer<W> {
    /// One array.
    pub fn array(mut inner: W, style: JsonStyle) -> io::Result<Self> {
        inner.write_all(b"[")?;
        Ok(Self { before: "\n", after: "", end: ["]\n", "\n]\n"], ..Self::lines(inner, style) })
    }

    /// One document a line.
    pub fn lines(inner: W, style: JsonStyle) -> Self {
        Self { inner, style, line: Vec::new(), before: "", after: "\n", end: ["", ""], has_documents: false }
    }

    pub fn write(&mut self, document: &Value) -> io::Result<()> {
        self.line.clear();
        self.line.extend_from_slice(self.before.as_bytes());
        serde_json::to_writer(&mut self.line, &Styled(document, self.style))?;
        self.line.extend_from_slice(self.after.as_bytes());
        self.inner.write_all(&self.line)?;
        if !self.has_documents {
            self.has_documents = true;
            self.before = if self.after.is_empty() { ",\n" } else { "" };
        }
        Ok(())
    }

    pub fn end(mut self) -> io::Result<W> {
        let [without, with] = self.end;
        self.inner.write_all(if self.has_documents { with } else { without }.as_bytes())?;
        Ok(self.inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(writer: Writer<Vec<u8>>, documents: &[Value]) -> String {
        let mut writer = writer;
        documents.iter().for_each(|document| writer.write(document).unwrap());
        String::from_utf8(writer.end().unwrap()).unwrap()
    }

    #[test]
    fn arrays_and_lines_are_what_they_say_with_any_number_of_documents() {
        let documents = [json!({"a": {"$numberLong": "1"}}), json!({"b": "ü\n"}), json!({})];
        for count in 0..=3 {
            let array = written(Writer::array(Vec::new(), JsonStyle::Relaxed).unwrap(), &documents[..count]);
            assert_eq!(serde_json::from_str::<Vec<Value>>(&array).unwrap().len(), count, "{array}");
            let lines = written(Writer::lines(Vec::new(), JsonStyle::Relaxed), &documents[..count]);
            assert_eq!(lines.lines().count(), count);
            assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{lines}");
        }
        let all = written(Writer::array(Vec::new(), JsonStyle::Relaxed).unwrap(), &documents);
        assert_eq!(all, "[\n{\"a\":1},\n{\"b\":\"ü\\n\"},\n{}\n]\n");
    }
}
