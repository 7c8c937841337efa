//! The link by which the first admin is made: printed at a start without users, good once and for a day.

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::random::{SETUP_PREFIX, proof_of, secret};
use super::{Access, AccessError, Begun, Client, body};
use crate::model::session::Proof;
use crate::registry::fields::Problems;

const GOOD_FOR: Duration = Duration::days(1);

/// A link that was not used yet.
pub(super) struct Setup {
    proof: Proof,
    ends_at: DateTime<Utc>,
}

impl Access {
    /// What the set-up link of this start holds; none when there are users. A later call makes an earlier link useless.
    ///
    /// # Errors
    /// [`AccessError::NoRandomness`].
    pub fn open_setup(&self) -> Result<Option<Zeroizing<String>>, AccessError> {
        if self.has_users() {
            return Ok(None);
        }
        let (text, proof) = secret(SETUP_PREFIX)?;
        *self.0.setup.lock() = Some(Setup { proof, ends_at: self.now() + GOOD_FOR });
        Ok(Some(text))
    }

    /// Whether a set-up link would work.
    pub fn is_setup_open(&self) -> bool {
        !self.has_users() && self.0.setup.lock().as_ref().is_some_and(|setup| self.now() < setup.ends_at)
    }

    /// Whether there is any account.
    pub fn has_users(&self) -> bool {
        !self.0.known.read().users.is_empty()
    }

    /// Makes the first admin and signs in: `token` from the link, `name`, `password`.
    ///
    /// # Errors
    /// As [`AccessError`] says; with anything but [`AccessError::SetupClosed`] the link is still good.
    pub async fn set_up(&self, mut body: Value, client: Client) -> Result<Begun, AccessError> {
        let mut problems = Problems::default();
        let token = body::need(&mut body, "token", "the token of the set-up link is needed", &mut problems);
        if !problems.is_empty() {
            return body::invalid(problems);
        }
        let _changing = self.0.changing.lock().await;
        let fits = self
            .0
            .setup
            .lock()
            .as_ref()
            .is_some_and(|setup| self.now() < setup.ends_at && bool::from(setup.proof.ct_eq(&proof_of(&token))));
        if !fits || self.has_users() {
            return Err(AccessError::SetupClosed);
        }
        let user = self.add_first(body).await?;
        *self.0.setup.lock() = None;
        self.begin_session(&user, client, "set-up link").await
    }
}
