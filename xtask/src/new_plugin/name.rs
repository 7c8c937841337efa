//! What a plugin may be called: a name that cargo, Rust and the contract all take.

use anyhow::bail;

/// Longest type name that a host takes.
const LONGEST: usize = 64;

/// Words that Rust keeps for itself, and names that cargo or its folders have.
const RESERVED: [&str; 61] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// A name in words with hyphens, such as `order-watch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// Says what is wrong with it, and what would do.
    pub fn new(text: &str) -> anyhow::Result<Self> {
        let words: Vec<&str> = text.split('-').collect();
        let is_plain = |word: &&str| {
            !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        };
        if !words.iter().all(is_plain) || !text.starts_with(|letter: char| letter.is_ascii_lowercase()) {
            bail!(
                "{text:?} is no name for a plugin: small letters and digits in words with one hyphen between them, beginning \
                 with a letter{}",
                suggestion(text)
            );
        }
        if text.len() > LONGEST {
            bail!("{text:?} has {} characters, at most {LONGEST} are taken", text.len());
        }
        if RESERVED.contains(&text) {
            bail!("{text:?} is a word that Rust or cargo keeps for itself: {text}-job would do");
        }
        Ok(Self(text.to_owned()))
    }

    /// Name of the package and its folder.
    pub fn package(&self) -> &str {
        &self.0
    }

    /// Type of the template, by which jobs name it; also the name of the component's file.
    pub fn type_name(&self) -> String {
        self.0.replace('-', "_")
    }

    /// Name of the Rust type.
    pub fn struct_name(&self) -> String {
        self.0.split('-').map(capitalised).collect()
    }

    /// Name for people.
    pub fn title(&self) -> String {
        capitalised(&self.0.replace('-', " "))
    }

    /// Refuses what another crate of the workspace is called already, be it ours or one we depend on: `-p NAME` would
    /// mean either.
    pub fn refuse_taken(&self, lock: &str) -> anyhow::Result<()> {
        let line = |name: &str| format!("name = \"{name}\"");
        if lock.lines().any(|found| found == line(&self.0) || found == line(&self.type_name())) {
            bail!("there is a crate {} already, here or among the dependencies: {0}-job would do", self.0);
        }
        Ok(())
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// The nearest name that would do, if there is one.
fn suggestion(text: &str) -> String {
    let mut words = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            let is_inside_word = words.ends_with(|before: char| before.is_ascii_lowercase() || before.is_ascii_digit());
            if letter.is_ascii_uppercase() && is_inside_word && text.chars().any(|other| other.is_ascii_lowercase()) {
                words.push('-');
            }
            words.push(letter.to_ascii_lowercase());
        } else if !words.is_empty() && !words.ends_with('-') {
            words.push('-');
        }
    }
    let near = words.trim_matches('-').trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '-');
    if Name::new_quietly(near) { format!("; {near} would do") } else { String::new() }
}

impl Name {
    /// Whether a suggestion is itself a name, without suggesting again.
    fn new_quietly(text: &str) -> bool {
        !text.is_empty() && text.len() <= LONGEST && !RESERVED.contains(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_by_four_forms() {
        let name = Name::new("order-watch2").unwrap();
        assert_eq!(name.package(), "order-watch2");
        assert_eq!(name.type_name(), "order_watch2");
        assert_eq!(name.struct_name(), "OrderWatch2");
        assert_eq!(name.title(), "Order watch2");
    }

    #[test]
    fn a_wrong_name_is_refused_with_one_that_would_do() {
        for (wrong, right) in [
            ("Order_Watch", "order-watch"),
            ("orderWatch", "order-watch"),
            ("ORDERS", "orders"),
            ("order--watch", "order-watch"),
            ("-orders-", "orders"),
            ("2-orders", "orders"),
            ("../orders", "orders"),
            ("order watch", "order-watch"),
        ] {
            let error = Name::new(wrong).unwrap_err().to_string();
            assert!(error.ends_with(&format!("; {right} would do")), "{error}");
        }
        for wrong in ["", "-", "42", "ü"] {
            let error = Name::new(wrong).unwrap_err().to_string();
            assert!(error.ends_with("beginning with a letter"), "{error}");
        }
    }

    #[test]
    fn words_that_are_kept_and_names_that_are_too_long_are_refused() {
        assert!(Name::new("async").unwrap_err().to_string().contains("async-job would do"));
        assert!(Name::new("test").is_err());
        assert!(Name::new(&"a".repeat(65)).unwrap_err().to_string().contains("65 characters"));
    }

    #[test]
    fn the_name_of_any_crate_in_the_lock_file_is_taken() {
        let lock = "[[package]]\nname = \"serde_json\"\nversion = \"1\"\n";
        assert!(Name::new("serde-json").unwrap().refuse_taken(lock).is_err());
        assert!(Name::new("serde").unwrap().refuse_taken(lock).is_ok());
    }
}
