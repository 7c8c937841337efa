//! How long to wait before the next try.

use std::time::Duration;

use sandglass_sdk::chrono::{DateTime, Utc};
use sandglass_sdk::random;

use crate::retry::Retry;

/// The wait after the try of this number (1 for the first): exponential, capped, with jitter, and never shorter than
/// what the other side asked for.
pub fn delay(retry: &Retry, number: u32, retry_after: Option<Duration>) -> Duration {
    let exponent = i32::try_from(number.saturating_sub(1)).unwrap_or(i32::MAX);
    let grown = retry.initial_delay_ms as f64 * retry.multiplier.powi(exponent);
    let capped = grown.min(retry.max_delay_ms as f64);
    let shifted = if retry.jitter > 0.0 { capped * (1.0 + retry.jitter * chance()) } else { capped };
    let own = Duration::from_millis(shifted.max(0.0) as u64);
    own.max(retry_after.unwrap_or_default())
}

/// A number from -1 to 1.
fn chance() -> f64 {
    let bytes = random::bytes(4).try_into().unwrap_or_default();
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX) * 2.0 - 1.0
}

/// What `Retry-After` says: seconds or a date (RFC 9110, section 10.2.3).
pub fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let date = DateTime::parse_from_rfc2822(value.trim()).ok()?;
    Some((date.to_utc() - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_cap() {
        let retry = Retry { jitter: 0.0, max_delay_ms: 5000, ..Retry::default() };
        let waits = [1, 2, 3, 4, 1000].map(|number| delay(&retry, number, None).as_millis());
        assert_eq!(waits, [1000, 2000, 4000, 5000, 5000]);
    }

    #[test]
    fn the_other_side_may_ask_for_more_but_not_for_less() {
        let retry = Retry { jitter: 0.0, ..Retry::default() };
        assert_eq!(delay(&retry, 1, Some(Duration::from_secs(90))), Duration::from_secs(90));
        assert_eq!(delay(&retry, 1, Some(Duration::ZERO)), Duration::from_secs(1));
    }

    #[test]
    fn jitter_stays_within_its_share() {
        let retry = Retry { jitter: 0.5, ..Retry::default() };
        for _ in 0..100 {
            let wait = delay(&retry, 1, None).as_millis();
            assert!((500..=1500).contains(&wait), "{wait}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = "2026-11-24T08:00:00Z".parse().unwrap();
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Tue, 24 Nov 2026 08:00:30 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Tue, 24 Nov 2026 07:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
