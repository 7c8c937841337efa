//! What an author implements, and the values that go through it.

mod failure;
mod metadata;
mod outcome;
mod problem;

pub use failure::{Failure, FailureKind};
pub use metadata::{Metadata, Need, OnLost};
pub use outcome::Outcome;
pub use problem::{Problem, Problems};

/// A job template.
///
/// ```
/// use sandglass_sdk::{Failure, Metadata, Outcome, Template, fakes};
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// pub struct Parameters {
///     /// Whom to greet.
///     name: String,
/// }
///
/// pub struct Greeting;
///
/// impl Template for Greeting {
///     type Parameters = Parameters;
///
///     fn describe() -> Metadata {
///         Metadata::new("greeting", env!("CARGO_PKG_VERSION"), "Greeting")
///     }
///
///     fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
///         Ok(Outcome::new(format!("hello, {}", parameters.name)))
///     }
/// }
///
/// let outcome = fakes::execute::<Greeting>(serde_json::json!({"name": "Ada"})).unwrap();
/// assert_eq!(outcome.message, "hello, Ada");
/// ```
pub trait Template {
    /// What a job of this template is given. Put `#[serde(deny_unknown_fields)]` on it, so that a misspelt name is
    /// an error; the schema of the form is made from it.
    type Parameters: serde::de::DeserializeOwned + schemars::JsonSchema;

    /// Who the template is and what it asks for. Pure: no capability answers here.
    fn describe() -> Metadata;

    /// Checks what a schema cannot say, and reports everything at once. Pure: no capability answers here.
    fn validate(parameters: &Self::Parameters) -> Problems {
        let _ = parameters;
        Problems::none()
    }

    /// Does the work once.
    ///
    /// # Errors
    /// A [`Failure`] whose kind decides what follows. `?` makes one of an [`Error`](crate::Error).
    fn execute(parameters: Self::Parameters) -> Result<Outcome, Failure>;
}
