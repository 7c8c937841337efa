//! Pure data and rules: what the other rooms talk about. No I/O, no async, no clock of its own.

pub mod audit;
pub mod clock;
mod cover;
pub mod difference;
pub mod event;
pub mod execution;
pub mod grant;
pub mod id;
pub mod job;
pub mod lease;
pub mod log;
pub mod outcome;
pub mod password;
mod principal;
mod role;
pub mod secret;
pub mod session;
pub mod template;
mod trouble;
pub mod user;

pub use clock::{Clock, SystemClock};
pub use cover::covers_field;
pub use difference::Difference;
pub use execution::{Execution, SkipReason, Status, Trigger};
pub use id::{Digest, ExecutionId, Incarnation, JobId, Token};
pub use job::Job;
pub use lease::Lease;
pub use principal::{Principal, Way};
pub use role::Role;
pub use secret::{Plaintext, SecretInfo, SecretLabel};
pub use session::{ApiToken, Session};
pub use trouble::Trouble;
pub use user::{User, UserName};
