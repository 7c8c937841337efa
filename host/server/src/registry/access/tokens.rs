//! Tokens of programs: made with a role and an end, shown once, listed, revoked.

use bson::oid::ObjectId;
use chrono::Duration;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::random::{TOKEN_PREFIX, secret};
use super::{Access, AccessError, body};
use crate::model::{ApiToken, Principal, Role, UserName, Way};
use crate::registry::fields::{Fields, Problems};

const MOST_TOKENS: usize = 100;
const LONGEST_NAME: usize = 64;
/// Unless told otherwise.
const DAYS: u32 = 90;
const MOST_DAYS: u32 = 3_650;

/// A token that was made just now.
pub struct NewToken {
    pub token: ApiToken,
    /// What the program has to show: the only time it is seen.
    pub secret: Zeroizing<String>,
}

/// What a token is to be.
struct Asked {
    name: String,
    role: Option<Role>,
    days: Option<u32>,
}

fn read(body: &Value) -> Result<Asked, AccessError> {
    let mut problems = Problems::default();
    let Some(mut fields) = Fields::of(body, "", &mut problems) else { return body::invalid(problems) };
    let name = fields.text("name", &mut problems).map(str::to_owned);
    match &name {
        None if problems.is_empty() => {
            problems.add("/name", "required", "a name is needed, that says what the token is for");
        }
        Some(name) if !is_plain(name) => problems.add(
            "/name",
            "invalid_name",
            format!("a name consists of letters, digits, `.`, `_` and `-`, begins with a letter or digit, and has at most {LONGEST_NAME}"),
        ),
        _ => {}
    }
    let role = body::role(&mut fields, &mut problems);
    let never = fields.boolean("never_expires", &mut problems).unwrap_or(false);
    let days = fields.whole("expires_in_days", 1, MOST_DAYS, &mut problems);
    if never && days.is_some() {
        problems.add("/never_expires", "conflict", "goes without `expires_in_days`, or `expires_in_days` without it");
    }
    fields.finish(&mut problems);
    match name {
        Some(name) if problems.is_empty() => Ok(Asked { name, role, days: (!never).then_some(days.unwrap_or(DAYS)) }),
        _ => body::invalid(problems),
    }
}

fn is_plain(name: &str) -> bool {
    let begins = name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
    begins
        && name.len() <= LONGEST_NAME
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

impl Access {
    /// Makes a token for the caller: `name`, `role` (at most the caller's, which is what it is without), and
    /// `expires_in_days` (90) or `never_expires`.
    ///
    /// # Errors
    /// As [`AccessError`] says.
    pub async fn create_token(&self, principal: &Principal, body: Value) -> Result<NewToken, AccessError> {
        if let Way::Token(_) = principal.way {
            // Whoever finds a token must not be able to outlive it.
            return Err(AccessError::NeedsSession("a token makes no other tokens: sign in"));
        }
        self.new_token(principal.user.as_ref(), principal.role, &body, &principal.name).await
    }

    /// Makes a token for somebody, as the command line does.
    ///
    /// # Errors
    /// As [`AccessError`] says.
    pub async fn create_token_of(&self, owner: &UserName, body: Value, by: &str) -> Result<NewToken, AccessError> {
        let user = self.user(owner).ok_or(AccessError::NotFound("user"))?;
        self.new_token(Some(owner), user.role, &body, by).await
    }

    async fn new_token(
        &self,
        owner: Option<&UserName>,
        most: Role,
        body: &Value,
        by: &str,
    ) -> Result<NewToken, AccessError> {
        let Asked { name, role, days } = read(body)?;
        let role = role.unwrap_or(most);
        if role > most {
            let mut problems = Problems::default();
            problems.add("/role", "more_than_owner", format!("a token may at most what its owner may: {most}"));
            return body::invalid(problems);
        }
        let _changing = self.0.changing.lock().await;
        let owned = self.tokens(Some(owner));
        if owned.iter().any(|token| token.name == name) {
            let mut problems = Problems::default();
            problems.add("/name", "taken", "there is a token of this name already; records tell them apart by it");
            return body::invalid(problems);
        }
        if owned.len() >= MOST_TOKENS {
            return Err(AccessError::Full { what: "tokens", most: MOST_TOKENS });
        }
        let (text, proof) = secret(TOKEN_PREFIX)?;
        let now = self.now();
        let token = ApiToken {
            id: ObjectId::new().to_hex(),
            proof,
            name,
            owner: owner.cloned(),
            role,
            created_at: now,
            expires_at: days.map(|days| now + Duration::days(days.into())),
            used_at: None,
        };
        let details =
            json!({ "owner": owner.map(UserName::as_str), "name": token.name, "role": role, "expires_in_days": days });
        self.record(by, "token.create", &token.id, details).await?;
        self.0.tokens.insert(&token).await?;
        self.0.known.write().add_token(token.clone());
        Ok(NewToken { token, secret: text })
    }

    /// Tokens that have not expired, by owner and name: of one owner (which may be nobody), or of all.
    pub fn tokens(&self, of: Option<Option<&UserName>>) -> Vec<ApiToken> {
        let (known, now) = (self.0.known.read(), self.now());
        let alive = known.tokens.values().map(|live| &live.it).filter(|token| token.is_alive(now));
        let mut found: Vec<ApiToken> =
            alive.filter(|token| of.is_none_or(|of| token.owner.as_ref() == of)).cloned().collect();
        found.sort_by(|a, b| (&a.owner, &a.name, &a.id).cmp(&(&b.owner, &b.name, &b.id)));
        found
    }

    /// Revokes a token; `only_of`: only if it is this owner's.
    ///
    /// # Errors
    /// As [`AccessError`] says.
    pub async fn revoke_token(
        &self,
        id: &str,
        only_of: Option<Option<&UserName>>,
        by: &str,
    ) -> Result<ApiToken, AccessError> {
        let _changing = self.0.changing.lock().await;
        let token = self.tokens(only_of).into_iter().find(|token| token.id == id);
        let token = token.ok_or(AccessError::NotFound("token"))?;
        let details = json!({ "owner": token.owner.as_ref().map(UserName::as_str), "name": token.name });
        self.record(by, "token.revoke", id, details).await?;
        self.0.known.write().end_tokens(|token| token.id == id);
        self.0.tokens.delete(std::slice::from_ref(&token.id)).await?;
        Ok(token)
    }
}
