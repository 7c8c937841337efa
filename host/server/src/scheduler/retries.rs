//! Retries whose wait is over: claimed anew, as the job stands now, when the policy has a key for them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sandglass_database::Result;
use sandglass_schedule::misfire::Policy;

use super::agenda::Item;
use super::definitions::Entry;
use super::fate::{self, Fate, Remains};
use super::group::{Group, Settle, Taken, ended_at, tally};
use super::overlap::{self, Answer};
use super::planner::Planner;
use crate::executor::outbox_due;
use crate::model::template::OnLost;
use crate::model::{Digest, Execution, ExecutionId, SkipReason, Status, Trigger};
use crate::repository::{Claim, Definition, Parameters, Tally};

impl Planner {
    pub(super) async fn gather_retries(&mut self, due: &[Item], now: DateTime<Utc>, group: &mut Group) -> Result<()> {
        let ids: Vec<ExecutionId> = due
            .iter()
            .filter_map(|item| match item {
                Item::Retry(id) => Some(*id),
                _ => None,
            })
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        let mut waiting = self.executions.get_many(&ids).await?;
        // Oldest first: they may be replays.
        waiting.sort_unstable_by_key(|execution| execution.scheduled_for);
        self.definitions.load(waiting.iter().map(|execution| execution.job_id)).await?;
        for execution in waiting {
            if execution.status != Status::Queued || execution.host.is_some() {
                continue;
            }
            match execution.retry_at {
                Some(at) if at > now => self.agenda.exactly(at, Item::Retry(execution.id)),
                Some(_) => self.retry(&execution, now, group),
                None => {}
            }
        }
        Ok(())
    }

    fn retry(&mut self, execution: &Execution, now: DateTime<Utc>, group: &mut Group) {
        let entry = self.definitions.get(execution.job_id).cloned();
        if execution.attempts.is_empty()
            && let Some(settle) = self.end_of_unbegun(execution, entry.as_ref(), now)
        {
            group.settled.push(settle);
            return;
        }
        let (entry, digest) = match self.may_repeat(execution, entry) {
            Ok(ready) => ready,
            Err((status, why)) => {
                group.settled.push(Settle::given_up(execution, None, status, why, now));
                return;
            }
        };
        let job = &entry.definition.job;
        let active = self.occupancy.of(job.id);
        // A replay goes one after the other, whatever the policy (T7).
        let is_replay = execution.attempts.is_empty() && job.misfire.policy == Policy::All;
        let has_to_wait = is_replay && active.is_some_and(|active| active.running().next().is_some());
        match overlap::answer(job.overlap_policy, job.max_concurrent, active) {
            Answer::Free(slot) if !has_to_wait => {
                let key = Some(slot.key(job.id));
                let claim = self.claim_again(execution, &entry.definition, digest, key);
                self.hold(&claim, Some(slot));
                group.taken.push(Taken { claim, seen: execution.token, slot });
            }
            _ => {
                let active = self.occupancy.of_mut(job.id);
                if !active.retries.contains(&execution.id) {
                    active.retries.push(execution.id);
                }
            }
        }
    }

    /// A claim that a stop has handed over before it began is an occurrence still, not a retry: it may be a misfire by
    /// now (T7), and of a job that was disabled or deleted meanwhile it is a skip (T1).
    fn end_of_unbegun(&self, execution: &Execution, entry: Option<&Entry>, now: DateTime<Utc>) -> Option<Settle> {
        let definition = entry.map(|entry| &*entry.definition).filter(|known| known.job.deleted_at.is_none());
        let digest = self.templates.ready(&execution.template_type, execution.template_digest.as_ref());
        let fate = fate::rule(&Remains {
            execution,
            definition,
            template: digest.as_ref().map(|_| ()).map_err(String::as_str),
            may_have_written: false,
            on_lost: OnLost::Retry,
            now,
            grace: self.settings.grace,
        });
        match fate {
            Fate::Start => None,
            Fate::End { status, reason, error } => {
                Some(Settle { reason, ..Settle::given_up(execution, definition, status, error, now) })
            }
        }
    }

    /// Whether another attempt may be made: if not, how the execution ends, and why.
    fn may_repeat(
        &self,
        execution: &Execution,
        entry: Option<Entry>,
    ) -> std::result::Result<(Entry, Digest), (Status, String)> {
        if execution.cancel_requested_at.is_some() {
            return Err((Status::Cancelled, "cancelled while it waited".into()));
        }
        let gone = || (Status::Cancelled, "the job was deleted".to_owned());
        let entry = entry.filter(|entry| entry.definition.job.deleted_at.is_none()).ok_or_else(gone)?;
        if !entry.definition.job.enabled && execution.trigger == Trigger::Schedule {
            let last = execution.attempts.last().and_then(|attempt| attempt.error.as_deref()).unwrap_or_default();
            return Err((Status::Failed, format!("no further try: the job was disabled; before: {last}")));
        }
        let digest = self
            .templates
            .ready(&execution.template_type, execution.template_digest.as_ref())
            .map_err(|why| (Status::Failed, format!("no further try: {why}")))?;
        Ok((entry, digest))
    }

    /// A stored execution under a new token of this host.
    pub(super) fn claim_again(
        &self,
        execution: &Execution,
        definition: &Arc<Definition>,
        digest: Digest,
        overlap_key: Option<String>,
    ) -> Claim {
        Claim {
            id: execution.id,
            definition: definition.clone(),
            parameters: Arc::new(Parameters::of(&execution.parameters)),
            digest,
            scheduled_for: execution.scheduled_for,
            trigger: execution.trigger,
            triggered_by: execution.triggered_by.as_str().into(),
            rerun_of: execution.rerun_of,
            token: execution.token.next(),
            host: self.host.clone(),
            overlap_key,
            attempts: execution.attempts.clone(),
            log_lines: execution.log_lines,
        }
    }
}

impl Settle {
    /// The end of a claim that has not begun.
    pub(super) fn of(
        claim: &Claim,
        status: Status,
        reason: Option<SkipReason>,
        error: Option<String>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            execution: claim.id,
            seen: claim.token,
            end: ended_at(now, status, error),
            reason,
            tally: tally(&claim.definition, claim.scheduled_for, status),
        }
    }

    /// The end of a stored execution that nobody runs any more. Who is to hear of it, hears of it.
    pub(super) fn given_up(
        execution: &Execution,
        definition: Option<&Definition>,
        status: Status,
        error: String,
        now: DateTime<Utc>,
    ) -> Self {
        let mut end = ended_at(now, status, Some(error));
        end.started_at = execution.started_at;
        end.outbox = definition.map(|definition| outbox_due(&definition.job, status)).unwrap_or_default();
        let mut tally = Tally::of(execution);
        tally.status = status;
        tally.duration_seconds = end.duration_seconds().unwrap_or(0.0);
        Self { execution: execution.id, seen: execution.token, end, reason: None, tally }
    }
}
