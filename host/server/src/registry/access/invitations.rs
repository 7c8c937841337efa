//! Links by which a person chooses a password: for an account that has none yet, and for whoever forgot theirs.
//!
//! A link is good once and for three days; a newer one makes it useless, and so does a password that was set meanwhile.
//! Until it is used nothing changes: whoever remembers the old password after all goes on.

use chrono::Duration;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::random::{INVITATION_PREFIX, proof_of, secret};
use super::{Access, AccessError, Begun, Client, body};
use crate::model::user::Invitation;
use crate::model::{User, UserName};
use crate::registry::fields::{Fields, Problems};

const GOOD_FOR: Duration = Duration::days(3);

/// An account that was made just now, or may be entered anew.
pub struct UserWithLink {
    pub user: User,
    /// What the link of the invitation holds: the only time it is seen. None where the account has a password.
    pub secret: Option<Zeroizing<String>>,
}

impl Access {
    /// A new link's secret, and what is kept of it.
    pub(super) fn new_invitation(&self) -> Result<(Invitation, Zeroizing<String>), AccessError> {
        let (text, proof) = secret(INVITATION_PREFIX)?;
        Ok((Invitation { proof, ends_at: self.now() + GOOD_FOR }, text))
    }

    /// Makes a link by which somebody chooses a password.
    ///
    /// # Errors
    /// As [`AccessError`] says.
    pub async fn invite(&self, name: &UserName, by: &str) -> Result<UserWithLink, AccessError> {
        let _changing = self.0.changing.lock().await;
        let before = self.user(name).ok_or(AccessError::NotFound("user"))?;
        let (invitation, secret) = self.new_invitation()?;
        let user = User { invitation: Some(invitation), ..before };
        self.record(by, "user.invite", name.as_str(), json!({ "ends_at": invitation.ends_at })).await?;
        self.0.users.replace(&user).await?;
        self.0.known.write().users.insert(name.clone(), user.clone());
        Ok(UserWithLink { user, secret: Some(secret) })
    }

    /// Chooses a password by a link, and signs in: `token` from the link, `password`.
    ///
    /// # Errors
    /// As [`AccessError`] says; with anything but [`AccessError::InvitationClosed`] the link is still good.
    pub async fn accept_invitation(&self, mut body: Value, client: Client) -> Result<Begun, AccessError> {
        let mut problems = Problems::default();
        let token = body::need(&mut body, "token", "the token of the link is needed", &mut problems);
        let text = body::need(&mut body, "password", "a password is needed", &mut problems);
        let Some(mut fields) = Fields::of(&body, "", &mut problems) else { return body::invalid(problems) };
        fields.given("token");
        fields.given("password");
        fields.finish(&mut problems);
        if !problems.is_empty() {
            return body::invalid(problems);
        }
        let invited = self.invited(&token).ok_or(AccessError::InvitationClosed)?;
        let Some(password) = body::new_password(&text, "password", &invited.name, &mut problems) else {
            return body::invalid(problems);
        };
        let hashed = self.0.passwords.hash(password).await?;
        let _changing = self.0.changing.lock().await;
        // It may have been used, or taken back, while the password was hashed.
        let user = self.invited(&token).filter(|user| user.name == invited.name);
        let user = user.ok_or(AccessError::InvitationClosed)?;
        let by = format!("{} (invitation)", user.name);
        let user = User { password: Some(hashed), invitation: None, ..user };
        let user = self.store_change(user, &by, "user.password", json!({ "by": "invitation" })).await?;
        self.begin_session(&user, client, "invitation").await
    }

    /// Whose link this is, if it is good.
    fn invited(&self, token: &str) -> Option<User> {
        let (proof, now) = (proof_of(token), self.now());
        let known = self.0.known.read();
        let fits = |invitation: &Invitation| now < invitation.ends_at && bool::from(invitation.proof.ct_eq(&proof));
        let user = known.users.values().find(|user| !user.is_disabled && user.invitation.as_ref().is_some_and(fits));
        user.cloned()
    }

    /// Ends all sessions of a user but the one named; gives how many there were.
    ///
    /// # Errors
    /// As [`AccessError`] says.
    pub async fn end_sessions_of(&self, name: &UserName, but: Option<&str>, by: &str) -> Result<usize, AccessError> {
        let _changing = self.0.changing.lock().await;
        self.user(name).ok_or(AccessError::NotFound("user"))?;
        let chosen = self.sessions(Some(name)).into_iter().map(|session| session.id);
        let ended: Vec<String> = chosen.filter(|id| but != Some(id.as_str())).collect();
        if ended.is_empty() {
            return Ok(0);
        }
        self.record(by, "session.end_all", name.as_str(), json!({ "sessions": ended })).await?;
        // The stored ones first: what cannot be deleted there would come back with the next start, and is asked for again.
        self.0.sessions.delete(&ended).await?;
        self.0.known.write().end_sessions(|session| ended.contains(&session.id));
        Ok(ended.len())
    }
}
