//! `sandglass:email`, translated.

use super::error::Refusal;
use crate::capabilities::email::{self, Attachment, EmailMessage, Priority};
use crate::sandbox::bindings::sandglass::email::sender;
use crate::sandbox::state::State;

impl sender::Host for State {
    async fn send(&mut self, identity: String, message: sender::Message) -> Result<sender::Receipt, Refusal> {
        self.called();
        let receipt = email::send(&mut self.gate, &identity, translated(message)).await?;
        let email::Receipt { message_id, accepted, refused } = receipt;
        Ok(sender::Receipt { message_id, accepted, refused })
    }
}

fn translated(message: sender::Message) -> EmailMessage {
    let sender::Message { to, cc, bcc, reply_to, subject, text, html, priority, headers, attachments } = message;
    let priority = match priority {
        sender::Priority::Low => Priority::Low,
        sender::Priority::Normal => Priority::Normal,
        sender::Priority::High => Priority::High,
    };
    let attachments = attachments
        .into_iter()
        .map(|sender::Attachment { name, content_type, content_id, bytes }| Attachment {
            name,
            content_type,
            content_id,
            bytes,
        })
        .collect();
    EmailMessage { to, cc, bcc, reply_to, subject, text, html, priority, headers, attachments }
}
