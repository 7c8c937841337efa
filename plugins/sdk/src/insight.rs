//! Figures about Sandglass's own runs, for reports.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::clock::to_instant;
use crate::documents::parsed;
use crate::{Error, host};

/// Counts, success rates and durations of the executions that were scheduled from `since` up to and without
/// `until`. `options` is an object: `job_ids` and `template_types` narrow, `group_by` is `hour`, `day`, `week` or
/// `month`, `timezone` an IANA zone for it.
///
/// # Errors
/// `denied` without a grant, `invalid` for options that the host does not know.
///
/// ```
/// # let world = sandglass_sdk::fakes::World::new();
/// use sandglass_sdk::{chrono::Days, execution, insight};
/// use serde_json::json;
///
/// world.statistics(json!({"total": 12, "succeeded": 11}));
/// let until = execution::scheduled_at();
/// let figures = insight::statistics(until - Days::new(7), until, &json!({"group_by": "day"}))?;
/// assert_eq!(figures["total"], 12);
/// # Ok::<(), sandglass_sdk::Error>(())
/// ```
pub fn statistics(since: DateTime<Utc>, until: DateTime<Utc>, options: &Value) -> Result<Value, Error> {
    parsed(&host::insight::statistics(to_instant(since), to_instant(until), &options.to_string())?)
}
