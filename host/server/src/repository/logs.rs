//! Log lines of an execution: the first stand in its own document, the rest in chunks beside it. Readers see one log.

use std::sync::Arc;

use bson::doc;
use sandglass_database::{Database, Find, Result, Write, collect};

use super::document::{Fields, count};
use super::executions_document::{lines, read_lines};
use super::{EXECUTION_LOGS, EXECUTIONS};
use crate::model::log::{Level, LogLine};
use crate::model::{ExecutionId, JobId};

/// Chunks fetched at once.
const BATCH: usize = 16;

#[derive(Clone)]
pub struct Logs {
    database: Arc<dyn Database>,
}

/// Which lines are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogFilter {
    /// This level and those above it.
    pub least: Level,
    /// Only the last so many of those that match.
    pub tail: Option<usize>,
    /// Lines before this one are left out; the number counts all lines from 0.
    pub from_line: u64,
    /// At most so many lines.
    pub limit: usize,
}

impl Default for LogFilter {
    fn default() -> Self {
        Self { least: Level::Debug, tail: None, from_line: 0, limit: 10_000 }
    }
}

impl Logs {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// The lines with their numbers, in order; `None` if there is no such execution.
    ///
    /// # Errors
    /// Those of the database; `Corrupted` when a chunk cannot be read.
    pub async fn read(&self, id: ExecutionId, filter: LogFilter) -> Result<Option<Vec<(u64, LogLine)>>> {
        let own = Find::by(doc! { "_id": id.0 }).projected(doc! { "logs": 1 }).limited(1);
        let found = collect(self.database.find(EXECUTIONS, own).await?).await?;
        let Some(document) = found.first() else { return Ok(None) };
        let mut chosen = Chosen::by(filter);
        let own = read_lines(&Fields::of(EXECUTIONS, document))?;
        chosen.take(0, own);
        let mut wanted = doc! { "execution_id": id.0 };
        if let Some(first) = self.chunk_of(id, filter.from_line).await? {
            wanted.insert("first_line", doc! { "$gte": first });
        }
        let chunks = Find::by(wanted).sorted(doc! { "execution_id": 1, "first_line": 1 });
        let mut cursor = self.database.find(EXECUTION_LOGS, chunks).await?;
        while !chosen.is_full() {
            let batch = cursor.next(BATCH).await?;
            if batch.is_empty() {
                break;
            }
            for chunk in &batch {
                let fields = Fields::of(EXECUTION_LOGS, chunk);
                chosen.take(fields.unsigned("first_line")?.unwrap_or(0), read_lines(&fields)?);
            }
        }
        Ok(Some(chosen.lines.into()))
    }

    /// The first line of the last chunk that begins at or before a line, so that a long log is not read from its
    /// beginning for each of its parts.
    async fn chunk_of(&self, id: ExecutionId, line: u64) -> Result<Option<bson::Bson>> {
        if line == 0 {
            return Ok(None);
        }
        let before = doc! { "execution_id": id.0, "first_line": { "$lte": count(line) } };
        let last = Find::by(before)
            .sorted(doc! { "execution_id": -1, "first_line": -1 })
            .projected(doc! { "first_line": 1 })
            .limited(1);
        let found = collect(self.database.find(EXECUTION_LOGS, last).await?).await?;
        let Some(chunk) = found.first() else { return Ok(None) };
        Ok(Fields::of(EXECUTION_LOGS, chunk).unsigned("first_line")?.map(count))
    }

    /// A chunk of lines beyond those in the document; `first_line` is the number of the first of them.
    pub fn chunk(id: ExecutionId, job: JobId, first_line: u64, chunk: &[LogLine]) -> Write {
        let document = doc! {
            // Says what it holds, so that a chunk written twice after a lost reply collides.
            "_id": { "e": id.0, "n": count(first_line) },
            "execution_id": id.0,
            "job_id": job.to_string(),
            "first_line": count(first_line),
            "lines": lines(chunk),
        };
        Write::Insert { collection: EXECUTION_LOGS.into(), document }
    }
}

struct Chosen {
    filter: LogFilter,
    lines: std::collections::VecDeque<(u64, LogLine)>,
}

impl Chosen {
    fn by(filter: LogFilter) -> Self {
        Self { filter, lines: std::collections::VecDeque::new() }
    }

    fn take(&mut self, first: u64, lines: Vec<LogLine>) {
        for (number, line) in (first..).zip(lines) {
            if number < self.filter.from_line || line.level < self.filter.least || self.is_full() {
                continue;
            }
            self.lines.push_back((number, line));
            if self.filter.tail.is_some_and(|tail| self.lines.len() > tail) {
                self.lines.pop_front();
            }
        }
    }

    /// With a tail the end has to be seen, however far it is.
    fn is_full(&self) -> bool {
        self.filter.tail.is_none() && self.lines.len() >= self.filter.limit
    }
}
