//! A trouble that lasts: said once when it begins, once a minute while it goes on, and once when it is over. A store that
//! refuses everything is asked many times a second, and a log that says so each time helps to fill the disk.

use std::time::Duration;

/// How often it is said again.
const AGAIN: Duration = Duration::from_secs(60);

/// Times are those of a clock that never goes back, since some fixed point.
#[derive(Debug, Clone, Default)]
pub struct Trouble {
    told: Option<Duration>,
    times: u32,
}

impl Trouble {
    /// It was met once more; gives back whether to say so.
    pub fn met(&mut self, now: Duration) -> bool {
        self.times = self.times.saturating_add(1);
        let is_due = self.told.is_none_or(|told| now.saturating_sub(told) >= AGAIN);
        if is_due {
            self.told = Some(now);
        }
        is_due
    }

    /// All is well; gives back whether it was not before, and so is worth saying.
    pub fn over(&mut self) -> bool {
        self.times = 0;
        self.told.take().is_some()
    }

    /// How often it was met since all was well.
    pub fn times(&self) -> u32 {
        self.times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_told_when_it_begins_once_a_minute_and_when_it_is_over() {
        let mut trouble = Trouble::default();
        assert!(!trouble.over());
        let told = (0..1_800).filter(|tenth| trouble.met(Duration::from_millis(tenth * 100))).count();
        assert_eq!((told, trouble.times()), (3, 1_800));
        assert!(trouble.over() && !trouble.over());
        assert!(trouble.met(Duration::from_secs(181)));
    }
}
