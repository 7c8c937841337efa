//! Names of collections.

use crate::{Error, Result};

const LIMIT_BYTES: usize = 120;

/// # Errors
/// [`Error::Invalid`] for a name that is empty, too long, or holds `$` or NUL.
pub(crate) fn check(collection: &str) -> Result<()> {
    let fault = if collection.is_empty() {
        "it is empty".to_owned()
    } else if collection.len() > LIMIT_BYTES {
        format!("it has {} bytes, at most {LIMIT_BYTES} are allowed", collection.len())
    } else if let Some(found) = collection.chars().find(|c| matches!(c, '$' | '\0')) {
        format!("it holds the character {found:?}")
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!("{collection:?} cannot name a collection: {fault}")))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_name_is_refused_with_its_fault() {
        assert!(check("job_executions").is_ok());
        assert!(check("crm.kunden-ä").is_ok());
        assert!(check("").unwrap_err().to_string().contains("empty"));
        assert!(check("a$b").unwrap_err().to_string().contains("'$'"));
        assert!(check("a\0b").unwrap_err().to_string().contains("'\\0'"));
        assert!(check(&"x".repeat(120)).is_ok());
        assert!(check(&"x".repeat(121)).unwrap_err().to_string().contains("121 bytes"));
    }
}
