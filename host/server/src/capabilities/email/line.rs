//! Texts that go into one header line. Pure; whatever reaches the mail library has passed here.

/// Why a text cannot stand in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    #[error("holds a line break or another control character: write it on one line")]
    Control,
    #[error("holds a character that turns the direction of the text: leave it out")]
    Direction,
    #[error("holds `=?`, the mark of encoded text in mail: write the text itself")]
    Encoded,
}

/// Checks a text for a single line.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(text: &str) -> Result<(), LineFault> {
    for letter in text.chars() {
        match letter {
            // Line and paragraph separator end a line for some readers.
            letter if letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}') => {
                return Err(LineFault::Control);
            }
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                return Err(LineFault::Direction);
            }
            _ => {}
        }
    }
    // A reader would decode it, into line breaks too.
    if text.contains("=?") { Err(LineFault::Encoded) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_text_in_any_script_passes() {
        for text in ["", "Rapport, 50 % — naïve ☕", "日本語", "שלום", "a = b? yes", "100%?="] {
            assert_eq!(check(text), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn every_kind_of_line_end_and_disguise_is_refused() {
        let controls = (0u32..32).chain(127..160).filter_map(char::from_u32);
        for letter in controls.chain(['\u{2028}', '\u{2029}']) {
            assert_eq!(check(&format!("a{letter}b")), Err(LineFault::Control), "{letter:?}");
        }
        assert_eq!(check("a\u{202e}moc"), Err(LineFault::Direction));
        assert_eq!(check("=?utf-8?q?=0D=0ABcc:_x?="), Err(LineFault::Encoded));
    }
}
