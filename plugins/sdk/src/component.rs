//! A [`Template`] as the exports of the contract.

use std::marker::PhantomData;

use serde_json::Value;

use crate::bindings::exports::sandglass::template::{definition, job};
use crate::{Failure, FailureKind, Metadata, Need, OnLost, Outcome, Problems, Template, log};

/// The exports of the template `T`.
#[derive(Debug)]
pub struct Component<T>(PhantomData<T>);

impl<T: Template + 'static> definition::Guest for Component<T> {
    fn describe() -> definition::Metadata {
        report_panics();
        metadata(T::describe())
    }

    fn schema() -> String {
        report_panics();
        crate::schema_of::<T::Parameters>().to_string()
    }

    fn validate(parameters: String) -> Result<(), Vec<definition::Problem>> {
        report_panics();
        let problems = match crate::decode::<T::Parameters>(&parameters) {
            Ok(parameters) => T::validate(&parameters),
            Err(problems) => problems,
        };
        if problems.is_empty() { Ok(()) } else { Err(problem_list(problems)) }
    }
}

impl<T: Template + 'static> job::Guest for Component<T> {
    fn execute(parameters: String) -> Result<job::Outcome, job::Failure> {
        report_panics();
        let parameters =
            crate::decode::<T::Parameters>(&parameters).map_err(|problems| failure(unreadable(&problems)))?;
        T::execute(parameters).map(outcome).map_err(failure)
    }
}

/// A panic ends the instance with a bare trap; its message goes to the log first.
fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        log::error(format!("the template panicked: {info}"), &[("location", &place)]);
    }));
}

fn unreadable(problems: &Problems) -> Failure {
    let list = problems.iter().map(|problem| {
        let message = &problem.message;
        serde_json::json!({ "pointer": problem.pointer, "message": message })
    });
    let text = problems.iter().map(|problem| format!("{}: {}", problem.pointer, problem.message));
    Failure::permanent(format!("the parameters cannot be read: {}", text.collect::<Vec<_>>().join("; ")))
        .details(serde_json::json!({ "problems": list.collect::<Vec<_>>() }))
}

fn problem_list(problems: Problems) -> Vec<definition::Problem> {
    let list = problems.into_iter();
    list.map(|problem| definition::Problem { pointer: problem.pointer, message: problem.message }).collect()
}

fn metadata(metadata: Metadata) -> definition::Metadata {
    definition::Metadata {
        name: metadata.name,
        version: metadata.version,
        title: metadata.title,
        description: metadata.description,
        icon: metadata.icon,
        category: metadata.category,
        tags: metadata.tags,
        needs: metadata.needs.into_iter().map(need).collect(),
        on_lost: match metadata.on_lost {
            OnLost::Retry => definition::OnLost::Retry,
            OnLost::Fail => definition::OnLost::Fail,
        },
        dry_run: metadata.dry_run,
        extra: None,
    }
}

fn need(need: Need) -> definition::Need {
    definition::Need {
        capability: need.capability,
        target: need.target,
        access: need.access,
        reason: need.reason,
        optional: need.is_optional,
        extra: need.extra.map(|extra| extra.to_string()),
    }
}

fn outcome(outcome: Outcome) -> job::Outcome {
    job::Outcome {
        message: outcome.message,
        details: outcome.details.to_string(),
        records_processed: outcome.records_processed,
        records_affected: outcome.records_affected,
        errors: outcome.errors,
        warnings: outcome.warnings,
        extra: None,
    }
}

fn failure(failure: Failure) -> job::Failure {
    job::Failure {
        kind: match failure.kind {
            FailureKind::Retryable => job::FailureKind::Retryable,
            FailureKind::Permanent => job::FailureKind::Permanent,
            FailureKind::Interrupted => job::FailureKind::Interrupted,
        },
        message: failure.message,
        retry_after_ms: failure.retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        details: failure.details.as_ref().map(Value::to_string),
    }
}
