//! Names of files, as mongodump makes them of the names of collections.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sandglass_sdk::chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

/// Longer ones would not leave room for `.metadata.json.gz` in the 255 bytes of a file name.
const LONGEST: usize = 238;
/// What stays of a longer one.
const KEPT: usize = 208;
/// The longest part of a backup's name that comes from the job's.
const JOB: usize = 60;

/// Name of the files of a collection, without endings: escaped as a part of a path (what Go's `url.PathEscape` does),
/// and a name that is too long is cut and given a hash behind `%24`; then its metadata tells the whole.
pub fn of_collection(collection: &str) -> String {
    let escaped = escape(collection);
    let Some(kept) = escaped.get(..KEPT).filter(|_| escaped.len() > LONGEST) else { return escaped };
    let hash = Sha256::digest(collection.as_bytes());
    let hash = URL_SAFE_NO_PAD.encode(hash.get(..20).unwrap_or_default());
    format!("{kept}%24{hash}")
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => escaped.push(byte.into()),
            b'-' | b'_' | b'.' | b'~' | b'$' | b'&' | b'+' | b'=' | b':' | b'@' => escaped.push(byte.into()),
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

/// Name of a backup: the job, when it was due, and which execution and attempt made it.
pub fn of_backup(job: &str, scheduled_at: DateTime<Utc>, execution: &str, attempt: u32) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' };
    let mut folder = job.chars().map(plain).take(JOB).collect::<String>();
    if !folder.contains(|letter: char| letter.is_ascii_alphanumeric()) {
        "job".clone_into(&mut folder);
    }
    let time = scheduled_at.format("%Y-%m-%dT%H%M%SZ");
    let short = execution.get(execution.len().saturating_sub(8)..).unwrap_or(execution);
    if attempt > 1 { format!("{folder}/{time}-{short}-{attempt}") } else { format!("{folder}/{time}-{short}") }
}

/// What is wrong with the name of a backup, or of a file in one, if anything.
pub fn check(text: &str) -> Result<(), String> {
    let is_bad = |part: &str| {
        part.is_empty() || part == "." || part == ".." || part.contains('\\') || part.chars().any(char::is_control)
    };
    match text.split('/').find(|part| is_bad(part)) {
        None => Ok(()),
        Some(part) => Err(format!("has the part {part:?}, and each part between slashes has to be a plain name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_is_escaped_as_mongodump_does() {
        for (name, expected) in [
            ("users", "users"),
            ("app.users-2_x~", "app.users-2_x~"),
            ("a b/c%d", "a%20b%2Fc%25d"),
            ("größe", "gr%C3%B6%C3%9Fe"),
            ("a:b@c+d=e&f", "a:b@c+d=e&f"),
            ("a,b;c?d(e)*!'", "a%2Cb%3Bc%3Fd%28e%29%2A%21%27"),
        ] {
            assert_eq!(of_collection(name), expected);
        }
    }

    #[test]
    fn a_long_name_is_cut_to_what_a_file_can_be_called() {
        let name = "ä".repeat(100);
        let file = of_collection(&name);
        assert_eq!(file.len(), LONGEST);
        assert!(file.starts_with("%C3%A4") && file.contains("%24"), "{file}");
        assert_ne!(file, of_collection(&format!("{name}b")));
        assert_eq!(of_collection(&"a".repeat(238)), "a".repeat(238));
    }

    #[test]
    fn a_backup_is_named_in_plain_parts_whatever_the_job_is_called() {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let name = of_backup("../Nightly: all", at, "0123456789abcdef01234567", 1);
        assert_eq!(name, "___Nightly__all/2027-01-15T080000Z-01234567");
        assert_eq!(of_backup("…", at, "0123456789abcdef01234567", 3), "job/2027-01-15T080000Z-01234567-3");
        assert_eq!(check(&name), Ok(()));
        for bad in ["", "a//b", "/a", "a/..", "./a", "a\\b", "a/\u{7}"] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
