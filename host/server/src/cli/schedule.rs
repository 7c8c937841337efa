//! `sandglass schedule explain`: what a cron line means, in words and in instants.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use sandglass_schedule::{Dst, Fold, Gap, Schedule, ScheduleKind, preview};

use super::CliError;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// In words, with the next instants in UTC and in the zone, and what daylight saving does to them.
    Explain(Explain),
}

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// Five cron fields, a macro such as @daily, or a number of seconds for an interval.
    expression: String,
    /// IANA zone, such as Europe/Berlin.
    #[arg(long, default_value = "UTC")]
    timezone: String,
    /// Seconds within the minute: a list, range or step, 0-59.
    #[arg(long)]
    seconds: Option<String>,
    /// What a fixed time inside the spring gap does.
    #[arg(long, value_enum)]
    gap: Option<GapRule>,
    /// Which of two equal times in the autumn a fixed time takes.
    #[arg(long, value_enum)]
    fold: Option<FoldRule>,
    /// Instants after this one (RFC 3339); now, if not given.
    #[arg(long)]
    after: Option<DateTime<Utc>>,
    /// How many instants, 1-100.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=100))]
    count: u8,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum GapRule {
    Next,
    Skip,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FoldRule {
    First,
    Second,
    Both,
}

pub(super) fn run(command: Command) -> Result<(), CliError> {
    let Command::Explain(explain) = command;
    let now = explain.after.unwrap_or_else(Utc::now);
    let schedule = explain.schedule();
    let preview = preview(&schedule, now, now, usize::from(explain.count)).map_err(|problems| {
        let lines =
            problems.iter().map(|problem| format!("{}: {}", problem.field, problem.message)).collect::<Vec<_>>();
        CliError::Usage(lines.join("\n           "))
    })?;
    if explain.json {
        let answer = serde_json::json!({
            "text": preview.description,
            "timezone": schedule.timezone(),
            "runs": preview.runs.iter().map(|run| run.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)).collect::<Vec<_>>(),
            "local": preview.local,
            "notes": preview.notes,
        });
        println!("{answer:#}");
        return Ok(());
    }
    println!("{}", preview.description);
    for (utc, local) in preview.runs.iter().zip(&preview.local) {
        println!("  {}   {local}", utc.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
    }
    for note in &preview.notes {
        println!("Note: {note}");
    }
    Ok(())
}

impl Explain {
    fn schedule(&self) -> Schedule {
        let interval = self.expression.trim().parse::<u64>().ok();
        let dst = (self.gap.is_some() || self.fold.is_some()).then_some(Dst {
            gap: match self.gap {
                Some(GapRule::Skip) => Gap::Skip,
                _ => Gap::Next,
            },
            fold: match self.fold {
                Some(FoldRule::Second) => Fold::Second,
                Some(FoldRule::Both) => Fold::Both,
                _ => Fold::First,
            },
        });
        Schedule {
            kind: if interval.is_some() { ScheduleKind::Interval } else { ScheduleKind::Cron },
            interval_seconds: interval,
            expression: interval.is_none().then(|| self.expression.clone()),
            timezone: Some(self.timezone.clone()),
            run_at: None,
            start_at: None,
            end_at: None,
            seconds: self.seconds.clone(),
            dst,
        }
    }
}
