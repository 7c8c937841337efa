//! A run's log: lines made safe and counted against the run's bound.

use std::fmt::Write as _;
use std::sync::Arc;

use super::Watcher;
use crate::model::Clock;
use crate::model::log::{Level, LogLine};

/// Takes lines from a guest and passes them on as they come.
pub(super) struct RunLog {
    watcher: Option<Arc<dyn Watcher>>,
    clock: Arc<dyn Clock>,
    line_bound: usize,
    run_bound: usize,
    bytes: usize,
    dropped: u64,
    last_error: Option<String>,
}

impl RunLog {
    /// Without a watcher lines are counted and forgotten.
    pub(super) fn new(
        watcher: Option<Arc<dyn Watcher>>,
        clock: Arc<dyn Clock>,
        line_bound: usize,
        run_bound: usize,
    ) -> Self {
        Self { watcher, clock, line_bound, run_bound, bytes: 0, dropped: 0, last_error: None }
    }

    /// One line. Beyond the run's bound it is only counted.
    pub(super) fn write(&mut self, level: Level, message: &str, fields: &[(String, String)]) {
        let text = line(message, fields, self.line_bound);
        if level == Level::Error {
            self.last_error = Some(text.clone());
        }
        if self.dropped > 0 || self.bytes + text.len() > self.run_bound {
            self.dropped += 1;
            return;
        }
        self.bytes += text.len();
        self.pass_on(level, text);
    }

    /// A line that no bound holds back: the host's own.
    pub(super) fn host(&self, level: Level, message: String) {
        self.pass_on(level, message);
    }

    /// A line of the host's that holds what a guest chose.
    pub(super) fn notice(&self, level: Level, message: &str) {
        self.pass_on(level, line(message, &[], self.line_bound));
    }

    /// Says how many lines were only counted, if any.
    pub(super) fn close(&self) {
        if self.dropped > 0 {
            let (dropped, bound) = (self.dropped, self.run_bound);
            self.host(
                Level::Warning,
                format!("{dropped} further lines were not kept: the log limit of a run is {bound} bytes"),
            );
        }
    }

    /// The last line at level error: a panic hook's words, when the guest broke right after it.
    pub(super) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    fn pass_on(&self, level: Level, message: String) {
        if let Some(watcher) = &self.watcher {
            watcher.log(LogLine { timestamp: self.clock.now(), level, message });
        }
    }
}

/// The message, then `name=value` for each field; control characters escaped, cut at `bound` bytes.
fn line(message: &str, fields: &[(String, String)], bound: usize) -> String {
    let mut out = String::with_capacity(message.len().min(bound) + 16);
    escape(&mut out, message, bound);
    for (name, value) in fields {
        if out.len() >= bound {
            break;
        }
        out.push(' ');
        escape(&mut out, name, bound);
        out.push('=');
        if value.contains([' ', '"', '=']) || value.is_empty() {
            out.push('"');
            for (place, piece) in value.split('"').enumerate() {
                out.push_str(if place > 0 { "\\\"" } else { "" });
                escape(&mut out, piece, bound);
            }
            out.push('"');
        } else {
            escape(&mut out, value, bound);
        }
    }
    if out.len() > bound {
        let mut cut = bound.saturating_sub('…'.len_utf8());
        while !out.is_char_boundary(cut) {
            cut -= 1;
        }
        out.truncate(cut);
        out.push('…');
    }
    out
}

/// Appends text without characters that steer a terminal or reorder what is read; stops soon after `bound`.
fn escape(out: &mut String, text: &str, bound: usize) {
    for character in text.chars() {
        if out.len() > bound {
            return;
        }
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Control characters, line and paragraph separators, and marks that change the direction of writing.
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => {
                let _infallible = write!(out, "\\u{{{:x}}}", u32::from(character));
            }
            control if control.is_control() => {
                let _infallible = write!(out, "\\u{{{:x}}}", u32::from(control));
            }
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;
    use crate::model::SystemClock;
    use crate::model::execution::Progress;

    #[derive(Default)]
    struct Lines(Mutex<Vec<String>>);

    impl Watcher for Lines {
        fn log(&self, line: LogLine) {
            self.0.lock().push(line.message);
        }

        fn progress(&self, _progress: Progress) {}
    }

    #[test]
    fn what_steers_a_terminal_or_fakes_a_line_is_escaped() {
        assert_eq!(line("a\nERROR b\r\u{1b}[31m\u{202e}", &[], 100), "a\\nERROR b\\r\\u{1b}[31m\\u{202e}");
        let fields = [("count".to_owned(), "3".to_owned()), ("name".to_owned(), "a \"b\"".to_owned())];
        assert_eq!(line("done", &fields, 100), "done count=3 name=\"a \\\"b\\\"\"");
    }

    #[test]
    fn a_long_line_is_cut_within_its_bound() {
        let cut = line(&"é".repeat(100), &[], 21);
        assert!(cut.len() <= 21 && cut.ends_with('…'), "{cut}");
        let cut = line("x", &[("f".to_owned(), "\u{1}".repeat(1_000))], 50);
        assert!(cut.len() <= 50, "{}", cut.len());
    }

    #[test]
    fn lines_beyond_the_bound_are_counted_and_the_end_says_so() {
        let lines = Arc::new(Lines::default());
        let mut log = RunLog::new(Some(lines.clone()), Arc::new(SystemClock), 100, 10);
        for _ in 0..5 {
            log.write(Level::Info, "1234", &[]);
        }
        log.close();
        let lines = lines.0.lock();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[2].starts_with("3 further lines"), "{lines:?}");
    }
}
