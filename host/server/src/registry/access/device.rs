//! Browsers in which somebody has signed in before: their failures are counted apart, so that guesses from elsewhere do not
//! keep the owner waiting.
//!
//! Nothing is stored: what such a browser shows is sealed with the hash of the user's password, and a new password makes
//! it worthless. It opens nothing. After the device cookies that OWASP describes.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::AccessError;
use super::random::fill;
use crate::model::User;

/// `user.number.seal`.
pub(super) fn new(user: &User) -> Result<String, AccessError> {
    let mut number = [0u8; 8];
    fill(&mut number)?;
    let number = hexadecimal(&number);
    let seal = seal(user, &number).map(|seal| hexadecimal(&seal.finalize().into_bytes()));
    Ok(format!("{}.{number}.{}", user.name, seal.unwrap_or_default()))
}

/// What tells the device apart, if this was given to a browser of this user.
pub(super) fn known(shown: &str, user: &User) -> Option<String> {
    let (front, given) = shown.rsplit_once('.')?;
    let (name, number) = front.rsplit_once('.')?;
    if name != user.name.as_str() || given.len() != 64 || !given.is_ascii() {
        return None;
    }
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let given: Vec<u8> = given.as_bytes().chunks(2).map(pair).collect::<Option<_>>()?;
    // In constant time.
    seal(user, number)?.verify_slice(&given).ok()?;
    Some(format!("{name} {number}"))
}

fn seal(user: &User, number: &str) -> Option<Hmac<Sha256>> {
    let mut seal = Hmac::<Sha256>::new_from_slice(user.password.as_deref()?.as_bytes()).ok()?;
    seal.update(b"sandglass device\0");
    seal.update(user.name.as_str().as_bytes());
    seal.update(b"\0");
    seal.update(number.as_bytes());
    Some(seal)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::model::Role;

    fn user(name: &str, password: &str) -> User {
        User {
            name: name.parse().unwrap(),
            role: Role::Admin,
            password: Some(password.to_owned()),
            invitation: None,
            is_disabled: false,
            epoch: 1,
            created_at: DateTime::UNIX_EPOCH,
            created_by: String::new(),
            changed_at: DateTime::UNIX_EPOCH,
            changed_by: String::new(),
            signed_in_at: None,
        }
    }

    #[test]
    fn a_device_is_known_to_its_user_until_the_password_changes_and_to_nobody_else() {
        let ann = user("ann.b", "$argon2id$one");
        let shown = new(&ann).unwrap();
        assert!(known(&shown, &ann).is_some());
        assert_ne!(known(&shown, &ann), known(&new(&ann).unwrap(), &ann), "each by itself");
        assert_eq!(known(&shown, &user("ann.b", "$argon2id$two")), None);
        assert_eq!(known(&shown, &user("ben", "$argon2id$one")), None);
        let forged = shown.replacen("ann.b.", "ann.b.0", 1);
        for wrong in ["", ".", "..", "ann.b..", &forged, &shown.to_uppercase(), &format!("{shown}0")] {
            assert_eq!(known(wrong, &ann), None, "{wrong}");
        }
    }
}
