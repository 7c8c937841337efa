//! Counts, rates and durations of a set of executions. Pure.

use serde_json::{Map, Value, json};

use crate::model::Status;

/// What is known of a set of executions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// In the order of [`Status::ALL`].
    counts: [u64; Status::ALL.len()],
    /// Seconds of those that ran, in no order.
    durations: Vec<f64>,
}

/// How long a set of executions took, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Durations {
    pub count: usize,
    pub mean: f64,
    pub p50: f64,
    pub p95: f64,
    pub max: f64,
}

impl Figures {
    pub fn add(&mut self, status: Status, duration_seconds: Option<f64>) {
        for (count, counted) in self.counts.iter_mut().zip(Status::ALL) {
            *count += u64::from(counted == status);
        }
        self.durations.extend(duration_seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0));
    }

    pub fn of(&self, status: Status) -> u64 {
        Status::ALL.iter().zip(&self.counts).find(|(counted, _)| **counted == status).map_or(0, |(_, count)| *count)
    }

    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Runs that should have succeeded and did not.
    pub fn failures(&self) -> u64 {
        self.of(Status::Failed) + self.of(Status::Timeout) + self.of(Status::Lost)
    }

    /// Successes among the runs that came to an end of their own, 0 to 1: what was skipped or cancelled tells nothing
    /// about the work. None before the first. The same rule as on the status page.
    pub fn success_rate(&self) -> Option<f64> {
        let good = self.of(Status::Success);
        let made = good + self.failures();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        (made > 0).then(|| good as f64 / made as f64)
    }

    pub fn durations(&self) -> Option<Durations> {
        let mut sorted = self.durations.clone();
        sorted.sort_by(f64::total_cmp);
        let max = *sorted.last()?;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
        let (p50, p95) = (percentile(&sorted, 50), percentile(&sorted, 95));
        Some(Durations { count: sorted.len(), mean, p50, p95, max })
    }

    /// As a JSON object.
    pub fn to_json(&self) -> Map<String, Value> {
        let counts = Status::ALL.iter().zip(&self.counts).filter(|(_, count)| **count > 0);
        let by_status: Map<String, Value> =
            counts.map(|(status, count)| (status.as_str().to_owned(), (*count).into())).collect();
        let durations = self.durations().map(|found| {
            let Durations { count, mean, p50, p95, max } = found;
            json!({ "count": count, "mean": mean, "p50": p50, "p95": p95, "max": max })
        });
        Map::from_iter([
            ("total".to_owned(), self.total().into()),
            ("by_status".to_owned(), by_status.into()),
            ("failures".to_owned(), self.failures().into()),
            ("success_rate".to_owned(), self.success_rate().map_or(Value::Null, Value::from)),
            ("duration_seconds".to_owned(), durations.unwrap_or_default()),
        ])
    }
}

/// Between the two closest ranks, by straight line: definition 7 of Hyndman and Fan (1996), which spreadsheets and
/// numpy use. 0 of nothing.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let (rank, rest) = (last * percent / 100, last * percent % 100);
    let low = sorted.get(rank).copied().unwrap_or_default();
    let high = sorted.get(rank + 1).copied().unwrap_or(low);
    #[expect(clippy::cast_precision_loss, reason = "below 100")]
    let share = rest as f64 / 100.0;
    low + (high - low) * share
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(durations: &[f64]) -> Figures {
        let mut figures = Figures::default();
        durations.iter().for_each(|seconds| figures.add(Status::Success, Some(*seconds)));
        figures
    }

    #[test]
    fn percentiles_are_those_of_a_spreadsheet() {
        let found = figures(&[15.0, 20.0, 35.0, 40.0, 50.0]).durations().unwrap();
        assert_eq!((found.p50, found.max, found.mean, found.count), (35.0, 50.0, 32.0, 5));
        assert!((found.p95 - 48.0).abs() < 1e-9, "{found:?}");
        let one = figures(&[2.5]).durations().unwrap();
        assert_eq!((one.p50, one.p95, one.max, one.mean), (2.5, 2.5, 2.5, 2.5));
        assert_eq!(figures(&[4.0, 2.0]).durations().unwrap().p50, 3.0);
        assert_eq!(Figures::default().durations(), None);
    }

    /// Definition 7 in another way: the value at position `p (n - 1)` of a line through all points.
    #[test]
    fn percentiles_agree_with_a_line_through_all_points() {
        let mut seed = 7_u64;
        for length in 1..120 {
            let mut values = Vec::new();
            for _ in 0..length {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                values.push(((seed >> 33) % 10_000) as f64 / 16.0);
            }
            let found = figures(&values).durations().unwrap();
            values.sort_by(f64::total_cmp);
            for (percent, answer) in [(0.5, found.p50), (0.95, found.p95)] {
                let position = percent * (length - 1) as f64;
                let (below, above) = (values[position.floor() as usize], values[position.ceil() as usize]);
                let expected = below * (position.ceil() - position) + above * (position - position.floor());
                let expected = if position.fract() == 0.0 { below } else { expected };
                assert!((answer - expected).abs() < 1e-6, "{length} {percent}: {answer} {expected}");
            }
        }
    }

    #[test]
    fn the_success_rate_leaves_out_what_says_nothing_about_the_work() {
        let mut figures = Figures::default();
        for status in [Status::Skipped, Status::Cancelled, Status::Queued, Status::Running] {
            figures.add(status, None);
        }
        assert_eq!(figures.success_rate(), None);
        for status in [Status::Success, Status::Success, Status::Success, Status::Timeout] {
            figures.add(status, Some(1.0));
        }
        assert_eq!(figures.success_rate(), Some(0.75));
        assert_eq!((figures.total(), figures.failures()), (8, 1));
        let json = Value::Object(figures.to_json());
        assert_eq!(json["by_status"]["success"], 3);
        assert_eq!(json["by_status"].get("lost"), None);
        assert_eq!(json["duration_seconds"]["count"], 4);
    }
}
