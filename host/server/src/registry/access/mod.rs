//! Who may call: users and their passwords, sessions of browsers, tokens of programs, the set-up of the first admin.
//!
//! What a role may do is not decided here but by the route, in `api/access.rs`. Every change is on record before it is
//! made, and made one after the other; requests are let in from memory. Callers hand the changes to a task of their own:
//! one that is cut off half way would leave memory and store apart.

mod body;
mod device;
mod error;
mod guesses;
mod invitations;
mod known;
mod passwords;
mod random;
mod sessions;
mod setup;
mod tokens;
mod users;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::{Mutex, RwLock};
use sandglass_database::Database;
use serde_json::Value;
use subtle::ConstantTimeEq as _;
use tokio_util::sync::CancellationToken;

pub use self::error::AccessError;
pub use self::invitations::UserWithLink;
pub use self::known::Caller;
pub use self::random::{TOKEN_PREFIX, secret};
pub use self::sessions::{Begun, Client};
pub use self::tokens::NewToken;

use self::guesses::Guesses;
use self::known::Known;
use self::passwords::Passwords;
use self::random::proof_of;
use crate::model::audit::ChangeRecord;
use crate::model::session::Proof;
use crate::model::user::TOKEN_HOLDER;
use crate::model::{Clock, Principal, Role, Way};
use crate::repository::audit::{Audit, AuditError};
use crate::repository::{ApiTokens, Sessions, Users};

/// How often what has ended by its time is cleared away: streams of such a session go on for so long at most.
const SWEEP: Duration = Duration::from_secs(20);
/// Uses closer together than this are one.
const USE: chrono::Duration = chrono::Duration::minutes(1);

/// What it stands on.
pub struct Parts {
    pub database: Arc<dyn Database>,
    pub audit: Audit,
    pub clock: Arc<dyn Clock>,
    /// Hash of the token of the configuration, or of the one that was made at the first start.
    pub admin: Option<Proof>,
}

/// Lets callers in. Cheap to clone.
#[derive(Clone)]
pub struct Access(Arc<Inner>);

struct Inner {
    users: Users,
    sessions: Sessions,
    tokens: ApiTokens,
    audit: Audit,
    clock: Arc<dyn Clock>,
    admin: Option<Proof>,
    passwords: Passwords,
    guesses: Mutex<Guesses>,
    refusals: Mutex<sessions::Refusals>,
    setup: Mutex<Option<setup::Setup>>,
    known: RwLock<Known>,
    /// Held while something changes, so that no two changes are decided on the same state.
    changing: tokio::sync::Mutex<()>,
}

impl Access {
    /// Reads everybody from the store.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn open(parts: Parts) -> Result<Self, AccessError> {
        let Parts { database, audit, clock, admin } = parts;
        let (users, sessions) = (Users::new(database.clone()), Sessions::new(database.clone()));
        let tokens = ApiTokens::new(database);
        let all = users.all().await?.into_iter().map(|user| (user.name.clone(), user)).collect();
        let mut known = Known { users: all, ..Known::default() };
        sessions.all().await?.into_iter().for_each(|session| known.add_session(session));
        tokens.all().await?.into_iter().for_each(|token| known.add_token(token));
        let access = Self(Arc::new(Inner {
            users,
            sessions,
            tokens,
            audit,
            clock,
            admin,
            passwords: Passwords::new(),
            guesses: Mutex::default(),
            refusals: Mutex::default(),
            setup: Mutex::default(),
            known: RwLock::new(known),
            changing: tokio::sync::Mutex::default(),
        }));
        access.sweep().await?;
        Ok(access)
    }

    /// Who shows this token, if it is in force.
    pub fn by_token(&self, token: &str) -> Option<Caller> {
        let (proof, now) = (proof_of(token), self.now());
        if self.0.admin.is_some_and(|admin| bool::from(admin.ct_eq(&proof))) {
            let name = TOKEN_HOLDER.to_owned();
            let principal = Principal { name, role: Role::Admin, user: None, way: Way::AdminToken };
            return Some(Caller { principal, ended: CancellationToken::new() });
        }
        let (caller, stale) = {
            let known = self.0.known.read();
            let (caller, token) = known.of_token(&proof, now)?;
            (caller, token.used_at.is_none_or(|at| now - at >= USE))
        };
        if stale {
            self.used(&proof, now);
        }
        Some(caller)
    }

    /// Who shows this session, if it is in force. `counts`: whether this keeps it from ending.
    pub fn by_session(&self, session: &str, counts: bool) -> Option<Caller> {
        let (proof, now) = (proof_of(session), self.now());
        let (caller, stale) = {
            let known = self.0.known.read();
            let (caller, session) = known.of_session(&proof, now)?;
            (caller, now - session.seen_at >= USE)
        };
        if counts && stale {
            self.seen(&proof, now);
        }
        Some(caller)
    }

    fn seen(&self, proof: &Proof, now: DateTime<Utc>) {
        let id = match self.0.known.write().sessions.get_mut(proof) {
            Some(live) => {
                live.it.seen_at = now;
                live.it.id.clone()
            }
            None => return,
        };
        let inner = self.0.clone();
        tokio::spawn(async move {
            if let Err(error) = inner.sessions.seen(&id, now).await {
                tracing::warn!(%error, "the use of a session could not be noted");
            }
        });
    }

    fn used(&self, proof: &Proof, now: DateTime<Utc>) {
        let id = match self.0.known.write().tokens.get_mut(proof) {
            Some(live) => {
                live.it.used_at = Some(now);
                live.it.id.clone()
            }
            None => return,
        };
        let inner = self.0.clone();
        tokio::spawn(async move {
            if let Err(error) = inner.tokens.used(&id, now).await {
                tracing::warn!(%error, "the use of a token could not be noted");
            }
        });
    }

    /// Clears away what has ended by its time.
    ///
    /// # Errors
    /// Those of the database; for callers nothing is in force any more all the same.
    pub async fn sweep(&self) -> Result<(), AccessError> {
        let _changing = self.0.changing.lock().await;
        let now = self.now();
        let (sessions, tokens) = {
            let mut known = self.0.known.write();
            let over: Vec<String> = {
                let over = known.sessions.values().filter(|live| !known.is_in_force(&live.it, now));
                over.map(|live| live.it.id.clone()).collect()
            };
            (known.end_sessions(|session| over.contains(&session.id)), known.end_tokens(|token| !token.is_alive(now)))
        };
        if !sessions.is_empty() {
            self.0.sessions.delete(&sessions).await?;
        }
        if !tokens.is_empty() {
            self.0.tokens.delete(&tokens).await?;
        }
        Ok(())
    }

    /// Sweeps until it is told to stop.
    pub async fn look_after(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(SWEEP) => {}
            }
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "sessions and tokens that have ended could not be cleared away");
            }
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    async fn record(&self, by: &str, action: &str, subject: &str, details: Value) -> Result<(), AuditError> {
        let (actor, action) = (by.to_owned(), action.to_owned());
        let record = ChangeRecord { at: self.now(), actor, action, subject: subject.to_owned(), details };
        self.0.audit.change(record).await
    }
}
