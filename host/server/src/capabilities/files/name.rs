//! Names of files as templates write them. Pure: says what a plain name is, and never looks at a disk.
//!
//! A name is brought into Unicode's composed form first, so that one spelling stands for one file. Then each part
//! between slashes has to be one plain component, also in the compatibility form, where a full-width dot is a dot.

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::capabilities::GateError;

/// Longest part in bytes: what file systems take. mongodump's layout goes to this end with the names of collections.
const LONGEST_PART: usize = 255;
/// Longest name in bytes.
const LONGEST_NAME: usize = 800;
/// Most parts.
const MOST_PARTS: usize = 10;
/// Characters of a refused name that its error shows.
const SHOWN: usize = 80;

/// A name within a folder: plain parts, divided by slashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileName(String);

impl FileName {
    /// Reads a name.
    ///
    /// # Errors
    /// `invalid`, with what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, GateError> {
        let name = composed(text)?;
        let parts = name.split('/').count();
        if parts > MOST_PARTS {
            return Err(fault(text, format!("it has {parts} parts, at most {MOST_PARTS} are allowed")));
        }
        match name.split('/').find_map(what_is_wrong) {
            Some(why) => Err(fault(text, why)),
            None => Ok(Self(name)),
        }
    }

    /// The beginning of names, for a list: whole parts are checked like those of a name, the last may be a piece.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn beginning(text: &str) -> Result<String, GateError> {
        let beginning = composed(text)?;
        let (whole, piece) = beginning.rsplit_once('/').map_or((None, beginning.as_str()), |(w, p)| (Some(w), p));
        let in_whole = whole.and_then(|whole| whole.split('/').find_map(what_is_wrong));
        // A piece may end anywhere: behind a dot, for example.
        let in_piece = match piece.len() {
            0 => None,
            LONGEST_PART => what_is_wrong(piece),
            _ => what_is_wrong(&format!("{piece}x")),
        };
        match in_whole.or(in_piece) {
            Some(why) => Err(fault(text, why)),
            None => Ok(beginning),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folders on the way, and the last part.
    pub(super) fn split(&self) -> (impl Iterator<Item = &str>, &str) {
        let (folders, last) = self.0.rsplit_once('/').unwrap_or(("", &self.0));
        (folders.split('/').filter(|part| !part.is_empty()), last)
    }
}

/// The composed form of a text of bearable length.
fn composed(text: &str) -> Result<String, GateError> {
    let too_long = |bytes: usize| fault(text, format!("it has {bytes} bytes, at most {LONGEST_NAME} are allowed"));
    // Composing makes no text of this kind so much shorter.
    if text.len() > LONGEST_NAME * 4 {
        return Err(too_long(text.len()));
    }
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
    if composed.len() > LONGEST_NAME { Err(too_long(composed.len())) } else { Ok(composed.into_owned()) }
}

/// Why a part is not one plain component.
fn what_is_wrong(part: &str) -> Option<String> {
    if part.is_empty() {
        return Some("it is empty or has an empty part between its slashes".to_owned());
    }
    if part.len() > LONGEST_PART {
        return Some(format!("a part has {} bytes, at most {LONGEST_PART} are allowed", part.len()));
    }
    if let Some(character) = part.chars().find(|character| !is_allowed(*character)) {
        return Some(format!("it holds the character {}", character.escape_unicode()));
    }
    if part.starts_with('.') {
        return Some("a part begins with a dot: such names are hidden or lead elsewhere".to_owned());
    }
    if part.ends_with('.') || part.starts_with(char::is_whitespace) || part.ends_with(char::is_whitespace) {
        return Some("a part begins or ends with a space, or ends with a dot".to_owned());
    }
    let folded = ComposingNormalizerBorrowed::new_nfkc().normalize(part);
    let leads_away = |character: char| matches!(character, '/' | '\\') || character.is_control();
    if folded.contains(leads_away) || folded.trim().starts_with('.') {
        return Some("a part looks like a dot at its beginning or a separator on other systems".to_owned());
    }
    None
}

/// Characters of plain names: what prints, in one direction, and is no separator anywhere.
fn is_allowed(character: char) -> bool {
    let is_invisible = matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffc}' | '\u{e0000}'..='\u{e0fff}'
    );
    let is_noncharacter = matches!(character, '\u{fdd0}'..='\u{fdef}')
        || u32::from(character) & 0xfffe == 0xfffe
        || character == '\u{fffd}';
    !(character == '\\' || character.is_control() || is_invisible || is_noncharacter)
}

fn fault(text: &str, why: String) -> GateError {
    let shown: String = text.chars().take(SHOWN).collect();
    GateError::invalid("file-name", format!("{shown:?} is no name for a file: {why}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_pass_as_they_are() {
        let long_part = "x".repeat(LONGEST_PART);
        let deep = ["d"; MOST_PARTS].join("/");
        for name in [
            "orders.bson",
            "2026-11-23/orders.bson.gz",
            "a b/c d.csv",
            "Jahresübersicht/Größe.csv",
            "日本語/レポート.html",
            "orders (1).json",
            "a..b",
            "x~",
            "-rf",
            "c:x",
            "report: all?.csv",
            "emoji-🙂.txt",
            "a.b.c/d.e",
            "%2e%2e",
            "CON",
            &long_part,
            &deep,
        ] {
            assert_eq!(FileName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn forms_that_lead_elsewhere_or_deceive_are_refused() {
        let long_part = "x".repeat(LONGEST_PART + 1);
        let long_name = ["y".repeat(150).as_str(); 6].join("/");
        let huge = "z".repeat(1 << 20);
        let deep = ["d"; MOST_PARTS + 1].join("/");
        let names = [
            "",
            "/",
            "//",
            ".",
            "..",
            "...",
            "./a",
            "a/.",
            "a/./b",
            "a/..",
            "../a",
            "../../etc/passwd",
            "a/../b",
            "a/../../b",
            "/etc/passwd",
            "//server/share",
            "a//b",
            "a/",
            "/a",
            "a\\b",
            "..\\a",
            "\\\\server\\share",
            "C:\\Windows",
            "a\0b",
            "\0",
            "a\nb",
            "a\rb",
            "a\tb",
            "a\u{7f}",
            "a\u{85}b",
            "\u{1b}[31m",
            " a",
            "a ",
            "a /b",
            "a/ b",
            "a.",
            "a./b",
            "a/b.",
            "..a",
            ".hidden",
            ".sandglass",
            ".sandglass/writing/x",
            ".Sandglass",
            "a/.sandglass",
            "\u{a0}a",
            "a\u{2003}",
            "a\u{200b}b",
            "a\u{200d}b",
            "gpj.\u{202e}exe",
            "a\u{2066}b",
            "a\u{2028}b",
            "a\u{61c}b",
            "\u{feff}a",
            "a\u{ad}b",
            "a\u{e0041}b",
            "a\u{ffff}",
            "a\u{fdd0}",
            "a\u{fffd}",
            "\u{ff0e}\u{ff0e}",
            "\u{ff0e}\u{ff0e}/a",
            "\u{2025}",
            "\u{2026}",
            "\u{2024}a",
            "a\u{ff0f}b",
            "a\u{ff3c}b",
            "a\u{2100}b",
            "\u{fe52}a",
            "\u{3164}",
            &long_part,
            &long_name,
            &huge,
            &deep,
        ];
        for name in names {
            let error = FileName::parse(name).unwrap_err();
            assert_eq!(error.reason, "file-name", "{name:?}");
            assert!(error.message.len() < 1_000 && !error.message.contains(char::is_control), "{}", error.message);
        }
        assert_eq!(names.len(), 72);
    }

    #[test]
    fn two_spellings_of_one_text_are_one_name() {
        let composed = FileName::parse("Gr\u{f6}\u{df}e").unwrap();
        assert_eq!(FileName::parse("Gro\u{308}\u{df}e").unwrap(), composed);
    }

    #[test]
    fn a_beginning_may_end_anywhere_but_not_lead_elsewhere() {
        for beginning in ["", "a", "a/", "a.", "a/b", "2026-11-23/orders."] {
            assert_eq!(FileName::beginning(beginning).unwrap(), beginning);
        }
        for beginning in ["/", "../", "..", ".", "a/../", "a//", "a/./b", "a\\", "a\0", ".sandglass/", "a/ b"] {
            assert!(FileName::beginning(beginning).is_err(), "{beginning:?}");
        }
    }

    proptest! {
        /// Whatever is accepted is a path of normal components only, of bounded size, that means the same when read again.
        #[test]
        fn what_is_accepted_stays_within_the_folder(name in r"[a-zA-Z ./\\\x00-\x1f\u{ff0e}\u{ff0f}\u{200b}\u{202e}ö]{0,40}") {
            if let Ok(parsed) = FileName::parse(&name) {
                let path = std::path::Path::new(parsed.as_str());
                let components: Vec<_> = path.components().collect();
                prop_assert!(components.iter().all(|part| matches!(part, std::path::Component::Normal(_))));
                prop_assert_eq!(components.len(), parsed.as_str().split('/').count());
                prop_assert!(components.len() <= MOST_PARTS && parsed.as_str().len() <= LONGEST_NAME);
                prop_assert_eq!(FileName::parse(parsed.as_str()).unwrap(), parsed);
            }
        }

        #[test]
        fn no_text_at_all_makes_it_panic(name in any::<String>()) {
            if let Ok(parsed) = FileName::parse(&name) {
                prop_assert!(!parsed.as_str().is_empty());
            }
            drop(FileName::beginning(&name));
        }
    }
}
