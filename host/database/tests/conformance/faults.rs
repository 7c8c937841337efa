//! Known faults of the test server, one by one with their reasons. What is marked is asked all the same, and a mark on what
//! is answered rightly by now is an error, so that the list only holds what is true.

use std::collections::BTreeMap;

#[derive(Debug, Default, serde::Deserialize)]
pub struct Faults {
    /// What is written at the head of the file.
    #[serde(default)]
    pub about: String,
    /// Reason by the id of a case, or by the name of a check.
    pub reasons: BTreeMap<String, String>,
    /// Cases that would end the server, so that the others could not be asked.
    #[serde(default)]
    pub deadly: BTreeMap<String, String>,
}

impl Faults {
    pub fn read() -> Self {
        let path = super::tests().join("wire_faults.json");
        let read: Self = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(!read.about.is_empty() && read.reasons.values().all(|reason| !reason.is_empty()));
        read
    }

    pub fn of(&self, case: &str) -> Option<&str> {
        self.reasons.get(case).map(String::as_str)
    }
}
