//! The record of instants that were decided without a run (T1).

use chrono::{DateTime, Utc};

use super::decision::Skip;
use crate::model::{Execution, ExecutionId, Job, Status, Token, Trigger};

/// The execution that stands for a skip. Its id is that of its first instant, so that it collides with any other
/// decision about it.
pub fn record(job: &Job, skip: &Skip, now: DateTime<Utc>) -> Execution {
    Execution {
        id: ExecutionId::derive(job.id, skip.instants.first),
        job_id: job.id,
        job_name: job.name.clone(),
        template_type: job.template_type.clone(),
        template_digest: job.template_digest.clone(),
        parameters: job.parameters.clone(),
        status: Status::Skipped,
        trigger: Trigger::Schedule,
        triggered_by: "scheduler".into(),
        rerun_of: None,
        scheduled_for: skip.instants.first,
        started_at: None,
        completed_at: Some(now),
        duration_seconds: None,
        attempts: Vec::new(),
        result: None,
        error: skip.detail.clone(),
        logs: Vec::new(),
        log_lines: 0,
        progress: None,
        metrics: None,
        skip_reason: Some(skip.reason),
        skipped: (skip.instants.count > 1 || skip.instants.first != skip.instants.last).then_some(skip.instants),
        execution_host: None,
        priority: job.priority,
        host: None,
        token: Token::FIRST,
        overlap_key: None,
        retry_at: None,
        cancel_requested_at: None,
        outbox: Vec::new(),
    }
}
