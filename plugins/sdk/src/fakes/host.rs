//! The fakes under the names that the bindings have.

pub mod http {
    pub use crate::fakes::http::{Response, send};
}

pub mod documents {
    pub use crate::fakes::documents::collection::{Collection, Cursor, RawCursor};
    pub use crate::fakes::documents::manage::{collections, create, create_index, drop, drop_index, rename};
    pub use crate::fakes::documents::write::{delete, insert, insert_raw, update};
}

pub mod files {
    pub use crate::fakes::files::{Folder, Writer, delete};
}

pub mod execution {
    use std::time::Duration;

    use crate::bindings::sandglass::base::types::Instant;
    use crate::clock::to_instant;
    use crate::fakes::state::{Progress, State, note, with};

    pub fn id() -> String {
        note("execution.id");
        with(|state| state.execution_id.clone())
    }

    pub fn job() -> String {
        note("execution.job");
        with(|state| state.job.to_string())
    }

    pub fn attempt() -> u32 {
        note("execution.attempt");
        with(|state| state.attempt)
    }

    pub fn scheduled_at() -> Instant {
        note("execution.scheduled-at");
        with(|state| to_instant(state.scheduled_at))
    }

    pub fn deadline() -> Instant {
        note("execution.deadline");
        with(|state| to_instant(state.deadline))
    }

    pub fn progress(done: u64, total: Option<u64>, note_text: &str) {
        note("execution.progress");
        with(|state| state.progress.push(Progress { done, total, note: note_text.to_owned() }));
    }

    pub fn should_stop() -> bool {
        note("execution.should-stop");
        with(must_stop)
    }

    pub fn wait(milliseconds: u32) -> bool {
        note("execution.wait");
        let wait = Duration::from_millis(milliseconds.into());
        with(|state| {
            state.waits.push(wait);
            state.now += wait;
            !must_stop(state)
        })
    }

    fn must_stop(state: &mut State) -> bool {
        match &mut state.goes_on {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }
}

pub mod log {
    use crate::fakes::state::{Line, note, with};
    use crate::log::Level;

    pub fn write(level: Level, message: &str, fields: &[(String, String)]) {
        note("log.write");
        let line = Line { level, message: message.to_owned(), fields: fields.to_vec() };
        with(|state| state.lines.push(line));
    }
}

pub mod clock {
    use crate::bindings::sandglass::base::types::Instant;
    use crate::clock::to_instant;
    use crate::fakes::state::{note, with};

    pub fn now() -> Instant {
        note("clock.now");
        with(|state| to_instant(state.now))
    }
}

pub mod random {
    use crate::fakes::state::{note, with};

    /// Not random at all: a test can name what comes.
    pub fn bytes(length: u32) -> Vec<u8> {
        note("random.bytes");
        with(|state| {
            let next = |_| {
                state.random = state.random.wrapping_add(1);
                state.random.to_le_bytes().first().copied().unwrap_or_default()
            };
            (0..length.min(65_536)).map(next).collect()
        })
    }
}

pub mod secrets {
    use crate::fakes::state::{begin, error, with};
    use crate::{Error, ErrorKind};

    #[derive(Debug)]
    pub struct Secret(String);

    impl Secret {
        pub fn label(&self) -> &str {
            &self.0
        }
    }

    pub fn get(label: &str) -> Result<Secret, Error> {
        begin("secrets.get")?;
        if with(|state| state.secrets.contains_key(label)) {
            return Ok(Secret(label.to_owned()));
        }
        Err(error(ErrorKind::NotFound, "unknown-secret", format!("there is no secret {label}")))
    }

    pub fn plaintext(secret: &Secret) -> Result<String, Error> {
        begin("secrets.plaintext")?;
        Ok(with(|state| state.secrets.get(&secret.0).cloned().unwrap_or_default()))
    }
}

pub mod email {
    use crate::Error;
    use crate::email::{Message, Receipt};
    use crate::fakes::state::{begin, with};

    pub fn send(identity: &str, message: &Message) -> Result<Receipt, Error> {
        begin("email.send")?;
        with(|state| {
            state.outbox.push((identity.to_owned(), message.clone()));
            let number = state.outbox.len();
            let all = || message.to.iter().chain(&message.cc).chain(&message.bcc).cloned().collect();
            Ok(state.receipts.pop_front().unwrap_or_else(|| Receipt {
                message_id: format!("<{number}@fake.invalid>"),
                accepted: all(),
                refused: Vec::new(),
            }))
        })
    }
}

pub mod insight {
    use crate::Error;
    use crate::bindings::sandglass::base::types::Instant;
    use crate::fakes::state::{begin, with};

    pub fn statistics(_since: Instant, _until: Instant, _options: &str) -> Result<String, Error> {
        begin("insight.statistics")?;
        Ok(with(|state| state.statistics.to_string()))
    }
}
