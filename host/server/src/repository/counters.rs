//! Runs by hour, so that pages and statistics never walk the history.
//!
//! Two kinds of document, both raised in the same group as the ends they count: one for (job, hour), one for
//! (template, hour). A third, one for each template over all time, carries totals.

use std::collections::BTreeMap;
use std::sync::Arc;

use bson::{Document, doc};
use chrono::{DateTime, Utc};
use sandglass_database::{Database, Error, Find, Result, Update, Write, collect};

use super::COUNTERS;
use super::document::{Fields, date};
use crate::model::{Execution, JobId, Status};

/// Seconds of the bucket.
const HOUR: i64 = 3600;

#[derive(Clone)]
pub struct Counters {
    database: Arc<dyn Database>,
}

/// One end, as it is counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    pub job: JobId,
    pub template_type: Arc<str>,
    /// The nominal instant decides the hour, so that an end is taken back where it was counted.
    pub at: DateTime<Utc>,
    pub status: Status,
    pub duration_seconds: f64,
    pub processed: u64,
    pub affected: u64,
}

impl Tally {
    pub fn of(execution: &Execution) -> Self {
        Self {
            job: execution.job_id,
            template_type: execution.template_type.as_str().into(),
            at: execution.scheduled_for,
            status: execution.status,
            duration_seconds: execution.duration_seconds.unwrap_or(0.0),
            processed: execution.result.as_ref().map_or(0, |result| result.records_processed),
            affected: execution.result.as_ref().map_or(0, |result| result.records_affected),
        }
    }
}

/// Sums over some hours.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Totals {
    pub runs: BTreeMap<&'static str, u64>,
    pub duration_seconds: f64,
    pub records_processed: u64,
    pub records_affected: u64,
}

impl Totals {
    pub fn of(&self, status: Status) -> u64 {
        self.runs.get(status.as_str()).copied().unwrap_or(0)
    }

    /// All that ended, skips included.
    pub fn ended(&self) -> u64 {
        self.runs.values().sum()
    }

    /// Successes among the runs that were made, 0 to 1; none before the first.
    pub fn success_rate(&self) -> Option<f64> {
        let good = self.of(Status::Success);
        let made = good + self.of(Status::Failed) + self.of(Status::Timeout) + self.of(Status::Lost);
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        (made > 0).then(|| good as f64 / made as f64)
    }

    fn add(&mut self, fields: &Fields<'_>) -> Result<()> {
        // Below zero is a fault of counting; it is no reason to show nothing at all.
        let count = |field| Ok::<_, Error>(fields.whole(field)?.map(|n| u64::try_from(n).unwrap_or(0)));
        for status in Status::ALL.into_iter().filter(|status| status.is_final()) {
            if let Some(n) = count(status.as_str())? {
                *self.runs.entry(status.as_str()).or_default() += n;
            }
        }
        self.duration_seconds += fields.number("duration_seconds")?.unwrap_or(0.0);
        self.records_processed += count("records_processed")?.unwrap_or(0);
        self.records_affected += count("records_affected")?.unwrap_or(0);
        Ok(())
    }
}

impl Counters {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// The writes that count a group of ends; one document is raised once, however many of the ends it counts.
    pub fn raise(tallies: &[Tally]) -> Vec<Write> {
        changes(tallies, 1)
    }

    /// Takes one back whose record was deleted.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn forget(&self, tally: &Tally) -> Result<()> {
        for outcome in self.database.bulk(vec![changes(std::slice::from_ref(tally), -1)]).await?.into_iter().flatten() {
            outcome?;
        }
        Ok(())
    }

    /// Everything that ever ended: of one job, of one template, or of all.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn all_time(&self, job: Option<JobId>, template_type: Option<&str>) -> Result<Totals> {
        let filter = match (job, template_type) {
            (Some(job), _) => doc! { "job_id": job.to_string() },
            (None, Some(template)) => doc! { "_id": format!("template:{template}") },
            (None, None) => doc! { "scope": "all_time" },
        };
        self.sum(filter).await
    }

    /// Since an hour: of one job, of one template, or of all.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn since(&self, since: DateTime<Utc>, job: Option<JobId>, template_type: Option<&str>) -> Result<Totals> {
        let hours = doc! { "$gte": date(hour_of(since)) };
        let filter = match (job, template_type) {
            (Some(job), _) => doc! { "job_id": job.to_string(), "hour": hours },
            (None, Some(template)) => doc! { "template_type": template, "hour": hours },
            (None, None) => doc! { "template_type": { "$gt": "" }, "hour": hours },
        };
        self.sum(filter).await
    }

    /// Since an hour, for each template that had an end.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn by_template(&self, since: DateTime<Utc>) -> Result<BTreeMap<String, Totals>> {
        let filter = doc! { "template_type": { "$gt": "" }, "hour": { "$gte": date(hour_of(since)) } };
        let mut by_template = BTreeMap::<String, Totals>::new();
        for document in collect(self.database.find(COUNTERS, Find::by(filter)).await?).await? {
            let fields = Fields::of(COUNTERS, &document);
            by_template.entry(fields.text("template_type")?).or_default().add(&fields)?;
        }
        Ok(by_template)
    }

    /// By the hour, from the hour of `from` up to `to`, the earliest first: of one job, of one template, or of all.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn by_hour(
        &self,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        job: Option<JobId>,
        template_type: Option<&str>,
    ) -> Result<BTreeMap<DateTime<Utc>, Totals>> {
        let hours = doc! { "$gte": date(hour_of(from)), "$lt": date(to) };
        let filter = match (job, template_type) {
            (Some(job), _) => doc! { "job_id": job.to_string(), "hour": hours },
            (None, Some(template)) => doc! { "template_type": template, "hour": hours },
            (None, None) => doc! { "template_type": { "$gt": "" }, "hour": hours },
        };
        let mut by_hour = BTreeMap::<DateTime<Utc>, Totals>::new();
        for document in collect(self.database.find(COUNTERS, Find::by(filter)).await?).await? {
            let fields = Fields::of(COUNTERS, &document);
            by_hour.entry(fields.date("hour")?).or_default().add(&fields)?;
        }
        Ok(by_hour)
    }

    async fn sum(&self, filter: Document) -> Result<Totals> {
        let mut totals = Totals::default();
        for document in collect(self.database.find(COUNTERS, Find::by(filter)).await?).await? {
            totals.add(&Fields::of(COUNTERS, &document))?;
        }
        Ok(totals)
    }
}

fn hour_of(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp().div_euclid(HOUR) * HOUR, 0).unwrap_or(at)
}

fn changes(tallies: &[Tally], sign: i64) -> Vec<Write> {
    let mut sums = BTreeMap::<String, (Document, Sum)>::new();
    for tally in tallies {
        let hour = hour_of(tally.at);
        let seconds = hour.timestamp();
        let targets = [
            (format!("{}:{seconds}", tally.job), doc! { "job_id": tally.job.to_string(), "hour": date(hour) }),
            (
                format!("template:{}:{seconds}", tally.template_type),
                doc! { "template_type": &*tally.template_type, "hour": date(hour) },
            ),
            (format!("template:{}", tally.template_type), doc! { "scope": "all_time" }),
        ];
        for (id, identity) in targets {
            sums.entry(id).or_insert_with(|| (identity, Sum::default())).1.add(tally, sign);
        }
    }
    sums.into_iter()
        .map(|(id, (identity, sum))| {
            let operators = doc! { "$inc": sum.increments(), "$setOnInsert": identity };
            let update = Update::one(doc! { "_id": id }, operators).upserting();
            Write::Update { collection: COUNTERS.into(), update }
        })
        .collect()
}

#[derive(Default)]
struct Sum {
    runs: BTreeMap<&'static str, i64>,
    duration_seconds: f64,
    processed: i64,
    affected: i64,
}

impl Sum {
    fn add(&mut self, tally: &Tally, sign: i64) {
        *self.runs.entry(tally.status.as_str()).or_default() += sign;
        #[expect(clippy::cast_precision_loss, reason = "1 or -1")]
        {
            self.duration_seconds += sign as f64 * tally.duration_seconds;
        }
        self.processed += sign * i64::try_from(tally.processed).unwrap_or(0);
        self.affected += sign * i64::try_from(tally.affected).unwrap_or(0);
    }

    fn increments(self) -> Document {
        let mut document: Document = self.runs.into_iter().map(|(status, n)| (status.to_owned(), n.into())).collect();
        document.insert("duration_seconds", self.duration_seconds);
        if self.processed != 0 {
            document.insert("records_processed", self.processed);
        }
        if self.affected != 0 {
            document.insert("records_affected", self.affected);
        }
        document
    }
}
