//! A bound on what one evaluation may do, so that no expression can take the host's time or memory.

use std::cell::Cell;

use bson::Bson;

use crate::{Error, Result};

/// Nodes evaluated plus elements made. A document of 16 MiB has fewer than 2.5 million elements.
const STEPS: u64 = 4_000_000;

/// Bytes of text that count as one element.
const BYTES_PER_STEP: usize = 64;

/// Documents and arrays inside each other that a result may have.
const DEPTH: usize = 180;

/// What is left of one evaluation's allowance.
#[derive(Debug)]
pub(super) struct Budget {
    left: Cell<u64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: Cell::new(STEPS) }
    }
}

impl Budget {
    /// # Errors
    /// [`Error::TooLarge`] once the allowance is used up.
    pub fn spend(&self, steps: usize) -> Result<()> {
        let left = self.left.get().checked_sub(steps as u64).ok_or_else(|| Error::TooLarge {
            what: "the work of one expression".to_owned(),
            size: STEPS.saturating_add(steps as u64),
            limit: STEPS,
        })?;
        self.left.set(left);
        Ok(())
    }

    /// Charges for text that is made or copied.
    ///
    /// # Errors
    /// As [`spend`](Self::spend).
    pub fn spend_text(&self, bytes: usize) -> Result<()> {
        self.spend(bytes / BYTES_PER_STEP)
    }

    /// Charges for a copy of the value.
    ///
    /// # Errors
    /// As [`spend`](Self::spend), and for values nested beyond what BSON can carry.
    pub fn spend_value(&self, value: &Bson) -> Result<()> {
        self.spend_nested(value, 0)
    }

    fn spend_nested(&self, value: &Bson, depth: usize) -> Result<()> {
        if depth > DEPTH {
            return Err(Error::invalid(format!("an expression makes a value nested more than {DEPTH} levels deep")));
        }
        match value {
            Bson::Array(items) => {
                self.spend(items.len())?;
                items.iter().try_for_each(|item| self.spend_nested(item, depth + 1))
            }
            Bson::Document(document) => {
                self.spend(document.len())?;
                document.iter().try_for_each(|(key, value)| {
                    self.spend_text(key.len())?;
                    self.spend_nested(value, depth + 1)
                })
            }
            Bson::String(text) => self.spend_text(text.len()),
            Bson::Binary(binary) => self.spend_text(binary.bytes.len()),
            _ => Ok(()),
        }
    }
}
