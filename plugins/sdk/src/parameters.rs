//! Parameters from JSON text, with errors that point at the place.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::{Problem, Problems};

/// Reads the parameters of a job.
///
/// # Errors
/// One problem, whose JSON pointer names the place where reading stopped.
///
/// ```
/// use sandglass_sdk::decode;
///
/// #[derive(serde::Deserialize)]
/// struct Parameters {
///     days: u32,
/// }
///
/// assert_eq!(decode::<Parameters>(r#"{"days": 3}"#).unwrap().days, 3);
/// let problems = decode::<Parameters>(r#"{"days": "three"}"#).err().unwrap();
/// assert_eq!(problems.iter().next().unwrap().pointer, "/days");
/// ```
pub fn decode<P: DeserializeOwned>(text: &str) -> Result<P, Problems> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let parameters = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| Problem { pointer: pointer(error.path()), message: error.inner().to_string() })?;
    reader.end().map_err(|error| Problem { pointer: String::new(), message: error.to_string() })?;
    Ok(parameters)
}

/// A path as a JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            // The name of an enum's variant, or a key that is no string: no place in the text.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read from text")]
    struct Sample {
        list: Vec<Item>,
        #[serde(default)]
        map: BTreeMap<String, u8>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read from text")]
    struct Item {
        size: u32,
    }

    fn problem(text: &str) -> Problem {
        decode::<Sample>(text).unwrap_err().into_iter().next().unwrap()
    }

    #[test]
    fn the_pointer_leads_to_the_wrong_value() {
        let found = problem(r#"{"list": [{"size": 1}, {"size": "big"}]}"#);
        assert_eq!(found.pointer, "/list/1/size");
        assert!(found.message.contains("invalid type: string \"big\", expected u32"), "{}", found.message);
    }

    #[test]
    fn slashes_and_tildes_in_keys_are_escaped() {
        assert_eq!(problem(r#"{"list": [], "map": {"a/b~c": 300}}"#).pointer, "/map/a~1b~0c");
    }

    #[test]
    fn an_unknown_name_is_pointed_at() {
        let found = problem(r#"{"list": [{"size": 1, "weight": 2}]}"#);
        assert_eq!(found.pointer, "/list/0/weight");
        assert!(found.message.contains("unknown field `weight`"), "{}", found.message);
    }

    #[test]
    fn text_after_the_value_is_an_error() {
        assert_eq!(problem(r#"{"list": []} x"#).pointer, "");
    }
}
