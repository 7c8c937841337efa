//! The `schedule` object: read field by field, then compiled by the crate that knows what it means.

use chrono::{DateTime, Utc};
use sandglass_schedule::{Dst, Fold, Gap, Schedule, ScheduleKind};
use serde_json::Value;

use crate::registry::fields::{Fields, Problems, wrong_type};

/// Longest texts that are read at all; what is too long for its meaning is refused by the compiler.
const MOST_TEXT: usize = 4_096;

/// The schedule, if everything about it is right; problems stand under `pointer`. `created_at` is the phase of an
/// interval without a start.
pub fn read(value: &Value, pointer: &str, created_at: DateTime<Utc>, problems: &mut Problems) -> Option<Schedule> {
    let before = problems.len();
    let mut fields = Fields::of(value, pointer, problems)?;
    let kind: Option<ScheduleKind> = fields.word("type", &["interval", "cron", "once"], problems);
    if kind.is_none() && problems.len() == before {
        problems.add(fields.pointer("type"), "required", "is missing: interval, cron or once");
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
    let seconds = text("seconds", &mut fields, problems);
    let run_at = fields.instant("run_at", problems);
    let start_at = fields.instant("start_at", problems);
    let end_at = fields.instant("end_at", problems);
    let dst = fields.value("dst").and_then(|value| dst(value, &fields.pointer("dst"), problems));
    fields.finish(problems);
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
