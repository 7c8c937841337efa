//! The gate's answer where a right is narrowed to fields, see [`Fields`](super::Fields).

use serde_json::{Value, json};

use super::CollectionName;
use super::fields::{Beyond, Fields};
use crate::capabilities::GateError;
use crate::capabilities::guard::{Gate, Permit, Target as _, with_grant};
use crate::capabilities::operation::Operation;

/// Records and returns the refusal, if `judged` is one.
///
/// # Errors
/// `denied`, with the grant that would allow it.
pub(super) async fn within<T>(
    gate: &mut Gate,
    permit: &Permit,
    operation: &'static Operation,
    name: &CollectionName,
    judge: impl FnOnce(&Fields) -> Result<T, Beyond>,
) -> Result<Option<T>, GateError> {
    let Some(fields) = permit.fields() else { return Ok(None) };
    match judge(fields) {
        Ok(judged) => Ok(Some(judged)),
        Err(beyond) => {
            let error = refusal(operation, name, fields, &beyond);
            gate.refuse(operation, name.name(), &error).await;
            Err(error)
        }
    }
}

/// Refuses what touches whole documents or collections.
///
/// # Errors
/// `denied` where the right is narrowed.
pub(super) async fn whole(
    gate: &mut Gate,
    permit: &Permit,
    operation: &'static Operation,
    name: &CollectionName,
    what: &'static str,
) -> Result<(), GateError> {
    within(gate, permit, operation, name, |_| Err::<(), _>(Beyond::Whole(what))).await.map(drop)
}

fn refusal(operation: &'static Operation, name: &CollectionName, fields: &Fields, beyond: &Beyond) -> GateError {
    let right = |extra: Option<Value>| {
        let access = operation.access.first().copied().unwrap_or_default();
        let mut right = json!({ "capability": operation.capability, "target": name.name(), "access": [access] });
        if let (Some(extra), Some(members)) = (extra, right.as_object_mut()) {
            members.insert("extra".to_owned(), extra);
        }
        right
    };
    match beyond {
        Beyond::Field(path) if !fields.is_asked(path) => {
            let need = right(Some(json!({ "fields": [path] })));
            GateError::denied(
                "field-not-asked",
                format!("the template does not say that it needs the field {path:?}; its description lacks: {need}"),
            )
            .with_details(json!({ "need": need }))
        }
        Beyond::Field(path) => {
            let mut all = fields.granted().unwrap_or_default().to_vec();
            all.push(path.clone());
            let why = format!("the right to {} is narrowed to fields, and {path:?} is none of them", name.name());
            with_grant("field-not-granted", &why, &right(Some(json!({ "fields": all }))))
        }
        Beyond::Operator(what) => {
            let why = format!(
                "which fields {what} looks at is not known, and the right to {} is narrowed to some",
                name.name()
            );
            with_grant("field-not-granted", &why, &right(None))
        }
        Beyond::Whole(what) => {
            let why = format!("{what} touches whole documents, and the right to {} is narrowed to fields", name.name());
            with_grant("field-not-granted", &why, &right(None))
        }
    }
}
