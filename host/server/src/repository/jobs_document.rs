//! A job as the document in `dynamic_jobs`, and back.

use bson::{Bson, Document, doc};
use sandglass_database::Result;
use sandglass_schedule::{Dst, Fold, Gap, Schedule, ScheduleKind, misfire};
use serde::Serialize;

use super::JOBS;
use super::document::{Fields, count, date, json_to_bson};
use crate::model::job::{Backoff, Hooks, Misfire, Notifications, OverlapPolicy, RetryPolicy};
use crate::model::template::OnLost;
use crate::model::{Digest, Job, JobId};

/// What the older system took for granted where a field was absent.
const TIMEOUT_SECONDS: u32 = 300;
const PRIORITY: u8 = 5;

/// The whole document.
pub fn to_document(job: &Job) -> Document {
    let mut document = doc! { "_id": job.id.0 };
    document.extend(definition(job));
    document.insert("created_by", job.created_by.as_str());
    document.insert("created_at", date(job.created_at));
    document.insert("version", job.version);
    document.insert("shard", i32::from(job.shard));
    for (field, at) in
        [("last_run_at", job.last_run_at), ("next_run_at", job.next_run_at), ("deleted_at", job.deleted_at)]
    {
        if let Some(at) = at {
            document.insert(field, date(at));
        }
    }
    document
}

/// The fields that a person edits, as they are set; those that are absent from it are to be unset (see [`OPTIONAL`]).
pub(super) fn definition(job: &Job) -> Document {
    let mut document = doc! {
        "name": job.name.as_str(),
        "description": job.description.as_str(),
        "template_type": job.template_type.as_str(),
        "parameters": json_to_bson(&job.parameters),
        "schedule": schedule(&job.schedule),
        "enabled": job.enabled,
        "timeout_seconds": i64::from(job.timeout_seconds),
        "retry_policy": retry_policy(&job.retry_policy),
        "notifications": {
            "on_success": job.notifications.on_success.clone(),
            "on_failure": job.notifications.on_failure.clone(),
        },
        "updated_at": date(job.updated_at),
        "tags": job.tags.clone(),
        "overlap_policy": overlap_word(job.overlap_policy),
        "max_concurrent": i64::from(job.max_concurrent),
        "misfire": {
            "policy": misfire_word(job.misfire.policy),
            "window_seconds": i64::from(job.misfire.window_seconds),
        },
        "priority": i32::from(job.priority),
    };
    if let Some(digest) = &job.template_digest {
        document.insert("template_digest", digest.0.as_str());
    }
    if let Some(on_lost) = job.on_lost {
        document.insert("on_lost", on_lost_word(on_lost));
    }
    if job.hooks != Hooks::default() {
        document.insert("hooks", part(&job.hooks));
    }
    document
}

/// Fields of [`definition`] that may be absent.
pub(super) const OPTIONAL: [&str; 3] = ["template_digest", "on_lost", "hooks"];

/// Reads a document, the older system's included: what that one did not have gets its default.
///
/// # Errors
/// [`Corrupted`](sandglass_database::Error::Corrupted) with the field that cannot be read.
pub fn from_document(document: &Document) -> Result<Job> {
    let fields = Fields::of(JOBS, document);
    let id = match fields.get("_id") {
        Some(Bson::ObjectId(id)) => JobId(*id),
        _ => return Err(fields.damaged("_id", "an ObjectId")),
    };
    let created_at = fields.optional_date("created_at")?.unwrap_or_else(|| id.0.timestamp().to_chrono());
    Ok(Job {
        id,
        name: fields.text("name")?,
        description: fields.text("description")?,
        template_type: fields.str("template_type")?.to_owned(),
        template_digest: fields.optional_text("template_digest")?.map(Digest),
        parameters: fields.json("parameters").unwrap_or_else(|| serde_json::json!({})),
        schedule: read_schedule(&fields)?,
        enabled: fields.boolean("enabled")?.unwrap_or(true),
        timeout_seconds: fields.unsigned("timeout_seconds")?.unwrap_or(TIMEOUT_SECONDS),
        retry_policy: read_retry_policy(&fields)?,
        notifications: read_notifications(&fields)?,
        created_by: fields.text("created_by")?,
        created_at,
        updated_at: fields.optional_date("updated_at")?.unwrap_or(created_at),
        last_run_at: fields.optional_date("last_run_at")?,
        next_run_at: fields.optional_date("next_run_at")?,
        version: fields.whole("version")?.unwrap_or(1),
        tags: fields.texts("tags")?,
        overlap_policy: fields.word("overlap_policy", parse_overlap)?.unwrap_or_default(),
        max_concurrent: fields.unsigned("max_concurrent")?.unwrap_or(1),
        misfire: read_misfire(&fields)?,
        priority: fields.unsigned("priority")?.unwrap_or(PRIORITY),
        on_lost: fields.word("on_lost", parse_on_lost)?,
        hooks: fields.part("hooks")?.unwrap_or_default(),
        shard: fields.unsigned("shard")?.unwrap_or_else(|| Job::shard_of(id)),
        deleted_at: fields.optional_date("deleted_at")?,
    })
}

fn schedule(schedule: &Schedule) -> Document {
    let mut document = doc! { "type": kind_word(schedule.kind) };
    if let Some(seconds) = schedule.interval_seconds {
        document.insert("interval_seconds", count(seconds));
    }
    for (field, text) in
        [("expression", &schedule.expression), ("timezone", &schedule.timezone), ("seconds", &schedule.seconds)]
    {
        if let Some(text) = text {
            document.insert(field, text.as_str());
        }
    }
    for (field, at) in [("run_at", schedule.run_at), ("start_at", schedule.start_at), ("end_at", schedule.end_at)] {
        if let Some(at) = at {
            document.insert(field, date(at));
        }
    }
    if let Some(dst) = schedule.dst {
        document.insert("dst", part(&dst));
    }
    document
}

fn read_schedule(job: &Fields<'_>) -> Result<Schedule> {
    let fields = job.document("schedule")?.ok_or_else(|| job.damaged("schedule", "a document"))?;
    Ok(Schedule {
        kind: fields.word("type", parse_kind)?.ok_or_else(|| fields.damaged("type", "`interval`, `cron` or `once`"))?,
        interval_seconds: fields.unsigned("interval_seconds")?,
        expression: fields.optional_text("expression")?,
        timezone: fields.optional_text("timezone")?,
        run_at: fields.optional_date("run_at")?,
        start_at: fields.optional_date("start_at")?,
        end_at: fields.optional_date("end_at")?,
        seconds: fields.optional_text("seconds")?,
        dst: fields
            .document("dst")?
            .map(|dst| {
                Ok::<_, sandglass_database::Error>(Dst {
                    gap: dst.part::<Gap>("gap")?.unwrap_or_default(),
                    fold: dst.part::<Fold>("fold")?.unwrap_or_default(),
                })
            })
            .transpose()?,
    })
}

fn retry_policy(policy: &RetryPolicy) -> Document {
    let mut document = doc! {
        "max_retries": i64::from(policy.max_retries),
        "retry_delay_seconds": i64::from(policy.retry_delay_seconds),
        "backoff": match policy.backoff { Backoff::Fixed => "fixed", Backoff::Exponential => "exponential" },
        "jitter": policy.jitter,
    };
    if let Some(most) = policy.max_delay_seconds {
        document.insert("max_delay_seconds", i64::from(most));
    }
    document
}

fn read_retry_policy(job: &Fields<'_>) -> Result<RetryPolicy> {
    let mut policy = RetryPolicy::default();
    let Some(fields) = job.document("retry_policy")? else { return Ok(policy) };
    if let Some(tries) = fields.unsigned("max_retries")? {
        policy.max_retries = tries;
    }
    if let Some(delay) = fields.unsigned("retry_delay_seconds")? {
        policy.retry_delay_seconds = delay;
    }
    policy.backoff = fields.part("backoff")?.unwrap_or_default();
    policy.max_delay_seconds = fields.unsigned("max_delay_seconds")?;
    policy.jitter = fields.boolean("jitter")?.unwrap_or(false);
    Ok(policy)
}

fn read_notifications(job: &Fields<'_>) -> Result<Notifications> {
    let Some(fields) = job.document("notifications")? else { return Ok(Notifications::default()) };
    Ok(Notifications { on_success: fields.texts("on_success")?, on_failure: fields.texts("on_failure")? })
}

fn read_misfire(job: &Fields<'_>) -> Result<Misfire> {
    let mut misfire = Misfire::default();
    let Some(fields) = job.document("misfire")? else { return Ok(misfire) };
    if let Some(policy) = fields.part("policy")? {
        misfire.policy = policy;
    }
    if let Some(window) = fields.unsigned("window_seconds")? {
        misfire.window_seconds = window;
    }
    Ok(misfire)
}

fn kind_word(kind: ScheduleKind) -> &'static str {
    match kind {
        ScheduleKind::Interval => "interval",
        ScheduleKind::Cron => "cron",
        ScheduleKind::Once => "once",
    }
}

fn parse_kind(word: &str) -> Option<ScheduleKind> {
    [ScheduleKind::Interval, ScheduleKind::Cron, ScheduleKind::Once].into_iter().find(|kind| kind_word(*kind) == word)
}

fn overlap_word(policy: OverlapPolicy) -> &'static str {
    match policy {
        OverlapPolicy::Skip => "skip",
        OverlapPolicy::QueueOne => "queue_one",
        OverlapPolicy::Allow => "allow",
        OverlapPolicy::Replace => "replace",
    }
}

fn parse_overlap(word: &str) -> Option<OverlapPolicy> {
    [OverlapPolicy::Skip, OverlapPolicy::QueueOne, OverlapPolicy::Allow, OverlapPolicy::Replace]
        .into_iter()
        .find(|policy| overlap_word(*policy) == word)
}

fn misfire_word(policy: misfire::Policy) -> &'static str {
    match policy {
        misfire::Policy::Latest => "latest",
        misfire::Policy::All => "all",
        misfire::Policy::None => "none",
    }
}

fn on_lost_word(on_lost: OnLost) -> &'static str {
    match on_lost {
        OnLost::Retry => "retry",
        OnLost::Fail => "fail",
    }
}

fn parse_on_lost(word: &str) -> Option<OnLost> {
    [OnLost::Retry, OnLost::Fail].into_iter().find(|on_lost| on_lost_word(*on_lost) == word)
}

/// A small, rare part that writes itself.
pub(super) fn part<T: Serialize>(value: &T) -> Bson {
    // These are plain structs of texts and numbers; serde_json cannot fail on them.
    serde_json::to_value(value).map_or(Bson::Null, |value| json_to_bson(&value))
}
