//! The `schedule` object: read field by field, then compiled by the crate that knows what it means.

use chrono::{DateTime, Utc};
use sandglass_schedule::{Dst, Fold, Gap, Schedule, ScheduleKind};
use serde_json::Value;

use crate::registry::fields::{Fields, Problems, kind as described, wrong_type};

/// Longest texts that are read at all; what is too long for its meaning is refused by the compiler.
const MOST_TEXT: usize = 4_096;

/// How a schedule is written, for those who wrote it otherwise.
const SHAPES: &str = "write {\"type\": \"cron\", \"expression\": \"0 8 * * *\"}, {\"type\": \"interval\", \"interval_seconds\": 3600} \
                      or {\"type\": \"once\", \"run_at\": \"2027-01-31T08:00:00Z\"}";
/// What people call the fields.
const OTHERWISE: [(&str, &str); 9] = [
    ("cron", "did you mean `expression`?"),
    ("cron_expression", "did you mean `expression`?"),
    ("interval", "did you mean `interval_seconds`?"),
    ("every", "did you mean `interval_seconds`?"),
    ("minutes", "did you mean `interval_seconds`? 60 of them are a minute"),
    ("hours", "did you mean `interval_seconds`? 3600 of them are an hour"),
    ("tz", "did you mean `timezone`?"),
    ("at", "did you mean `run_at`?"),
    ("run_date", "did you mean `run_at`?"),
];

/// The schedule, if everything about it is right; problems stand under `pointer`. `created_at` is the phase of an
/// interval without a start.
pub fn read(value: &Value, pointer: &str, created_at: DateTime<Utc>, problems: &mut Problems) -> Option<Schedule> {
    let before = problems.len();
    if !value.is_object() {
        problems.add(pointer, "wrong_type", format!("must be an object, not {}: {SHAPES}", described(value)));
        return None;
    }
    let mut fields = Fields::of(value, pointer, problems)?;
    let kind: Option<ScheduleKind> = fields.word("type", &["interval", "cron", "once"], problems);
    if kind.is_none() && problems.len() == before {
        problems.add(fields.pointer("type"), "required", format!("is missing: {SHAPES}"));
    }
    let interval_seconds = fields.value("interval_seconds").and_then(|found| {
        let number = found.as_u64();
        if number.is_none() {
            wrong_type(problems, &fields.pointer("interval_seconds"), "a whole number of at least 1", found);
        }
        number
    });
    let text = |field: &'static str, fields: &mut Fields<'_>, problems: &mut Problems| {
        let text = fields.text(field, problems)?;
        if text.len() > MOST_TEXT {
            problems.add(
                fields.pointer(field),
                "too_long",
                format!("is {} bytes long, which no schedule is", text.len()),
            );
            return None;
        }
        Some(text.to_owned())
    };
    let expression = text("expression", &mut fields, problems);
    let timezone = text("timezone", &mut fields, problems);
    let seconds = match fields.value("seconds") {
        Some(Value::Number(number)) => {
            let message = format!(
                "is the field of seconds of a cron line, a text such as \"*/10\"; an interval is written \
                 {{\"type\": \"interval\", \"interval_seconds\": {number}}}"
            );
            problems.add(fields.pointer("seconds"), "wrong_type", message);
            None
        }
        _ => text("seconds", &mut fields, problems),
    };
    let run_at = fields.instant("run_at", problems);
    let start_at = fields.instant("start_at", problems);
    let end_at = fields.instant("end_at", problems);
    let dst = fields.value("dst").and_then(|value| dst(value, &fields.pointer("dst"), problems));
    fields.finish_knowing(&OTHERWISE, problems);
    if problems.len() > before {
        return None;
    }
    let schedule =
        Schedule { kind: kind?, interval_seconds, expression, timezone, run_at, start_at, end_at, seconds, dst };
    match schedule.compile(created_at) {
        Ok(_) => Some(schedule),
        Err(found) => {
            for problem in found {
                problems.add(format!("{pointer}/{}", problem.field), problem.code, problem.message);
            }
            None
        }
    }
}

fn dst(value: &Value, pointer: &str, problems: &mut Problems) -> Option<Dst> {
    let mut fields = Fields::of(value, pointer, problems)?;
    let gap: Option<Gap> = fields.word("gap", &["next", "skip"], problems);
    let fold: Option<Fold> = fields.word("fold", &["first", "second", "both"], problems);
    fields.finish(problems);
    Some(Dst { gap: gap.unwrap_or_default(), fold: fold.unwrap_or_default() })
}
