//! The only way through: each effect of a template asks here first.
//!
//! Effective right = imported functions ∩ needs ∩ grant ∩ the host's own rules. Imports need no check: what a component
//! does not import it cannot call. The connections to the outside are private to this room and handed out against a
//! [`Permit`] only. A denial is a typed error, an audit record at once, and a log line with the grant that would allow it.

mod handover;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::documents::Fields;
use super::files::Journal;
use super::gates::Shared;
use super::ledger::Ledger;
use super::operation::{Effect, Operation};
use super::secrets::Mask;
use super::{ErrorKind, GateError};
use crate::model::audit::{EffectRecord, Usage, Verdict};
use crate::model::grant::{self, Grant, Scope};
use crate::model::template::Need;
use crate::model::{Digest, ExecutionId, JobId, Lease};
use crate::repository::audit::AuditId;

/// Who has the effects, and until when.
#[derive(Clone)]
pub struct Facts {
    pub execution: ExecutionId,
    pub job: JobId,
    pub attempt: u32,
    pub template_type: String,
    pub digest: Digest,
    /// JSON text of the job's parameters.
    pub parameters: Arc<str>,
    pub lease: Arc<Lease>,
    /// No effect begins or lasts beyond it.
    pub deadline: Instant,
}

/// What an operation reaches.
pub trait Target: Sync {
    /// As it stands in audit records and grants.
    fn name(&self) -> &str;
    /// Whether a need or right that names `scope`, with its `extra`, covers this.
    fn is_in(&self, scope: &Scope, extra: Option<&Value>, parameters: &Value) -> bool;
    /// What else a right may depend on, such as an HTTP method.
    fn variant(&self) -> &str {
        ""
    }
    /// A reason why no grant can allow it.
    fn forbidden(&self) -> Option<GateError> {
        None
    }
    /// The `extra` of a right that allows this and no more.
    fn extra(&self) -> Option<Value> {
        None
    }
    /// Whether rights may be narrowed to fields of it.
    fn has_fields(&self) -> bool {
        false
    }
}

/// Proof that an operation was allowed; worth nothing beyond the call it was given for.
#[derive(Debug)]
pub struct Permit(Option<Arc<Fields>>);

impl Permit {
    /// What the operation is narrowed to; None: nothing is.
    pub(super) fn fields(&self) -> Option<&Arc<Fields>> {
        self.0.as_ref()
    }
}

/// A write effect whose audit record is durable.
#[derive(Debug)]
pub struct Ticket {
    id: AuditId,
    started: Instant,
}

/// A decision that holds as long as the grant it was made under is in force.
struct Allowed {
    operation: &'static Operation,
    target: String,
    variant: String,
    under: Arc<Grant>,
    fields: Option<Arc<Fields>>,
}

/// The gate of one attempt.
pub struct Gate {
    shared: Arc<Shared>,
    facts: Facts,
    needs: Arc<[Need]>,
    is_closed: bool,
    parameters: Option<Value>,
    allowed: Vec<Allowed>,
    ledger: Ledger,
    open: Vec<Ticket>,
    /// What the log of the run is still to be told.
    notices: Vec<String>,
    mask: Mask,
    pub(super) http_requests: u64,
    pub(super) files_created: u64,
    journal: Option<Arc<Journal>>,
    pub(super) emails: u64,
}

impl Gate {
    pub(super) fn new(shared: Arc<Shared>, facts: Facts, needs: Arc<[Need]>) -> Self {
        Self {
            shared,
            facts,
            needs,
            is_closed: false,
            parameters: None,
            allowed: Vec::new(),
            ledger: Ledger::default(),
            open: Vec::new(),
            notices: Vec::new(),
            mask: Mask::default(),
            http_requests: 0,
            files_created: 0,
            journal: None,
            emails: 0,
        }
    }

    pub(super) fn closed(shared: Arc<Shared>, facts: Facts) -> Self {
        Self { is_closed: true, ..Self::new(shared, facts, Arc::new([])) }
    }

    /// Lets an operation through or says why not.
    ///
    /// # Errors
    /// `denied` by needs, grant or a rule of the host; `cancelled` when the lease or the time of the attempt is over.
    pub async fn pass(&mut self, operation: &'static Operation, target: &dyn Target) -> Result<Permit, GateError> {
        self.ledger.consulted();
        if self.is_closed {
            return Err(closed());
        }
        match self.decide(operation, target) {
            Ok(fields) => Ok(Permit(fields)),
            Err(error) => {
                self.deny(operation, target.name(), &error).await;
                Err(error)
            }
        }
    }

    fn decide(&mut self, operation: &'static Operation, target: &dyn Target) -> Result<Option<Arc<Fields>>, GateError> {
        if self.facts.lease.is_over(self.shared.clock.boot_time()) {
            return Err(GateError::new(
                ErrorKind::Cancelled,
                "lease-lost",
                "this host lost its claim on the execution: nothing more may be done",
            ));
        }
        if Instant::now() >= self.facts.deadline {
            return Err(GateError::new(ErrorKind::Cancelled, "deadline", "the time of this attempt is over"));
        }
        let Some(grant) = self.shared.grants.grant_for(&self.facts.template_type, &self.facts.digest) else {
            return Err(not_granted(operation, target));
        };
        let known = self.allowed.iter().find(|allowed| {
            std::ptr::eq(allowed.operation, operation)
                && allowed.target == target.name()
                && allowed.variant == target.variant()
                && Arc::ptr_eq(&allowed.under, &grant)
        });
        if let Some(known) = known {
            return Ok(known.fields.clone());
        }
        if let Some(error) = target.forbidden() {
            return Err(error);
        }
        let parameters = self.parameters.get_or_insert_with(|| {
            // The caller validated them; a text that is no JSON names nothing.
            serde_json::from_str(&self.facts.parameters).unwrap_or(Value::Null)
        });
        let covers = |named: &str, extra: Option<&Value>| covers(named, extra, target, parameters);
        let asked: Vec<Option<&Value>> = self
            .needs
            .iter()
            .filter(|need| {
                need.capability == operation.capability
                    && operation.access.contains(&need.access.as_str())
                    && covers(&need.target, need.extra.as_ref())
            })
            .map(|need| need.extra.as_ref())
            .collect();
        if asked.is_empty() {
            return Err(not_asked(operation, target));
        }
        let granted: Vec<Option<&Value>> = grant
            .rights
            .iter()
            .filter(|right| {
                right.capability == operation.capability
                    && right.access.iter().any(|access| operation.access.contains(&access.as_str()))
                    && covers(&right.target, right.extra.as_ref())
            })
            .map(|right| right.extra.as_ref())
            .collect();
        if granted.is_empty() {
            return Err(not_granted(operation, target));
        }
        let fields = if target.has_fields() { Fields::of(asked, granted).map(Arc::new) } else { None };
        if self.allowed.len() < 256 {
            let (target, variant) = (target.name().to_owned(), target.variant().to_owned());
            self.allowed.push(Allowed { operation, target, variant, under: grant, fields: fields.clone() });
        }
        Ok(fields)
    }

    async fn deny(&mut self, operation: &'static Operation, target: &str, error: &GateError) {
        let reason = error.reason.to_owned();
        let verdict =
            if error.kind == ErrorKind::Limit { Verdict::Limit { reason } } else { Verdict::Denied { reason } };
        if !self.ledger.is_new_denial(operation, target, &verdict) {
            return;
        }
        let grant = error.details.as_ref().and_then(|details| details.get("grant")).map(Value::to_string);
        let (grant, target) = (grant.map(|grant| self.mask.text(&grant).into_owned()), &*self.mask.text(target));
        tracing::warn!(
            execution = %self.facts.execution, template = %self.facts.template_type, digest = %self.facts.digest,
            capability = operation.capability, operation = operation.name, target, reason = error.reason,
            would_allow = grant.as_deref().unwrap_or("nothing"), "denied an effect"
        );
        let (capability, name) = (operation.capability, operation.name);
        let line = format!("denied: {capability} {name} on {target:?} ({}): {}", error.reason, error.message);
        self.notices.push(self.mask.text(&line).into_owned());
        let record = self.record(operation, target, verdict, Usage::default(), 1);
        if let Err(error) = self.shared.audit.begin(record).await {
            tracing::error!(execution = %self.facts.execution, %error, "a denial could not be recorded");
        }
    }

    /// What the log of the run is to be told of denials, each with the grant that would allow it; each once.
    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// Whether an operation would be let through, without a record. For lists that show only what can be reached.
    pub(super) fn would_pass(&mut self, operation: &'static Operation, target: &dyn Target) -> bool {
        !self.is_closed && self.decide(operation, target).is_ok()
    }

    /// Whether the grant in force covers a target, whatever the template asks for: for hints to people who write jobs.
    pub(super) fn is_granted(&mut self, operation: &'static Operation, target: &dyn Target) -> bool {
        let Some(grant) = self.grant() else { return false };
        let parameters: Value = serde_json::from_str(&self.facts.parameters).unwrap_or(Value::Null);
        !self.is_closed && covered_by(&grant, operation, target, &parameters)
    }

    /// Counts a question whose answer is a refusal already.
    ///
    /// # Errors
    /// `denied` by a closed gate, which keeps no record.
    pub(super) fn admit_refusal(&mut self) -> Result<(), GateError> {
        self.ledger.consulted();
        if self.is_closed { Err(closed()) } else { Ok(()) }
    }

    /// Counts a look at something that was handed over already and is the guest's.
    pub(super) fn accessed(&mut self) {
        self.ledger.consulted();
    }

    /// Records a refusal that is found only after [`pass`](Self::pass), such as an address or a limit.
    pub(super) async fn refuse(&mut self, operation: &'static Operation, target: &str, error: &GateError) {
        self.deny(operation, target, error).await;
    }

    /// Makes the record of a write effect durable. The effect may begin once this has returned.
    ///
    /// # Errors
    /// `unavailable` when it cannot be recorded: then the effect must not take place.
    pub async fn begin(
        &mut self,
        _permit: &Permit,
        operation: &'static Operation,
        target: &str,
    ) -> Result<Ticket, GateError> {
        debug_assert_eq!(operation.effect, Effect::Write);
        let record = self.record(operation, target, Verdict::Started, Usage::default(), 1);
        let id = self.shared.audit.begin(record).await.map_err(|error| {
            tracing::error!(execution = %self.facts.execution, %error, "an effect was not recorded and is refused");
            GateError::new(
                ErrorKind::Unavailable,
                "audit-unavailable",
                "the effect could not be recorded: try again later",
            )
        })?;
        self.ledger.effect();
        let started = Instant::now();
        self.open.push(Ticket { id: id.clone(), started });
        Ok(Ticket { id, started })
    }

    /// Says how a write effect ended; stored with the next effect or the end of the run, whichever comes first.
    pub fn complete(&mut self, ticket: &Ticket, usage: Usage, failure: Option<&GateError>) {
        self.open.retain(|open| open.id != ticket.id);
        let verdict = match failure {
            None => Verdict::Allowed,
            Some(error) => Verdict::Failed { error: error.reason.to_owned() },
        };
        let duration_ms = u64::try_from(ticket.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.shared.audit.complete(ticket.id.clone(), verdict, Usage { duration_ms, ..usage });
    }

    /// Adds a read to the sums.
    pub fn note(&mut self, operation: &'static Operation, target: &str, usage: Usage, since: Instant) {
        self.ledger.effect();
        self.ledger.add(operation, target, usage, since.elapsed());
    }

    pub(super) fn grant(&self) -> Option<Arc<Grant>> {
        self.shared.grants.grant_for(&self.facts.template_type, &self.facts.digest)
    }

    /// The limits that the grant in force sets lower than the configuration.
    pub fn limits(&self) -> grant::Limits {
        self.grant().map(|grant| grant.limits).unwrap_or_default()
    }

    /// What is left of the attempt's time.
    pub fn remaining(&self) -> Duration {
        self.facts.deadline.saturating_duration_since(Instant::now())
    }

    /// Effects that took place.
    pub fn effects(&self) -> u64 {
        self.ledger.effects()
    }

    /// How often anybody asked.
    pub fn consultations(&self) -> u64 {
        self.ledger.consultations()
    }

    /// Closes the books: stores how the write effects ended (no write without one) and gives back the sums of the reads,
    /// which belong into the same write as the end of the run.
    pub fn finish(mut self) -> Vec<EffectRecord> {
        for ticket in std::mem::take(&mut self.open) {
            let interrupted = GateError::new(ErrorKind::Cancelled, "interrupted", "");
            self.complete(&ticket, Usage::default(), Some(&interrupted));
        }
        let now = self.shared.clock.now();
        let sums = self.ledger.sums();
        sums.into_iter()
            .map(|sum| self.record_at(now, sum.operation, &sum.target, sum.verdict, sum.usage, sum.calls))
            .collect()
    }

    fn record(&self, operation: &Operation, target: &str, verdict: Verdict, usage: Usage, calls: u64) -> EffectRecord {
        self.record_at(self.shared.clock.now(), operation, target, verdict, usage, calls)
    }

    fn record_at(
        &self,
        at: DateTime<Utc>,
        operation: &Operation,
        target: &str,
        verdict: Verdict,
        usage: Usage,
        calls: u64,
    ) -> EffectRecord {
        EffectRecord {
            execution: self.facts.execution,
            job: self.facts.job,
            attempt: self.facts.attempt,
            digest: self.facts.digest.clone(),
            at,
            capability: operation.capability.to_owned(),
            operation: operation.name.to_owned(),
            target: self.mask.text(target).into_owned(),
            verdict,
            usage,
            calls,
        }
    }
}

fn covers(named: &str, extra: Option<&Value>, target: &dyn Target, parameters: &Value) -> bool {
    grant::scopes(named, parameters).iter().any(|scope| target.is_in(scope, extra, parameters))
}

fn covered_by(grant: &Grant, operation: &Operation, target: &dyn Target, parameters: &Value) -> bool {
    grant.rights.iter().any(|right| {
        right.capability == operation.capability
            && right.access.iter().any(|access| operation.access.contains(&access.as_str()))
            && covers(&right.target, right.extra.as_ref(), target, parameters)
    })
}

fn closed() -> GateError {
    GateError::denied("no-capabilities", "describe, schema and validate reach nothing outside")
}

fn wanted(operation: &Operation, target: &dyn Target) -> Value {
    let access = operation.access.first().copied().unwrap_or_default();
    let mut right = json!({ "capability": operation.capability, "target": target.name(), "access": [access] });
    if let (Some(extra), Some(members)) = (target.extra(), right.as_object_mut()) {
        members.insert("extra".to_owned(), extra);
    }
    right
}

/// The refusal that proposes a right.
pub(super) fn with_grant(reason: &'static str, why: &str, grant: &Value) -> GateError {
    GateError::denied(reason, format!("{why}; this grant would allow it: {grant}"))
        .with_details(json!({ "grant": grant }))
}

fn not_granted(operation: &Operation, target: &dyn Target) -> GateError {
    with_grant("not-granted", "nothing that is granted allows this", &wanted(operation, target))
}

fn not_asked(operation: &Operation, target: &dyn Target) -> GateError {
    let need = wanted(operation, target);
    GateError::denied(
        "not-asked",
        format!("the template does not say that it needs this; its description lacks: {need}"),
    )
    .with_details(json!({ "need": need }))
}
