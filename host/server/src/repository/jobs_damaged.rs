//! Jobs whose document somebody damaged: what can still be read of them, what cannot, and the write that mends them.

use bson::oid::ObjectId;
use bson::{Bson, Document, doc};
use sandglass_database::{Error, Find, Result, Update, collect};

use super::JOBS;
use super::jobs::Jobs;
use super::jobs_document::{OPTIONAL, from_document, to_document};
use crate::model::{Job, JobId};

/// A job of which some fields cannot be read. It does not fire.
#[derive(Debug, Clone, PartialEq)]
pub struct DamagedJob {
    /// As far as it can be read; defaults stand in for the rest.
    pub job: Job,
    /// At least one.
    pub faults: Vec<DamagedField>,
}

/// A field of a stored job that is not what it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct DamagedField {
    pub field: String,
    /// What was found, in words.
    pub reason: String,
    /// As it is stored.
    found: Option<Bson>,
}

/// Fields that the planner and the repository write; people cannot give them.
const OWN: [&str; 7] = ["created_by", "created_at", "updated_at", "version", "shard", "last_run_at", "next_run_at"];

impl DamagedField {
    /// Whether somebody has to say what belongs there; otherwise it is worked out anew.
    pub fn has_to_be_given(&self) -> bool {
        !OWN.contains(&self.field.as_str())
    }
}

impl DamagedJob {
    /// Reads a document field by field; `None` if its id is not that of a job.
    pub(super) fn of(document: &Document) -> Option<Self> {
        let id = document.get_object_id("_id").ok()?;
        let base = sound(id);
        let whole = from_document(&base).map(|job| to_document(&job)).unwrap_or_default();
        let known = whole.keys().map(String::as_str).chain(OPTIONAL).chain(OWN).chain(["deleted_at"]);
        let (mut mended, mut faults) = (base.clone(), Vec::<DamagedField>::new());
        for field in known.filter(|field| *field != "_id") {
            let found = document.get(field).cloned();
            let mut alone = base.clone();
            put(&mut alone, field, found.clone());
            match from_document(&alone) {
                Ok(_) => put(&mut mended, field, found),
                Err(_) if faults.iter().any(|fault| fault.field == field) => {}
                Err(error) => faults.push(DamagedField { field: field.to_owned(), reason: reason(error), found }),
            }
        }
        let job = from_document(&mended).ok()?;
        Some(Self { job, faults })
    }

    /// What was found, in one sentence.
    pub fn reason(&self) -> String {
        let faults: Vec<&str> = self.faults.iter().map(|fault| fault.reason.as_str()).collect();
        format!("its document cannot be read: {}; give the field anew (PUT), or delete the job", faults.join(", "))
    }
}

/// A document that can be read, of a job about which nothing is known.
fn sound(id: ObjectId) -> Document {
    doc! { "_id": id, "template_type": "", "schedule": { "type": "interval", "interval_seconds": 3_600 } }
}

fn put(document: &mut Document, field: &str, value: Option<Bson>) {
    match value {
        Some(value) => document.insert(field, value),
        None => document.remove(field),
    };
}

/// Without the place, which everybody knows who asked for this job.
fn reason(error: Error) -> String {
    match error {
        Error::Corrupted { message } => message.split_once(": ").map_or(message.clone(), |(_, what)| what.to_owned()),
        other => other.to_string(),
    }
}

impl Jobs {
    /// What cannot be read of a job; `None` if there is no such job, or all of it can.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn damaged(&self, id: JobId) -> Result<Option<DamagedJob>> {
        let found = collect(self.database.find(JOBS, Find::by(doc! { "_id": id.0 }).limited(1)).await?).await?;
        let damaged = found.first().filter(|document| from_document(document).is_err());
        Ok(damaged.and_then(DamagedJob::of))
    }

    /// Writes `job`'s values over the fields that cannot be read, unless somebody changed them meanwhile; whether it
    /// was done.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn mend(&self, damaged: &DamagedJob, job: &Job) -> Result<bool> {
        let good = to_document(job);
        let (mut filter, mut set, mut unset) = (doc! { "_id": job.id.0 }, Document::new(), Document::new());
        for DamagedField { field, found, .. } in &damaged.faults {
            let is_as_seen = match found {
                Some(found) => doc! { "$eq": found.clone() },
                None => doc! { "$exists": false },
            };
            filter.insert(field.as_str(), is_as_seen);
            match good.get(field) {
                Some(value) => set.insert(field.as_str(), value.clone()),
                None => unset.insert(field.as_str(), ""),
            };
        }
        let mut operators = Document::new();
        for (operator, fields) in [("$set", set), ("$unset", unset)] {
            if !fields.is_empty() {
                operators.insert(operator, fields);
            }
        }
        Ok(self.database.update(JOBS, Update::one(filter, operators)).await?.matched > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_cannot_be_read_is_named_and_the_rest_is_kept() {
        let document = doc! {
            "_id": ObjectId::new(), "name": "Nightly", "template_type": "database_cleanup", "schedule": Bson::Null,
            "priority": "high", "tags": ["a"], "next_run_at": "tomorrow", "enabled": true,
        };
        let damaged = DamagedJob::of(&document).unwrap();
        let named: Vec<_> =
            damaged.faults.iter().map(|fault| (fault.field.as_str(), fault.has_to_be_given())).collect();
        assert_eq!(named, [("schedule", true), ("priority", true), ("next_run_at", false)]);
        assert_eq!((damaged.job.name.as_str(), damaged.job.tags.as_slice()), ("Nightly", &["a".to_owned()][..]));
        assert!(damaged.reason().contains("field `priority` holds String"), "{}", damaged.reason());
        assert!(!damaged.reason().contains("dynamic_jobs"), "{}", damaged.reason());
    }
}
