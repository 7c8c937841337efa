//! Fields that hold one word of a closed list, as the OpenAPI document knows them: clients then get the words as types.
//!
//! The words themselves are the model's; a test holds both lists together.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Components, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::error::Code;

macro_rules! words {
    ($($(#[doc = $about:literal])+ $name:ident $shown:literal [$($word:literal),+];)*) => {
        $(
            $(#[doc = $about])+
            pub(super) struct $name;

            impl $name {
                pub const WORDS: &[&str] = &[$($word),+];
            }

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    list(concat!($($about),+).trim(), Self::WORDS)
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed($shown)
                }
            }
        )*

        /// Every list, so that no reference leads nowhere.
        pub(super) fn enter(components: &mut Components) {
            $(components.schemas.insert($shown.to_owned(), $name::schema());)*
            components.schemas.insert(CodeWord::name().into_owned(), CodeWord::schema());
        }
    };
}

words! {
    /// What can be said of a job: it runs by its schedule, is paused, has nothing to come, or cannot run.
    JobStatusWord "JobStatus" ["active", "disabled", "finished", "blocked"];
    /// The order of a list of jobs; a leading minus is descending.
    JobOrderWord "JobOrder" ["-created_at", "created_at", "name", "next_run_at", "-last_run_at"];
    /// How a schedule says when.
    ScheduleTypeWord "ScheduleType" ["interval", "cron", "once"];
    /// What happens with a time that the clock jumps over.
    GapWord "Gap" ["next", "skip"];
    /// What happens with a time that the clock shows twice.
    FoldWord "Fold" ["first", "second", "both"];
    /// What happens when an instant comes while a run is active.
    OverlapWord "OverlapPolicy" ["skip", "queue_one", "allow", "replace"];
    /// What happens with instants that were missed.
    MisfireWord "MisfirePolicy" ["latest", "all", "none"];
    /// How the delay between two tries grows.
    BackoffWord "Backoff" ["fixed", "exponential"];
    /// What happens with an attempt whose host died.
    OnLostWord "OnLost" ["retry", "fail"];
    /// Where an execution or attempt stands; the last six are final.
    StatusWord "ExecutionStatus" [
        "queued", "running", "success", "failed", "timeout", "cancelled", "lost", "skipped"
    ];
    /// What started an execution.
    TriggerWord "Trigger" ["schedule", "manual", "retry_of", "rerun"];
    /// Why an instant was not run.
    SkipReasonWord "SkipReason" [
        "overlap", "misfire", "paused", "edited", "deleted", "replaced", "dst_gap", "template"
    ];
    /// How much a log line matters.
    LevelWord "Level" ["DEBUG", "INFO", "WARNING", "ERROR"];
    /// The least level that is wanted.
    LeastLevelWord "LeastLevel" ["debug", "info", "warning", "error"];
    /// How a call of a component was answered.
    VerdictWord "Verdict" ["started", "allowed", "denied", "limit", "failed"];
    /// One thing that a template can ask the host for.
    CapabilityWord "Capability" ["documents", "http", "email", "files", "secrets", "insight"];
    /// What may be done with a capability: `read`, `write` and `manage` of documents, `read` and `write` of files, `send`
    /// of HTTP and e-mail, `use` and `reveal` of secrets, `read` of insight.
    AccessWord "Access" ["read", "write", "manage", "send", "use", "reveal"];
    /// What an entry of the audit is about.
    AuditKindWord "AuditKind" ["effect", "change"];
    /// How an effect was refused.
    RefusalWord "Refusal" ["denied", "limit"];
    /// Whether a template can run.
    ReadinessWord "TemplateState" [
        "ready", "missing", "not_granted", "not_loaded", "retired", "awaiting_approval"
    ];
    /// Where a template came from.
    SourceWord "TemplateSource" ["built_in", "upload", "folder"];
    /// How a host is.
    HealthWord "HostHealth" ["healthy", "stopping"];
    /// What became of the wish to stop an execution.
    CancelWord "CancelOutcome" ["cancelled", "requested"];
    /// What a person or program is here for.
    RoleWord "Role" ["admin", "operator", "auditor"];
    /// How a caller proved who it is.
    WayWord "Way" ["admin_token", "token", "session"];
    /// What a role may be allowed: read; run and pause; look at accounts and what belongs to others; change definitions.
    PermissionWord "Permission" ["read", "operate", "oversee", "define"];
}

/// What went wrong, for programs: stable.
pub(super) struct CodeWord;

impl PartialSchema for CodeWord {
    fn schema() -> RefOr<Schema> {
        let slugs: Vec<&str> = Code::ALL.iter().map(|code| code.slug()).collect();
        list("What went wrong, for programs: stable.", &slugs)
    }
}

impl ToSchema for CodeWord {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ProblemCode")
    }
}

fn list(about: &str, words: &[&str]) -> RefOr<Schema> {
    let words = words.iter().copied();
    ObjectBuilder::new().schema_type(Type::String).description(Some(about)).enum_values(Some(words)).into()
}

#[cfg(test)]
mod tests {
    use sandglass_schedule::{Fold, Gap, ScheduleKind, misfire};
    use serde::Serialize;
    use serde_json::json;

    use super::*;
    use crate::api::access::Need;
    use crate::capabilities::operation;
    use crate::model::job::{Backoff, JobStatus, OverlapPolicy};
    use crate::model::log::Level;
    use crate::model::template::{OnLost, Source};
    use crate::model::{Role, SkipReason, Status, Trigger, Way};

    fn same<T: Serialize>(documented: &[&str], known: impl IntoIterator<Item = T>) {
        let known: Vec<_> = known.into_iter().map(|word| json!(word)).collect();
        assert_eq!(json!(documented), json!(known));
    }

    #[test]
    fn the_documented_words_are_those_of_the_model() {
        same(StatusWord::WORDS, Status::ALL.map(Status::as_str));
        same(CapabilityWord::WORDS, operation::capabilities());
        let mut accesses: Vec<_> = operation::capabilities().into_iter().flat_map(operation::accesses).collect();
        let mut met = std::collections::HashSet::new();
        accesses.retain(|word| met.insert(*word));
        same(AccessWord::WORDS, accesses);
        same(SkipReasonWord::WORDS, SkipReason::ALL.map(SkipReason::as_str));
        same(TriggerWord::WORDS, [Trigger::Schedule, Trigger::Manual, Trigger::RetryOf, Trigger::Rerun]);
        same(JobStatusWord::WORDS, [JobStatus::Active, JobStatus::Disabled, JobStatus::Finished, JobStatus::Blocked]);
        same(
            OverlapWord::WORDS,
            [OverlapPolicy::Skip, OverlapPolicy::QueueOne, OverlapPolicy::Allow, OverlapPolicy::Replace],
        );
        same(MisfireWord::WORDS, [misfire::Policy::Latest, misfire::Policy::All, misfire::Policy::None]);
        same(BackoffWord::WORDS, [Backoff::Fixed, Backoff::Exponential]);
        same(OnLostWord::WORDS, [OnLost::Retry, OnLost::Fail]);
        let folder = Source::Folder { file: String::new() };
        same(SourceWord::WORDS, [Source::BuiltIn, Source::Upload, folder].map(|source| source.as_str()));
        same(ScheduleTypeWord::WORDS, [ScheduleKind::Interval, ScheduleKind::Cron, ScheduleKind::Once]);
        same(RoleWord::WORDS, Role::ALL);
        let ways = [Way::AdminToken, Way::Token(String::new()), Way::Session(String::new())];
        same(WayWord::WORDS, ways.iter().map(Way::as_str));
        same(PermissionWord::WORDS, Need::ASKED.map(|(_, word)| word));
        same(GapWord::WORDS, [Gap::Next, Gap::Skip]);
        same(FoldWord::WORDS, [Fold::First, Fold::Second, Fold::Both]);
        let levels = [Level::Debug, Level::Info, Level::Warning, Level::Error].map(Level::as_str);
        same(LevelWord::WORDS, levels);
        same(LeastLevelWord::WORDS, levels.map(str::to_lowercase));
    }
}
