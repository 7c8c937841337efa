//! Why something ran or did not: the walk of T3 for one instant, and what is stored about it.

use chrono::{DateTime, Duration, SecondsFormat, Utc};

use super::decision::{self, Circumstances, Decision};
use super::handle::{StoreError, Why, WhyStep};
use super::overlap::{self, Answer};
use super::planner::Planner;
use crate::model::{Execution, JobId, Status};

impl Planner {
    pub(super) async fn why(
        &mut self,
        job: JobId,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<Why>, StoreError> {
        self.definitions.load(std::iter::once(job)).await?;
        let Some(entry) = self.definitions.get(job).cloned() else { return Ok(None) };
        let stored = self.executions.decision(job, at).await?;
        let definition = &entry.definition;
        let mut steps = Vec::new();
        let mut step = |check, passed, detail: String| steps.push(WhyStep { check, passed, detail });
        let job_now = &definition.job;
        let enabled = job_now.enabled && job_now.deleted_at.is_none();
        step("enabled", enabled, if enabled { "the job is enabled".into() } else { "the job is disabled".into() });
        match &definition.timetable {
            Err(why) => {
                step("bounds", false, format!("the stored schedule cannot be used: {why}"));
            }
            Ok(timetable) => {
                let schedule = &job_now.schedule;
                let inside =
                    schedule.start_at.is_none_or(|start| at >= start) && schedule.end_at.is_none_or(|end| at <= end);
                step(
                    "bounds",
                    inside,
                    if inside { "within start and end".into() } else { "outside start and end".into() },
                );
                let due = timetable.next(at - Duration::milliseconds(1)) == Some(at);
                let nearest =
                    timetable.next(at).map_or("never again".into(), |next| format!("the next is {}", show(next)));
                step(
                    "due",
                    due,
                    if due {
                        "an instant of the schedule".into()
                    } else {
                        format!("not an instant of the schedule; {nearest}")
                    },
                );
            }
        }
        let ready = self.templates.ready(&job_now.template_type, job_now.template_digest.as_ref());
        step("template", ready.is_ok(), ready.as_ref().map_or_else(Clone::clone, |digest| format!("ready: {digest}")));
        if let Ok(timetable) = &definition.timetable {
            let decision = decision::decide(&Circumstances {
                job: job_now,
                timetable,
                oldest: at,
                now,
                template: Ok(()),
                active: None,
                settings: &self.settings,
            });
            let runs =
                matches!(&decision, Decision::Decide(ruled) if ruled.run.as_ref().is_some_and(|run| run.instant == at));
            let late = (now - at).num_seconds();
            let detail = if late <= 0 { "not late".into() } else { format!("{late} s ago by now") };
            step("misfire", runs, detail);
        }
        let active = self.occupancy.of(job);
        let answer = overlap::answer(job_now.overlap_policy, job_now.max_concurrent, active);
        let detail = match &answer {
            Answer::Free(_) => "no run is in the way now".into(),
            Answer::Queue { .. } => "it would wait for the run that is active now".into(),
            Answer::Refused(holder) => format!("execution {holder} is active now"),
        };
        step("overlap", !matches!(answer, Answer::Refused(_)), detail);
        let decided = entry.next_run_at.is_none_or(|next| at < next);
        let refusal = steps.iter().find(|step| !step.passed).map(|step| step.detail.clone());
        let told = told(stored.as_ref(), refusal.as_deref(), at, decided, now);
        steps.push(WhyStep { check: "decision", passed: stored.is_some(), detail: told.clone() });
        Ok(Some(Why { job_id: job, at, answer: told, steps, execution: stored.map(|execution| execution.id) }))
    }
}

/// The answer in one sentence; without a record, the first check that refuses names the reason (T3).
fn told(
    stored: Option<&Execution>,
    refusal: Option<&str>,
    at: DateTime<Utc>,
    decided: bool,
    now: DateTime<Utc>,
) -> String {
    match stored {
        Some(execution) if execution.status == Status::Skipped => {
            let reason = execution.skip_reason.map_or("no reason noted", |reason| reason.as_str());
            let detail = execution.error.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
            format!("It was skipped: {reason}{detail}.")
        }
        Some(execution) => match execution.started_at {
            Some(started) if execution.status.is_final() => {
                format!("It began at {} and ended as {}.", show(started), execution.status.as_str())
            }
            Some(started) => format!("It has been running since {}.", show(started)),
            None => format!("It is {}.", execution.status.as_str()),
        },
        None if at > now => match refusal {
            Some(reason) => format!("As things stand, it will not run then: {reason}."),
            None => "It is still to come.".into(),
        },
        None if decided => {
            "Nothing is stored for this instant: the job was not due then, or its history was deleted.".into()
        }
        None => "It is about to be decided.".into(),
    }
}

fn show(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
