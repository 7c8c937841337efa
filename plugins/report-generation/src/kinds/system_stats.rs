//! How it runs: collections with counts and sizes, and Sandglass's own jobs.

use sandglass_sdk::{ErrorKind, Failure, insight, log};
use serde_json::{Value, json};

use super::Found;
use super::user_activity::{titled, too_many};
use crate::parameters::Parameters;
use crate::query::{Steps, count, number};
use crate::report::{Cell, Chart, Figure, Section, Table, Unit};
use crate::source::{name_of, reachable};
use crate::time::Period;

pub fn run(parameters: &Parameters, period: &Period, steps: &mut Steps) -> Result<Found, Failure> {
    let mut found = Found::default();
    steps.begin("looking at the collections")?;
    found.sections.push(storage(&reachable(parameters)?));
    steps.begin("looking at the jobs")?;
    let by = parameters.group_by;
    by.groups(period).ok_or_else(|| too_many(parameters))?;
    let options = json!({ "group_by": by.name(), "timezone": period.zone.name(), "limit": parameters.lines() });
    match insight::statistics(period.start, period.end, &options) {
        Ok(statistics) => {
            found.looked_at = count(&statistics, "looked_at") as u64;
            if statistics.get("truncated") == Some(&Value::Bool(true)) {
                found.notes.push(format!(
                    "There were more runs than are looked at: the figures stand on the newest {}.",
                    found.looked_at
                ));
            }
            found.sections.extend(jobs(parameters, &statistics));
        }
        // The template is of use without it: an operator may have left it out.
        Err(error) if error.kind == ErrorKind::Denied => {
            log::warn("the figures about jobs are left out", &[("reason", &error.message)]);
            found.notes.push(format!("Figures about jobs are left out: {}", error.message));
        }
        Err(error) => return Err(Failure::from(error).during("asking for the figures about jobs")),
    }
    Ok(found)
}

fn storage(collections: &[Value]) -> Section {
    let sum = |field: &str| collections.iter().map(|entry| count(entry, field)).sum();
    let mut rows: Vec<(&str, f64, f64)> =
        collections.iter().map(|entry| (name_of(entry), count(entry, "count"), count(entry, "size_bytes"))).collect();
    rows.sort_by(|one, other| other.2.total_cmp(&one.2).then_with(|| one.0.cmp(other.0)));
    let rows = rows
        .into_iter()
        .map(|(name, documents, bytes)| vec![Cell::text(name), Cell::Number(documents), Cell::Number(bytes)]);
    let columns = [
        ("collection", "Collection", Unit::Text),
        ("documents", "Documents", Unit::Count),
        ("bytes", "Size", Unit::Bytes),
    ];
    Section::new("storage", "Collections")
        .note("As they are now, whatever the time of the report.")
        .figure(Figure::count("collections", "Collections", collections.len() as f64).state())
        .figure(Figure::count("documents", "Documents", sum("count")).state())
        .figure(Figure::new("bytes", "Size", Unit::Bytes, Some(sum("size_bytes"))).state())
        .table(Table::new("collections", "By size", &columns).rows(rows.collect()).drawn(Chart::Bars(2)))
}

fn jobs(parameters: &Parameters, statistics: &Value) -> Vec<Section> {
    let runs = statistics.get("runs").cloned().unwrap_or_default();
    let duration = |row: &Value, name: &str| row.pointer(&format!("/duration_seconds/{name}")).and_then(number);
    let overview = Section::new("runs", "Jobs")
        .note("Runs by the instant they were scheduled for. The success rate leaves out what was skipped or cancelled.")
        .figure(Figure::count("runs", "Runs", count(&runs, "total")))
        .figure(Figure::count("jobs", "Jobs with runs", count(statistics, "jobs")))
        .figure(
            Figure::new("success_rate", "Success rate", Unit::Share, runs.get("success_rate").and_then(number)).up(),
        )
        .figure(Figure::count("failures", "Failures", count(&runs, "failures")).down())
        .figure(Figure::new("mean_duration", "Mean duration", Unit::Seconds, duration(&runs, "mean")).down())
        .figure(Figure::new("p95_duration", "95 % took at most", Unit::Seconds, duration(&runs, "p95")).down())
        .figure(Figure::new("longest_run", "Longest run", Unit::Seconds, duration(&runs, "max")).down())
        .table(series(parameters, statistics))
        .table(by_status(&runs));
    let line = |row: &Value| {
        let text = |name: &str| row.get(name).and_then(Value::as_str).map_or(Cell::Nothing, Cell::text);
        vec![
            text("job_name"),
            text("template_type"),
            Cell::Number(count(row, "total")),
            Cell::Number(count(row, "failures")),
            Cell::number(row.get("success_rate").and_then(number)),
            Cell::number(duration(row, "mean")),
            Cell::number(duration(row, "p95")),
            text("job_id"),
        ]
    };
    let columns = [
        ("job", "Job", Unit::Text),
        ("template", "Template", Unit::Text),
        ("runs", "Runs", Unit::Count),
        ("failures", "Failures", Unit::Count),
        ("success_rate", "Success", Unit::Share),
        ("mean_duration", "Mean", Unit::Seconds),
        ("p95_duration", "95 %", Unit::Seconds),
        ("job_id", "Id", Unit::Text),
    ];
    let list = |id: &str, title: &str, from: &str, drawn| {
        let rows = statistics.get(from).and_then(Value::as_array).into_iter().flatten().map(line);
        Table::new(id, title, &columns).rows(rows.collect()).drawn(Chart::Bars(drawn))
    };
    let worst = Section::new("attention", "Jobs that want attention")
        .table(list("slowest_jobs", "Slowest by mean duration", "slowest_jobs", 5))
        .table(list("failing_jobs", "Most failures", "failing_jobs", 3));
    vec![overview, worst]
}

fn series(parameters: &Parameters, statistics: &Value) -> Table {
    let by = parameters.group_by.name();
    let first = titled(by);
    let columns = [
        (by, first.as_str(), Unit::Text),
        ("succeeded", "Succeeded", Unit::Count),
        ("failed", "Failed", Unit::Count),
        ("mean_duration", "Mean duration", Unit::Seconds),
    ];
    let rows = statistics.get("series").and_then(Value::as_array).into_iter().flatten().map(|row| {
        let start = row.get("start").and_then(Value::as_str).unwrap_or_default();
        let mean = row.pointer("/duration_seconds/mean").and_then(number);
        let succeeded = row.pointer("/by_status/success").and_then(number).unwrap_or_default();
        vec![
            Cell::text(shortened(by, start)),
            Cell::Number(succeeded),
            Cell::Number(count(row, "failures")),
            Cell::number(mean),
        ]
    });
    Table::new("series", &format!("By {by}"), &columns).rows(rows.collect()).drawn(Chart::Series(vec![1, 2]))
}

/// As much of an instant as names the group.
fn shortened<'a>(by: &str, start: &'a str) -> &'a str {
    match by {
        "hour" => start,
        "month" => start.get(..7).unwrap_or(start),
        _ => start.get(..10).unwrap_or(start),
    }
}

fn by_status(runs: &Value) -> Table {
    let columns = [("status", "Status", Unit::Text), ("runs", "Runs", Unit::Count)];
    let members = runs.get("by_status").and_then(Value::as_object).into_iter().flatten();
    let rows = members.map(|(status, runs)| vec![Cell::text(status), Cell::number(number(runs))]);
    Table::new("by_status", "By status", &columns).rows(rows.collect()).drawn(Chart::Bars(1))
}
