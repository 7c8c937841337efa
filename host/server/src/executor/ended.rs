//! The news that an attempt is over and stored, or that a claim cannot just begin: what the planner waits for.

use chrono::{DateTime, Utc};

use crate::model::{ExecutionId, JobId, Status, Token};

/// An end is sent only after the store has acknowledged it, over a channel that loses nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    pub execution: ExecutionId,
    pub job: JobId,
    pub ending: Ending,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// It has its one final status.
    Final(Status),
    /// It is tried again: from `at` on somebody may claim it over `token`. Until then it holds nothing.
    Retry { at: DateTime<Utc>, token: Token },
    /// It has not begun: its claim was made ahead, and a jump of the wall clock has carried it past its instant (T16).
    /// Whoever decides withdraws it, or hands it over once more.
    Overslept,
    /// Another holder has taken it over; its result was dropped.
    TakenOver,
}
