//! The name of the file: a pattern with places that are filled in.

use sandglass_sdk::execution;

/// Longest part that a job's own name may take, in bytes: file systems allow 255 for each part of a path.
const MOST_JOB_BYTES: usize = 100;
/// Longest part after everything is filled in.
const MOST_PART_BYTES: usize = 240;

/// A place that is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Job,
    Date,
    Time,
    Execution,
}

const PLACES: [(&str, Place); 4] =
    [("job", Place::Job), ("date", Place::Date), ("time", Place::Time), ("execution", Place::Execution)];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(Place),
}

/// A pattern that was found to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    text: String,
    pieces: Vec<Piece>,
}

impl FileName {
    /// Reads a pattern and adds the ending unless it is there.
    ///
    /// # Errors
    /// Every fault, in words.
    pub fn parse(pattern: &str, ending: &str) -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        let mut pieces = pieces(pattern, &mut faults);
        let ending = missing(pattern, ending);
        pieces.push(Piece::Text(ending.to_owned()));
        let name = Self { text: format!("{pattern}{ending}"), pieces };
        let sample = name.fill(|place| match place {
            Place::Job => "x".repeat(MOST_JOB_BYTES),
            Place::Date => "2026-11-24".to_owned(),
            Place::Time => "080000".to_owned(),
            Place::Execution => "0".repeat(24),
        });
        check(pattern, &sample, &mut faults);
        if faults.is_empty() { Ok(name) } else { Err(faults) }
    }

    /// The name for this run. Date and time are those it stands for, in UTC, so that a late or repeated run has the same.
    pub fn of_this_run(&self) -> String {
        let scheduled_at = execution::scheduled_at();
        self.fill(|place| match place {
            Place::Job => plain(&execution::job().name),
            Place::Date => scheduled_at.format("%Y-%m-%d").to_string(),
            Place::Time => scheduled_at.format("%H%M%S").to_string(),
            Place::Execution => execution::id(),
        })
    }

    /// Whether two runs have different names.
    pub fn changes(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Place(Place::Date | Place::Time | Place::Execution)))
    }

    /// Whether the name belongs to one execution and no other.
    pub fn names_execution(&self) -> bool {
        self.pieces.contains(&Piece::Place(Place::Execution))
    }

    /// The pattern itself, with the ending.
    pub fn pattern(&self) -> &str {
        &self.text
    }

    fn fill(&self, value: impl Fn(Place) -> String) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Place(place) => value(*place),
        };
        self.pieces.iter().map(text).collect()
    }
}

/// As much of the ending as the pattern does not have: `users.csv` that is compressed lacks only `.gz`.
fn missing<'a>(pattern: &str, ending: &'a str) -> &'a str {
    let pattern = pattern.to_ascii_lowercase();
    let inner = ending.strip_suffix(".gz").unwrap_or(ending);
    if pattern.ends_with(ending) {
        ""
    } else if pattern.ends_with(inner) {
        ending.strip_prefix(inner).unwrap_or_default()
    } else {
        ending
    }
}

fn pieces(pattern: &str, faults: &mut Vec<String>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            faults.push("has a `{` without its `}`".to_owned());
            break;
        };
        pieces.push(Piece::Text(before.to_owned()));
        match PLACES.iter().find(|(known, _)| *known == name) {
            Some((_, place)) => pieces.push(Piece::Place(*place)),
            None => {
                let known = PLACES.map(|(name, _)| format!("{{{name}}}")).join(", ");
                faults.push(format!("has the unknown place {{{name}}}: there are {known}"));
                // So that nothing else is said about it.
                pieces.push(Piece::Text("x".to_owned()));
            }
        }
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces
}

fn check(pattern: &str, sample: &str, faults: &mut Vec<String>) {
    if sample.split('/').any(|part| part.trim().is_empty() || part.starts_with('.')) {
        faults.push(
            "has a part between its slashes that is empty or begins with a point: each has to be a plain name"
                .to_owned(),
        );
    }
    if pattern.contains(['\\', ':', '*', '?', '"', '<', '>', '|']) || pattern.chars().any(char::is_control) {
        faults.push(
            "holds one of \\ : * ? \" < > | or a control character: use letters, digits, spaces, `-`, `_` and `.`"
                .to_owned(),
        );
    }
    if sample.split('/').any(|part| part.len() > MOST_PART_BYTES) {
        faults.push(format!("becomes longer than {MOST_PART_BYTES} bytes between two slashes: shorten it"));
    }
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
    use serde_json::json;

    use super::*;

    fn faults(pattern: &str) -> usize {
        FileName::parse(pattern, ".csv").err().map_or(0, |faults| faults.len())
    }

    #[test]
    fn places_are_filled_and_names_stay_plain() {
        let world = sandglass_sdk::fakes::World::new();
        world.set_job(json!({"id": "1", "name": "../Nightly: größe <1>"}));
        let name = |pattern| FileName::parse(pattern, ".csv").unwrap().of_this_run();
        assert_eq!(name("{job}/{date}T{time}"), "___Nightly__größe__1_/2027-01-15T080000.csv");
        assert_eq!(name("x-{execution}.CSV"), "x-0123456789abcdef01234567.CSV");
        world.set_job(json!({"id": "1", "name": "ä".repeat(300)}));
        assert_eq!(name("{job}").len(), MOST_JOB_BYTES + ".csv".len());
        world.set_job(json!({"id": "1", "name": ""}));
        assert_eq!(name("{job}"), "_.csv");
    }

    #[test]
    fn the_ending_is_added_as_far_as_it_is_missing() {
        for (pattern, ending, expected) in [
            ("users", ".csv", "users.csv"),
            ("users.csv", ".csv", "users.csv"),
            ("users.csv", ".csv.gz", "users.csv.gz"),
            ("users.CSV.GZ", ".csv.gz", "users.CSV.GZ"),
            ("users", ".csv.gz", "users.csv.gz"),
            ("users.txt", ".csv", "users.txt.csv"),
        ] {
            assert_eq!(FileName::parse(pattern, ending).unwrap().of_this_run(), expected);
        }
    }

    #[test]
    fn a_pattern_that_leads_out_or_nowhere_is_refused_with_every_fault() {
        for pattern in
            ["../x", "a//b", "a/./b", "/etc/x", "{when}", "a{b", "a\\b", "c:x", "a\nb", ".hidden", "a/", "a/ /b"]
        {
            assert_eq!(faults(pattern), 1, "{pattern}");
        }
        assert_eq!(faults("{user}/../{when}:x"), 4);
        assert_eq!(faults(&"x".repeat(240)), 1);
        assert_eq!(faults("{date}/{job} orders.csv"), 0);
    }

    #[test]
    fn what_varies_is_known() {
        let name = |pattern| FileName::parse(pattern, ".csv").unwrap();
        assert!(!name("{job}").changes() && name("{date}").changes());
        assert!(name("{execution}").names_execution() && !name("{date}").names_execution());
    }
}
