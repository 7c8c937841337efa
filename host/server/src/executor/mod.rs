//! From a claim to a record: slots, attempts, time-outs, retries, cancellation, hooks, notifications.
//!
//! The planner hands over claims that are stored already; each starts at its instant, never before, as soon as a slot
//! is free. What follows from an outcome is decided in [`retry`] alone; the [`recorder`](self) writes ends in groups
//! and tells the planner of an end only once it is stored. Nothing here decides when a job is due.

mod attempt;
mod board;
mod ended;
mod figures;
mod handle;
mod hooks;
mod letter;
mod outbox;
mod ports;
mod recorder;
pub mod retry;
mod settings;
mod slots;
mod starter;
mod watch;

pub use ended::{Ended, Ending};
pub use figures::Figures;
pub use handle::{Executor, Halt, Load, Parts};
pub use outbox::due as outbox_due;
pub use ports::{Deliver, EffectsSeen, HttpAnswer, HttpCall, Message, Templates, Undelivered};
pub use settings::Settings;
