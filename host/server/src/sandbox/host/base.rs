//! `sandglass:base`: always granted, reaches nothing outside.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::model::execution::Progress;
use crate::model::log::Level;
use crate::sandbox::bindings::sandglass::base::types::Instant as WireInstant;
use crate::sandbox::bindings::sandglass::base::{clock, execution, log, random};
use crate::sandbox::state::State;

/// Progress is passed on at most once in this time; what comes in between waits for the end of the run.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);
const LONGEST_NOTE: usize = 500;
const MOST_RANDOM: u32 = 65_536;

pub(super) fn instant(at: DateTime<Utc>) -> WireInstant {
    WireInstant { seconds: at.timestamp(), nanoseconds: at.timestamp_subsec_nanos().min(999_999_999) }
}

impl execution::Host for State {
    fn id(&mut self) -> wasmtime::Result<String> {
        self.called();
        Ok(self.facts.execution.to_string())
    }

    fn job(&mut self) -> wasmtime::Result<String> {
        self.called();
        Ok(self.facts.job())
    }

    fn attempt(&mut self) -> wasmtime::Result<u32> {
        self.called();
        Ok(self.facts.attempt)
    }

    fn scheduled_at(&mut self) -> wasmtime::Result<WireInstant> {
        self.called();
        Ok(instant(self.facts.scheduled_for))
    }

    fn deadline(&mut self) -> wasmtime::Result<WireInstant> {
        self.called();
        Ok(instant(self.facts.deadline_at))
    }

    fn progress(&mut self, done: u64, total: Option<u64>, note: String) -> wasmtime::Result<()> {
        self.called();
        let note = self.gate.mask().text(&note);
        let note = note.chars().filter(|character| !character.is_control()).take(LONGEST_NOTE).collect();
        let progress = Progress { done, total, note };
        let now = Instant::now();
        match &self.watcher {
            Some(watcher) if self.last_progress.is_none_or(|last| now.duration_since(last) >= PROGRESS_EVERY) => {
                self.last_progress = Some(now);
                self.held_progress = None;
                watcher.progress(progress);
            }
            _ => self.held_progress = Some(progress),
        }
        Ok(())
    }

    fn should_stop(&mut self) -> wasmtime::Result<bool> {
        self.called();
        Ok(self.facts.should_stop())
    }

    async fn wait(&mut self, milliseconds: u32) -> wasmtime::Result<bool> {
        self.called();
        let until = Instant::now() + Duration::from_millis(milliseconds.into());
        if !self.facts.should_stop() {
            tokio::select! {
                () = tokio::time::sleep_until(until.min(self.facts.warning)) => {}
                () = self.facts.cancel.cancelled() => {}
                () = self.facts.drain.cancelled() => {}
            }
        }
        Ok(!self.facts.should_stop())
    }
}

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String, fields: Vec<(String, String)>) -> wasmtime::Result<()> {
        self.called();
        let level = match level {
            // Kept only when an operator asks for it, and there is no way to ask yet.
            log::Level::Trace => return Ok(()),
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warning,
            log::Level::Error => Level::Error,
        };
        // Before the line is cut and escaped: half a secret would not be found.
        let mask = self.gate.mask();
        let fields = fields.iter().map(|(name, value)| (mask.text(name).into_owned(), mask.text(value).into_owned()));
        let (message, fields) = (mask.text(&message), fields.collect::<Vec<_>>());
        self.log.write(level, &message, &fields);
        Ok(())
    }
}

impl clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<WireInstant> {
        self.called();
        Ok(instant(self.clock.now()))
    }
}

impl random::Host for State {
    fn bytes(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        self.called();
        let mut bytes = vec![0; usize::try_from(length.min(MOST_RANDOM)).unwrap_or(0)];
        rustls::crypto::ring::default_provider()
            .secure_random
            .fill(&mut bytes)
            .map_err(|_| wasmtime::Error::msg("the machine gives no random bytes"))?;
        Ok(bytes)
    }
}
