//! An execution as JSON: the customer's fields, with what is added to them.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::time::Time;
use super::words::{LevelWord, SkipReasonWord, StatusWord, TriggerWord, VerdictWord};
use crate::model::audit::EffectRecord;
use crate::model::execution::Attempt;
use crate::model::log::LogLine;
use crate::model::outcome::RunResult;
use crate::model::{Execution, Status};

/// The record of one occurrence or manual run.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Execution)]
pub struct ExecutionView {
    pub id: String,
    pub job_id: String,
    pub job_name: String,
    pub template_type: String,
    pub template_digest: Option<String>,
    /// As run.
    pub parameters: Value,
    #[schema(example = "success", value_type = StatusWord)]
    pub status: &'static str,
    #[schema(value_type = TriggerWord)]
    pub trigger: &'static str,
    pub triggered_by: String,
    pub rerun_of: Option<String>,
    /// The nominal instant.
    pub scheduled_for: Time,
    pub started_at: Option<Time>,
    pub completed_at: Option<Time>,
    pub duration_seconds: Option<f64>,
    pub result: Option<ResultView>,
    pub error: Option<String>,
    pub attempts: Vec<AttemptView>,
    /// The first lines; only where one execution is shown. All of them: `/executions/{id}/logs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<Vec<LogView>>,
    /// Lines in all.
    pub log_lines: u64,
    #[schema(value_type = Option<Object>)]
    pub progress: Value,
    #[schema(value_type = Option<Object>)]
    pub metrics: Value,
    /// Why it was not run.
    #[schema(value_type = Option<SkipReasonWord>)]
    pub skip_reason: Option<&'static str>,
    /// A skip that stands for several instants.
    pub skipped: Option<SkippedView>,
    pub execution_host: Option<String>,
    pub priority: u8,
    pub retry_at: Option<Time>,
    pub cancel_requested_at: Option<Time>,
}

/// What the template made of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Result)]
pub struct ResultView {
    pub status: String,
    pub message: String,
    pub details: Value,
    pub records_processed: u64,
    pub records_affected: u64,
    pub errors: Vec<String>,
    pub warnings: Vec<String>,
}

/// One try on one host.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct AttemptView {
    pub number: u32,
    pub host: String,
    pub started_at: Time,
    pub ended_at: Option<Time>,
    #[schema(value_type = StatusWord)]
    pub status: &'static str,
    pub error: Option<String>,
}

/// One line of a log.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LogLine)]
pub struct LogView {
    pub timestamp: Time,
    #[schema(value_type = LevelWord)]
    pub level: &'static str,
    pub message: String,
}

/// The instants that one skip stands for.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Skipped)]
pub struct SkippedView {
    pub count: u64,
    /// The count is a lower bound.
    pub at_least: bool,
    pub first: Time,
    pub last: Time,
}

/// One call that crossed the sandbox.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Effect)]
pub struct EffectView {
    pub attempt: u32,
    pub at: Time,
    pub capability: String,
    pub operation: String,
    pub target: String,
    #[schema(value_type = EffectOutcome)]
    pub outcome: Value,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub items: u64,
    pub duration_ms: u64,
    /// Calls summed into this line; 1 for a write.
    pub calls: u64,
}

/// How one call was answered.
#[expect(dead_code, reason = "documents what the model's own type is written as")]
#[derive(ToSchema)]
pub struct EffectOutcome {
    #[schema(value_type = VerdictWord)]
    verdict: String,
    /// Why it was denied, or which limit it met.
    reason: Option<String>,
    /// Why it failed.
    error: Option<String>,
}

impl ExecutionView {
    /// With its first log lines.
    pub(super) fn whole(execution: &Execution) -> Self {
        Self { logs: Some(execution.logs.iter().map(LogView::from).collect()), ..Self::of(execution) }
    }

    pub(super) fn of(execution: &Execution) -> Self {
        Self {
            id: execution.id.to_string(),
            job_id: execution.job_id.to_string(),
            job_name: execution.job_name.clone(),
            template_type: execution.template_type.clone(),
            template_digest: execution.template_digest.as_ref().map(ToString::to_string),
            parameters: execution.parameters.clone(),
            status: execution.status.as_str(),
            trigger: execution.trigger.as_str(),
            triggered_by: execution.triggered_by.clone(),
            rerun_of: execution.rerun_of.map(|id| id.to_string()),
            scheduled_for: execution.scheduled_for.into(),
            started_at: execution.started_at.map(Time),
            completed_at: execution.completed_at.map(Time),
            duration_seconds: execution.duration_seconds,
            result: execution.result.as_ref().map(ResultView::from),
            error: execution.error.clone(),
            attempts: execution.attempts.iter().map(AttemptView::from).collect(),
            logs: None,
            log_lines: execution.log_lines,
            progress: json!(execution.progress),
            metrics: json!(execution.metrics),
            skip_reason: execution.skip_reason.map(|reason| reason.as_str()),
            skipped: execution.skipped.map(|skipped| SkippedView {
                count: skipped.count,
                at_least: skipped.at_least,
                first: skipped.first.into(),
                last: skipped.last.into(),
            }),
            execution_host: execution.execution_host.clone(),
            priority: execution.priority,
            retry_at: execution.retry_at.map(Time),
            cancel_requested_at: execution.cancel_requested_at.map(Time),
        }
    }
}

impl From<&RunResult> for ResultView {
    fn from(result: &RunResult) -> Self {
        Self {
            status: result.status.clone(),
            message: result.message.clone(),
            details: result.details.clone(),
            records_processed: result.records_processed,
            records_affected: result.records_affected,
            errors: result.errors.clone(),
            warnings: result.warnings.clone(),
        }
    }
}

impl From<&Attempt> for AttemptView {
    fn from(attempt: &Attempt) -> Self {
        Self {
            number: attempt.number,
            host: attempt.host.clone(),
            started_at: attempt.started_at.into(),
            ended_at: attempt.ended_at.map(Time),
            status: Status::as_str(attempt.status),
            error: attempt.error.clone(),
        }
    }
}

impl From<&LogLine> for LogView {
    fn from(line: &LogLine) -> Self {
        Self { timestamp: line.timestamp.into(), level: line.level.as_str(), message: line.message.clone() }
    }
}

impl From<&EffectRecord> for EffectView {
    fn from(effect: &EffectRecord) -> Self {
        Self {
            attempt: effect.attempt,
            at: effect.at.into(),
            capability: effect.capability.clone(),
            operation: effect.operation.clone(),
            target: effect.target.clone(),
            outcome: json!(effect.verdict),
            bytes_in: effect.usage.bytes_in,
            bytes_out: effect.usage.bytes_out,
            items: effect.usage.items,
            duration_ms: effect.usage.duration_ms,
            calls: effect.calls,
        }
    }
}
