//! Everything the host offers, for `cargo test` on any machine.
//!
//! A test makes a [`World`], puts into it what the template shall find, runs the template with [`execute`], and looks
//! at what the world holds afterwards. Each thread has its own world, so tests may run side by side.
//!
//! The fakes are meant to be believed, not to be complete: where a filter or a change goes beyond what they know
//! they panic and say so, instead of answering wrongly.

mod documents;
mod files;
pub(crate) mod host;
mod http;
mod state;
mod world;

use serde_json::Value;

use crate::{Failure, Outcome, Problems, Template, decode};

pub use http::{Credential, Reply, SentRequest};
pub use state::{Line, Progress};
pub use world::World;

/// Runs a template as the host does: the parameters are read and validated first.
///
/// # Errors
/// The template's own failure.
///
/// # Panics
/// When the parameters are refused; use [`validate`] to test that.
///
/// ```
/// # use sandglass_sdk::{Failure, Metadata, Outcome, Problems, Template};
/// # #[derive(serde::Deserialize, schemars::JsonSchema)]
/// # struct Parameters { days: u32 }
/// # struct Report;
/// # impl Template for Report {
/// #     type Parameters = Parameters;
/// #     fn describe() -> Metadata { Metadata::new("report", "1.0.0", "Report") }
/// #     fn validate(parameters: &Parameters) -> Problems {
/// #         let mut problems = Problems::none();
/// #         if parameters.days == 0 { problems.add("/days", "is 0") }
/// #         problems
/// #     }
/// #     fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
/// #         Ok(Outcome::new(format!("{} days", parameters.days)))
/// #     }
/// # }
/// use sandglass_sdk::fakes;
/// use serde_json::json;
///
/// let outcome = fakes::execute::<Report>(json!({"days": 7})).unwrap();
/// assert_eq!(outcome.message, "7 days");
/// ```
#[expect(clippy::panic, reason = "a test that goes on with refused parameters proves nothing")]
pub fn execute<T: Template>(parameters: Value) -> Result<Outcome, Failure> {
    match decode::<T::Parameters>(&parameters.to_string()) {
        Ok(parameters) => {
            let problems = T::validate(&parameters);
            assert!(problems.is_empty(), "the template refuses the parameters: {problems:?}");
            T::execute(parameters)
        }
        Err(problems) => panic!("the parameters cannot be read: {problems:?}"),
    }
}

/// What the template says about parameters.
///
/// ```
/// # use sandglass_sdk::{Failure, Metadata, Outcome, Problems, Template};
/// # #[derive(serde::Deserialize, schemars::JsonSchema)]
/// # struct Parameters { days: u32 }
/// # struct Report;
/// # impl Template for Report {
/// #     type Parameters = Parameters;
/// #     fn describe() -> Metadata { Metadata::new("report", "1.0.0", "Report") }
/// #     fn validate(parameters: &Parameters) -> Problems {
/// #         let mut problems = Problems::none();
/// #         if parameters.days == 0 { problems.add("/days", "is 0") }
/// #         problems
/// #     }
/// #     fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
/// #         Ok(Outcome::new(format!("{} days", parameters.days)))
/// #     }
/// # }
/// use sandglass_sdk::fakes;
/// use serde_json::json;
///
/// let problems = fakes::validate::<Report>(json!({"days": 0}));
/// assert_eq!(problems.iter().next().unwrap().pointer, "/days");
/// ```
pub fn validate<T: Template>(parameters: Value) -> Problems {
    match decode::<T::Parameters>(&parameters.to_string()) {
        Ok(parameters) => T::validate(&parameters),
        Err(problems) => problems,
    }
}
