//! What the process used, and how quiet the machine is: from `/proc`, and from how a plain sleep oversleeps.

use std::fs;
use std::time::{Duration, Instant};

/// Clock ticks a second in `/proc/<pid>/stat`; Linux has used 100 for every architecture that we build for.
const TICKS: u64 = 100;

#[derive(Debug)]
pub struct Process {
    /// User and system time so far.
    pub cpu: Duration,
    pub memory_bytes: u64,
    /// The most since it began, or since [`forget_peak`].
    pub peak_bytes: u64,
}

impl Process {
    pub fn look(id: u32) -> Self {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        // The name may hold spaces; the fields after its closing bracket do not.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: u64 = [11, 12].iter().map(|place: &usize| fields.get(*place).unwrap().parse::<u64>().unwrap()).sum();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
        };
        Self {
            cpu: Duration::from_millis(ticks * 1_000 / TICKS),
            memory_bytes: bytes("VmRSS:"),
            peak_bytes: bytes("VmHWM:"),
        }
    }
}

/// The most memory of a process so far; none once it has ended.
pub fn peak(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// Lets the peak of a process's memory begin anew at what it has now.
pub fn forget_peak(id: u32) {
    fs::write(format!("/proc/{id}/clear_refs"), "5").unwrap();
}

#[derive(Debug, Clone, Copy)]
pub struct Noise {
    /// How much a 10 ms sleep oversleeps, at the 99th percentile.
    pub oversleep: Duration,
    pub load: f64,
}

pub fn noise() -> Noise {
    let asked = Duration::from_millis(10);
    let mut over: Vec<Duration> = (0..100)
        .map(|_| {
            let began = Instant::now();
            std::thread::sleep(asked);
            began.elapsed().saturating_sub(asked)
        })
        .collect();
    over.sort();
    let load = fs::read_to_string("/proc/loadavg").unwrap();
    let load = load.split_whitespace().next().unwrap().parse().unwrap();
    Noise { oversleep: over.get(98).copied().unwrap(), load }
}
