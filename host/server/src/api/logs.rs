//! The log of an execution: a part of it, or line by line as it grows.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::sse::Event as Frame;
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream, StreamExt as _};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::access::Ended;
use super::error::ApiError;
use super::events::answer;
use super::execution_view::LogView;
use super::headers::Id;
use super::query::Query;
use super::state::Shared;
use super::words::LeastLevelWord;
use crate::model::ExecutionId;
use crate::model::log::{Level, LogLine};
use crate::repository::LogFilter;

const LINES: u32 = 1_000;
const MOST_LINES: u32 = 10_000;
/// How often a growing log is read.
const LOOK: Duration = Duration::from_millis(500);

/// A part of a log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogList {
    pub execution_id: String,
    pub logs: Vec<NumberedLine>,
    /// Lines in all.
    pub total: u64,
    /// Where to go on (`?from_line=`).
    pub next_line: u64,
    /// Whether the execution has ended, so that no more lines come.
    pub ended: bool,
}

/// A line with its number, from 0.
#[derive(Debug, Serialize, ToSchema)]
pub struct NumberedLine {
    pub line: u64,
    #[serde(flatten)]
    pub content: LogView,
}

impl From<&(u64, LogLine)> for NumberedLine {
    fn from((line, content): &(u64, LogLine)) -> Self {
        Self { line: *line, content: content.into() }
    }
}

/// The log of an execution. With `follow=true` a stream of events: `log` for each line, `end` with the final status.
#[utoipa::path(get, path = "/api/admin/scheduler/executions/{id}/logs", tag = "executions", params(
    ("id" = String, Path),
    ("level" = Option<LeastLevelWord>, Query, description = "This level and those above"),
    ("tail" = Option<u32>, Query, minimum = 1, maximum = 10000, description = "Only the last so many"),
    ("from_line" = Option<u32>, Query, description = "From this line on, counted from 0"),
    ("limit" = Option<u32>, Query, minimum = 1, maximum = 10000, description = "At most so many lines (1000)"),
    ("follow" = Option<bool>, Query, description = "As server-sent events, until the execution ends"),
), responses((status = 200, body = LogList)))]
pub(super) async fn read(
    State(api): State<Shared>,
    ended: Ended,
    Id(id): Id<ExecutionId>,
    mut query: Query,
) -> Result<Response, ApiError> {
    let levels = [("debug", Level::Debug), ("info", Level::Info), ("warning", Level::Warning), ("error", Level::Error)];
    let filter = LogFilter {
        least: query.word("level", &levels).unwrap_or(Level::Debug),
        tail: query.whole("tail", 1, MOST_LINES).map(|lines| lines as usize),
        from_line: query.whole("from_line", 0, u32::MAX).unwrap_or(0).into(),
        limit: query.whole("limit", 1, MOST_LINES).unwrap_or(LINES) as usize,
    };
    let follow = query.boolean("follow").unwrap_or(false);
    query.finish()?;
    // The state first: lines that come with the end are then among those that are read.
    let execution = api.execution(id).await?;
    if follow {
        return Ok(answer(api.clone(), ended, lines(api, id, filter)).into_response());
    }
    let logs = api.executions.logs().read(id, filter).await?.ok_or_else(|| ApiError::not_found("execution"))?;
    Ok(Json(LogList {
        execution_id: id.to_string(),
        next_line: logs.last().map_or(filter.from_line, |(line, _)| line + 1),
        logs: logs.iter().map(NumberedLine::from).collect(),
        total: execution.log_lines,
        ended: execution.status.is_final(),
    })
    .into_response())
}

/// Each line once, in order, from the store: what is stored is the log, events may be dropped.
fn lines(api: Shared, id: ExecutionId, filter: LogFilter) -> impl Stream<Item = Frame> {
    let begin = Some((api, filter, true));
    stream::unfold(begin, move |state| async move {
        let (api, filter, first) = state?;
        if !first {
            tokio::time::sleep(LOOK).await;
        }
        let Ok(Some(execution)) = api.executions.get(id).await else {
            return Some((vec![end("gone")], None));
        };
        let read = api.executions.logs().read(id, filter).await.ok().flatten().unwrap_or_default();
        let full = filter.tail.is_none() && read.len() >= filter.limit;
        let mut frames: Vec<Frame> = read.iter().map(|line| log(&NumberedLine::from(line))).collect();
        let next = read.last().map_or(filter.from_line, |(line, _)| line + 1);
        if execution.status.is_final() && !full {
            frames.push(end(execution.status.as_str()));
            return Some((frames, None));
        }
        let filter = LogFilter { tail: None, from_line: next, limit: MOST_LINES as usize, ..filter };
        Some((frames, Some((api, filter, full))))
    })
    .flat_map(stream::iter)
}

fn log(line: &NumberedLine) -> Frame {
    Frame::default().event("log").data(json!(line).to_string())
}

fn end(status: &str) -> Frame {
    Frame::default().event("end").data(json!({ "status": status }).to_string())
}
