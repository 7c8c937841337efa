//! Executions, summed up one after the other: over all, by template, by job and by bucket of time. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::buckets::Buckets;
use super::figures::Figures;
use crate::repository::Brief;

/// Figures of one job.
#[derive(Debug, Clone, Default)]
struct Job {
    name: String,
    template_type: String,
    figures: Figures,
}

/// Sums that grow with each execution.
#[derive(Debug)]
pub struct Summary {
    all: Figures,
    templates: BTreeMap<String, Figures>,
    jobs: BTreeMap<String, Job>,
    buckets: Option<Buckets>,
    series: Vec<Figures>,
}

impl Summary {
    pub fn new(buckets: Option<Buckets>) -> Self {
        let series = vec![Figures::default(); buckets.as_ref().map_or(0, |buckets| buckets.starts().len())];
        Self { all: Figures::default(), templates: BTreeMap::new(), jobs: BTreeMap::new(), buckets, series }
    }

    /// Adds one. The newest comes first: a job is called what it was called last.
    pub fn add(&mut self, brief: Brief) {
        let Brief { job, job_name, template_type, status, scheduled_for, duration_seconds } = brief;
        self.all.add(status, duration_seconds);
        let place = self.buckets.as_ref().and_then(|buckets| buckets.place(scheduled_for));
        if let Some(figures) = place.and_then(|place| self.series.get_mut(place)) {
            figures.add(status, duration_seconds);
        }
        self.templates.entry(template_type.clone()).or_default().add(status, duration_seconds);
        let job =
            self.jobs.entry(job).or_insert_with(|| Job { name: job_name, template_type, figures: Figures::default() });
        job.figures.add(status, duration_seconds);
    }

    /// The answer's part about runs; lists of jobs hold at most `limit`.
    pub fn to_json(&self, zone: Tz, limit: usize) -> Map<String, Value> {
        let templates =
            self.templates.iter().map(|(template, figures)| named([("template_type", template.as_str())], figures));
        let mut answer = Map::from_iter([
            ("jobs".to_owned(), self.jobs.len().into()),
            ("runs".to_owned(), self.all.to_json().into()),
            ("by_template".to_owned(), templates.collect::<Vec<_>>().into()),
            ("slowest_jobs".to_owned(), self.slowest(limit).into()),
            ("failing_jobs".to_owned(), self.failing(limit).into()),
        ]);
        if let Some(buckets) = &self.buckets {
            let lines = buckets.starts().iter().zip(&self.series);
            let lines = lines.map(|(start, figures)| named([("start", local(*start, zone).as_str())], figures));
            answer.insert("series".to_owned(), lines.collect::<Vec<_>>().into());
        }
        answer
    }

    /// By mean duration, the longest first.
    fn slowest(&self, limit: usize) -> Vec<Value> {
        let jobs = self.jobs.iter();
        let mut jobs: Vec<_> = jobs.filter_map(|(id, job)| Some((job.figures.durations()?.mean, id, job))).collect();
        jobs.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)));
        jobs.into_iter().take(limit).map(|(_, id, job)| job.line(id)).collect()
    }

    /// By number of failures, the most first.
    fn failing(&self, limit: usize) -> Vec<Value> {
        let mut jobs: Vec<_> = self.jobs.iter().filter(|(_, job)| job.figures.failures() > 0).collect();
        jobs.sort_by(|one, other| {
            other.1.figures.failures().cmp(&one.1.figures.failures()).then_with(|| one.0.cmp(other.0))
        });
        jobs.into_iter().take(limit).map(|(id, job)| job.line(id)).collect()
    }
}

impl Job {
    fn line(&self, id: &str) -> Value {
        named([("job_id", id), ("job_name", &self.name), ("template_type", &self.template_type)], &self.figures)
    }
}

fn named<const N: usize>(names: [(&str, &str); N], figures: &Figures) -> Value {
    let mut line: Map<String, Value> =
        names.into_iter().map(|(name, text)| (name.to_owned(), Value::from(text))).collect();
    line.extend(figures.to_json());
    line.into()
}

/// An instant as the clocks of the zone show it, with their offset.
pub fn local(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).to_rfc3339()
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use serde_json::json;

    use super::*;
    use crate::capabilities::insight::buckets::Unit;
    use crate::model::Status;

    fn briefs() -> Vec<Brief> {
        let start: DateTime<Utc> = "2026-10-24T00:30:00Z".parse().unwrap();
        (0_u32..400)
            .map(|number| Brief {
                job: format!("job{}", number % 7),
                job_name: format!("name {}", number % 7),
                template_type: ["a", "b", "c"][number as usize % 3].to_owned(),
                status: Status::ALL[(number as usize * 5 + number as usize / 9) % 8],
                scheduled_for: start + Duration::minutes(i64::from(number) * 11),
                duration_seconds: (number % 4 != 0).then(|| f64::from(number * 37 % 101)),
            })
            .collect()
    }

    #[test]
    fn every_group_is_what_a_filter_over_all_would_find() {
        let all = briefs();
        let (since, until) = ("2026-10-24T00:00:00Z".parse().unwrap(), "2026-10-28T00:00:00Z".parse().unwrap());
        let buckets = Buckets::new(Unit::Day, Tz::Europe__Berlin, since, until, 100).unwrap();
        let mut summary = Summary::new(Some(buckets));
        all.iter().for_each(|brief| summary.add(brief.clone()));
        let answer = Value::Object(summary.to_json(Tz::Europe__Berlin, 100));

        let expected = |keep: &dyn Fn(&Brief) -> bool| {
            let mut figures = Figures::default();
            for brief in all.iter().filter(|brief| keep(brief)) {
                figures.add(brief.status, brief.duration_seconds);
            }
            figures.to_json()
        };
        assert_eq!(answer["runs"], Value::Object(expected(&|_| true)));
        assert_eq!(answer["jobs"], 7);
        for line in answer["by_template"].as_array().unwrap() {
            for (name, value) in expected(&|brief| line["template_type"] == brief.template_type.as_str()) {
                assert_eq!(line[&name], value, "{line}");
            }
        }
        let mut seen = 0;
        for line in answer["series"].as_array().unwrap() {
            let day = line["start"].as_str().unwrap()[..10].to_owned();
            let is_in = |brief: &Brief| local(brief.scheduled_for, Tz::Europe__Berlin)[..10] == day;
            for (name, value) in expected(&is_in) {
                assert_eq!(line[&name], value, "{line}");
            }
            seen += line["total"].as_u64().unwrap();
        }
        assert_eq!(seen, 400);
        assert_eq!(answer["series"][1]["start"], "2026-10-25T00:00:00+02:00");
        assert_eq!(answer["series"][2]["start"], "2026-10-26T00:00:00+01:00");
    }

    #[test]
    fn jobs_are_listed_by_what_is_worst_about_them() {
        let mut summary = Summary::new(None);
        briefs().into_iter().for_each(|brief| summary.add(brief));
        let answer = Value::Object(summary.to_json(Tz::UTC, 3));
        for (list, pointer) in [("slowest_jobs", "/duration_seconds/mean"), ("failing_jobs", "/failures")] {
            let lines = answer[list].as_array().unwrap();
            assert_eq!(lines.len(), 3);
            let values: Vec<f64> = lines.iter().map(|line| line.pointer(pointer).unwrap().as_f64().unwrap()).collect();
            assert!(values.is_sorted_by(|one, other| one >= other), "{values:?}");
        }
        assert_eq!(answer.get("series"), None);
    }

    #[test]
    fn nothing_gives_an_answer_too() {
        let answer = Value::Object(Summary::new(None).to_json(Tz::UTC, 3));
        assert_eq!(answer["runs"]["total"], 0);
        assert_eq!(answer["runs"]["success_rate"], Value::Null);
        assert_eq!(answer["slowest_jobs"], json!([]));
    }
}
