use sandglass_sdk::{log, Failure, Metadata, Outcome, Template};
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters { #[serde(default)] a: u32 }
pub struct T;
impl Template for T {
    type Parameters = Parameters;
    fn describe() -> Metadata { Metadata::new("trivial", "0.1.0", "T") }
    fn execute(p: Parameters) -> Result<Outcome, Failure> { log::info("hello", &[("a", &p.a)]); Ok(Outcome::new("ok")) }
}
sandglass_sdk::export!(T);
