//! Names of collections in names of files, as mongodump writes them.

use crate::model::grant::OWN_PREFIX;

/// How long the name of a file is whose collection's name did not fit; the whole then stands in the metadata.
const CUT: usize = 238;

/// What a file of a dump is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Metadata,
}

/// Splits a name into the collection's part and what the file is; nothing for a file that is no part of a dump.
pub(super) fn split(file: &str) -> Option<(&str, Kind)> {
    let plain = file.strip_suffix(".gz").unwrap_or(file);
    let data = plain.strip_suffix(".bson").map(|stem| (stem, Kind::Data));
    let split = data.or_else(|| plain.strip_suffix(".metadata.json").map(|stem| (stem, Kind::Metadata)));
    split.filter(|(stem, _)| !stem.is_empty())
}

/// Whether the collection's name has to be looked up in the metadata.
pub(super) fn is_cut(stem: &str) -> bool {
    stem.len() == CUT && stem.contains("%24")
}

/// Takes the percent signs out (what Go's `url.PathUnescape` does). Nothing for a name that is not escaped rightly.
pub(super) fn unescaped(stem: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(stem.len());
    let mut rest = stem.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            bytes.push(digit(rest.next()?)? << 4 | digit(rest.next()?)?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Whether a name belongs to a database server: `system.views`, `system.buckets.…`, `$admin.system.users`.
pub(super) fn is_of_the_server(collection: &str) -> bool {
    collection.starts_with("system.") || collection.starts_with('$')
}

/// Whether Sandglass keeps something there that only Sandglass should write: its audit is a chain, for one.
pub(super) fn is_reserved(collection: &str) -> bool {
    collection.get(..OWN_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(OWN_PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_their_whole_endings() {
        assert_eq!(split("users.bson"), Some(("users", Kind::Data)));
        assert_eq!(split("a.b.bson.gz"), Some(("a.b", Kind::Data)));
        assert_eq!(split("users.metadata.json.gz"), Some(("users", Kind::Metadata)));
        for file in ["manifest.json", "prelude.json.gz", ".bson", "users.bson.bak", "users.gz", "users.json"] {
            assert_eq!(split(file), None, "{file}");
        }
    }

    #[test]
    fn percent_signs_are_taken_out_or_refused() {
        assert_eq!(unescaped("gr%C3%B6%c3%9Fe:%20x").as_deref(), Some("größe: x"));
        for stem in ["%", "a%2", "%zz", "%ff", "%+1"] {
            assert_eq!(unescaped(stem), None, "{stem}");
        }
    }
}
