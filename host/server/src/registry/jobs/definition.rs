//! The fields of a job, laid over what stands there.

use chrono::{DateTime, SubsecRound as _, Utc};
use sandglass_schedule::{Schedule, ScheduleKind};
use serde_json::{Map, Value};

use super::policies;
use super::schedule;
use crate::model::job::{Hooks, Misfire, Notifications, OverlapPolicy, RetryPolicy};
use crate::model::{Job, JobId};
use crate::registry::fields::{Fields, Given, Problems, wrong_type};

/// Shown by GET, so taken and ignored when it comes back.
const READ_ONLY: [&str; 12] = [
    "id",
    "version",
    "created_by",
    "created_at",
    "updated_at",
    "last_run_at",
    "next_run_at",
    "status",
    "status_reason",
    "schedule_text",
    "template_digest",
    "shard",
];
const MOST_NAME: usize = 200;
const MOST_DESCRIPTION: usize = 10_000;
const MOST_TAGS: usize = 50;
const MOST_TAG: usize = 100;
/// A week.
const MOST_TIMEOUT: u32 = 604_800;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    New,
    Change,
}

/// A job of which nothing has been said yet.
pub(super) fn blank(by: &str, now: DateTime<Utc>) -> Job {
    let id = JobId::generate();
    // BSON keeps milliseconds; the phase of an interval must be the one that is stored.
    let now = now.trunc_subsecs(3);
    Job {
        id,
        name: String::new(),
        description: String::new(),
        template_type: String::new(),
        template_digest: None,
        parameters: Value::Object(Map::new()),
        schedule: Schedule {
            kind: ScheduleKind::Interval,
            interval_seconds: None,
            expression: None,
            timezone: None,
            run_at: None,
            start_at: None,
            end_at: None,
            seconds: None,
            dst: None,
        },
        enabled: true,
        timeout_seconds: 300,
        retry_policy: RetryPolicy::default(),
        notifications: Notifications::default(),
        created_by: by.to_owned(),
        created_at: now,
        updated_at: now,
        last_run_at: None,
        next_run_at: None,
        version: 1,
        tags: Vec::new(),
        overlap_policy: OverlapPolicy::Skip,
        max_concurrent: 1,
        misfire: Misfire::default(),
        priority: 5,
        on_lost: None,
        hooks: Hooks::default(),
        shard: Job::shard_of(id),
        deleted_at: None,
    }
}

/// Lays the given fields over the job. Gives back `run_now`.
pub(super) fn read(fields: &mut Fields<'_>, job: &mut Job, kind: Kind, problems: &mut Problems) -> bool {
    let defaults = blank(&job.created_by, job.created_at);
    for field in READ_ONLY {
        fields.given(field);
    }
    required_text(fields, "name", MOST_NAME, &mut job.name, kind, problems);
    required_text(fields, "template_type", MOST_NAME, &mut job.template_type, kind, problems);
    match fields.given("description") {
        Given::Absent => {}
        Given::Null => job.description = defaults.description,
        Given::Value(_) => {
            if let Some(text) = fields.text("description", problems) {
                job.description = bounded(text, MOST_DESCRIPTION, true, &fields.pointer("description"), problems);
            }
        }
    }
    match fields.given("parameters") {
        Given::Absent => {}
        Given::Null => job.parameters = defaults.parameters,
        Given::Value(value @ Value::Object(_)) => job.parameters = value.clone(),
        Given::Value(other) => wrong_type(problems, &fields.pointer("parameters"), "an object", other),
    }
    match fields.given("schedule") {
        Given::Absent | Given::Null if kind == Kind::New => {
            problems.add(fields.pointer("schedule"), "required", "is missing");
        }
        Given::Absent => {}
        Given::Null => problems.add(fields.pointer("schedule"), "required", "has no default; give a schedule"),
        Given::Value(value) => {
            if let Some(read) = schedule::read(value, &fields.pointer("schedule"), job.created_at, problems) {
                job.schedule = read;
            }
        }
    }
    flag(fields, "enabled", &mut job.enabled, defaults.enabled, problems);
    number(fields, "timeout_seconds", (1, MOST_TIMEOUT), &mut job.timeout_seconds, defaults.timeout_seconds, problems);
    number(fields, "max_concurrent", (1, 1_000), &mut job.max_concurrent, defaults.max_concurrent, problems);
    let mut priority = u32::from(job.priority);
    number(fields, "priority", (0, 9), &mut priority, u32::from(defaults.priority), problems);
    job.priority = u8::try_from(priority).unwrap_or(defaults.priority);
    tags(fields, job, problems);
    policies::read(fields, job, problems);
    if kind == Kind::Change {
        return false;
    }
    fields.boolean("run_now", problems).unwrap_or(false)
}

fn required_text(
    fields: &mut Fields<'_>,
    field: &'static str,
    most: usize,
    place: &mut String,
    kind: Kind,
    problems: &mut Problems,
) {
    match fields.given(field) {
        Given::Absent if kind == Kind::Change => {}
        Given::Absent => problems.add(fields.pointer(field), "required", "is missing"),
        Given::Null => problems.add(fields.pointer(field), "required", "has no default; give a text"),
        Given::Value(_) => {
            let Some(text) = fields.text(field, problems) else { return };
            let pointer = fields.pointer(field);
            if text.trim().is_empty() {
                problems.add(pointer, "too_short", "must not be empty");
            } else {
                *place = bounded(text, most, false, &pointer, problems);
            }
        }
    }
}

/// The text, if it is short enough and holds nothing that cannot be shown.
fn bounded(text: &str, most: usize, may_have_lines: bool, pointer: &str, problems: &mut Problems) -> String {
    let letters = text.chars().count();
    if letters > most {
        problems.add(pointer, "too_long", format!("is {letters} characters long, at most {most} are allowed"));
    }
    let is_allowed = |letter: char| may_have_lines && matches!(letter, '\n' | '\r' | '\t');
    if let Some(letter) = text.chars().find(|letter| misleads(*letter) && !is_allowed(*letter)) {
        let message = format!("holds the control character {}, which no text here may", letter.escape_unicode());
        problems.add(pointer, "control_character", message);
    }
    text.to_owned()
}

/// What no text for people needs and what changes how the text around it is read: control characters, separators of
/// lines, and the marks of Unicode's bidirectional algorithm (UAX 9), behind which a name can pass for another.
fn misleads(letter: char) -> bool {
    match letter {
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        other => other.is_control(),
    }
}

fn flag(fields: &mut Fields<'_>, field: &'static str, place: &mut bool, default: bool, problems: &mut Problems) {
    match fields.given(field) {
        Given::Absent => {}
        Given::Null => *place = default,
        Given::Value(_) => *place = fields.boolean(field, problems).unwrap_or(*place),
    }
}

fn number(
    fields: &mut Fields<'_>,
    field: &'static str,
    (low, high): (u32, u32),
    place: &mut u32,
    default: u32,
    problems: &mut Problems,
) {
    match fields.given(field) {
        Given::Absent => {}
        Given::Null => *place = default,
        Given::Value(_) => *place = fields.whole(field, low, high, problems).unwrap_or(*place),
    }
}

fn tags(fields: &mut Fields<'_>, job: &mut Job, problems: &mut Problems) {
    match fields.given("tags") {
        Given::Absent => return,
        Given::Null => {
            job.tags.clear();
            return;
        }
        Given::Value(_) => {}
    }
    let Some(items) = fields.list("tags", MOST_TAGS, problems) else { return };
    job.tags = items
        .into_iter()
        .filter_map(|(pointer, item)| match item.as_str().filter(|tag| !tag.trim().is_empty()) {
            Some(tag) => Some(bounded(tag, MOST_TAG, false, &pointer, problems)),
            None => {
                wrong_type(problems, &pointer, "a text that is not empty", item);
                None
            }
        })
        .collect();
}
