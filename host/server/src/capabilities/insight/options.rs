//! What a question about runs may say. Pure.

use chrono_tz::Tz;
use serde_json::Value;

use super::buckets::Unit;
use crate::capabilities::GateError;
use crate::model::JobId;

/// Jobs that one question may name: each is a walk through an index of its own.
const MOST_JOBS: usize = 100;
/// Lines of a list of jobs.
const MOST_LINES: u64 = 100;

/// A question, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Empty: all.
    pub jobs: Vec<JobId>,
    /// Empty: all.
    pub template_types: Vec<String>,
    pub group_by: Option<Unit>,
    pub zone: Tz,
    /// How many jobs a list names.
    pub limit: usize,
}

impl Options {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// `invalid`, which names the option and says what it may hold.
    pub fn parse(text: &str) -> Result<Self, GateError> {
        let mut options =
            Self { jobs: Vec::new(), template_types: Vec::new(), group_by: None, zone: Tz::UTC, limit: 10 };
        let value: Value =
            serde_json::from_str(text).map_err(|error| invalid("options-not-json", format!("options: {error}")))?;
        let Value::Object(members) = value else {
            return Err(invalid(
                "options-not-json",
                "options: an object is expected; {} asks for everything".to_owned(),
            ));
        };
        for (name, value) in &members {
            match name.as_str() {
                "job_ids" => options.jobs = jobs(&texts(name, value)?)?,
                "template_types" => options.template_types = texts(name, value)?,
                "group_by" => options.group_by = Some(unit(value)?),
                "timezone" => options.zone = zone(value)?,
                "limit" => options.limit = limit(value)?,
                unknown => {
                    return Err(invalid(
                        "unknown-option",
                        format!(
                            "options: {unknown:?} is not known; there are job_ids, template_types, group_by, timezone \
                             and limit"
                        ),
                    ));
                }
            }
        }
        Ok(options)
    }
}

fn invalid(reason: &'static str, message: String) -> GateError {
    GateError::invalid(reason, message)
}

fn wrong(name: &str, value: &Value, expected: &str) -> GateError {
    let found: String = value.to_string().chars().take(100).collect();
    invalid("bad-option", format!("options: {name} is {found}, but {expected} is expected"))
}

fn texts(name: &str, value: &Value) -> Result<Vec<String>, GateError> {
    let wrong = || wrong(name, value, "a list of texts with at most 100 entries");
    let list = value.as_array().filter(|list| list.len() <= MOST_JOBS).ok_or_else(wrong)?;
    list.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

fn jobs(texts: &[String]) -> Result<Vec<JobId>, GateError> {
    let mut jobs: Vec<JobId> = Vec::new();
    for text in texts {
        let job = text
            .parse()
            .map_err(|_| wrong("job_ids", &text.as_str().into(), "the id of a job (24 hexadecimal digits)"))?;
        if !jobs.contains(&job) {
            jobs.push(job);
        }
    }
    Ok(jobs)
}

fn unit(value: &Value) -> Result<Unit, GateError> {
    value.as_str().and_then(Unit::parse).ok_or_else(|| wrong("group_by", value, "hour, day, week or month"))
}

fn zone(value: &Value) -> Result<Tz, GateError> {
    let named = value.as_str().and_then(|name| name.parse().ok());
    named.ok_or_else(|| wrong("timezone", value, "an IANA zone such as Europe/Berlin"))
}

fn limit(value: &Value) -> Result<usize, GateError> {
    let number = value.as_u64().filter(|number| (1..=MOST_LINES).contains(number));
    let number = number.and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| wrong("limit", value, "a number from 1 to 100"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_may_be_left_out() {
        let options = Options::parse("{}").unwrap();
        assert_eq!((options.zone, options.limit, options.group_by), (Tz::UTC, 10, None));
    }

    #[test]
    fn what_is_named_is_read() {
        let id = "0123456789abcdef01234567";
        let text = format!(
            r#"{{"job_ids":["{id}","{id}"],"template_types":["a"],"group_by":"week","timezone":"Asia/Tokyo","limit":3}}"#
        );
        let options = Options::parse(&text).unwrap();
        assert_eq!(options.jobs, [id.parse::<JobId>().unwrap()]);
        assert_eq!(options.template_types, ["a"]);
        assert_eq!((options.group_by, options.zone, options.limit), (Some(Unit::Week), Tz::Asia__Tokyo, 3));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, reason, name) in [
            (r#"{"groupby":"day"}"#, "unknown-option", "\"groupby\""),
            (r#"{"group_by":"year"}"#, "bad-option", "group_by is \"year\""),
            (r#"{"timezone":"Mars/Olympus"}"#, "bad-option", "timezone"),
            (r#"{"limit":0}"#, "bad-option", "limit is 0"),
            (r#"{"limit":101}"#, "bad-option", "limit is 101"),
            (r#"{"job_ids":"a"}"#, "bad-option", "job_ids"),
            (r#"{"job_ids":["no id"]}"#, "bad-option", "no id"),
            (r#"{"template_types":[1]}"#, "bad-option", "template_types"),
            ("[]", "options-not-json", "object"),
            ("{", "options-not-json", "options"),
        ] {
            let error = Options::parse(text).unwrap_err();
            assert_eq!(error.reason, reason, "{text}");
            assert!(error.message.contains(name), "{text}: {error}");
        }
    }
}
