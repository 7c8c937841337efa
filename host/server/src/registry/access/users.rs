//! Accounts: made, changed, removed; by an admin, or by the command line while no server runs.

use serde_json::{Value, json};

use super::body::{self, NewUser};
use super::{Access, AccessError, UserWithLink};
use crate::model::user::Invitation;
use crate::model::{Role, User, UserName};
use crate::registry::fields::{Fields, Given, Problems};

const MOST_USERS: usize = 1_000;

impl Access {
    /// Every account, by name.
    pub fn users(&self) -> Vec<User> {
        self.0.known.read().users.values().cloned().collect()
    }

    /// One account.
    pub fn user(&self, name: &UserName) -> Option<User> {
        self.0.known.read().users.get(name).cloned()
    }

    /// Makes an account: `name`, `role`, and `password` or `invite`.
    ///
    /// # Errors
    /// As [`AccessError`] says.
    pub async fn create_user(&self, body: Value, by: &str) -> Result<UserWithLink, AccessError> {
        let new = body::new_user(body, None)?;
        let _changing = self.0.changing.lock().await;
        if new.password.is_some() {
            return Ok(UserWithLink { user: self.add_user(new, None, by).await?, secret: None });
        }
        let (invitation, secret) = self.new_invitation()?;
        Ok(UserWithLink { user: self.add_user(new, Some(invitation), by).await?, secret: Some(secret) })
    }

    /// Stores a checked account; whoever calls holds the lock of changes.
    pub(super) async fn add_user(
        &self,
        new: NewUser,
        invitation: Option<Invitation>,
        by: &str,
    ) -> Result<User, AccessError> {
        let NewUser { name, role, password } = new;
        {
            let known = self.0.known.read();
            if known.users.contains_key(&name) {
                return Err(AccessError::Exists(name.to_string()));
            }
            if known.users.len() >= MOST_USERS {
                return Err(AccessError::Full { what: "users", most: MOST_USERS });
            }
        }
        let password = match password {
            Some(password) => Some(self.0.passwords.hash(password).await?),
            None => None,
        };
        let now = self.now();
        let user = User {
            name: name.clone(),
            role,
            password,
            invitation,
            is_disabled: false,
            // Never one that an earlier account of this name had.
            epoch: now.timestamp_millis(),
            created_at: now,
            created_by: by.to_owned(),
            changed_at: now,
            changed_by: by.to_owned(),
            signed_in_at: None,
        };
        let details = json!({ "role": role, "invited": invitation.is_some() });
        self.record(by, "user.create", name.as_str(), details).await?;
        self.0.users.insert(&user).await?;
        self.0.known.write().users.insert(name, user.clone());
        Ok(user)
    }

    /// Changes what the body names: `role`, `disabled`, `password`. The user's sessions end.
    ///
    /// # Errors
    /// As [`AccessError`] says.
    pub async fn change_user(&self, name: &UserName, mut body: Value, by: &str) -> Result<User, AccessError> {
        let mut problems = Problems::default();
        let text = body::take(&mut body, "password", &mut problems);
        let Some(mut fields) = Fields::of(&body, "", &mut problems) else { return body::invalid(problems) };
        fields.given("password");
        for field in ["role", "disabled"] {
            if fields.given(field) == Given::Null {
                problems.add(format!("/{field}"), "required", "cannot be nothing; leave it out to keep it");
            }
        }
        let role = body::role(&mut fields, &mut problems);
        let is_disabled = fields.boolean("disabled", &mut problems);
        fields.finish(&mut problems);
        let password = text.and_then(|text| body::new_password(&text, "password", name, &mut problems));
        if !problems.is_empty() {
            return body::invalid(problems);
        }
        let hashed = match password {
            Some(password) => Some(self.0.passwords.hash(password).await?),
            None => None,
        };
        let _changing = self.0.changing.lock().await;
        let before = self.user(name).ok_or(AccessError::NotFound("user"))?;
        let mut user = before.clone();
        let mut changed = serde_json::Map::new();
        if let Some(role) = role.filter(|role| *role != before.role) {
            user.role = role;
            changed.insert("role".into(), json!({ "from": before.role, "to": role }));
        }
        if let Some(is_disabled) = is_disabled.filter(|is_disabled| *is_disabled != before.is_disabled) {
            user.is_disabled = is_disabled;
            // A link that was sent before does not come to life again with the account.
            user.invitation = None;
            changed.insert("disabled".into(), json!(is_disabled));
        }
        if let Some(hashed) = hashed {
            (user.password, user.invitation) = (Some(hashed), None);
            changed.insert("password".into(), json!("set"));
        }
        if changed.is_empty() {
            return Ok(before);
        }
        if before.is_acting_admin() && !user.is_acting_admin() {
            self.spare_last_admin(name)?;
        }
        self.store_change(user, by, "user.change", Value::Object(changed)).await
    }

    /// Puts a changed account into force; whoever calls holds the lock of changes.
    pub(super) async fn store_change(
        &self,
        mut user: User,
        by: &str,
        action: &str,
        details: Value,
    ) -> Result<User, AccessError> {
        user.epoch = user.epoch.saturating_add(1);
        user.changed_at = self.now();
        by.clone_into(&mut user.changed_by);
        self.record(by, action, user.name.as_str(), details).await?;
        self.0.users.replace(&user).await?;
        let ended = {
            let mut known = self.0.known.write();
            known.users.insert(user.name.clone(), user.clone());
            known.interrupt_tokens(&user.name);
            known.end_sessions(|session| session.user == user.name)
        };
        // Their epoch is over: a row that stays opens nothing.
        self.0.sessions.delete(&ended).await?;
        Ok(user)
    }

    /// Removes an account with its sessions and tokens. What it made stays.
    ///
    /// # Errors
    /// As [`AccessError`] says.
    pub async fn delete_user(&self, name: &UserName, by: &str) -> Result<(), AccessError> {
        let _changing = self.0.changing.lock().await;
        let user = self.user(name).ok_or(AccessError::NotFound("user"))?;
        if user.is_acting_admin() {
            self.spare_last_admin(name)?;
        }
        self.record(by, "user.delete", name.as_str(), json!({ "role": user.role })).await?;
        let (sessions, tokens) = {
            let mut known = self.0.known.write();
            known.users.remove(name);
            let sessions = known.end_sessions(|session| session.user == *name);
            (sessions, known.end_tokens(|token| token.owner.as_ref() == Some(name)))
        };
        // The account last: as long as its row is there, the next start finds the tokens still owned, and this can be
        // done again.
        let removed = async {
            self.0.tokens.delete(&tokens).await?;
            self.0.sessions.delete(&sessions).await?;
            self.0.users.delete(name).await
        };
        if let Err(error) = removed.await {
            self.0.known.write().users.insert(name.clone(), user);
            return Err(error.into());
        }
        Ok(())
    }

    fn spare_last_admin(&self, name: &UserName) -> Result<(), AccessError> {
        if self.0.known.read().has_acting_admin_but(name) { Ok(()) } else { Err(AccessError::LastAdmin) }
    }

    /// The first account of this server, an admin; whoever calls holds the lock of changes.
    pub(super) async fn add_first(&self, body: Value) -> Result<User, AccessError> {
        let new = body::new_user(body, Some(Role::Admin))?;
        let by = format!("{} (set-up link)", new.name);
        self.add_user(new, None, &by).await
    }
}
