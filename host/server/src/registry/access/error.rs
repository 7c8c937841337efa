//! Why somebody was not let in, or a change of users, sessions and tokens was not made. Nothing was changed then.

use crate::model::template::Problem;
use crate::repository::audit::AuditError;

#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// What was given is not right; each problem has its pointer.
    #[error("{} problems", .0.len())]
    Invalid(Vec<Problem>),
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("there is a user {0} already")]
    Exists(String),
    #[error("this is the last admin who can sign in: make another one first")]
    LastAdmin,
    /// Name or password; which of them is not said.
    #[error("name or password is not right")]
    WrongCredentials,
    /// Too many guesses, or too many checks at the same time.
    #[error("too many attempts: try again in {seconds} seconds")]
    TooMany { seconds: u64 },
    #[error(
        "this set-up link does not work: it was used, is too old, or the server was started anew since; a start without users prints a new one"
    )]
    SetupClosed,
    #[error("this link does not work: it was used, a newer one was made, or it is too old; an admin can make another")]
    InvitationClosed,
    /// What was shown is no session, and only a session may do this.
    #[error("{0}")]
    NeedsSession(&'static str),
    #[error("there are {most} {what} already; remove one first")]
    Full { what: &'static str, most: usize },
    #[error("the machine gives no random bytes")]
    NoRandomness,
    #[error("a password could not be hashed: {0}")]
    Hashing(String),
    #[error(transparent)]
    Database(#[from] sandglass_database::Error),
    #[error(transparent)]
    Audit(#[from] AuditError),
}
