//! When: decides every occurrence, holds the overlap policy, finds what was missed. Never runs anything.

mod handle;

pub use handle::{
    CancelOutcome, Change, ChangeError, Command, ManualRun, Scheduler, StoreError, TriggerError, Why, WhyStep,
};
