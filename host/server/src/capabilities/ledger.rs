//! What an attempt did, summed: reads by operation and target, and repeated denials.

use std::time::Duration;

use super::operation::Operation;
use crate::model::audit::{Usage, Verdict};

/// Different targets that are kept apart; further ones share a line, so that a guest cannot fill the host's memory.
const KEPT: usize = 256;
/// The target of that line.
const OTHERS: &str = "(others)";

/// One line: an operation on a target, as often as it happened.
#[derive(Debug)]
pub struct Sum {
    pub operation: &'static Operation,
    pub target: String,
    pub verdict: Verdict,
    pub usage: Usage,
    pub calls: u64,
    duration: Duration,
}

#[derive(Debug, Default)]
pub struct Ledger {
    reads: Vec<Sum>,
    denials: Vec<Sum>,
    effects: u64,
    consultations: u64,
}

impl Ledger {
    pub fn consulted(&mut self) {
        self.consultations += 1;
    }

    pub fn effect(&mut self) {
        self.effects += 1;
    }

    pub fn effects(&self) -> u64 {
        self.effects
    }

    pub fn consultations(&self) -> u64 {
        self.consultations
    }

    /// Adds one read.
    pub fn add(&mut self, operation: &'static Operation, target: &str, usage: Usage, duration: Duration) {
        let sum = line(&mut self.reads, operation, target, Verdict::Allowed);
        sum.calls += 1;
        sum.usage.bytes_in += usage.bytes_in;
        sum.usage.bytes_out += usage.bytes_out;
        sum.usage.items += usage.items;
        sum.duration += duration;
    }

    /// Whether this denial is the first of its kind and wants a record of its own; otherwise it is counted.
    pub fn is_new_denial(&mut self, operation: &'static Operation, target: &str, verdict: &Verdict) -> bool {
        let before = self.denials.len();
        let sum = line(&mut self.denials, operation, target, verdict.clone());
        sum.calls += 1;
        self.denials.len() > before
    }

    /// The lines: every read, and the denials beyond the first of their kind.
    pub fn sums(&mut self) -> Vec<Sum> {
        let repeated = std::mem::take(&mut self.denials).into_iter().filter(|sum| sum.calls > 1);
        let repeated = repeated.map(|sum| Sum { calls: sum.calls - 1, ..sum });
        let mut sums = std::mem::take(&mut self.reads);
        sums.extend(repeated);
        for sum in &mut sums {
            sum.usage.duration_ms = u64::try_from(sum.duration.as_millis()).unwrap_or(u64::MAX);
        }
        sums
    }
}

fn line<'a>(lines: &'a mut Vec<Sum>, operation: &'static Operation, target: &str, verdict: Verdict) -> &'a mut Sum {
    let find = |lines: &[Sum], target: &str| {
        lines
            .iter()
            .position(|sum| std::ptr::eq(sum.operation, operation) && sum.target == target && sum.verdict == verdict)
    };
    let mut found = find(lines, target);
    let mut target = target;
    if found.is_none() && lines.len() >= KEPT {
        target = OTHERS;
        found = find(lines, target);
    }
    let place = found.unwrap_or(lines.len());
    if place == lines.len() {
        lines.push(Sum {
            operation,
            target: target.to_owned(),
            verdict,
            usage: Usage::default(),
            calls: 0,
            duration: Duration::ZERO,
        });
    }
    #[expect(clippy::indexing_slicing, reason = "the place was found or has just been filled")]
    &mut lines[place]
}
