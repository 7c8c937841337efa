//! Results that are pulled in batches, each within the bounds of a batch.

use std::collections::VecDeque;
use std::sync::Arc;

use bson::Document;
use sandglass_database as database;
use tokio::time::Instant;

use super::fields::Beyond;
use super::{CollectionName, Fields, json, narrowed};
use crate::capabilities::guard::{Gate, Permit, Target as _};
use crate::capabilities::operation::{DOCUMENTS_NEXT, DOCUMENTS_NEXT_RAW, Operation};
use crate::capabilities::{GateError, within};
use crate::model::audit::Usage;

/// Documents asked of the store at first, while their size is unknown.
const FIRST: usize = 100;

/// Documents as Extended JSON.
pub struct Cursor {
    source: Box<dyn database::Cursor>,
    of: CollectionName,
    /// What the right was narrowed to when it was opened.
    fields: Option<Arc<Fields>>,
    /// Fetched but not handed over yet.
    waiting: VecDeque<String>,
    /// Documents to ask of the store next time.
    step: usize,
    is_at_end: bool,
}

impl Cursor {
    pub(super) fn new(
        source: Box<dyn database::Cursor>,
        of: CollectionName,
        fields: Option<Arc<Fields>>,
        hint: Option<u32>,
    ) -> Self {
        let step = hint.and_then(|hint| usize::try_from(hint).ok()).unwrap_or(FIRST);
        Self { source, of, fields, waiting: VecDeque::new(), step: step.clamp(1, FIRST), is_at_end: false }
    }

    /// The next documents, at most `max` (0: as many as a batch holds). Empty at the end.
    ///
    /// # Errors
    /// Those of the gate and of the database.
    pub async fn next(&mut self, gate: &mut Gate, max: u32) -> Result<Vec<String>, GateError> {
        let permit = gate.pass(&DOCUMENTS_NEXT, &self.of).await?;
        still_within(gate, &permit, &DOCUMENTS_NEXT, &self.of, self.fields.as_deref()).await?;
        let since = Instant::now();
        let bounds = *gate.bounds();
        let max = match usize::try_from(max) {
            Ok(0) | Err(_) => bounds.batch_documents,
            Ok(max) => max.min(bounds.batch_documents),
        };
        let mut batch = Vec::new();
        let mut bytes = 0usize;
        loop {
            while batch.len() < max
                && let Some(text) = self.waiting.pop_front()
            {
                if !batch.is_empty() && bytes + text.len() > bounds.batch_bytes {
                    self.waiting.push_front(text);
                    break;
                }
                bytes += text.len();
                batch.push(text);
            }
            if batch.len() >= max || !self.waiting.is_empty() || bytes >= bounds.batch_bytes || self.is_at_end {
                break;
            }
            let wanted = self.step.min(max - batch.len());
            let documents = within(gate.remaining(), self.source.next(wanted)).await?;
            self.is_at_end = documents.is_empty();
            self.learn(&documents, bounds.batch_bytes);
        }
        let usage = Usage { bytes_out: bytes as u64, items: batch.len() as u64, ..Usage::default() };
        gate.note(&DOCUMENTS_NEXT, self.of.name(), usage, since);
        Ok(batch)
    }

    /// Takes documents in and adapts the next step to their size, so that large ones do not pile up here.
    fn learn(&mut self, documents: &[Document], batch_bytes: usize) {
        let before = self.waiting.len();
        self.waiting.extend(documents.iter().map(json::document_text));
        let bytes: usize = self.waiting.iter().skip(before).map(String::len).sum();
        if let Some(mean) = bytes.checked_div(documents.len()) {
            self.step = (batch_bytes / mean.max(1)).clamp(1, 1_000);
        }
    }
}

/// Documents as BSON.
pub struct RawCursor {
    source: Box<dyn database::RawCursor>,
    of: CollectionName,
    fields: Option<Arc<Fields>>,
}

/// A right may have been narrowed since the cursor was opened, and what it holds shows more than that.
async fn still_within(
    gate: &mut Gate,
    permit: &Permit,
    operation: &'static Operation,
    of: &CollectionName,
    opened: Option<&Fields>,
) -> Result<(), GateError> {
    let judge = |now: &Fields| match opened {
        Some(opened) if opened.lie_within(now) => Ok(()),
        _ => Err(Beyond::Whole("a cursor from before")),
    };
    narrowed::within(gate, permit, operation, of, judge).await.map(drop)
}

impl RawCursor {
    pub(super) fn new(source: Box<dyn database::RawCursor>, of: CollectionName, fields: Option<Arc<Fields>>) -> Self {
        Self { source, of, fields }
    }

    /// Whole documents, concatenated. Empty at the end.
    ///
    /// # Errors
    /// Those of the gate and of the database.
    pub async fn next(&mut self, gate: &mut Gate, max_bytes: u32) -> Result<Vec<u8>, GateError> {
        let permit = gate.pass(&DOCUMENTS_NEXT_RAW, &self.of).await?;
        still_within(gate, &permit, &DOCUMENTS_NEXT_RAW, &self.of, self.fields.as_deref()).await?;
        let since = Instant::now();
        let bound = gate.bounds().batch_bytes;
        let max = usize::try_from(max_bytes).unwrap_or(bound).min(bound);
        let bytes = within(gate.remaining(), self.source.next(max)).await?;
        let usage = Usage { bytes_out: bytes.len() as u64, ..Usage::default() };
        gate.note(&DOCUMENTS_NEXT_RAW, self.of.name(), usage, since);
        Ok(bytes)
    }
}
