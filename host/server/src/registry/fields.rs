//! Reads a JSON object field by field and collects every problem, so that a person corrects them in one go.
//!
//! serde stops at the first fault and ignores the rest; a form needs all of them, each at its place.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::model::template::Problem;

/// The problems found so far.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub fn add(&mut self, pointer: impl Into<String>, code: &str, message: impl Into<String>) {
        self.0.push(Problem { pointer: pointer.into(), code: code.to_owned(), message: message.into() });
    }

    pub fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.0.extend(problems);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

/// What stands at a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Given<'a> {
    /// The object does not name it.
    Absent,
    /// `null`: back to the default.
    Null,
    Value(&'a Value),
}

/// One JSON object that is being read. Every field that is asked for counts as known.
#[derive(Debug)]
pub struct Fields<'a> {
    pointer: String,
    object: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// `None`, and a problem, if the value is no object.
    pub fn of(value: &'a Value, pointer: impl Into<String>, problems: &mut Problems) -> Option<Self> {
        let pointer = pointer.into();
        if let Value::Object(object) = value {
            return Some(Self { pointer, object, known: Vec::new() });
        }
        wrong_type(problems, &pointer, "an object", value);
        None
    }

    pub fn pointer(&self, field: &str) -> String {
        join(&self.pointer, field)
    }

    pub fn given(&mut self, field: &'static str) -> Given<'a> {
        self.known.push(field);
        match self.object.get(field) {
            None => Given::Absent,
            Some(Value::Null) => Given::Null,
            Some(value) => Given::Value(value),
        }
    }

    /// The value of a field that is there and not null.
    pub fn value(&mut self, field: &'static str) -> Option<&'a Value> {
        match self.given(field) {
            Given::Value(value) => Some(value),
            Given::Absent | Given::Null => None,
        }
    }

    /// Fields that nobody asked for are refused, with the nearest known name.
    pub fn finish(self, problems: &mut Problems) {
        self.finish_knowing(&[], problems);
    }

    /// As [`finish`](Self::finish), with what to say of names that people often take instead of the right ones.
    pub fn finish_knowing(self, others: &[(&str, &str)], problems: &mut Problems) {
        for field in self.object.keys().filter(|field| !self.known.contains(&field.as_str())) {
            let hint = match others.iter().find(|(other, _)| other == field) {
                Some((_, hint)) => format!("; {hint}"),
                None => nearest(field, &self.known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default(),
            };
            let shown: String = field.chars().take(64).collect();
            problems.add(self.pointer(field), "unknown_field", format!("there is no field `{shown}`{hint}"));
        }
    }

    pub fn text(&mut self, field: &'static str, problems: &mut Problems) -> Option<&'a str> {
        let value = self.value(field)?;
        let text = value.as_str();
        if text.is_none() {
            wrong_type(problems, &self.pointer(field), "a text", value);
        }
        text
    }

    pub fn boolean(&mut self, field: &'static str, problems: &mut Problems) -> Option<bool> {
        let value = self.value(field)?;
        let truth = value.as_bool();
        if truth.is_none() {
            wrong_type(problems, &self.pointer(field), "true or false", value);
        }
        truth
    }

    /// A whole number within bounds, both included.
    pub fn whole(&mut self, field: &'static str, low: u32, high: u32, problems: &mut Problems) -> Option<u32> {
        let value = self.value(field)?;
        let pointer = self.pointer(field);
        if !value.is_i64() && !value.is_u64() {
            wrong_type(problems, &pointer, "a whole number", value);
            return None;
        }
        let number = value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| (low..=high).contains(n));
        if number.is_none() {
            problems.add(&pointer, "out_of_range", format!("must lie between {low} and {high}, not {value}"));
        }
        number
    }

    pub fn instant(&mut self, field: &'static str, problems: &mut Problems) -> Option<DateTime<Utc>> {
        let text = self.text(field, problems)?;
        let instant = instant(text);
        if instant.is_none() {
            problems.add(
                self.pointer(field),
                "invalid_time",
                format!("{} is no time as in RFC 3339, such as 2027-01-31T08:00:00Z", shown(text)),
            );
        }
        instant
    }

    /// One word of a list, as serde knows the type.
    pub fn word<T: serde::de::DeserializeOwned>(
        &mut self,
        field: &'static str,
        words: &[&str],
        problems: &mut Problems,
    ) -> Option<T> {
        let text = self.text(field, problems)?;
        let known =
            words.contains(&text).then(|| serde_json::from_value(Value::String(text.to_owned())).ok()).flatten();
        if known.is_none() {
            let list = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
            problems.add(self.pointer(field), "unknown_word", format!("{} is none of {list}", shown(text)));
        }
        known
    }

    /// The items of a list, each with its pointer.
    pub fn list(
        &mut self,
        field: &'static str,
        most: usize,
        problems: &mut Problems,
    ) -> Option<Vec<(String, &'a Value)>> {
        let value = self.value(field)?;
        let pointer = self.pointer(field);
        let Value::Array(items) = value else {
            wrong_type(problems, &pointer, "a list", value);
            return None;
        };
        if items.len() > most {
            problems.add(&pointer, "too_many", format!("holds {} items, at most {most} are allowed", items.len()));
            return None;
        }
        Some(items.iter().enumerate().map(|(index, item)| (format!("{pointer}/{index}"), item)).collect())
    }
}

/// An instant in RFC 3339 with any offset, within the years that can be stored and shown.
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    use chrono::Datelike;
    let instant = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    (1..=9999).contains(&instant.year()).then_some(instant)
}

pub fn wrong_type(problems: &mut Problems, pointer: &str, expected: &str, found: &Value) {
    problems.add(pointer, "wrong_type", format!("must be {expected}, not {}", kind(found)));
}

/// A JSON pointer (RFC 6901) with one more step.
pub fn join(pointer: &str, step: &str) -> String {
    let short: String = step.chars().take(128).collect();
    format!("{pointer}/{}", short.replace('~', "~0").replace('/', "~1"))
}

/// What was found, cut to a length that an answer can carry.
pub fn shown(text: &str) -> String {
    let mut cut: String = text.chars().take(64).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("{cut:?}")
}

pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "a whole number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The known name that a mistyped one most likely means: at most half of its letters apart, and never more than three.
pub fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    if found.len() > 64 {
        return None;
    }
    let letters = found.chars().count();
    known
        .iter()
        .map(|name| (distance(found, name), *name))
        .min()
        .filter(|(distance, _)| *distance <= (letters / 2).clamp(1, 3))
        .map(|(_, name)| name)
}

/// Levenshtein's edit distance, row by row.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (y, window) in b.iter().zip(row.windows(2)) {
            let (left_above, above) = match window {
                [left_above, above] => (*left_above, *above),
                _ => continue,
            };
            let left = next.last().copied().unwrap_or(usize::MAX - 1);
            next.push((left_above + usize::from(x != *y)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_problem_is_reported_at_its_place() {
        let value = json!({"nmae": "x", "priority": 12, "tags": "a", "at": "yesterday", "a/b": 1});
        let mut problems = Problems::default();
        let mut fields = Fields::of(&value, "", &mut problems).unwrap();
        assert_eq!(fields.text("name", &mut problems), None);
        assert_eq!(fields.whole("priority", 0, 9, &mut problems), None);
        assert_eq!(fields.list("tags", 3, &mut problems), None);
        assert_eq!(fields.instant("at", &mut problems), None);
        fields.finish(&mut problems);
        let found: Vec<_> = problems.into_vec().into_iter().map(|p| (p.pointer, p.code, p.message)).collect();
        let pointers: Vec<_> = found.iter().map(|(pointer, ..)| pointer.as_str()).collect();
        assert_eq!(pointers, ["/priority", "/tags", "/at", "/nmae", "/a~1b"]);
        assert!(found[3].2.contains("did you mean `name`"), "{found:?}");
    }

    #[test]
    fn a_whole_number_is_neither_a_fraction_nor_beyond_its_bounds() {
        for (value, code) in [
            (json!(1.5), "wrong_type"),
            (json!("3"), "wrong_type"),
            (json!(-1), "out_of_range"),
            (json!(u64::MAX), "out_of_range"),
        ] {
            let mut problems = Problems::default();
            let object = json!({"n": value});
            let mut fields = Fields::of(&object, "", &mut problems).unwrap();
            assert_eq!(fields.whole("n", 0, 10, &mut problems), None);
            assert_eq!(problems.into_vec()[0].code, code);
        }
    }

    #[test]
    fn names_that_are_far_apart_are_not_suggested() {
        assert_eq!(nearest("nmae", &["name", "tags"]), Some("name"));
        assert_eq!(nearest("zzzzzz", &["name", "tags"]), None);
    }
}
