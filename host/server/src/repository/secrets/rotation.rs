//! Sealing everything anew under another key. Can be stopped at any moment and begun again: each row names its key.

use std::sync::Arc;

use bson::doc;
use sandglass_database::{Database, Find, Update, collect};

use super::document::{Row, binary, sealed_into, sealed_of};
use super::keyring::Keyring;
use super::seal::{Place, Sealed};
use super::store::{Secrets, SecretsError, self_test_place};
use super::{COLLECTION, SELF_TEST};

/// What a rotation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// Secrets that were sealed anew.
    pub moved: u64,
    /// Secrets that were under the new key already.
    pub kept: u64,
    /// Name of the key that everything is sealed under now.
    pub key: String,
}

/// Seals every secret anew: under the configured key, or under a new one in the data directory. The former key is given
/// up only when nothing is sealed under it.
///
/// # Errors
/// As [`Secrets::open`]; [`SecretsError::Contended`] when a row was changed meanwhile: begin again.
pub async fn rotate(database: Arc<dyn Database>, mut keyring: Keyring) -> Result<Rotated, SecretsError> {
    if keyring.has_present() {
        keyring.begin_rotation()?;
    }
    let secrets = Secrets::open(database.clone(), keyring).await?;
    let mut rotated = Rotated { moved: 0, kept: 0, key: secrets.present()?.id().to_owned() };
    for document in collect(database.find(COLLECTION, Find::default()).await?).await? {
        let is_self_test = document.get_str("_id").is_ok_and(|id| id == SELF_TEST);
        if sealed_of(&document)?.key == rotated.key {
            rotated.kept += u64::from(!is_self_test);
        } else if is_self_test {
            anew(&secrets, self_test_place(), &sealed_of(&document)?).await?;
        } else {
            let row = Row::read(&document)?;
            if !anew(&secrets, row.place(), &row.sealed).await? {
                return Err(SecretsError::Contended(row.info.label));
            }
            rotated.moved += 1;
        }
    }
    secrets.keyring.end_rotation()?;
    Ok(rotated)
}

/// Seals one row under the present key, unless it was changed meanwhile.
async fn anew(secrets: &Secrets, place: Place<'_>, sealed: &Sealed) -> Result<bool, SecretsError> {
    let text = secrets.unseal(place, sealed)?;
    let fresh = secrets.seal(place, &text)?;
    let as_read = doc! { "_id": place.label, "key": &sealed.key, "nonce": binary(&sealed.nonce) };
    let update = Update::one(as_read, doc! { "$set": sealed_into(&fresh) });
    Ok(secrets.database.update(COLLECTION, update).await?.matched == 1)
}
