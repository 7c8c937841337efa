//! A claim: an execution that this host holds and is going to start. What planner and executor hand each other.

use std::sync::Arc;

use bson::{Bson, Document, doc};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Definition;
use super::document::{bson_to_json, date, json_to_bson};
use super::executions_document::attempts;
use crate::model::execution::Attempt;
use crate::model::{Digest, Execution, ExecutionId, Incarnation, Status, Token, Trigger};

/// Parameters in the two forms that a run needs: JSON text for the guest, BSON for the record.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    pub text: Arc<str>,
    pub stored: Bson,
}

impl Parameters {
    pub fn of(value: &Value) -> Self {
        Self { text: value.to_string().into(), stored: json_to_bson(value) }
    }

    pub fn to_json(&self) -> Value {
        bson_to_json(&self.stored)
    }
}

/// One execution under one token. The document in the store says the same.
#[derive(Clone)]
pub struct Claim {
    pub id: ExecutionId,
    pub definition: Arc<Definition>,
    pub parameters: Arc<Parameters>,
    pub digest: Digest,
    pub scheduled_for: DateTime<Utc>,
    pub trigger: Trigger,
    pub triggered_by: Arc<str>,
    pub rerun_of: Option<ExecutionId>,
    pub token: Token,
    pub host: Arc<Incarnation>,
    pub overlap_key: Option<String>,
    /// Earlier attempts, as stored.
    pub attempts: Vec<Attempt>,
    /// Lines that are stored already.
    pub log_lines: u64,
}

impl Claim {
    /// The document that is inserted with a first claim.
    pub fn document(&self) -> Document {
        let job = &self.definition.job;
        let mut document = doc! {
            "_id": self.id.0,
            "job_id": job.id.to_string(),
            "job_name": job.name.as_str(),
            "template_type": job.template_type.as_str(),
            "status": Status::Queued.as_str(),
            "scheduled_for": date(self.scheduled_for),
            "trigger": self.trigger.as_str(),
            "triggered_by": &*self.triggered_by,
            "template_digest": self.digest.0.as_str(),
            "parameters": self.parameters.stored.clone(),
            "priority": i32::from(job.priority),
            "logs": Bson::Array(Vec::new()),
            "log_lines": 0_i64,
            "host": self.host.0.as_str(),
            "token": self.token.0,
        };
        if let Some(key) = &self.overlap_key {
            document.insert("overlap_key", key.as_str());
        }
        if let Some(earlier) = self.rerun_of {
            document.insert("rerun_of", earlier.0);
        }
        if !self.attempts.is_empty() {
            document.insert("attempts", attempts(&self.attempts));
        }
        document
    }

    /// The execution as it stands in the store right after the claim.
    pub fn execution(&self) -> Execution {
        let job = &self.definition.job;
        Execution {
            id: self.id,
            job_id: job.id,
            job_name: job.name.clone(),
            template_type: job.template_type.clone(),
            template_digest: Some(self.digest.clone()),
            parameters: self.parameters.to_json(),
            status: Status::Queued,
            trigger: self.trigger,
            triggered_by: self.triggered_by.to_string(),
            rerun_of: self.rerun_of,
            scheduled_for: self.scheduled_for,
            started_at: None,
            completed_at: None,
            duration_seconds: None,
            attempts: self.attempts.clone(),
            result: None,
            error: None,
            logs: Vec::new(),
            log_lines: self.log_lines,
            progress: None,
            metrics: None,
            skip_reason: None,
            skipped: None,
            execution_host: None,
            priority: job.priority,
            host: Some((*self.host).clone()),
            token: self.token,
            overlap_key: self.overlap_key.clone(),
            retry_at: None,
            cancel_requested_at: None,
            outbox: Vec::new(),
        }
    }
}
