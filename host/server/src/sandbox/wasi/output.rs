//! Standard output and standard error as lines.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use wasmtime_wasi::p2::{DynOutputStream, OutputStream, Pollable, StreamError, StreamResult};

use crate::model::log::Level;

/// Bytes that one write may bring.
const PERMIT: usize = 64 << 10;
/// A line that grows beyond this is passed on in pieces.
const LONGEST: usize = 64 << 10;
/// Lines of standard error that are remembered for the case that the component breaks.
const REMEMBERED: usize = 40;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Output,
    Errors,
}

impl Source {
    pub(super) fn level(self) -> Level {
        match self {
            Self::Output => Level::Info,
            Self::Errors => Level::Warning,
        }
    }
}

/// What was written and not passed on yet.
#[derive(Default)]
pub(super) struct Output {
    written: Arc<Mutex<Vec<(Source, Bytes)>>>,
    /// Lines that have not ended, one a source.
    begun: [Vec<u8>; 2],
    errors: VecDeque<String>,
}

impl Output {
    /// A stream of the component's.
    pub(super) fn stream(&self, source: Source) -> DynOutputStream {
        Box::new(Stream { source, written: self.written.clone() })
    }

    /// Takes the lines that have ended since; with `rest` also those that have not.
    pub(super) fn lines(&mut self, rest: bool) -> Vec<(Source, String)> {
        let written = std::mem::take(&mut *self.written.lock());
        let mut lines = Vec::new();
        let [output, errors] = &mut self.begun;
        for (source, bytes) in written {
            let begun = match source {
                Source::Output => &mut *output,
                Source::Errors => &mut *errors,
            };
            for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                begun.extend_from_slice(piece);
                if piece.ends_with(b"\n") || begun.len() >= LONGEST {
                    lines.push((source, line(begun)));
                }
            }
        }
        if rest {
            let begun = [(Source::Output, output), (Source::Errors, errors)];
            let begun = begun.into_iter().filter(|(_, bytes)| !bytes.is_empty());
            lines.extend(begun.map(|(source, bytes)| (source, line(bytes))));
        }
        lines
    }

    /// Remembers what went to standard error.
    pub(super) fn said(&mut self, source: Source, line: String) {
        if source == Source::Errors && !line.trim().is_empty() {
            self.errors.truncate(REMEMBERED - 1);
            self.errors.push_front(line);
        }
    }

    /// The sentence of an uncaught exception, as far as the last lines of standard error tell it.
    ///
    /// Interpreters panic in their own runtime then: some say the exception before, some in the words of the panic.
    pub(super) fn last_words(&self) -> Option<String> {
        let newest = |lines: &mut dyn Iterator<Item = &String>| lines.next().cloned();
        let panic = self.errors.iter().position(|line| line.starts_with("thread '") && line.contains("panicked at"));
        let Some(panic) = panic else { return newest(&mut self.errors.iter()) };
        newest(&mut self.errors.iter().skip(panic + 1)).or_else(|| {
            let words = self.errors.iter().take(panic).rev().filter(|line| !line.starts_with("note: "));
            Some(words.map(|line| line.trim()).collect::<Vec<_>>().join(" "))
        })
    }
}

fn line(begun: &mut Vec<u8>) -> String {
    let text = String::from_utf8_lossy(begun).trim_end_matches(['\n', '\r']).to_owned();
    begun.clear();
    text
}

struct Stream {
    source: Source,
    written: Arc<Mutex<Vec<(Source, Bytes)>>>,
}

#[async_trait::async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {}
}

impl OutputStream for Stream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if bytes.len() > PERMIT {
            return Err(StreamError::trap(&format!("one write takes at most {PERMIT} bytes")));
        }
        self.written.lock().push((self.source, bytes));
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(output: &Output, source: Source, text: &str) {
        output.written.lock().push((source, Bytes::from(text.as_bytes().to_vec())));
    }

    #[test]
    fn lines_come_whole_and_each_source_has_its_own() {
        let mut output = Output::default();
        write(&output, Source::Output, "one\ntw");
        write(&output, Source::Errors, "bad\r\n");
        write(&output, Source::Output, "o\nthr");
        let lines = output.lines(false);
        let expected = [(Source::Output, "one"), (Source::Errors, "bad"), (Source::Output, "two")];
        assert_eq!(lines, expected.map(|(source, line)| (source, line.to_owned())));
        assert_eq!(output.lines(false), []);
        assert_eq!(output.lines(true), [(Source::Output, "thr".to_owned())]);
        assert_eq!(output.lines(true), []);
    }

    #[test]
    fn a_line_without_end_comes_in_pieces_and_never_piles_up() {
        let mut output = Output::default();
        for _ in 0..10 {
            write(&output, Source::Output, &"x".repeat(LONGEST / 2));
        }
        assert_eq!(output.lines(false).len(), 5);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let mut output = Output::default();
        output.written.lock().push((Source::Errors, Bytes::from_static(b"a\xff\n")));
        assert_eq!(output.lines(false), [(Source::Errors, "a\u{fffd}".to_owned())]);
    }

    #[test]
    fn an_exception_counts_and_not_what_the_interpreter_says_of_it() {
        let said = |lines: &[&str]| {
            let mut output = Output::default();
            lines.iter().for_each(|line| output.said(Source::Errors, (*line).to_owned()));
            output.last_words()
        };
        assert_eq!(said(&[]), None);
        assert_eq!(said(&["one", "ValueError: two", ""]).as_deref(), Some("ValueError: two"));
        let panic =
            ["thread '<unnamed>' (1) panicked at lib.rs:1:2:", "it threw(", "x)", "note: run with `RUST_BACKTRACE=1`"];
        assert_eq!(said(&panic).as_deref(), Some("it threw( x)"));
        let exception = [&["Traceback", "ValueError: two"][..], &panic].concat();
        assert_eq!(said(&exception).as_deref(), Some("ValueError: two"));
    }

    #[test]
    fn a_write_beyond_the_permit_is_no_write() {
        let mut stream = Output::default().stream(Source::Output);
        assert!(stream.write(Bytes::from(vec![0; PERMIT])).is_ok());
        assert!(stream.write(Bytes::from(vec![0; PERMIT + 1])).is_err());
    }
}
