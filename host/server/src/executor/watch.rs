//! What a run says while it lasts: kept here until the recorder takes it.

use parking_lot::Mutex;

use crate::model::audit::EffectRecord;
use crate::model::event::{Event, Events};
use crate::model::execution::{Progress, ReadSum};
use crate::model::log::LogLine;
use crate::model::{ExecutionId, JobId};
use crate::sandbox::Watcher;

pub struct Watch {
    execution: ExecutionId,
    job: JobId,
    events: Events,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    lines: Vec<LogLine>,
    progress: Option<Progress>,
    reads: Vec<ReadSum>,
}

impl Watch {
    pub fn new(execution: ExecutionId, job: JobId, events: Events) -> Self {
        Self { execution, job, events, heard: Mutex::default() }
    }

    /// The lines since the last call, and the progress if it has moved.
    pub fn take(&self) -> (Vec<LogLine>, Option<Progress>) {
        let mut heard = self.heard.lock();
        (std::mem::take(&mut heard.lines), heard.progress.take())
    }

    /// What the run read, told once at its end.
    pub fn take_reads(&self) -> Vec<ReadSum> {
        std::mem::take(&mut self.heard.lock().reads)
    }

    /// Puts back what could not be stored, in front of what came meanwhile.
    pub fn put_back(&self, mut lines: Vec<LogLine>, progress: Option<Progress>) {
        let mut heard = self.heard.lock();
        lines.append(&mut heard.lines);
        heard.lines = lines;
        if heard.progress.is_none() {
            heard.progress = progress;
        }
    }
}

impl Watcher for Watch {
    fn log(&self, line: LogLine) {
        if self.events.receiver_count() > 0 {
            let event = Event::Log {
                id: self.execution,
                job_id: self.job,
                timestamp: line.timestamp,
                level: line.level,
                message: line.message.clone(),
            };
            // Nobody listening any more is no fault.
            drop(self.events.send(event));
        }
        self.heard.lock().lines.push(line);
    }

    fn progress(&self, progress: Progress) {
        if self.events.receiver_count() > 0 {
            let event = Event::Progress { id: self.execution, job_id: self.job, progress: progress.clone() };
            drop(self.events.send(event));
        }
        self.heard.lock().progress = Some(progress);
    }

    fn reads(&self, sums: Vec<EffectRecord>) {
        self.heard.lock().reads.extend(sums.into_iter().map(|sum| ReadSum {
            capability: sum.capability,
            operation: sum.operation,
            target: sum.target,
            verdict: sum.verdict,
            calls: sum.calls,
            usage: sum.usage,
        }));
    }
}
