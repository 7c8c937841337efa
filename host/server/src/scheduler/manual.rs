//! Runs that somebody asked for (T4b): they never shift the schedule and work on a disabled job.

use std::sync::Arc;

use bson::oid::ObjectId;
use chrono::{DateTime, SubsecRound, Utc};
use sha2::{Digest as _, Sha256};

use super::group::{Asked, Decided, NewRun};
use super::handle::{ManualRun, StoreError, TriggerError};
use super::overlap::{self, Answer, Slot};
use super::planner::Planner;
use crate::executor::{Ended, Ending};
use crate::model::{ExecutionId, JobId, Token};
use crate::repository::{Claim, Jobs, Parameters};

impl Planner {
    /// Decides a manual run. A refusal is answered at once and leaves nothing.
    pub(super) async fn ask_for_run(&mut self, run: ManualRun, asked: Asked, now: DateTime<Utc>) -> Option<Decided> {
        if let Some(id) = run.id {
            match self.executions.get(id).await {
                Ok(None) => {}
                Ok(Some(earlier)) => {
                    drop(asked.send(Ok(earlier)));
                    return None;
                }
                Err(error) => {
                    drop(asked.send(Err(StoreError::from(error).into())));
                    return None;
                }
            }
        }
        match self.manual(run, now).await {
            Ok(mut decided) => {
                decided.asked = Some(asked);
                Some(decided)
            }
            Err(error) => {
                // Nobody waiting any more is no fault.
                drop(asked.send(Err(error)));
                None
            }
        }
    }

    async fn manual(&mut self, run: ManualRun, now: DateTime<Utc>) -> Result<Decided, TriggerError> {
        if !self.starts.has_room() {
            return Err(TriggerError::Busy);
        }
        self.definitions.load(std::iter::once(run.job)).await.map_err(StoreError::from)?;
        let definition = self
            .definitions
            .get(run.job)
            .map(|entry| entry.definition.clone())
            .filter(|definition| definition.job.deleted_at.is_none())
            .ok_or(TriggerError::NotFound)?;
        let job = &definition.job;
        let digest =
            self.templates.ready(&job.template_type, job.template_digest.as_ref()).map_err(TriggerError::Template)?;
        let (slot, displaces, cancels) = if run.force {
            (None, None, Vec::new())
        } else {
            let mut answer = overlap::answer(job.overlap_policy, job.max_concurrent, self.occupancy.of(job.id));
            if let Answer::Refused(holder) = answer
                && self.has_just_ended(job.id, holder).await?
            {
                answer = overlap::answer(job.overlap_policy, job.max_concurrent, self.occupancy.of(job.id));
            }
            match answer {
                Answer::Free(slot) => (Some(slot), None, Vec::new()),
                Answer::Queue { displaces, cancels } => (Some(Slot::Waiting), displaces, cancels),
                Answer::Refused(active) => return Err(TriggerError::Overlap { active }),
            }
        };
        let at = now.trunc_subsecs(3);
        let active = self.occupancy.of(job.id);
        let displaced = displaces.and_then(|id| active.and_then(|active| active.find(id)).cloned());
        let claim = Claim {
            id: run.id.unwrap_or_else(|| self.manual_id(job.id, at)),
            parameters: match &run.parameters {
                Some(own) => Arc::new(Parameters::of(own)),
                None => definition.parameters.clone(),
            },
            digest,
            scheduled_for: at,
            trigger: run.trigger,
            triggered_by: run.triggered_by.into(),
            rerun_of: run.rerun_of,
            token: Token::FIRST,
            host: self.host.clone(),
            overlap_key: slot.map(|slot| slot.key(job.id)),
            attempts: Vec::new(),
            log_lines: 0,
            definition: definition.clone(),
        };
        self.hold(&claim, slot);
        self.to_note.push(Jobs::ran(run.job, at));
        if let Some(entry) = self.definitions.get_mut(run.job) {
            entry.last_run_at = entry.last_run_at.max(Some(at));
        }
        Ok(Decided {
            definition,
            skips: Vec::new(),
            waits: Vec::new(),
            run: Some(NewRun { claim, slot }),
            displaced,
            cancels,
            advance: None,
            replay: false,
            found_until: None,
            asked: None,
        })
    }

    /// Whoever reads the store may see an end a moment before it is told here.
    async fn has_just_ended(&mut self, job: JobId, execution: ExecutionId) -> Result<bool, StoreError> {
        let ended =
            self.executions.get(execution).await?.map(|stored| stored.status).filter(|status| status.is_final());
        if let Some(status) = ended {
            self.ended(&Ended { execution, job, ending: Ending::Final(status) });
        }
        Ok(ended.is_some())
    }

    /// Sorts by time as the ids of occurrences do, and can be none of them: the incarnation is in the hash.
    fn manual_id(&mut self, job: JobId, at: DateTime<Utc>) -> ExecutionId {
        self.manual_runs += 1;
        let mut hash = Sha256::new();
        hash.update(self.host.0.as_bytes());
        hash.update(job.0.bytes());
        hash.update(self.manual_runs.to_be_bytes());
        let seconds = u32::try_from(at.timestamp().clamp(0, i64::from(u32::MAX))).unwrap_or(u32::MAX);
        let mut bytes = [0; 12];
        for (to, from) in bytes.iter_mut().zip(seconds.to_be_bytes().iter().chain(hash.finalize().iter())) {
            *to = *from;
        }
        ExecutionId(ObjectId::from_bytes(bytes))
    }
}
