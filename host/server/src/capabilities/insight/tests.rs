use std::sync::Arc;

use bson::doc;
use bson::oid::ObjectId;
use sandglass_database::Database as _;
use sandglass_database::memory::Memory;
use serde_json::json;

use super::*;
use crate::repository::EXECUTIONS;

struct Scene {
    database: Memory,
}

impl Scene {
    /// Executions a minute apart, of three jobs in turn; each third fails.
    async fn with_history(count: u32) -> Self {
        let scene = Self { database: Memory::new() };
        let documents = (0..count).map(|number| {
            let at = at(number);
            let mut id = [0_u8; 12];
            id[..4].copy_from_slice(&u32::try_from(at.timestamp()).unwrap().to_be_bytes());
            id[8..].copy_from_slice(&number.to_be_bytes());
            doc! {
                "_id": ObjectId::from_bytes(id),
                "job_id": job(number).to_string(),
                "job_name": format!("Job {}", number % 3),
                "template_type": (["data_export", "backup_job"][number as usize % 2]),
                "status": (["success", "success", "failed"][number as usize % 3]),
                "scheduled_for": bson::DateTime::from_chrono(at),
                "duration_seconds": f64::from(number),
                "logs": ["a line that figures need not read"],
            }
        });
        scene.database.insert(EXECUTIONS, documents.collect()).await.unwrap();
        scene
    }

    async fn ask(&self, options: Value) -> Result<Value, GateError> {
        self.ask_within(at(0), at(100_000), options, MOST_LOOKED_AT).await
    }

    async fn ask_within(
        &self,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        options: Value,
        most: u64,
    ) -> Result<Value, GateError> {
        let question = Question::new(since, until, &options.to_string(), most)?;
        let executions = Executions::new(Arc::new(self.database.clone()));
        Ok(serde_json::from_str(&question.answer(&executions).await?.text).unwrap())
    }
}

fn at(minute: u32) -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + chrono::Duration::minutes(minute.into())
}

fn job(number: u32) -> JobId {
    JobId(ObjectId::from_bytes([u8::try_from(number % 3).unwrap(); 12]))
}

#[tokio::test]
async fn the_end_of_the_range_is_left_out_and_everything_else_is_counted() {
    let scene = Scene::with_history(90).await;
    let answer = scene.ask(json!({})).await.unwrap();
    assert_eq!(
        (&answer["runs"]["total"], &answer["looked_at"], &answer["truncated"]),
        (&json!(90), &json!(90), &json!(false))
    );
    assert_eq!(answer["runs"]["by_status"], json!({"success": 60, "failed": 30}));
    assert_eq!(answer["runs"]["duration_seconds"]["mean"], 44.5);
    assert_eq!(answer["slowest_jobs"][0]["job_name"], "Job 2");
    assert_eq!(answer["failing_jobs"].as_array().unwrap().len(), 1);
    let part = scene.ask_within(at(10), at(20), json!({}), 1_000).await.unwrap();
    assert_eq!(part["runs"]["total"], 10);
    let error = scene.ask_within(at(20), at(10), json!({}), 1_000).await.unwrap_err();
    assert_eq!(error.reason, "bad-range");
    let ends = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    let all = scene.ask_within(ends.0, ends.1, json!({}), 1_000).await.unwrap();
    assert_eq!(all["runs"]["total"], 90);
}

#[tokio::test]
async fn jobs_and_templates_narrow_and_hours_divide() {
    let scene = Scene::with_history(90).await;
    let of_jobs = scene.ask(json!({"job_ids": [job(0).to_string(), job(2).to_string()]})).await.unwrap();
    assert_eq!((&of_jobs["runs"]["total"], &of_jobs["jobs"]), (&json!(60), &json!(2)));
    let of_template = scene.ask(json!({"template_types": ["backup_job"]})).await.unwrap();
    assert_eq!((&of_template["runs"]["total"], &of_template["looked_at"]), (&json!(45), &json!(90)));
    let by_hour = json!({"group_by": "hour", "timezone": "Asia/Kolkata"});
    let answer = scene.ask_within(at(0), at(90), by_hour, 1_000).await.unwrap();
    let totals: Vec<_> = answer["series"].as_array().unwrap().iter().map(|line| line["total"].clone()).collect();
    assert_eq!(totals, [30, 60]);
    assert_eq!(answer["series"][1]["start"], "2026-11-01T06:00:00+05:30");
}

#[tokio::test]
async fn a_long_history_is_cut_at_the_newest_and_the_answer_says_so() {
    let scene = Scene::with_history(90).await;
    for (most, truncated) in [(89, true), (90, false), (1, true)] {
        let answer = scene.ask_within(at(0), at(90), json!({}), most).await.unwrap();
        assert_eq!((&answer["looked_at"], &answer["truncated"]), (&json!(most), &json!(truncated)));
        assert_eq!(answer["runs"]["duration_seconds"]["max"], 89.0);
    }
    let two = json!({"job_ids": [job(0).to_string(), job(1).to_string()]});
    let answer = scene.ask_within(at(0), at(90), two, 40).await.unwrap();
    assert_eq!((&answer["looked_at"], &answer["truncated"]), (&json!(40), &json!(true)));
}

#[tokio::test]
async fn what_the_older_system_wrote_counts_by_its_start() {
    let scene = Scene::with_history(3).await;
    let mut id = [7_u8; 12];
    id[..4].copy_from_slice(&u32::try_from(at(5).timestamp()).unwrap().to_be_bytes());
    let old = doc! {
        "_id": ObjectId::from_bytes(id), "job_id": "a job of old", "status": "timeout",
        "started_at": bson::DateTime::from_chrono(at(5)), "duration_seconds": 3_i32,
    };
    scene.database.insert(EXECUTIONS, vec![old]).await.unwrap();
    let answer = scene.ask(json!({})).await.unwrap();
    assert_eq!(answer["runs"]["by_status"], json!({"success": 2, "failed": 1, "timeout": 1}));
}

#[tokio::test]
async fn an_option_that_is_not_known_is_refused_by_name() {
    let error = Scene::with_history(0).await.ask(json!({"since_when": 1})).await.unwrap_err();
    assert_eq!(error.reason, "unknown-option");
    let error = Scene::with_history(0).await.ask(json!({"group_by": "hour"})).await.unwrap_err();
    assert_eq!(error.reason, "too-many-groups");
}
