//! `template run`: one run in the real sandbox, on a scratch database and scratch folders.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use parking_lot::Mutex;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::super::CliError;
use super::super::data::fill;
use super::report::{self, Told};
use super::words::size;
use super::workbench::Workbench;
use super::{Component, grants, parameters, refused};
use crate::config::Config;
use crate::model::audit::EffectRecord;
use crate::model::execution::Progress;
use crate::model::grant::{Scope, scopes};
use crate::model::log::LogLine;
use crate::model::outcome::Outcome;
use crate::model::template::Need;
use crate::model::{ExecutionId, JobId, Lease};
use crate::registry::Trial;
use crate::sandbox::{Run, Runner as _, Watcher};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    component: Component,
    /// The job's parameters: JSON, or a file with it.
    #[arg(long, value_name = "JSON|FILE")]
    params: Option<String>,
    /// What it may reach: a grant as PUT /templates/{type}/grant takes it, or as-needed for all that it asks for. Nothing
    /// without it. HTTP and e-mail are real.
    #[arg(long, value_name = "FILE|as-needed")]
    grants: Option<String>,
    /// Documents for the scratch database: a file (JSON lines, JSON, CSV or BSON; its name is the collection's), or a
    /// folder of such files. May be given several times; COLLECTION=FILE names the collection.
    #[arg(long, value_name = "[COLLECTION=]PATH")]
    data: Vec<String>,
    /// Fields of the data whose text or number (seconds) is a date; may be given several times.
    #[arg(long = "date", value_name = "FIELD")]
    dates: Vec<String>,
    /// Instant that the run is scheduled for (RFC 3339); now, if not given.
    #[arg(long, value_name = "INSTANT")]
    at: Option<DateTime<Utc>>,
    /// Which try of the execution this is.
    #[arg(long, default_value_t = 1)]
    attempt: u32,
    /// Seconds that the run may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    timeout: u64,
    /// Keep the scratch database and folders here, to look at them or to run on them again.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Print JSON for programs; the log still goes to standard error.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: &Config, arguments: Arguments) -> Result<(), CliError> {
    let bytes = super::read(&arguments.component.file)?;
    let given = parameters::read(arguments.params.as_deref())?;
    super::super::block_on(async move {
        // What it says of itself decides which folders there have to be.
        let labels = {
            let bench = Workbench::set_up(config, None, &[]).await?;
            let trial = Trial::of(&bench.sandbox, &bytes).await.map_err(|error| refused(&error))?;
            labels(&trial.metadata.needs, &given)
        };
        let bench = Workbench::set_up(config, arguments.keep.as_deref(), &labels).await?;
        let trial = Trial::of(&bench.sandbox, &bytes).await.map_err(|error| refused(&error))?;
        let checked = trial.check(&bench.sandbox, given).await.map_err(|error| refused(&error))?;
        if !checked.problems.is_empty() {
            return Err(CliError::Failure(format!(
                "the parameters are refused:\n{}",
                parameters::told(&checked.problems)
            )));
        }
        let grant = grants::read(arguments.grants.as_deref(), &trial.metadata, &checked.digest)?;
        for source in &arguments.data {
            let (collection, path) = match source.split_once('=') {
                Some((collection, path)) => (Some(collection), path),
                None => (None, source.as_str()),
            };
            fill(&*bench.database, collection, Path::new(path), &arguments.dates).await?;
        }
        bench.grants.set(grant);

        let heard = Arc::new(Heard::default());
        let cancel = CancellationToken::new();
        let run = Run {
            execution: ExecutionId::generate(),
            job: JobId::generate(),
            job_name: format!("{} on the workbench", trial.metadata.title),
            job_tags: Vec::new(),
            attempt: arguments.attempt,
            template_type: trial.metadata.name.clone(),
            digest: checked.digest,
            parameters: checked.parameters.to_string().into(),
            scheduled_for: arguments.at.unwrap_or_else(|| bench.clock.now()),
            timeout: Duration::from_secs(arguments.timeout),
            lease: Arc::new(Lease::default()),
            cancel: cancel.clone(),
            drain: CancellationToken::new(),
            watcher: heard.clone(),
        };
        let execution = run.execution;
        let listening = tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                eprintln!("asked to stop");
                cancel.cancel();
            }
        });
        let finished = bench.sandbox.run(run).await;
        listening.abort();
        let unreadable = |error| CliError::while_doing("read what it did", error);
        bench.audit.flush().await.map_err(unreadable)?;
        let mut effects = std::mem::take(&mut *heard.reads.lock());
        effects.extend(bench.audit.of_execution(execution).await.map_err(unreadable)?);

        let files = bench.files();
        if arguments.json {
            let mut report = report::outcome_json(&finished);
            if let Some(report) = report.as_object_mut() {
                report.insert("effects".to_owned(), effects.iter().map(|record| Told(record).as_json()).collect());
                let file = |(folder, name, bytes): &(String, String, u64)| json!({ "folder": folder, "name": name, "size_bytes": bytes });
                report.insert("files".to_owned(), files.iter().map(file).collect());
            }
            println!("{report:#}");
        } else {
            report::outcome(&finished);
            report::effects(&effects);
            if !files.is_empty() {
                println!("Files in its folders");
                files.iter().for_each(|(folder, name, bytes)| println!("  {folder}: {name}, {}", size(*bytes)));
            }
            if let Some(folder) = bench.kept() {
                println!("Database and folders stay in {}.", folder.display());
            }
        }
        match &finished.outcome {
            Outcome::Success(_) => Ok(()),
            other => Err(CliError::JobFailed(report::words(other))),
        }
    })
}

/// Folders that the needs name, with parameters filled in.
fn labels(needs: &[Need], parameters: &serde_json::Value) -> Vec<String> {
    let files = needs.iter().filter(|need| need.capability == "files");
    let named = files.flat_map(|need| scopes(&need.target, parameters)).filter_map(|scope| match scope {
        Scope::Literal(label) => Some(label),
        Scope::Pattern(label) => (!label.contains('*')).then_some(label),
    });
    let is_label = |label: &String| {
        !label.is_empty() && label.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
    };
    named.filter(is_label).collect()
}

/// Prints the log as it comes and keeps what was read.
#[derive(Default)]
struct Heard {
    reads: Mutex<Vec<EffectRecord>>,
}

impl Watcher for Heard {
    fn log(&self, line: LogLine) {
        eprintln!("{} {:<7} {}", line.timestamp.format("%H:%M:%S%.3f"), line.level.as_str(), line.message);
    }

    fn progress(&self, progress: Progress) {
        let Progress { done, total, note } = progress;
        match total {
            Some(total) => eprintln!("progress  {done} of {total} {note}"),
            None => eprintln!("progress  {done} {note}"),
        }
    }

    fn reads(&self, sums: Vec<EffectRecord>) {
        self.reads.lock().extend(sums);
    }
}
