//! The administrator's bearer token: from the configuration, or made at the first start. Only its hash is kept.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::AppError;
use crate::registry::{TOKEN_PREFIX, new_secret};

/// In the data directory; holds the SHA-256 of the token in hexadecimal.
const FILE: &str = "admin-token.sha256";

/// What requests are held against, and the token itself if it was made just now.
pub(super) struct AdminToken {
    /// None: nobody gets in by such a token.
    pub(super) hash: Option<[u8; 32]>,
    pub(super) new: Option<Zeroizing<String>>,
}

/// The configured token, the one made earlier, or a new one. Once there are users none is made: whoever deletes the file
/// then wants to be rid of it.
pub(super) fn establish(configured: &str, data_dir: &Path, has_users: bool) -> Result<AdminToken, AppError> {
    if !configured.is_empty() {
        return Ok(AdminToken { hash: Some(Sha256::digest(configured).into()), new: None });
    }
    let file = data_dir.join(FILE);
    let failed = |error: std::io::Error| AppError::Token { file: file.clone(), reason: error.to_string() };
    match std::fs::read_to_string(&file) {
        Ok(text) => {
            let reason = "it does not hold 64 hexadecimal digits; delete it and a new token is made".to_owned();
            let hash = parse(text.trim()).ok_or(AppError::Token { file: file.clone(), reason })?;
            Ok(AdminToken { hash: Some(hash), new: None })
        }
        Err(error) if error.kind() == ErrorKind::NotFound && has_users => Ok(AdminToken { hash: None, new: None }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let made = new_secret(TOKEN_PREFIX);
            let (token, hash) = made.map_err(|error| AppError::setup("make a token")(&error))?;
            let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            let mut opened =
                std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file).map_err(failed)?;
            opened.write_all(digits.as_bytes()).and_then(|()| opened.sync_all()).map_err(failed)?;
            Ok(AdminToken { hash: Some(hash), new: Some(token) })
        }
        Err(error) => Err(failed(error)),
    }
}

fn parse(digits: &str) -> Option<[u8; 32]> {
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_known_again_by_its_hash() {
        let folder = tempfile::tempdir().unwrap();
        let first = establish("", folder.path(), false).unwrap();
        let token = first.new.unwrap();
        assert!(token.starts_with(TOKEN_PREFIX) && token.len() == TOKEN_PREFIX.len() + 64);
        let second = establish("", folder.path(), false).unwrap();
        assert!(second.new.is_none());
        assert_eq!(second.hash, first.hash);
        let kept = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(!kept.contains(token.as_str()));
    }

    #[test]
    fn with_users_no_token_is_made_and_one_that_is_there_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let none = establish("", folder.path(), true).unwrap();
        assert!(none.hash.is_none() && none.new.is_none());
        assert!(!folder.path().join(FILE).exists());
        let made = establish("", folder.path(), false).unwrap();
        assert_eq!(establish("", folder.path(), true).unwrap().hash, made.hash);
    }

    #[test]
    fn a_damaged_file_is_named_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "zz").unwrap();
        let error = establish("", folder.path(), false).err().unwrap().to_string();
        assert!(error.contains(FILE) && error.contains("delete"), "{error}");
    }
}
