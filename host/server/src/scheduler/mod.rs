//! When: decides every occurrence, holds the overlap policy, finds what was missed. Never runs anything.
//!
//! `decision`, `overlap` and `fate` are pure: the rules. `planner` keeps the state, `gather` and
//! `occurrence` make a group of what is due, `store` writes it and carries out what follows, `thread` sleeps and
//! wakes. Others speak to it through [`Scheduler`]; the executor tells it of ends over a channel that loses nothing.

mod agenda;
mod cancel;
mod change;
mod collision;
mod decision;
mod definitions;
mod fate;
mod gather;
mod group;
mod handle;
mod manual;
mod occurrence;
mod overlap;
mod planner;
mod recovery;
mod retries;
mod set_back;
mod settings;
mod skip;
mod starts;
mod store;
mod thread;
mod why;

pub use handle::{
    CancelOutcome, Change, ChangeError, Command, ManualRun, Scheduler, StoreError, TriggerError, Why, WhyStep,
};
pub use planner::{Parts, Planner};
pub use recovery::Recovered;
pub use settings::Settings;
pub use starts::Starts;
pub use thread::{StartError, start};

#[cfg(test)]
mod clock_test;
#[cfg(test)]
mod damaged_test;
#[cfg(test)]
mod full_disk_test;
#[cfg(test)]
mod life_test;
#[cfg(test)]
mod manual_test;
#[cfg(test)]
mod replay_test;
#[cfg(test)]
pub(crate) mod scene;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod stop_test;
