//! The template `webhook_trigger`: sends one HTTP request and makes sure that it arrived.
//!
//! A try that fails in a way that may pass is repeated within the same attempt, as long as the waits together stay
//! short; a longer wait is handed to the host, which holds nothing meanwhile. All tries of an execution carry the
//! same `Idempotency-Key`.

mod answer;
mod auth;
mod backoff;
mod delivery;
mod message;
mod parameters;
mod retry;
mod status;

use sandglass_sdk::{Failure, Metadata, Need, OnLost, Outcome, Problems, Template};

pub use parameters::Parameters;

/// The template.
#[derive(Debug)]
pub struct WebhookTrigger;

impl Template for WebhookTrigger {
    type Parameters = Parameters;

    fn describe() -> Metadata {
        Metadata::new("webhook_trigger", env!("CARGO_PKG_VERSION"), "Webhook")
            .description(
                "Sends an HTTP request, signed where that is wanted, tries again when the other side is not ready, and \
                 checks the answer.",
            )
            .icon("🔗")
            .category("Integration")
            .tags(&["http", "webhook", "api", "trigger", "rest"])
            .need(Need::new("http", "param:/url", "send", "To send the request."))
            .need(Need::new("secrets", "param:/auth/secret", "use", "To sign in or to sign the body.").optional())
            .on_lost(OnLost::Retry)
    }

    fn validate(parameters: &Parameters) -> Problems {
        parameters.problems()
    }

    fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
        delivery::run(&parameters)
    }
}

sandglass_sdk::export!(WebhookTrigger);

#[cfg(test)]
mod tests;
