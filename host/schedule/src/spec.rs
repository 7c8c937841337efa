//! The customer's `schedule` object and the way from it to a [`Timetable`].
//!
//! What can be said in JSON is declared here; what it means is in the modules that `compile` calls. Every problem of
//! an object is reported at once.

use chrono::{DateTime, SubsecRound, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::cron::Cron;
use crate::error::Problem;
use crate::interval::Interval;
use crate::name::zone_named;
use crate::next::{Bounds, Rule, Timetable};
use crate::once::Once;
use crate::zone::HORIZON;

/// When a job is due, as it stands in the job's document and in the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Which of the other fields count.
    #[serde(rename = "type")]
    pub kind: ScheduleKind,
    /// Interval only: seconds from one occurrence to the next, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_seconds: Option<u64>,
    /// Cron only: five fields or a macro, at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// IANA name; UTC if absent. Intervals and `once` only use it to show times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Once only: the one instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<DateTime<Utc>>,
    /// Nothing is due earlier. For an interval it is the first occurrence, and the phase of all others (T4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<DateTime<Utc>>,
    /// Nothing is due later; an occurrence at this very instant still is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_at: Option<DateTime<Utc>>,
    /// Cron only: a list, range or step of seconds, 0-59; `0` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<String>,
    /// Cron only: what a fixed-time job does when the clocks change (T5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dst: Option<Dst>,
}

/// The three ways to be due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScheduleKind {
    /// Every so many seconds, by elapsed time.
    Interval,
    /// By the clock on the wall.
    Cron,
    /// At one instant.
    Once,
}

/// T5's options for fixed-time cron jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dst {
    /// A time that the clock jumps over.
    pub gap: Gap,
    /// A time that the clock shows twice.
    pub fold: Fold,
}

/// A time that the clock jumps over in spring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gap {
    /// Run once, at the first instant after the gap.
    #[default]
    Next,
    /// Leave it out (recorded as a skip, `dst_gap`).
    Skip,
}

/// A time that the clock shows twice in autumn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fold {
    /// Run at the first of the two.
    #[default]
    First,
    /// Run at the second of the two.
    Second,
    /// Run at both.
    Both,
}

impl Schedule {
    /// Checks the object and prepares it for questions.
    ///
    /// `created_at` is the job's creation time: the phase of an interval without `start_at` (T4), and the moment from
    /// which on something has to become due. It counts in whole milliseconds, because the store keeps no more.
    ///
    /// # Errors
    /// Every [`Problem`] of the object (T6).
    pub fn compile(&self, created_at: DateTime<Utc>) -> Result<Timetable, Vec<Problem>> {
        let created_at = created_at.trunc_subsecs(3);
        let mut problems = self.misplaced();
        let tz = self.zone().unwrap_or_else(|problem| {
            problems.push(problem);
            Tz::UTC
        });
        let bounds = self.bounds(&mut problems);
        let rule = match self.kind {
            ScheduleKind::Interval => {
                Interval::new(self.interval_seconds, self.start_at, created_at).map(Rule::Interval)
            }
            ScheduleKind::Cron => {
                Cron::new(self.expression.as_deref(), self.seconds.as_deref(), self.dst.unwrap_or_default(), tz)
                    .map(|cron| Rule::Cron(Box::new(cron)))
            }
            ScheduleKind::Once => Once::new(self.run_at, created_at).map(Rule::Once),
        };
        match rule {
            Ok(rule) if problems.is_empty() => {
                let timetable = Timetable::new(rule, tz, bounds);
                match timetable.never(created_at, self.end_at.is_some()) {
                    None => Ok(timetable),
                    Some(problem) => Err(vec![problem]),
                }
            }
            Ok(_) => Err(problems),
            Err(more) => {
                problems.extend(more);
                Err(problems)
            }
        }
    }

    /// The IANA name that times are shown in.
    #[must_use]
    pub fn timezone(&self) -> &str {
        self.timezone.as_deref().unwrap_or("UTC")
    }

    pub(crate) fn zone(&self) -> Result<Tz, Problem> {
        self.timezone.as_deref().map_or(Ok(Tz::UTC), zone_named)
    }

    /// Fields that are set and belong to another kind.
    fn misplaced(&self) -> Vec<Problem> {
        use ScheduleKind::{Cron, Interval, Once};
        let fields: [(&'static str, bool, &[ScheduleKind]); 7] = [
            ("interval_seconds", self.interval_seconds.is_some(), &[Interval]),
            ("expression", self.expression.is_some(), &[Cron]),
            ("run_at", self.run_at.is_some(), &[Once]),
            ("start_at", self.start_at.is_some(), &[Interval, Cron]),
            ("end_at", self.end_at.is_some(), &[Interval, Cron]),
            ("seconds", self.seconds.is_some(), &[Cron]),
            ("dst", self.dst.is_some(), &[Cron]),
        ];
        fields
            .into_iter()
            .filter(|(_, set, kinds)| *set && !kinds.contains(&self.kind))
            .map(|(field, _, kinds)| {
                let owners: Vec<_> = kinds.iter().map(|kind| format!("`{}`", kind.word())).collect();
                Problem::new(
                    field,
                    "not_allowed",
                    format!(
                        "`{field}` has no meaning for a schedule of type `{}`; remove it, or set `type` to {}",
                        self.kind.word(),
                        owners.join(" or ")
                    ),
                )
            })
            .collect()
    }

    fn bounds(&self, problems: &mut Vec<Problem>) -> Bounds {
        if let (Some(start), Some(end)) = (self.start_at, self.end_at)
            && end < start
        {
            problems.push(Problem::new(
                "end_at",
                "end_before_start",
                format!(
                    "`end_at` ({}) is earlier than `start_at` ({}); exchange them or remove one",
                    rfc3339(end),
                    rfc3339(start)
                ),
            ));
        }
        if let Some(start) = self.start_at
            && start.timestamp() >= HORIZON
            && self.kind != ScheduleKind::Once
        {
            problems.push(beyond_horizon("start_at", start));
        }
        Bounds { start: self.start_at.map(|start| start.trunc_subsecs(3)), end: self.end_at }
    }
}

impl ScheduleKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Interval => "interval",
            Self::Cron => "cron",
            Self::Once => "once",
        }
    }
}

pub(crate) fn beyond_horizon(field: &'static str, found: DateTime<Utc>) -> Problem {
    Problem::new(
        field,
        "beyond_horizon",
        format!(
            "`{field}` is {}; time zones are known up to the end of 2099, so choose an earlier time",
            rfc3339(found)
        ),
    )
}

pub(crate) fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}
