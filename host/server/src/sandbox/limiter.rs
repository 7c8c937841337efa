//! The sum of a run's memories and tables, with a memory of what was refused.

use wasmtime::ResourceLimiter;

use crate::model::outcome::Limit;

/// Counts what one run takes. Starting sizes count too.
#[derive(Debug)]
pub(super) struct Limiter {
    memory_bound: usize,
    table_bound: usize,
    memory: usize,
    peak: usize,
    table_elements: usize,
    refused: Option<Limit>,
}

impl Limiter {
    pub(super) fn new(memory_bound: u64, table_bound: usize) -> Self {
        let memory_bound = usize::try_from(memory_bound).unwrap_or(usize::MAX);
        Self { memory_bound, table_bound, memory: 0, peak: 0, table_elements: 0, refused: None }
    }

    /// The most that was in use, in bytes.
    pub(super) fn peak_bytes(&self) -> usize {
        self.peak
    }

    /// The last limit that refused something: the likely cause when the guest breaks afterwards.
    pub(super) fn refused(&self) -> Option<Limit> {
        self.refused
    }

    pub(super) fn memory_bound(&self) -> usize {
        self.memory_bound
    }

    pub(super) fn table_bound(&self) -> usize {
        self.table_bound
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let sum = self.memory.saturating_add(desired.saturating_sub(current));
        if sum > self.memory_bound || maximum.is_some_and(|maximum| desired > maximum) {
            self.refused = Some(Limit::Memory);
            return Ok(false);
        }
        self.memory = sum;
        self.peak = self.peak.max(sum);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = Some(Limit::Memory);
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let sum = self.table_elements.saturating_add(desired.saturating_sub(current));
        if sum > self.table_bound || maximum.is_some_and(|maximum| desired > maximum) {
            self.refused = Some(Limit::Table);
            return Ok(false);
        }
        self.table_elements = sum;
        Ok(true)
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = Some(Limit::Table);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_summed_and_a_refusal_is_remembered() {
        let mut limiter = Limiter::new(1_000, 0);
        assert!(limiter.memory_growing(0, 400, None).unwrap());
        assert!(limiter.memory_growing(0, 600, None).unwrap());
        assert_eq!(limiter.refused(), None);
        assert!(!limiter.memory_growing(400, 401, None).unwrap());
        assert_eq!((limiter.refused(), limiter.peak_bytes()), (Some(Limit::Memory), 1_000));
    }

    #[test]
    fn tables_are_summed() {
        let mut limiter = Limiter::new(0, 10);
        assert!(limiter.table_growing(0, 10, None).unwrap());
        assert!(!limiter.table_growing(0, 1, None).unwrap());
        assert_eq!(limiter.refused(), Some(Limit::Table));
    }
}
