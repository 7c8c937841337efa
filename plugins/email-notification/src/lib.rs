//! The template `email_notification`: sends one message, whose subject and body may be filled in with what is known of
//! the run and with documents of a collection.
//!
//! Whatever comes from data is escaped for where it stands: it can become neither markup nor a header. A recipient that
//! the mail server refuses is a warning as long as another one was accepted.

mod address;
mod attachments;
mod data;
mod markdown;
mod message;
mod parameters;
mod plain;
mod render;
mod sending;
mod used;

use sandglass_sdk::{Failure, Metadata, Need, OnLost, Outcome, Problems, Template};

pub use parameters::Parameters;

/// The template.
#[derive(Debug)]
pub struct EmailNotification;

impl Template for EmailNotification {
    type Parameters = Parameters;

    fn describe() -> Metadata {
        Metadata::new("email_notification", env!("CARGO_PKG_VERSION"), "E-mail notification")
            .description(
                "Sends an e-mail as plain text, HTML or Markdown, filled in with facts about the run and rows of a \
                 collection, with attachments from a folder.",
            )
            .icon("📧")
            .category("Communication")
            .tags(&["email", "mail", "notification", "report", "smtp"])
            .need(Need::new("email", "param:/identity", "send", "To send the message."))
            .need(
                Need::new("documents", "param:/query/collection", "read", "To fill the message in with rows.")
                    .connection("param:/query/connection")
                    .optional(),
            )
            .need(Need::new("files", "param:/folder", "read", "To attach files.").optional())
            // A message that may have gone out is not sent a second time.
            .on_lost(OnLost::Fail)
    }

    fn validate(parameters: &Parameters) -> Problems {
        parameters.problems()
    }

    fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
        sending::run(&parameters)
    }
}

sandglass_sdk::export!(EmailNotification);

#[cfg(test)]
mod tests;
