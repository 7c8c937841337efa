//! Everybody who may call, in memory: no request has to ask the store, and what is ended here is over at once.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::model::session::Proof;
use crate::model::user::TOKEN_HOLDER;
use crate::model::{ApiToken, Principal, Role, Session, User, UserName, Way};

/// A session or token in force. When it goes, whoever watches learns of it.
pub(super) struct Live<T> {
    pub(super) it: T,
    ended: CancellationToken,
}

impl<T> Live<T> {
    fn new(it: T) -> Self {
        Self { it, ended: CancellationToken::new() }
    }
}

impl<T> Drop for Live<T> {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}

/// A caller, and how it learns that it is none any more.
#[derive(Debug, Clone)]
pub struct Caller {
    pub principal: Principal,
    /// Cancelled when the session or token ends.
    pub ended: CancellationToken,
}

#[derive(Default)]
pub(super) struct Known {
    pub(super) users: BTreeMap<UserName, User>,
    pub(super) sessions: HashMap<Proof, Live<Session>>,
    pub(super) tokens: HashMap<Proof, Live<ApiToken>>,
}

impl Known {
    pub(super) fn add_session(&mut self, session: Session) {
        self.sessions.insert(session.proof, Live::new(session));
    }

    pub(super) fn add_token(&mut self, token: ApiToken) {
        self.tokens.insert(token.proof, Live::new(token));
    }

    pub(super) fn has_acting_admin_but(&self, name: &UserName) -> bool {
        self.users.values().any(|user| user.is_acting_admin() && user.name != *name)
    }

    /// Who a session's holder is, if it is in force.
    pub(super) fn of_session(&self, proof: &Proof, now: DateTime<Utc>) -> Option<(Caller, &Session)> {
        let live = self.sessions.get(proof).filter(|live| self.is_in_force(&live.it, now))?;
        let user = self.users.get(&live.it.user)?;
        let principal = Principal {
            name: user.name.to_string(),
            role: user.role,
            user: Some(user.name.clone()),
            way: Way::Session(live.it.id.clone()),
        };
        Some((Caller { principal, ended: live.ended.clone() }, &live.it))
    }

    pub(super) fn is_in_force(&self, session: &Session, now: DateTime<Utc>) -> bool {
        let user = self.users.get(&session.user);
        session.is_alive(now) && user.is_some_and(|user| !user.is_disabled && user.epoch == session.epoch)
    }

    /// Who a token's holder is, if it is in force: never more than its owner.
    pub(super) fn of_token(&self, proof: &Proof, now: DateTime<Utc>) -> Option<(Caller, &ApiToken)> {
        let live = self.tokens.get(proof).filter(|live| live.it.is_alive(now))?;
        let token = &live.it;
        let (owner, most) = match &token.owner {
            None => (TOKEN_HOLDER, Role::Admin),
            Some(owner) => {
                let owner = self.users.get(owner).filter(|owner| !owner.is_disabled)?;
                (owner.name.as_str(), owner.role)
            }
        };
        let principal = Principal {
            name: format!("{owner}/{}", token.name),
            role: token.role.min(most),
            user: token.owner.clone(),
            way: Way::Token(token.id.clone()),
        };
        Some((Caller { principal, ended: live.ended.clone() }, token))
    }

    /// Takes the sessions out that are chosen; gives their ids.
    pub(super) fn end_sessions(&mut self, chosen: impl Fn(&Session) -> bool) -> Vec<String> {
        let gone = self.sessions.extract_if(|_, live| chosen(&live.it));
        gone.map(|(_, live)| live.it.id.clone()).collect()
    }

    /// The same with tokens.
    pub(super) fn end_tokens(&mut self, chosen: impl Fn(&ApiToken) -> bool) -> Vec<String> {
        let gone = self.tokens.extract_if(|_, live| chosen(&live.it));
        gone.map(|(_, live)| live.it.id.clone()).collect()
    }

    /// Whoever watches with a token of this user has to show it again.
    pub(super) fn interrupt_tokens(&mut self, owner: &UserName) {
        for live in self.tokens.values_mut().filter(|live| live.it.owner.as_ref() == Some(owner)) {
            *live = Live::new(live.it.clone());
        }
    }
}
