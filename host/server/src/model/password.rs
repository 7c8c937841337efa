//! What a password has to be. Length counts most; the rest keeps out what is tried first.
//!
//! After NIST SP 800-63B: no rules on kinds of characters, no expiry, a list of what everybody takes.

use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

use super::UserName;

/// Fewest characters.
const SHORTEST: usize = 12;
/// Most bytes: hashing should not be a way to keep the machine busy.
const LONGEST_BYTES: usize = 1_024;
const FEWEST_DIFFERENT: usize = 5;
/// Longer ones first. A password that consists of these, of the user's name, and of anything but letters is among the first that are tried.
const WORST: [&str; 21] = [
    "administrator",
    "password",
    "passwort",
    "qwertyuiop",
    "qwertzuiop",
    "qwerty",
    "qwertz",
    "asdfghjkl",
    "zxcvbnm",
    "letmein",
    "welcome",
    "willkommen",
    "iloveyou",
    "changeme",
    "secret",
    "sandglass",
    "monkey",
    "dragon",
    "football",
    "abc",
    "admin",
];

/// Why a password is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("a password has {SHORTEST} characters or more; several words make one that can be remembered")]
    TooShort,
    #[error("a password has at most {LONGEST_BYTES} bytes")]
    TooLong,
    #[error("this password is among the first that are guessed; take several words that do not belong together")]
    Guessable,
    #[error("a password holds no line break and no other control character")]
    Control,
}

impl WeakPassword {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Guessable => "guessable",
            Self::Control => "control_character",
        }
    }
}

/// A password in the one form in which it is hashed: composed (NFC), so that every keyboard gives the same bytes.
/// None for one that is too long to be any.
pub fn normalised(text: &str) -> Option<Zeroizing<String>> {
    if text.len() > LONGEST_BYTES {
        return None;
    }
    Some(Zeroizing::new(ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()))
}

/// Checks a new password of this user; gives the form in which it is hashed.
///
/// # Errors
/// As [`WeakPassword`] says.
pub fn accept(text: &str, user: &UserName) -> Result<Zeroizing<String>, WeakPassword> {
    let password = normalised(text).ok_or(WeakPassword::TooLong)?;
    if password.chars().any(char::is_control) {
        return Err(WeakPassword::Control);
    }
    if password.chars().count() < SHORTEST {
        return Err(WeakPassword::TooShort);
    }
    if is_guessable(&password, user) { Err(WeakPassword::Guessable) } else { Ok(password) }
}

fn is_guessable(password: &str, user: &UserName) -> bool {
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < FEWEST_DIFFERENT {
        return true;
    }
    let mut rest = Zeroizing::new(password.to_lowercase().replace(user.as_str(), ""));
    for word in WORST {
        *rest = rest.replace(word, "");
    }
    !rest.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(text: &str) -> Result<(), WeakPassword> {
        accept(text, &"ann.miller".parse().unwrap()).map(|_| ())
    }

    #[test]
    fn length_is_what_counts() {
        for good in ["correct horse battery", "zwölf Boxkämpfer", "Gz7!kQp2#xLm", "漢字でも長ければ良いですよね"]
        {
            assert_eq!(accepted(good), Ok(()), "{good}");
        }
        assert_eq!(accepted("Gz7!kQp2#xL"), Err(WeakPassword::TooShort));
        assert_eq!(accepted(&"correct horse ".repeat(80)), Err(WeakPassword::TooLong));
        assert_eq!(accepted("correct horse\nbattery"), Err(WeakPassword::Control));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for bad in [
            "password1234",
            "Password1234!",
            "passwordpassword",
            "123456789012",
            "qwertyuiop123",
            "aaaaaaaaaaaa",
            "administrator",
            "ann.miller2027",
            "Ann.Miller-123",
            "ababababababab",
            "letmeinletmein",
            "changeme-now".replace("-now", "!!!!").as_str(),
        ] {
            assert_eq!(accepted(bad), Err(WeakPassword::Guessable), "{bad}");
        }
    }

    #[test]
    fn every_keyboard_gives_the_same_bytes() {
        let (composed, decomposed) = ("zw\u{f6}lf lange Namen", "zwo\u{308}lf lange Namen");
        assert_eq!(normalised(composed), normalised(decomposed));
        assert_eq!(normalised(&"x".repeat(1_025)), None);
    }
}
