//! Figures about Sandglass's own runs: the contract's `sandglass:insight`. Read-only.
//!
//! The history is read along its ids, newest first, and never further than [`MOST_LOOKED_AT`]; the answer says how many
//! executions it stands on and whether there were more.

mod buckets;
mod figures;
mod options;
mod summary;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::gates::DEFAULT_CONNECTION;
use super::guard::{Gate, Target};
use super::operation::INSIGHT_STATISTICS;
use super::{GateError, within};
use crate::model::JobId;
use crate::model::audit::Usage;
use crate::model::grant::{Scope, fits};
use crate::repository::{Brief, Executions};
use buckets::Buckets;
use options::Options;
use summary::Summary;

/// Executions that one answer looks at, at most.
pub const MOST_LOOKED_AT: u64 = 200_000;
/// Buckets of one answer, at most: two months of hours.
const MOST_BUCKETS: usize = 1_500;
/// Executions that are read at a time.
const BATCH: usize = 1_000;

/// The one thing that there is insight into.
struct Runs;

impl Target for Runs {
    fn name(&self) -> &str {
        "runs"
    }

    fn is_in(&self, scope: &Scope, _extra: Option<&Value>, _parameters: &Value) -> bool {
        match scope {
            Scope::Pattern(pattern) => fits(pattern, self.name()),
            Scope::Literal(name) => name == self.name(),
        }
    }
}

/// Statistics of the executions that were scheduled from `since` up to and without `until`, a JSON object.
///
/// # Errors
/// Those of the gate and of the database; `invalid` for options that are not known or for too many groups.
pub async fn statistics(
    gate: &mut Gate,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    options: &str,
) -> Result<String, GateError> {
    let permit = gate.pass(&INSIGHT_STATISTICS, &Runs).await?;
    let began = Instant::now();
    let question = Question::new(since, until, options, MOST_LOOKED_AT)?;
    let executions = Executions::new(gate.database(&permit, DEFAULT_CONNECTION)?);
    // The walk ends with the attempt, however long the history is.
    let answer = within(gate.remaining(), question.answer(&executions)).await?;
    let usage = Usage {
        bytes_in: options.len() as u64,
        bytes_out: answer.text.len() as u64,
        items: answer.looked_at,
        ..Usage::default()
    };
    gate.note(&INSIGHT_STATISTICS, Runs.name(), usage, began);
    Ok(answer.text)
}

/// What is asked, checked.
struct Question {
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    options: Options,
    buckets: Option<Buckets>,
    /// Executions that are looked at, at most.
    most: u64,
}

/// A JSON object, and how many executions it stands on.
struct Answer {
    text: String,
    looked_at: u64,
}

impl Question {
    fn new(since: DateTime<Utc>, until: DateTime<Utc>, options: &str, most: u64) -> Result<Self, GateError> {
        let options = Options::parse(options)?;
        if until < since {
            return Err(GateError::invalid(
                "bad-range",
                "`until` lies before `since`: the earlier instant comes first",
            ));
        }
        let buckets = match options.group_by {
            None => None,
            Some(unit) => Some(Buckets::new(unit, options.zone, since, until, MOST_BUCKETS).ok_or_else(too_many)?),
        };
        Ok(Self { since, until, options, buckets, most })
    }

    async fn answer(self, executions: &Executions) -> Result<Answer, sandglass_database::Error> {
        let Self { since, until, options, buckets, most } = self;
        let mut summary = Summary::new(buckets);
        let (mut looked_at, mut is_cut) = (0, false);
        // One walk over all, or one for each job that is named.
        let walks: Vec<Option<JobId>> =
            if options.jobs.is_empty() { vec![None] } else { options.jobs.iter().copied().map(Some).collect() };
        for job in walks {
            // One more than is looked at tells whether there are more.
            let left = most - looked_at;
            let mut briefs = executions.briefs(job, since, until, left + 1).await?;
            let mut met = 0;
            while let Some((read, batch)) = briefs.next(BATCH).await? {
                met += read as u64;
                is_cut |= met > left;
                let over = usize::try_from(met.saturating_sub(left)).unwrap_or(0);
                let kept = batch.len().saturating_sub(over);
                let types = &options.template_types;
                let wanted = |brief: &Brief| types.is_empty() || types.contains(&brief.template_type);
                batch.into_iter().take(kept).filter(wanted).for_each(|brief| summary.add(brief));
            }
            looked_at += met.min(left);
        }
        let mut answer = Map::from_iter([
            ("since".to_owned(), Value::from(summary::local(since, options.zone))),
            ("until".to_owned(), summary::local(until, options.zone).into()),
            ("timezone".to_owned(), options.zone.name().into()),
            ("looked_at".to_owned(), looked_at.into()),
            ("truncated".to_owned(), is_cut.into()),
        ]);
        answer.extend(summary.to_json(options.zone, options.limit));
        Ok(Answer { text: Value::Object(answer).to_string(), looked_at })
    }
}

fn too_many() -> GateError {
    let message = format!("options: group_by cuts the time into more than {MOST_BUCKETS} pieces; choose a larger one");
    GateError::invalid("too-many-groups", message)
}

#[cfg(test)]
mod tests;
