//! Sessions: begun with name and password, listed, ended.

use std::net::IpAddr;

use bson::oid::ObjectId;
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::guesses::Who;
use super::random::{SESSION_PREFIX, secret};
use super::{Access, AccessError, body};
use crate::model::{Principal, Session, User, UserName, Way, password};
use crate::registry::fields::{Fields, Problems};

/// Sessions of one user; one more ends the one that was not used for longest.
const MOST_SESSIONS: usize = 20;
const LONGEST_AGENT: usize = 200;
/// Refused sign-ins that are on record one by one, in a minute; the rest is counted.
const REFUSALS_RECORDED: u32 = 20;

/// From where somebody signs in.
#[derive(Debug, Clone, Default)]
pub struct Client {
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub agent: Option<String>,
    /// What it was given at an earlier sign-in.
    pub device: Option<String>,
}

/// A session that began just now.
pub struct Begun {
    pub user: User,
    pub session: Session,
    /// What the browser has to show: the only time it is seen.
    pub secret: Zeroizing<String>,
    /// What tells the browser apart from those of people who guess; it opens nothing.
    pub device: String,
}

/// Refused sign-ins of the present minute.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    since: DateTime<Utc>,
    recorded: u32,
    /// Not on record one by one.
    more: u64,
}

impl Refusals {
    /// Whether this one gets a record, and how many before it got none.
    fn next(&mut self, now: DateTime<Utc>) -> Option<u64> {
        if now - self.since >= Duration::minutes(1) || now < self.since {
            (self.since, self.recorded) = (now, 0);
        }
        if self.recorded >= REFUSALS_RECORDED {
            self.more = self.more.saturating_add(1);
            return None;
        }
        self.recorded += 1;
        Some(std::mem::take(&mut self.more))
    }
}

/// Whose failures an attempt counts with.
fn counted(name: &str, user: Option<&User>, client: &Client) -> Vec<Who> {
    let device = client.device.as_deref().zip(user).and_then(|(shown, user)| super::device::known(shown, user));
    if let Some(device) = device {
        return vec![Who::Device(device)];
    }
    let mut who = vec![Who::Name(name.to_ascii_lowercase().chars().take(64).collect())];
    // Behind a proxy on this machine everybody comes from it: they would all wait for one who guesses.
    who.extend(client.address.filter(|address| !address.to_canonical().is_loopback()).map(Who::address));
    who
}

impl Access {
    /// Signs in with `name` and `password`.
    ///
    /// # Errors
    /// As [`AccessError`] says.
    pub async fn sign_in(&self, mut body: Value, client: Client) -> Result<Begun, AccessError> {
        let mut problems = Problems::default();
        let text = body::need(&mut body, "password", "the password is needed", &mut problems);
        let Some(mut fields) = Fields::of(&body, "", &mut problems) else { return body::invalid(problems) };
        fields.given("password");
        let typed = fields.text("name", &mut problems).map(str::to_owned);
        if typed.is_none() && problems.is_empty() {
            problems.add("/name", "required", "the name is needed");
        }
        fields.finish(&mut problems);
        let Some(typed) = typed.filter(|_| problems.is_empty()) else { return body::invalid(problems) };
        // A name that nobody can have is treated as one that nobody has.
        let user = typed.trim().parse().ok().and_then(|name| self.user(&name));
        let who = counted(typed.trim(), user.as_ref(), &client);
        if !self.is_password(&text, user.as_ref(), &who).await? {
            self.note_refusal(user.as_ref(), &client).await?;
            return Err(AccessError::WrongCredentials);
        }
        let user = user.ok_or(AccessError::WrongCredentials)?;
        let _changing = self.0.changing.lock().await;
        // It may have been changed while the password was checked.
        let user = self.user(&user.name).filter(|now| now.epoch == user.epoch && !now.is_disabled);
        self.begin_session(&user.ok_or(AccessError::WrongCredentials)?, client, "password").await
    }

    /// Checks a password, counting failures. Takes as long for a user who is not there or may not sign in.
    async fn is_password(&self, text: &str, user: Option<&User>, who: &[Who]) -> Result<bool, AccessError> {
        let begun = self.0.guesses.lock().begin(who, self.now());
        begun.map_err(|wait| AccessError::TooMany {
            seconds: wait.num_milliseconds().max(1).unsigned_abs().div_ceil(1_000),
        })?;
        let hash = user.filter(|user| !user.is_disabled).and_then(|user| user.password.clone());
        let text = password::normalised(text).unwrap_or_default();
        match self.0.passwords.is_right(text, hash).await {
            Ok(is_right) => {
                if is_right {
                    self.0.guesses.lock().right(who);
                }
                Ok(is_right)
            }
            Err(error) => {
                self.0.guesses.lock().unchecked(who);
                Err(error)
            }
        }
    }

    /// What was typed as a name is not put on record unless it is one: people type passwords there.
    async fn note_refusal(&self, user: Option<&User>, client: &Client) -> Result<(), AccessError> {
        let Some(more) = self.0.refusals.lock().next(self.now()) else { return Ok(()) };
        let subject = user.map_or("unknown name", |user| user.name.as_str());
        let address = client.address.map(|address| address.to_string());
        let details = json!({ "address": address, "further_refusals_before": more });
        self.record("nobody", "session.refused", subject, details).await?;
        Ok(())
    }

    /// Whoever calls holds the lock of changes.
    pub(super) async fn begin_session(&self, user: &User, client: Client, how: &str) -> Result<Begun, AccessError> {
        let (text, proof) = secret(SESSION_PREFIX)?;
        let now = self.now();
        let Client { address, agent, device } = client;
        let device = device.filter(|device| super::device::known(device, user).is_some());
        let device = device.map_or_else(|| super::device::new(user), Ok)?;
        let agent = agent.map(|agent| agent.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect());
        let session = Session {
            id: ObjectId::new().to_hex(),
            proof,
            user: user.name.clone(),
            epoch: user.epoch,
            created_at: now,
            seen_at: now,
            address: address.map(|address| address.to_canonical().to_string()),
            agent,
        };
        let details = json!({ "by": how, "session": session.id, "address": session.address });
        self.record(user.name.as_str(), "session.begin", user.name.as_str(), details).await?;
        self.0.sessions.insert(&session).await?;
        self.0.users.signed_in(&user.name, now).await?;
        let surplus = {
            let mut known = self.0.known.write();
            if let Some(user) = known.users.get_mut(&user.name) {
                user.signed_in_at = Some(now);
            }
            let mut of_user: Vec<_> = known.sessions.values().filter(|live| live.it.user == user.name).collect();
            of_user.sort_by_key(|live| std::cmp::Reverse(live.it.seen_at));
            let surplus: Vec<String> = of_user.iter().skip(MOST_SESSIONS - 1).map(|live| live.it.id.clone()).collect();
            known.add_session(session.clone());
            known.end_sessions(|session| surplus.contains(&session.id))
        };
        if !surplus.is_empty() {
            self.0.sessions.delete(&surplus).await?;
        }
        Ok(Begun { user: user.clone(), session, secret: text, device })
    }

    /// Ends the session that the caller came with.
    ///
    /// # Errors
    /// [`AccessError::NeedsSession`] when it came with a token.
    pub async fn sign_out(&self, principal: &Principal) -> Result<(), AccessError> {
        let Way::Session(id) = &principal.way else {
            return Err(AccessError::NeedsSession("this request came with a token; there is no session to end"));
        };
        self.end_session(id, principal.user.as_ref(), &principal.name).await
    }

    /// Sessions in force, the latest used first: of one user, or of all.
    pub fn sessions(&self, of: Option<&UserName>) -> Vec<Session> {
        let (known, now) = (self.0.known.read(), self.now());
        let in_force = known.sessions.values().map(|live| &live.it).filter(|session| known.is_in_force(session, now));
        let mut found: Vec<Session> =
            in_force.filter(|session| of.is_none_or(|of| session.user == *of)).cloned().collect();
        found.sort_by(|a, b| (b.seen_at, &b.id).cmp(&(a.seen_at, &a.id)));
        found
    }

    /// The session of this id, if it is in force.
    pub fn session(&self, id: &str) -> Option<Session> {
        self.sessions(None).into_iter().find(|session| session.id == id)
    }

    /// Ends a session; `only_of`: only if it is this user's.
    ///
    /// # Errors
    /// As [`AccessError`] says.
    pub async fn end_session(&self, id: &str, only_of: Option<&UserName>, by: &str) -> Result<(), AccessError> {
        let _changing = self.0.changing.lock().await;
        let session = self.session(id).filter(|session| only_of.is_none_or(|user| session.user == *user));
        let session = session.ok_or(AccessError::NotFound("session"))?;
        self.record(by, "session.end", session.user.as_str(), json!({ "session": id })).await?;
        self.0.known.write().end_sessions(|session| session.id == id);
        self.0.sessions.delete(&[session.id]).await?;
        Ok(())
    }

    /// Changes the caller's own password: `current_password`, `new_password`. All of its sessions end, and a new one
    /// begins.
    ///
    /// # Errors
    /// As [`AccessError`] says.
    pub async fn change_password(
        &self,
        principal: &Principal,
        mut body: Value,
        client: Client,
    ) -> Result<Begun, AccessError> {
        let (Way::Session(_), Some(name)) = (&principal.way, &principal.user) else {
            return Err(AccessError::NeedsSession(
                "a password is changed by whoever signed in with it, not with a token",
            ));
        };
        let mut problems = Problems::default();
        let current = body::need(&mut body, "current_password", "the present password is needed", &mut problems);
        let new = body::need(&mut body, "new_password", "the new password is needed", &mut problems);
        let Some(mut fields) = Fields::of(&body, "", &mut problems) else { return body::invalid(problems) };
        fields.given("current_password");
        fields.given("new_password");
        fields.finish(&mut problems);
        let new = body::new_password(&new, "new_password", name, &mut problems);
        let Some(new) = new.filter(|_| problems.is_empty()) else { return body::invalid(problems) };
        let before = self.user(name).ok_or(AccessError::NotFound("user"))?;
        // A count of its own: guesses from elsewhere make nobody wait who is signed in.
        let who = [Who::Device(format!("{name} password"))];
        if !self.is_password(&current, Some(&before), &who).await? {
            problems.add("/current_password", "wrong", "this is not the present password");
            return body::invalid(problems);
        }
        let password = self.0.passwords.hash(new).await?;
        let _changing = self.0.changing.lock().await;
        let user = self.user(name).filter(|user| user.epoch == before.epoch).ok_or(AccessError::WrongCredentials)?;
        let user = User { password: Some(password), invitation: None, ..user };
        let user = self.store_change(user, &principal.name, "user.password", json!({})).await?;
        self.begin_session(&user, client, "changed password").await
    }
}
