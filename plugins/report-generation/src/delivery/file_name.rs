//! The name of the file: a pattern with places that each run fills in.

use sandglass_sdk::execution;

/// The places that there are.
const PLACES: [&str; 4] = ["job", "date", "time", "execution"];
/// Longest part between two slashes, in bytes, once everything is filled in.
const MOST_PART_BYTES: usize = 240;
/// Longest that the name of the job may become, in bytes.
const MOST_JOB_BYTES: usize = 120;

/// A pattern that was found to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    pattern: String,
}

impl FileName {
    /// Reads a pattern and adds the ending of the format unless it is there.
    ///
    /// # Errors
    /// Every fault, in words that go on after the name of the parameter.
    pub fn parse(pattern: &str, ending: &str) -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        let pattern =
            if pattern.to_lowercase().ends_with(ending) { pattern.to_owned() } else { format!("{pattern}{ending}") };
        let sample = match fill(&pattern, |place| PLACES.contains(&place).then(|| sample(place))) {
            Ok(sample) => sample,
            Err(fault) => {
                faults.push(fault);
                String::new()
            }
        };
        let is_plain = |part: &str| !part.trim().is_empty() && !part.starts_with('.') && part.trim() == part;
        let stem = sample.strip_suffix(ending).unwrap_or(&sample);
        if faults.is_empty() && !stem.split('/').all(is_plain) {
            faults.push("has a part between slashes that is empty, begins with a point or ends in a space".to_owned());
        }
        if pattern.contains(['\\', ':', '*', '?', '"', '<', '>', '|']) || pattern.chars().any(char::is_control) {
            faults.push("holds one of \\ : * ? \" < > | or a control character: take it out".to_owned());
        }
        if sample.split('/').any(|part| part.len() > MOST_PART_BYTES) {
            faults.push(format!("has a part of more than {MOST_PART_BYTES} bytes: shorten it"));
        }
        if faults.is_empty() { Ok(Self { pattern }) } else { Err(faults) }
    }

    /// The name for this run. Date and time are those it was scheduled for, in UTC, so that another try has the same.
    pub fn of_this_run(&self) -> String {
        let scheduled_at = execution::scheduled_at();
        let value = |place: &str| match place {
            "job" => Some(plain(&execution::job().name)),
            "date" => Some(scheduled_at.format("%Y-%m-%d").to_string()),
            "time" => Some(scheduled_at.format("%H%M%S").to_string()),
            "execution" => Some(execution::id()),
            _ => None,
        };
        fill(&self.pattern, value).unwrap_or_else(|_| self.pattern.clone())
    }
}

fn sample(place: &str) -> String {
    match place {
        "job" => "x".repeat(MOST_JOB_BYTES),
        "date" => "2026-11-24".to_owned(),
        "time" => "080000".to_owned(),
        _ => "0".repeat(24),
    }
}

fn fill(pattern: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (place, after) = after.split_once('}').ok_or("has a `{` without its `}`")?;
        let known = || format!("has the unknown place {{{place}}}: there are {{{}}}", PLACES.join("}, {"));
        filled.push_str(before);
        filled.push_str(&value(place).ok_or_else(known)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Whatever a job is called, its name becomes one plain part.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.chars() {
        let letter = if letter.is_alphanumeric() || letter == '-' { letter } else { '_' };
        if plain.len() + letter.len_utf8() > MOST_JOB_BYTES {
            break;
        }
        plain.push(letter);
    }
    if plain.is_empty() { "_".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use sandglass_sdk::fakes::World;
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_filled_and_the_ending_is_there_once() {
        let world = World::new();
        world.set_job(json!({"id": "1", "name": "../Weekly: größe"}));
        let name = |pattern: &str| FileName::parse(pattern, ".html").unwrap().of_this_run();
        assert_eq!(name("r/{job}-{date}T{time}"), "r/___Weekly__größe-2027-01-15T080000.html");
        assert_eq!(name("{execution}.HTML"), "0123456789abcdef01234567.HTML");
        world.set_job(json!({"id": "1", "name": ""}));
        assert_eq!(name("{job}"), "_.html");
    }

    #[test]
    fn a_pattern_that_leads_out_or_nowhere_is_refused() {
        let long = "x".repeat(240);
        for pattern in
            ["../x", "a//b", "a/./b", "/a", "{when}", "a{b", "a\\b", "c:x", "a\nb", ".a", "a/", long.as_str()]
        {
            assert_eq!(FileName::parse(pattern, ".html").unwrap_err().len(), 1, "{pattern:?}");
        }
        assert!(FileName::parse("{date}/{job} weekly", ".html").is_ok());
    }
}
