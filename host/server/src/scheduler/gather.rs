//! What has come up becomes a group: ends that are owed, promotions, jobs that move on, retries, occurrences.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sandglass_database::Result;

use super::agenda::Item;
use super::group::{Advance, Group, Promotion};
use super::overlap::Slot;
use super::planner::{PAUSE, Planner};
use crate::model::JobId;
use crate::repository::Jobs;

impl Planner {
    pub(super) async fn gather(&mut self, now: DateTime<Utc>) -> Result<Group> {
        let mut group = Group { settled: std::mem::take(&mut self.to_settle), ..Group::default() };
        self.to_promote.sort_unstable();
        self.to_promote.dedup();
        for job in std::mem::take(&mut self.to_promote) {
            group.promotions.extend(self.promotion(job));
        }
        if !self.starts.has_room() {
            return Ok(group);
        }
        let due = self.agenda.take_due(now, self.settings.group_size);
        let jobs = due.iter().filter_map(|item| match item {
            Item::Job(job) => Some(*job),
            _ => None,
        });
        let to_advance: HashSet<_> = std::mem::take(&mut self.to_advance).into_iter().collect();
        if let Err(error) = self.definitions.load(jobs.chain(to_advance.iter().map(|(job, ..)| *job))).await {
            self.put_back(&due, now + PAUSE);
            self.to_advance.extend(to_advance);
            self.undo(group, now, &error);
            return Err(error);
        }
        for (job, at, behind) in to_advance {
            group.advances.extend(self.move_behind(job, at, behind, now));
        }
        // Retries first: they have waited longer than an occurrence that is only just due.
        if let Err(error) = self.gather_retries(&due, now, &mut group).await {
            self.put_back(&due, now + PAUSE);
            self.undo(group, now, &error);
            return Err(error);
        }
        for item in due {
            match item {
                // One that moves on in this group stands in the agenda again once it has.
                Item::Job(job) if group.advances.iter().any(|advance| advance.job == job) => {}
                Item::Job(job) => group.decided.extend(self.decide(job, now)),
                Item::Purge(job) => self.to_note.push(Jobs::purge(job)),
                Item::Retry(_) => {}
            }
        }
        Ok(group)
    }

    fn put_back(&mut self, items: &[Item], at: DateTime<Utc>) {
        for item in items {
            self.agenda.exactly(at, *item);
        }
    }

    fn promotion(&mut self, job: JobId) -> Option<Promotion> {
        let active = self.occupancy.of(job)?;
        if active.running().next().is_some() {
            return None;
        }
        let claim = active.waiting()?.claim.clone()?;
        Some(Promotion { job, claim, slot: Slot::Running(0) })
    }

    pub(super) fn move_behind(
        &mut self,
        job: JobId,
        at: DateTime<Utc>,
        behind: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<Advance> {
        let entry = self.definitions.get(job)?;
        if entry.next_run_at != Some(at) {
            // The job has not come so far, or was edited: it is decided from where it stands.
            self.agenda.exactly(now, Item::Job(job));
            return None;
        }
        let to = entry.definition.active_timetable()?.next(behind);
        Some(Advance { job, from: at, to, last_run_at: None })
    }
}
