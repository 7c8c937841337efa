//! Job definitions, read when they fire. Only what fired lately is kept, so idle jobs cost nothing but their entry in
//! the agenda. Every change of a job passes the planner, which puts the new version here.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sandglass_database::Result;

use crate::model::{Job, JobId};
use crate::repository::{Definition, Jobs};

/// One job: its version, which does not change, and what moves with every occurrence.
#[derive(Clone)]
pub struct Entry {
    pub definition: Arc<Definition>,
    pub next_run_at: Option<DateTime<Utc>>,
    pub last_run_at: Option<DateTime<Utc>>,
}

impl Entry {
    pub fn of(job: Job) -> Self {
        let (next_run_at, last_run_at) = (job.next_run_at, job.last_run_at);
        Self { definition: Arc::new(Definition::of(job)), next_run_at, last_run_at }
    }

    /// The job as the store has it.
    pub fn job(&self) -> Job {
        Job { next_run_at: self.next_run_at, last_run_at: self.last_run_at, ..self.definition.job.clone() }
    }
}

/// Two generations: what is not asked for while the younger one fills up is forgotten.
pub struct Definitions {
    jobs: Jobs,
    young: HashMap<JobId, Entry>,
    old: HashMap<JobId, Entry>,
    generation_size: usize,
}

impl Definitions {
    pub fn new(jobs: Jobs, generation_size: usize) -> Self {
        Self { jobs, young: HashMap::new(), old: HashMap::new(), generation_size }
    }

    /// Makes sure that these can be [got](Self::get), unless they do not exist or cannot be read; one read for all.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn load(&mut self, ids: impl Iterator<Item = JobId>) -> Result<()> {
        let mut missing = Vec::new();
        for id in ids {
            if self.young.contains_key(&id) {
                continue;
            }
            match self.old.remove(&id) {
                Some(entry) => self.put(id, entry),
                None => missing.push(id),
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        for job in self.jobs.get_many(&missing).await? {
            match job {
                Ok(job) => self.put(job.id, Entry::of(job)),
                Err(error) => tracing::error!(%error, "a job cannot be read and does not fire"),
            }
        }
        Ok(())
    }

    pub fn get(&self, id: JobId) -> Option<&Entry> {
        self.young.get(&id).or_else(|| self.old.get(&id))
    }

    pub fn get_mut(&mut self, id: JobId) -> Option<&mut Entry> {
        match self.young.get_mut(&id) {
            Some(entry) => Some(entry),
            None => self.old.get_mut(&id),
        }
    }

    pub fn put(&mut self, id: JobId, entry: Entry) {
        if self.young.len() >= self.generation_size {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&id);
        self.young.insert(id, entry);
    }

    pub fn forget(&mut self, id: JobId) {
        self.young.remove(&id);
        self.old.remove(&id);
    }
}
