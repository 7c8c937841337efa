//! From a zone's name to the zone, and from a wrong name to the one that was probably meant.

use chrono_tz::{TZ_VARIANTS, Tz};

use crate::error::Problem;

/// Finds a zone by its IANA name, in any case.
///
/// # Errors
/// A [`Problem`] of `timezone` that offers the nearest names.
pub(crate) fn zone_named(name: &str) -> Result<Tz, Problem> {
    Tz::from_str_insensitive(name).map_err(|_| {
        let found: String = name.chars().take(64).flat_map(char::escape_debug).collect();
        let way_out = if name.trim().is_empty() {
            "leave it out for UTC, or write a name such as `Europe/Berlin`".to_owned()
        } else if name.contains(':') || name.chars().skip(1).any(|c| c.is_ascii_digit()) {
            "an offset says nothing about summer time, so write the name of a place, such as `Europe/Berlin`, or `Etc/GMT-2`"
                .to_owned()
        } else {
            match nearest(name) {
                near if near.is_empty() => {
                    "write an IANA name such as `Europe/Berlin`, `America/New_York` or `UTC`"
                        .to_owned()
                }
                near => format!("did you mean {}?", near.join(" or ")),
            }
        };
        Problem::new(
            "timezone",
            "unknown_zone",
            format!("`{found}` is not an IANA time zone; {way_out}"),
        )
    })
}

/// At most three names that differ by a slip of the keyboard, or whose place is the word that was given.
fn nearest(name: &str) -> Vec<String> {
    if name.len() > 64 {
        return Vec::new();
    }
    let wanted = name.trim().to_ascii_lowercase().replace(' ', "_");
    let mut found: Vec<(usize, &str)> = TZ_VARIANTS
        .iter()
        .map(|tz| tz.name())
        .filter_map(|candidate| {
            let lower = candidate.to_ascii_lowercase();
            let place = lower.rsplit('/').next().unwrap_or_default();
            let distance = distance(&wanted, &lower).min(distance(&wanted, place));
            (distance <= 2).then_some((distance, candidate))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().take(3).map(|(_, name)| format!("`{name}`")).collect()
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (slot, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let above = *slot;
            left = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            diagonal = above;
            *slot = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_in_any_case() {
        assert_eq!(zone_named("europe/berlin").unwrap(), Tz::Europe__Berlin);
        assert_eq!(zone_named("UTC").unwrap(), Tz::UTC);
    }

    #[test]
    fn t6_a_wrong_zone_is_refused_with_the_likely_one() {
        for (found, offer) in [
            ("Berlin", "Europe/Berlin"),
            ("Europe/Berln", "Europe/Berlin"),
            ("America/New York", "America/New_York"),
            ("UTC+2", "Etc/GMT-2"),
            ("+02:00", "Etc/GMT-2"),
            ("Middle-earth/Shire", "America/New_York"),
            ("", "leave it out"),
        ] {
            let problem = zone_named(found).unwrap_err();
            assert_eq!(problem.field, "timezone");
            assert!(problem.message.contains(offer), "{found}: {problem}");
        }
    }

    #[test]
    fn a_very_long_name_is_not_echoed_whole() {
        let problem = zone_named(&"x".repeat(1_000_000)).unwrap_err();
        assert!(problem.message.len() < 300);
    }
}
