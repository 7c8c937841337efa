//! Names of files as jobs give them: a pattern with places that each run fills in, such as `{date}/{job}.csv`.

use crate::execution;

/// Longest piece that a job's own name becomes, in bytes.
const MOST_JOB_BYTES: usize = 80;
/// Longest piece that a place of a template's own becomes, in bytes: room for both and an id in one part.
const MOST_OWN_BYTES: usize = 60;
/// What the host takes: bytes between two slashes, and parts.
const MOST_PART_BYTES: usize = 200;
const MOST_PARTS: usize = 10;
/// The folder in which the template keeps what it needs to remember.
pub const OWN_FOLDER: &str = "sandglass";

/// A place that is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Job,
    Date,
    Time,
    Execution,
    Attempt,
    /// One of the template's own, by its number.
    Own(usize),
}

/// The places that every template has.
const PLACES: [(&str, Place); 5] = [
    ("job", Place::Job),
    ("date", Place::Date),
    ("time", Place::Time),
    ("execution", Place::Execution),
    ("attempt", Place::Attempt),
];

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
    /// Every fault, in words that go on after the name of the parameter.
    pub fn parse(pattern: &str, ending: &str) -> Result<Self, Vec<String>> {
        Self::with_places(pattern, ending, &[])
    }

    /// As [`parse`](Self::parse), with places of the template's own beside those that all have.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn with_places(pattern: &str, ending: &str, own: &[&str]) -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        let mut pieces = pieces(pattern, own, &mut faults);
        let ending = missing(pattern, ending);
        pieces.push(Piece::Text(ending.to_owned()));
        let name = Self { text: format!("{pattern}{ending}"), pieces };
        let sample = name.fill(|place| match place {
            Place::Job => "x".repeat(MOST_JOB_BYTES),
            Place::Own(_) => "x".repeat(MOST_OWN_BYTES),
            Place::Date => "2026-11-24".to_owned(),
            Place::Time => "080000".to_owned(),
            Place::Execution => "0".repeat(24),
            Place::Attempt => "10".to_owned(),
        });
        check(pattern, &sample, &mut faults);
        if faults.is_empty() { Ok(name) } else { Err(faults) }
    }

    /// The name for this run. Date and time are those it stands for, in UTC, so that a late or repeated run has the same.
    #[must_use]
    pub fn of_this_run(&self) -> String {
        self.of_this_run_with(&[])
    }

    /// As [`of_this_run`](Self::of_this_run), with what the template's own places stand for, in their order.
    #[must_use]
    pub fn of_this_run_with(&self, own: &[&str]) -> String {
        let scheduled_at = execution::scheduled_at();
        self.fill(|place| match place {
            Place::Job => plain(&execution::job().name, MOST_JOB_BYTES),
            Place::Date => scheduled_at.format("%Y-%m-%d").to_string(),
            Place::Time => scheduled_at.format("%H%M%S").to_string(),
            Place::Execution => execution::id(),
            Place::Attempt => execution::attempt().to_string(),
            Place::Own(number) => plain(own.get(number).copied().unwrap_or_default(), MOST_OWN_BYTES),
        })
    }

    /// Whether two runs have different names.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Place(Place::Date | Place::Time | Place::Execution)))
    }

    /// Whether the name belongs to one execution and no other.
    #[must_use]
    pub fn names_execution(&self) -> bool {
        self.pieces.contains(&Piece::Place(Place::Execution))
    }

    /// The pattern itself, with the ending.
    #[must_use]
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

fn pieces(pattern: &str, own: &[&str], faults: &mut Vec<String>) -> Vec<Piece> {
    let own = own.iter().enumerate().map(|(number, name)| (*name, Place::Own(number)));
    let places: Vec<(&str, Place)> = PLACES.into_iter().chain(own).collect();
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            faults.push("has a `{` without its `}`".to_owned());
            break;
        };
        pieces.push(Piece::Text(before.to_owned()));
        match places.iter().find(|(known, _)| *known == name) {
            Some((_, place)) => pieces.push(Piece::Place(*place)),
            None => {
                let known: Vec<String> = places.iter().map(|(name, _)| format!("{{{name}}}")).collect();
                let known = known.join(", ");
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
    let mut add = |fault: &str| faults.push(fault.to_owned());
    let parts = sample.split('/').collect::<Vec<_>>();
    if parts.iter().any(|part| part.is_empty() || part.trim() != *part || part.starts_with('.') || part.ends_with('.'))
    {
        add("has a part between its slashes that is empty, begins or ends with a point, or begins or ends with a \
             space: each has to be a plain name");
    }
    if pattern.contains(['\\', ':', '*', '?', '"', '<', '>', '|']) || pattern.chars().any(char::is_control) {
        add("holds one of \\ : * ? \" < > | or a control character: use letters, digits, spaces, `-`, `_` and `.`");
    }
    if parts.len() > MOST_PARTS || parts.iter().any(|part| part.len() > MOST_PART_BYTES) {
        add("becomes too long: up to 10 parts of 200 bytes each, with 80 for the name of the job");
    }
    if parts.first().is_some_and(|first| first.eq_ignore_ascii_case(OWN_FOLDER)) {
        add("begins with the folder sandglass, in which Sandglass keeps its own lists: choose another");
    }
}

/// Whatever a job is called, its name becomes one plain part of at most so many bytes.
fn plain(name: &str, most: usize) -> String {
    let mut plain = String::new();
    for letter in name.chars() {
        let letter = if is_plain(letter) { letter } else { '_' };
        if plain.len() + letter.len_utf8() > most {
            break;
        }
        plain.push(letter);
    }
    if plain.is_empty() { "_".to_owned() } else { plain }
}

/// Letters that cannot be seen are letters to Unicode, and none to the host.
fn is_plain(letter: char) -> bool {
    let is_blank = matches!(letter, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
    letter == '-' || (letter.is_alphanumeric() && !is_blank)
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
        let world = crate::fakes::World::new();
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
    fn a_template_may_have_places_of_its_own() {
        let world = crate::fakes::World::new();
        world.set_job(json!({"id": "1", "name": "../Nightly run"}));
        let pattern = "{collection}/{job}-{date}T{time}-{attempt}.jsonl";
        let name = FileName::with_places(pattern, "", &["collection"]).unwrap();
        assert_eq!(name.of_this_run_with(&["crm/logs"]), "crm_logs/___Nightly_run-2027-01-15T080000-1.jsonl");
        assert!(FileName::parse(pattern, "").unwrap_err()[0].contains("unknown place {collection}"));
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
        assert_eq!(faults(&"x".repeat(197)), 1);
        assert_eq!(faults("{date}/{job} orders.csv"), 0);
    }

    #[test]
    fn what_varies_is_known() {
        let name = |pattern| FileName::parse(pattern, ".csv").unwrap();
        assert!(!name("{job}").changes() && name("{date}").changes());
        assert!(name("{execution}").names_execution() && !name("{date}").names_execution());
    }
}
