//! What somebody most likely meant by a name that nothing has.

/// Longer names are compared with nothing.
const LONGEST: usize = 64;

/// The name among `known` that is nearest to a mistyped one: at most a third of its letters (and at least one) apart,
/// never more than three; swapping two neighbours counts as one.
#[must_use]
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let found: Vec<char> = found.chars().flat_map(char::to_lowercase).collect();
    if found.len() > LONGEST {
        return None;
    }
    let most = found.len().div_ceil(3).clamp(1, 3);
    let apart = |name: &&str| distance(&found, &name.chars().flat_map(char::to_lowercase).collect::<Vec<_>>());
    known.into_iter().map(|name| (apart(&name), name)).min().filter(|(apart, _)| *apart <= most).map(|(_, name)| name)
}

/// ` did you mean NAME?` after a message, or nothing.
pub(crate) fn hint<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(found, known).map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

/// The optimal string alignment distance.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut present = vec![row + 1];
        for (column, opposite) in other.iter().enumerate() {
            let at = |line: &[usize], place: usize| line.get(place).copied().unwrap_or(usize::MAX / 2);
            let mut best = at(&above, column) + usize::from(letter != opposite);
            best = best.min(at(&above, column + 1) + 1).min(at(&present, column) + 1);
            let are_swapped = row > 0
                && column > 0
                && one.get(row - 1) == Some(opposite)
                && other.get(column - 1) == Some(letter)
                && letter != opposite;
            if are_swapped {
                best = best.min(at(&before, column - 1) + 1);
            }
            present.push(best);
        }
        before = std::mem::replace(&mut above, present);
    }
    above.last().copied().unwrap_or(one.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        for (found, expected) in [
            ("ordres", Some("orders")),
            ("Orders", Some("orders")),
            ("order", Some("orders")),
            ("evnets", Some("events")),
            ("customers", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(found, ["events", "logs", "orders"]), expected, "{found}");
        }
        assert_eq!(nearest("$neq", ["$eq", "$ne", "$nin"]), Some("$eq"));
        assert_eq!(nearest(&"x".repeat(65), ["x"]), None);
    }
}
