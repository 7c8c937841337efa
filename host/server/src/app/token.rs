//! The administrator's bearer token: from the configuration, or made at the first start. Only its hash is kept.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::AppError;

/// In the data directory; holds the SHA-256 of the token in hexadecimal.
const FILE: &str = "admin-token.sha256";
/// Tells what kind of secret it is when it turns up somewhere.
const PREFIX: &str = "sgl_";

/// What requests are held against, and the token itself if it was made just now.
pub(super) struct AdminToken {
    pub(super) hash: [u8; 32],
    pub(super) new: Option<String>,
}

/// The configured token, the one made earlier, or a new one.
pub(super) fn establish(configured: &str, data_dir: &Path) -> Result<AdminToken, AppError> {
    if !configured.is_empty() {
        return Ok(AdminToken { hash: Sha256::digest(configured).into(), new: None });
    }
    let file = data_dir.join(FILE);
    let failed = |error: std::io::Error| AppError::Token { file: file.clone(), reason: error.to_string() };
    match std::fs::read_to_string(&file) {
        Ok(text) => {
            let reason = "it does not hold 64 hexadecimal digits; delete it and a new token is made".to_owned();
            let hash = parse(text.trim()).ok_or(AppError::Token { file: file.clone(), reason })?;
            Ok(AdminToken { hash, new: None })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let token = generate()?;
            let hash: [u8; 32] = Sha256::digest(&token).into();
            let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            let mut opened =
                std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file).map_err(failed)?;
            opened.write_all(digits.as_bytes()).and_then(|()| opened.sync_all()).map_err(failed)?;
            Ok(AdminToken { hash, new: Some(token) })
        }
        Err(error) => Err(failed(error)),
    }
}

/// 256 random bits.
fn generate() -> Result<String, AppError> {
    let mut bytes = [0u8; 32];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| AppError::Setup { what: "make a token", reason: "the machine gives no random bytes".into() })?;
    Ok(bytes.iter().fold(PREFIX.to_owned(), |text, byte| format!("{text}{byte:02x}")))
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
        let first = establish("", folder.path()).unwrap();
        let token = first.new.unwrap();
        assert!(token.starts_with(PREFIX) && token.len() == PREFIX.len() + 64);
        let second = establish("", folder.path()).unwrap();
        assert!(second.new.is_none());
        assert_eq!(second.hash, first.hash);
        let kept = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(!kept.contains(&token));
    }

    #[test]
    fn a_damaged_file_is_named_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "zz").unwrap();
        let error = establish("", folder.path()).err().unwrap().to_string();
        assert!(error.contains(FILE) && error.contains("delete"), "{error}");
    }
}
