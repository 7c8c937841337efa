//! E-mail: in the contract, not offered yet. Each call passes the gate and is then refused.

use super::error::Refusal;
use crate::capabilities::{absent, operation};
use crate::sandbox::bindings::sandglass::email::sender;
use crate::sandbox::state::State;

impl sender::Host for State {
    async fn send(&mut self, identity: String, _message: sender::Message) -> Result<sender::Receipt, Refusal> {
        self.called();
        Err(absent(&mut self.gate, &operation::EMAIL_SEND, &identity).await.into())
    }
}
