//! File names with places to fill in.

use sandglass_sdk::execution;

const PLACES: [&str; 6] = ["collection", "job", "date", "time", "execution", "attempt"];

/// What is wrong with a pattern, if anything.
pub fn check(pattern: &str) -> Result<(), String> {
    let filled = fill(pattern, |place| PLACES.contains(&place).then(|| "x".to_owned()))?;
    for part in filled.split('/') {
        if part.is_empty() || part == "." || part == ".." {
            return Err(
                "has an empty part, `.` or `..` between its slashes: each part has to be a plain name".to_owned()
            );
        }
    }
    if filled.contains(['\\', ':']) || filled.chars().any(char::is_control) {
        return Err(
            "holds a backslash, a colon or a control character: use letters, digits, `-`, `_` and `.`".to_owned()
        );
    }
    Ok(())
}

/// The name for this attempt.
pub fn file_name(pattern: &str, collection: &str) -> Result<String, String> {
    let scheduled_at = execution::scheduled_at();
    fill(pattern, |place| match place {
        "collection" => Some(plain(collection)),
        "job" => Some(plain(&execution::job().name)),
        "date" => Some(scheduled_at.format("%Y-%m-%d").to_string()),
        "time" => Some(scheduled_at.format("%H%M%S").to_string()),
        "execution" => Some(execution::id()),
        "attempt" => Some(execution::attempt().to_string()),
        _ => None,
    })
}

fn fill(pattern: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (place, after) = after.split_once('}').ok_or("has a `{` without its `}`")?;
        let value = value(place)
            .ok_or_else(|| format!("has the unknown place {{{place}}}: there are {{{}}}", PLACES.join("}, {")))?;
        filled.push_str(before);
        filled.push_str(&value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Whatever a job is called, its name becomes one plain part.
fn plain(text: &str) -> String {
    let mut name = text.replace(|letter: char| !letter.is_alphanumeric() && letter != '-' && letter != '_', "_");
    if name.is_empty() {
        name.push('_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_and_names_stay_plain() {
        let world = sandglass_sdk::fakes::World::new();
        world.set_job(serde_json::json!({"id": "1", "name": "../Nightly run"}));
        let name = file_name("{collection}/{job}-{date}T{time}-{attempt}.jsonl", "crm/logs").unwrap();
        assert_eq!(name, "crm_logs/___Nightly_run-2027-01-15T080000-1.jsonl");
    }

    #[test]
    fn a_pattern_that_leads_out_or_nowhere_is_refused() {
        for pattern in ["../x", "a//b", "a/./b", "/etc/x", "{when}.jsonl", "a{b", "a\\b", "c:x", "a\nb"] {
            assert!(check(pattern).is_err(), "{pattern}");
        }
        assert_eq!(check("{date}/{collection}.jsonl"), Ok(()));
    }
}
