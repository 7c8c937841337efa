//! By e-mail: the key figures as text and HTML, the whole report attached.

use sandglass_sdk::email::{self, Attachment, Message, Priority};
use sandglass_sdk::{Failure, log};
use serde_json::json;

use super::{Delivered, name_of};
use crate::formats;
use crate::parameters::Parameters;
use crate::report::Report;

/// Longest subject.
const MOST_SUBJECT: usize = 200;

pub fn run(parameters: &Parameters, report: &Report) -> Result<Delivered, Failure> {
    let name = name_of(parameters)?;
    let name = name.rsplit('/').next().unwrap_or(&name).to_owned();
    let content = formats::write(report, parameters.format);
    let size = content.len();
    let message = Message {
        to: parameters.recipients.clone(),
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: None,
        subject: subject(parameters, report),
        text: formats::summary_text(report),
        html: Some(formats::summary_html(report)),
        priority: Priority::Normal,
        headers: Vec::new(),
        attachments: vec![Attachment {
            name: name.clone(),
            content_type: parameters.format.content_type().to_owned(),
            content_id: None,
            bytes: content.into_bytes(),
        }],
    };
    let receipt = email::send(&parameters.identity, &message)
        .map_err(|error| Failure::from(error).during("sending the report"))?;
    let refused: Vec<_> =
        receipt.refused.iter().map(|(address, why)| json!({ "address": address, "reason": why })).collect();
    let warnings = receipt.refused.iter().map(|(address, why)| format!("{address} was refused: {why}"));
    let details = json!({
        "destination": "email", "message_id": receipt.message_id, "accepted": receipt.accepted, "refused": refused,
        "attachment": name, "bytes": size,
    });
    if receipt.accepted.is_empty() {
        return Err(Failure::permanent("the mail server refused every recipient").details(details));
    }
    let count = receipt.accepted.len();
    log::debug("sent the report", &[("message_id", &receipt.message_id), ("recipients", &count)]);
    Ok(Delivered {
        told: format!("was sent to {count} {}", if count == 1 { "recipient" } else { "recipients" }),
        details,
        warnings: warnings.collect(),
    })
}

fn subject(parameters: &Parameters, report: &Report) -> String {
    let made = || {
        let period = report.period.as_ref().map_or_else(String::new, |period| format!(", {}", period.text));
        format!("{}{period}", report.title)
    };
    let subject = parameters.subject.clone().unwrap_or_else(made);
    subject.chars().filter(|letter| !letter.is_control()).take(MOST_SUBJECT).collect()
}
