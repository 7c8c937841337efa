//! One run: read, fill in, attach, send.

use sandglass_sdk::email::{self, Receipt};
use sandglass_sdk::{Failure, Outcome, documents, execution, log};
use serde_json::{Value, json};

use crate::data::{self, Rows};
use crate::parameters::Parameters;
use crate::{attachments, message};

/// Sends the message.
///
/// # Errors
/// Permanent when it cannot be put together or the mail server says no for good; retryable when it says no for now.
pub fn run(parameters: &Parameters) -> Result<Outcome, Failure> {
    let rows = match &parameters.query {
        None => Rows::default(),
        Some(query) => data::read(query)?,
    };
    if let Some(query) = &parameters.query {
        log::info("read rows", &[("collection", &query.full_name()), ("rows", &rows.rows.len())]);
    }
    execution::progress(1, Some(3), "filling the message in");
    let context = data::context(&rows);
    let (mut message, mut warnings) = message::build(parameters, &context)?;
    if let Some(query) = parameters.query.as_ref().filter(|_| rows.rows.is_empty()) {
        warnings.extend(documents::missing(&query.full_name()));
    }
    if rows.has_more {
        warnings.push(format!("there are more than {} rows: the message holds the first ones", rows.rows.len()));
    }
    message.attachments = attachments::read(parameters, &context)?;
    if execution::should_stop() {
        return Err(Failure::interrupted("stopped before the message was sent, as the host asked"));
    }
    execution::progress(2, Some(3), "sending");
    let receipt = email::send(&parameters.identity, &message).map_err(|error| {
        let details = error.details.clone();
        let mut failure = Failure::from(error).during("sending");
        if let (Some(Value::Object(all)), Some(details)) = (&mut failure.details, details) {
            all.insert("mail".to_owned(), serde_json::from_str(&details).unwrap_or(Value::String(details)));
        }
        failure
    })?;
    execution::progress(3, Some(3), "sent");
    let attached: Vec<Value> = message
        .attachments
        .iter()
        .map(|one| json!({ "name": one.name, "content_type": one.content_type, "size_bytes": one.bytes.len() }))
        .collect();
    Ok(outcome(&receipt, &message.subject, rows.rows.len(), attached, warnings))
}

fn outcome(receipt: &Receipt, subject: &str, rows: usize, attached: Vec<Value>, warnings: Vec<String>) -> Outcome {
    let Receipt { message_id, accepted, refused } = receipt;
    let total = accepted.len() + refused.len();
    let message = match (refused.len(), total) {
        (0, 1) => format!("sent “{subject}” to 1 recipient"),
        (0, _) => format!("sent “{subject}” to {total} recipients"),
        _ => format!("sent “{subject}” to {} of {total} recipients", accepted.len()),
    };
    log::info(&message, &[("message_id", message_id)]);
    let listed: Vec<Value> =
        refused.iter().map(|(recipient, answer)| json!({ "recipient": recipient, "answer": answer })).collect();
    let mut outcome = Outcome::new(message)
        .details(json!({
            "message_id": message_id, "subject": subject, "accepted": accepted, "refused": listed, "rows": rows,
            "attachments": attached,
        }))
        .processed(total as u64)
        .affected(accepted.len() as u64);
    for (recipient, answer) in refused {
        log::warn("the mail server refused a recipient", &[("recipient", recipient), ("answer", answer)]);
        outcome = outcome.warning(format!("{recipient} was refused: {answer}"));
    }
    warnings.into_iter().fold(outcome, Outcome::warning)
}
