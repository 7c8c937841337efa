//! What an e-mail about an ended run says. Pure.

use chrono::{DateTime, Utc};

use crate::model::{Execution, Status};

const LONGEST_SUBJECT: usize = 200;
/// Of the texts that a template or an error brings along.
const LONGEST_PART: usize = 4_000;

/// Subject, text, and the same as HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

impl Letter {
    pub(super) fn about(execution: &Execution) -> Self {
        let outcome = outcome(execution.status);
        let headline = format!("The job “{}” {outcome}.", execution.job_name);
        let facts = facts(execution);
        let width = facts.iter().map(|(name, _)| name.len() + 1).max().unwrap_or_default();
        let mut text = format!("{headline}\n\n");
        let mut rows = String::new();
        for (name, value) in &facts {
            let label = format!("{name}:");
            text.push_str(&format!("{label:<width$}  {value}\n"));
            let (name, value) = (escaped(name), escaped(value));
            rows.push_str(&format!(
                "<tr><th align=\"left\" valign=\"top\">{name}</th><td style=\"white-space: pre-wrap\">{value}</td></tr>\n"
            ));
        }
        text.push_str("\nSandglass sent this because the job asks for it under notifications.\n");
        let html = format!(
            "<!doctype html>\n<html>\n<head><meta charset=\"utf-8\"></head>\n\
             <body style=\"font-family: system-ui, sans-serif; line-height: 1.5\">\n<h2>{}</h2>\n\
             <table cellpadding=\"4\">\n{rows}</table>\n\
             <p>Sandglass sent this because the job asks for it under notifications.</p>\n</body>\n</html>\n",
            escaped(&headline)
        );
        Self { subject: on_one_line(&format!("{} {outcome}", execution.job_name)), text, html }
    }
}

fn outcome(status: Status) -> &'static str {
    match status {
        Status::Success => "succeeded",
        Status::Failed => "failed",
        Status::Timeout => "ran out of time",
        Status::Lost => "was lost with its host",
        Status::Cancelled => "was cancelled",
        Status::Skipped => "was skipped",
        Status::Queued | Status::Running => "goes on",
    }
}

fn facts(execution: &Execution) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("Status", execution.status.as_str().to_owned()),
        ("Template", execution.template_type.clone()),
        ("Due", shown(execution.scheduled_for)),
    ];
    facts.extend(execution.started_at.map(|at| ("Started", shown(at))));
    facts.extend(execution.completed_at.map(|at| ("Ended", shown(at))));
    facts.extend(execution.duration_seconds.map(|seconds| ("Duration", duration(seconds))));
    if execution.attempts.len() > 1 {
        facts.push(("Attempts", execution.attempts.len().to_string()));
    }
    facts.extend(said(execution));
    facts.extend(execution.execution_host.clone().map(|host| ("Host", host)));
    facts.push(("Job", execution.job_id.to_string()));
    facts.push(("Execution", execution.id.to_string()));
    facts
}

/// What the run said of itself. A failure often stands in several fields in the same words: each sentence comes once.
fn said(execution: &Execution) -> Vec<(&'static str, String)> {
    let mut said: Vec<(&str, String)> = Vec::new();
    let mut add = |name: &'static str, text: &str| {
        let text = cut(text);
        if !said.iter().any(|(_, known)| *known == text) {
            said.push((name, text));
        }
    };
    if let Some(error) = &execution.error {
        add("Error", error);
    }
    if let Some(result) = &execution.result {
        add("Result", &result.message);
        result.errors.iter().take(10).for_each(|error| add("Error", error));
        result.warnings.iter().take(10).for_each(|warning| add("Warning", warning));
    }
    said
}

fn shown(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round();
    let (minutes, rest) = ((whole / 60.0).floor(), whole % 60.0);
    if minutes < 60.0 {
        format!("{minutes} min {rest} s")
    } else {
        format!("{} h {} min", (minutes / 60.0).floor(), minutes % 60.0)
    }
}

/// Not too long, and without bytes that no mail carries.
fn cut(text: &str) -> String {
    let visible = text.chars().map(|letter| if letter.is_control() && letter != '\n' { ' ' } else { letter });
    let mut short: String = visible.take(LONGEST_PART).collect();
    if text.chars().nth(LONGEST_PART).is_some() {
        short.push('…');
    }
    short
}

/// As a subject has to be; whatever a job is called.
fn on_one_line(text: &str) -> String {
    let is_hidden =
        |letter: &char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let visible: String = text
        .chars()
        .filter(|letter| !is_hidden(letter))
        .map(|letter| if letter.is_control() || letter.is_whitespace() { ' ' } else { letter })
        .collect();
    let mut line = visible.replace("=?", "= ?");
    while line.len() > LONGEST_SUBJECT {
        line.pop();
    }
    line
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line_whatever_the_job_is_called() {
        assert_eq!(on_one_line("a\r\nBcc: x\u{2028}=?utf-8?q?x?=\u{202e} failed"), "a  Bcc: x = ?utf-8?q?x?= failed");
        assert!(on_one_line(&"é".repeat(300)).len() <= LONGEST_SUBJECT);
    }

    #[test]
    fn durations_are_for_people() {
        for (seconds, text) in [(0.0, "0.0 s"), (1.26, "1.3 s"), (61.4, "1 min 1 s"), (3_725.0, "1 h 2 min")] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn what_a_template_says_is_no_markup() {
        assert_eq!(escaped("<b a=\"&\">"), "&lt;b a=&quot;&amp;&quot;&gt;");
        assert_eq!(cut("a\0b\nc\u{1b}"), "a b\nc ");
    }
}
