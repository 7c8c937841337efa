//! Secrets as others hold them: set, list, open, delete.

use std::sync::Arc;

use bson::{Bson, Document, doc};
use chrono::{DateTime, Utc};
use sandglass_database::{Database, Delete, Error, Find, Update, collect};
use zeroize::Zeroizing;

use super::document::{Row, sealed_into, sealed_of};
use super::key::Key;
use super::keyring::{KeyFileError, Keyring};
use super::seal::{self, Place, Sealed};
use super::{COLLECTION, SELF_TEST};
use crate::model::{Plaintext, SecretInfo, SecretLabel};

/// Replacements of the same secret at the same time: each is laid over what stands there, this often at most.
const MOST_TRIES: usize = 5;
const KNOWN_TEXT: &[u8] = b"sandglass";

/// What could not be done with a secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    #[error(transparent)]
    Database(#[from] Error),
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The stored secrets were sealed under a key that is not at hand.
    #[error(
        "the stored secrets are sealed under the key {wanted}, which is not here: {found}. Put it back \
         (SANDGLASS_SECRETS__KEY, or the file keys/secrets.key in the data directory); if it is lost, \
         `sandglass secret delete --all` removes the secrets, and they have to be set anew"
    )]
    WrongKey { wanted: String, found: String },
    /// The bytes were changed in the database.
    #[error("the secret {label} does not open: its row was changed or damaged; set it anew")]
    Damaged { label: String },
    #[error("the secret {0} is being changed by others at this moment; try again")]
    Contended(SecretLabel),
}

/// A secret as a person gives it.
pub struct NewSecret {
    pub label: SecretLabel,
    pub text: Zeroizing<String>,
    pub description: Option<String>,
    pub hosts: Vec<String>,
}

/// Every secret of this store. Cheap to clone.
#[derive(Clone)]
pub struct Secrets {
    pub(super) database: Arc<dyn Database>,
    pub(super) keyring: Arc<Keyring>,
}

impl Secrets {
    /// Takes the keys and tests them against what is stored. Where nothing is stored and no key is given, one is made.
    ///
    /// # Errors
    /// [`SecretsError::WrongKey`] when anything is sealed under a key that is not at hand: then nothing may start, for
    /// what is set from now on would be sealed under yet another key.
    pub async fn open(database: Arc<dyn Database>, mut keyring: Keyring) -> Result<Self, SecretsError> {
        let rows = collect(database.find(COLLECTION, Find::default()).await?).await?;
        if rows.is_empty() && !keyring.has_present() {
            keyring.make_first()?;
        }
        for row in &rows {
            let sealed = sealed_of(row)?;
            if keyring.find(&sealed.key).is_none() {
                let found = match keyring.present() {
                    Some(key) => format!("the present key is {}", key.id()),
                    None => format!("none is configured, and {} does not exist", keyring.file().display()),
                };
                return Err(SecretsError::WrongKey { wanted: sealed.key, found });
            }
        }
        let secrets = Self { database, keyring: Arc::new(keyring) };
        match rows.iter().find(|row| row.get_str("_id").is_ok_and(|id| id == SELF_TEST)) {
            Some(row) => {
                let text = secrets.unseal(self_test_place(), &sealed_of(row)?)?;
                if text.as_slice() != KNOWN_TEXT {
                    return Err(SecretsError::Damaged { label: SELF_TEST.to_owned() });
                }
            }
            None => secrets.store_self_test().await?,
        }
        Ok(secrets)
    }

    async fn store_self_test(&self) -> Result<(), SecretsError> {
        let sealed = self.seal(self_test_place(), KNOWN_TEXT)?;
        let mut document = doc! { "_id": SELF_TEST };
        document.extend(sealed_into(&sealed));
        match self.database.insert(COLLECTION, vec![document]).await?.failed.into_iter().next() {
            None => Ok(()),
            Some((_, error)) => Err(error.into()),
        }
    }

    /// Sets a secret, or replaces it whole.
    ///
    /// # Errors
    /// Those of the database; [`SecretsError::Contended`].
    pub async fn set(&self, new: &NewSecret, by: &str, now: DateTime<Utc>) -> Result<SecretInfo, SecretsError> {
        for _ in 0..MOST_TRIES {
            let known = self.info(&new.label).await?;
            let version = known.as_ref().map_or(1, |known| known.version.saturating_add(1));
            let place = Place { label: new.label.as_str(), version, hosts: &new.hosts };
            let sealed = self.seal(place, new.text.as_bytes())?;
            let (created_at, created_by) = match &known {
                Some(known) => (known.created_at, known.created_by.clone()),
                None => (now, by.to_owned()),
            };
            let info = SecretInfo {
                label: new.label.clone(),
                description: new.description.clone(),
                hosts: new.hosts.clone(),
                version,
                key: sealed.key.clone(),
                created_at,
                created_by,
                updated_at: now,
                updated_by: by.to_owned(),
            };
            let row = Row { info, sealed };
            if self.store(&row, known.map(|known| known.version)).await? {
                return Ok(row.info);
            }
        }
        Err(SecretsError::Contended(new.label.clone()))
    }

    /// Whether the row could be put over version `seen`, or in as a new one.
    async fn store(&self, row: &Row, seen: Option<i64>) -> Result<bool, SecretsError> {
        let mut document = row.to_document();
        let Some(seen) = seen else {
            return match self.database.insert(COLLECTION, vec![document]).await?.failed.into_iter().next() {
                None => Ok(true),
                Some((_, Error::DuplicateKey { .. })) => Ok(false),
                Some((_, error)) => Err(error.into()),
            };
        };
        document.remove("_id");
        let absent = ["description", "hosts"].into_iter().filter(|field| !document.contains_key(field));
        let absent: Document = absent.map(|field| (field.to_owned(), Bson::String(String::new()))).collect();
        let operators = if absent.is_empty() {
            doc! { "$set": document }
        } else {
            doc! { "$set": document, "$unset": absent }
        };
        let update = Update::one(doc! { "_id": row.info.label.as_str(), "version": seen }, operators);
        Ok(self.database.update(COLLECTION, update).await?.matched == 1)
    }

    /// What is known of every secret, by label.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list(&self) -> Result<Vec<SecretInfo>, SecretsError> {
        list(&*self.database).await
    }

    /// What is known of one secret.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn info(&self, label: &SecretLabel) -> Result<Option<SecretInfo>, SecretsError> {
        Ok(self.row(label).await?.map(|row| row.info))
    }

    /// Opens a secret; none when there is no such label.
    ///
    /// # Errors
    /// Those of the database; [`SecretsError::Damaged`].
    pub async fn resolve(&self, label: &SecretLabel) -> Result<Option<(SecretInfo, Plaintext)>, SecretsError> {
        let Some(row) = self.row(label).await? else { return Ok(None) };
        let mut bytes = self.unseal(row.place(), &row.sealed)?;
        let text = String::from_utf8(std::mem::take(&mut *bytes));
        let text = text.map_err(|_| SecretsError::Damaged { label: label.to_string() })?;
        Ok(Some((row.info, Plaintext::new(label.clone(), Zeroizing::new(text)))))
    }

    /// Removes a secret; false when there was none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn delete(&self, label: &SecretLabel) -> Result<bool, SecretsError> {
        delete(&*self.database, label).await
    }

    async fn row(&self, label: &SecretLabel) -> Result<Option<Row>, SecretsError> {
        let find = Find::by(doc! { "_id": label.as_str() }).limited(1);
        let found = collect(self.database.find(COLLECTION, find).await?).await?;
        Ok(found.first().map(Row::read).transpose()?)
    }

    pub(super) fn seal(&self, place: Place<'_>, text: &[u8]) -> Result<Sealed, SecretsError> {
        Ok(seal::seal(self.present()?, place, text).ok_or(KeyFileError::NoRandomness)?)
    }

    pub(super) fn unseal(&self, place: Place<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SecretsError> {
        let damaged = || SecretsError::Damaged { label: place.label.to_owned() };
        let key = self.keyring.find(&sealed.key).ok_or_else(damaged)?;
        seal::open(key, place, sealed).ok_or_else(damaged)
    }

    pub(super) fn present(&self) -> Result<&Key, SecretsError> {
        let missing = || SecretsError::WrongKey { wanted: "for new secrets".into(), found: "there is none".into() };
        self.keyring.present().ok_or_else(missing)
    }
}

pub(super) fn self_test_place() -> Place<'static> {
    Place { label: SELF_TEST, version: 0, hosts: &[] }
}

/// What is known of every secret, by label; needs no key.
///
/// # Errors
/// Those of the database.
pub async fn list(database: &dyn Database) -> Result<Vec<SecretInfo>, SecretsError> {
    let find = Find::by(doc! { "_id": { "$ne": SELF_TEST } }).sorted(doc! { "_id": 1 });
    let rows = collect(database.find(COLLECTION, find).await?).await?;
    Ok(rows.iter().map(|row| Row::read(row).map(|row| row.info)).collect::<Result<_, _>>()?)
}

/// Removes a secret; false when there was none. Needs no key.
///
/// # Errors
/// Those of the database.
pub async fn delete(database: &dyn Database, label: &SecretLabel) -> Result<bool, SecretsError> {
    let delete = Delete { filter: doc! { "_id": label.as_str() }, limit: Some(1) };
    Ok(database.delete(COLLECTION, delete).await? > 0)
}

/// Removes every secret and the self-test, whatever they are sealed under. Gives the number of secrets.
///
/// # Errors
/// Those of the database.
pub async fn discard_all(database: &dyn Database) -> Result<u64, SecretsError> {
    let secrets = Delete { filter: doc! { "_id": { "$ne": SELF_TEST } }, limit: None };
    let count = database.delete(COLLECTION, secrets).await?;
    // Last: were it gone first, a crash in between would leave secrets that nothing tests.
    database.delete(COLLECTION, Delete::default()).await?;
    Ok(count)
}
