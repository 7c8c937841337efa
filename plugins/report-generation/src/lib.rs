//! The template `report_generation`: figures from documents and from Sandglass's own runs, as a page, a table or JSON.
//!
//! `kinds` ask the database, which does the sums; what comes back becomes a `report`, which knows nothing of how it
//! will look; `formats` write it and `delivery` brings it where it should go. Nothing is ever changed in a database.

mod delivery;
mod formats;
mod kinds;
mod parameters;
mod problems;
mod query;
mod report;
mod source;
mod time;

use chrono_tz::Tz;
use sandglass_sdk::chrono::SecondsFormat;
use sandglass_sdk::{Failure, Metadata, Need, OnLost, Outcome, Problems, Template, execution, log};
use serde_json::json;

pub use parameters::Parameters;
use report::{Report, Span};
use time::Period;

/// The template.
#[derive(Debug)]
pub struct ReportGeneration;

impl Template for ReportGeneration {
    type Parameters = Parameters;

    fn describe() -> Metadata {
        Metadata::new("report_generation", env!("CARGO_PKG_VERSION"), "Report generation")
            .description(
                "Makes reports: user activity, engagement, system statistics, what collections hold, or the rows of a \
                 pipeline of your own; as a page with charts, text, CSV or JSON, into a file, an e-mail or the result.",
            )
            .icon("📈")
            .category("Reporting")
            .tags(&["report", "statistics", "analytics", "activity", "engagement", "html", "charts"])
            .need(
                Need::new("documents", "*", "read", "To count what the report is about. Nothing is written.")
                    .connection("param:/connection"),
            )
            .need(Need::new("insight", "runs", "read", "For system statistics: how the jobs have run.").optional())
            .need(Need::new("files", "param:/folder", "write", "To put the report into a file.").optional())
            .need(Need::new("email", "param:/identity", "send", "To send the report by e-mail.").optional())
            .on_lost(OnLost::Retry)
    }

    fn validate(parameters: &Parameters) -> Problems {
        problems::of(parameters)
    }

    fn execute(parameters: Parameters) -> Result<Outcome, Failure> {
        let zone: Tz = parameters
            .timezone
            .parse()
            .map_err(|_| Failure::permanent(format!("{:?} is no IANA time zone", parameters.timezone)))?;
        let period = Period::of(&parameters, zone, execution::scheduled_at());
        if period.end <= period.start {
            return Err(Failure::permanent(
                "the time of the report is over before it begins: start_date lies after the run",
            ));
        }
        let previous = parameters.compare_previous.then(|| period.previous(parameters.date_range));
        log::info(
            format!("making the report {:?} for {}", parameters.title(), period.text()),
            &[("timezone", &zone), ("start", &period.start), ("end", &period.end)],
        );
        let found = kinds::run(&parameters, &period, previous.as_ref())?;
        found.notes.iter().for_each(|note| log::warn(note, &[]));
        let span = |period: &Period| Span {
            start: period.local(period.start),
            end: period.local(period.end),
            text: period.text(),
        };
        let report = Report {
            kind: parameters.report_type.name(),
            title: parameters.title().to_owned(),
            job: execution::job().name,
            zone: zone.name().to_owned(),
            generated_at: sandglass_sdk::clock::now().with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, true),
            period: Some(span(&period)),
            previous: previous.as_ref().map(span),
            sections: found.sections,
            notes: found.notes,
        };
        query::go_on()?;
        let delivered = delivery::run(&parameters, &report)?;
        let details = json!({
            "report_type": report.kind,
            "format": parameters.format,
            "period": report.period.as_ref().map(formats::span),
            "figures": formats::figures(&report),
        });
        Ok(outcome(&report, found.looked_at, delivered, details))
    }
}

fn outcome(report: &Report, looked_at: u64, delivered: delivery::Delivered, details: serde_json::Value) -> Outcome {
    let message = format!("{} {}", report.title, delivered.told);
    log::info(&message, &[("looked_at", &looked_at)]);
    let mut details = details;
    if let (Some(details), serde_json::Value::Object(more)) = (details.as_object_mut(), delivered.details) {
        details.extend(more);
    }
    let mut outcome = Outcome::new(message).details(details).processed(looked_at).affected(1);
    outcome.warnings.extend(report.notes.iter().cloned());
    outcome.warnings.extend(delivered.warnings);
    outcome
}

sandglass_sdk::export!(ReportGeneration);

#[cfg(test)]
mod tests;
