//! What somebody shows to be let in again after signing in: a session of a browser, or a token of a program.
//!
//! Only hashes are kept; the rules of when they end are here, and the time is handed in.

use chrono::{DateTime, Duration, Utc};

use super::{Role, UserName};

/// A session that nobody uses ends.
pub const IDLE: Duration = Duration::minutes(30);
/// Every session ends.
pub const LONGEST: Duration = Duration::hours(12);

/// SHA-256 of what is shown: 256 random bits need no slow hash.
pub type Proof = [u8; 32];

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// 24 hexadecimal digits; names it, and opens nothing.
    pub id: String,
    pub proof: Proof,
    pub user: UserName,
    /// The user's, when it began.
    pub epoch: i64,
    pub created_at: DateTime<Utc>,
    /// When it was last used; behind by up to a minute.
    pub seen_at: DateTime<Utc>,
    pub address: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

impl Session {
    pub fn is_alive(&self, now: DateTime<Utc>) -> bool {
        now < self.ends_at()
    }

    /// When it ends if nobody uses it any more.
    pub fn ends_at(&self) -> DateTime<Utc> {
        (self.seen_at + IDLE).min(self.created_at + LONGEST)
    }
}

/// What a program shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// 24 hexadecimal digits; names it, and opens nothing.
    pub id: String,
    pub proof: Proof,
    pub name: String,
    /// Whose it is; none: of whoever holds the token of the configuration.
    pub owner: Option<UserName>,
    /// The most it may; less when its owner may less.
    pub role: Role,
    pub created_at: DateTime<Utc>,
    /// None: never.
    pub expires_at: Option<DateTime<Utc>>,
    /// Behind by up to a minute.
    pub used_at: Option<DateTime<Utc>>,
}

impl ApiToken {
    pub fn is_alive(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_it_is_idle_and_after_half_a_day_in_any_case() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let session = |seen_at| Session {
            id: String::new(),
            proof: [0; 32],
            user: "ann".parse().unwrap(),
            epoch: 1,
            created_at: start,
            seen_at,
            address: None,
            agent: None,
        };
        let minutes = Duration::minutes;
        assert!(session(start).is_alive(start + minutes(29)));
        assert!(!session(start).is_alive(start + minutes(30)));
        let busy = session(start + minutes(715));
        assert!(busy.is_alive(start + minutes(719)));
        assert!(!busy.is_alive(start + minutes(720)), "though it was used five minutes ago");
    }
}
