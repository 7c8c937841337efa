//! What may run: templates (admit, describe, check, grant) and jobs (create, change, validate, run); and who may call.
//!
//! It decides what is allowed to be stored; when something runs is `scheduler`'s affair. It knows no HTTP: problems are
//! data with a JSON pointer, and `api` shows them.

mod access;
pub mod fields;
mod grants;
mod jobs;
mod secrets;
mod templates;

pub use access::{
    Access, AccessError, Begun, Caller, Client, NewToken, Parts as AccessParts, TOKEN_PREFIX, UserWithLink,
    secret as new_secret,
};
pub use grants::{
    CapabilityUse, FunctionUse, GrantCheck, GrantError, GrantInfo, Grants, HostOffer, JobAffected, Met, UseReader, Uses,
};
pub use jobs::{JobError, Jobs, RunRequest, read_schedule};
pub use secrets::{Asked as AskedSecret, SecretError, Secrets, read as read_secret, set as set_secret};
pub use templates::{
    AdmitError, Approval, CheckedParameters, Components, Described, DropIn, DropInError, DropInParts, FileProblem,
    Forecast, HookForecast, JobLeft, Moved, Readiness, Retirement, SandboxComponents, Shelf, ShelfError, TemplateView,
    Templates, TemplatesError, Trial,
};
