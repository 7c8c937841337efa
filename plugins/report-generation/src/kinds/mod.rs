//! The kinds of report: what each asks the database, and what it makes of the answers.

mod collection_summary;
mod custom;
mod engagement;
mod field_types;
mod retention;
mod sessions;
mod system_stats;
mod user_activity;

use sandglass_sdk::Failure;

use crate::parameters::{Parameters, ReportType};
use crate::query::Steps;
use crate::report::Section;
use crate::time::Period;

/// What a kind gives: its sections, how many documents they stand on, and what readers have to know.
#[derive(Debug, Default)]
pub struct Found {
    pub sections: Vec<Section>,
    pub looked_at: u64,
    pub notes: Vec<String>,
}

/// Asks for one period, and for the one before where the job wants to compare.
///
/// # Errors
/// Those of the database and of stopping.
pub fn run(parameters: &Parameters, period: &Period, previous: Option<&Period>) -> Result<Found, Failure> {
    let times = 1 + u64::from(previous.is_some());
    let mut steps = Steps::of(times * questions(parameters.report_type));
    let mut of = |period: &Period| match parameters.report_type {
        ReportType::UserActivity => user_activity::run(parameters, period, &mut steps),
        ReportType::Engagement => engagement::run(parameters, period, &mut steps),
        ReportType::SystemStats => system_stats::run(parameters, period, &mut steps),
        ReportType::CollectionSummary => collection_summary::run(parameters, period, &mut steps),
        ReportType::Custom => custom::run(parameters, period, &mut steps),
    };
    let mut found = of(period)?;
    let Some(before) = previous else { return Ok(found) };
    let earlier = of(before)?;
    found.looked_at += earlier.looked_at;
    for section in &mut found.sections {
        if let Some(before) = earlier.sections.iter().find(|before| before.id == section.id) {
            section.compare(before);
        }
    }
    Ok(found)
}

/// About how many questions a kind asks, for those who watch.
fn questions(report: ReportType) -> u64 {
    match report {
        ReportType::UserActivity => 7,
        ReportType::Engagement => 7,
        ReportType::SystemStats => 2,
        ReportType::CollectionSummary => 1,
        ReportType::Custom => 1,
    }
}
