//! The record of what a person changes on the command line: durable before the change, in the audit like any other.

use std::sync::Arc;

use sandglass_database::Database;
use serde_json::Value;

use super::CliError;
use crate::model::audit::ChangeRecord;
use crate::model::{Clock as _, Incarnation, SystemClock};
use crate::repository::audit::Audit;

/// Who stands in the records.
pub(super) const ACTOR: &str = "command line";

/// The audit of a database that this command holds open.
///
/// # Errors
/// When its collection cannot be prepared.
pub(super) async fn audit(database: Arc<dyn Database>) -> Result<Audit, CliError> {
    let audit = Audit::start(database, Incarnation::generate());
    audit.prepare().await.map_err(|error| CliError::while_doing("prepare the audit", error))?;
    Ok(audit)
}

/// Puts a change on record, which may begin once this has returned.
///
/// # Errors
/// When it cannot be stored: then nothing may be changed.
pub(super) async fn record(audit: &Audit, action: &str, subject: &str, details: Value) -> Result<(), CliError> {
    let record = ChangeRecord {
        at: SystemClock.now(),
        actor: ACTOR.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        details,
    };
    audit.change(record).await.map_err(|error| CliError::while_doing("record the change", error))
}
