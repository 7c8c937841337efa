//! The form of a row.

use bson::spec::BinarySubtype;
use bson::{Binary, Bson, Document, doc};
use sandglass_database::{Error, Result};

use super::COLLECTION;
use super::seal::{Place, Sealed};
use crate::model::{SecretInfo, SecretLabel};
use crate::repository::document::{Fields, date};

/// A row: what everybody may know, and the sealed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) info: SecretInfo,
    pub(super) sealed: Sealed,
}

impl Row {
    /// Where the text of this row belongs.
    pub(super) fn place(&self) -> Place<'_> {
        Place { label: self.info.label.as_str(), version: self.info.version, hosts: &self.info.hosts }
    }

    pub(super) fn to_document(&self) -> Document {
        let info = &self.info;
        let mut document = doc! {
            "_id": info.label.as_str(),
            "version": info.version,
            "created_at": date(info.created_at),
            "created_by": &info.created_by,
            "updated_at": date(info.updated_at),
            "updated_by": &info.updated_by,
        };
        document.extend(sealed_into(&self.sealed));
        if let Some(description) = &info.description {
            document.insert("description", description);
        }
        if !info.hosts.is_empty() {
            document.insert("hosts", info.hosts.clone());
        }
        document
    }

    /// Reads a row.
    ///
    /// # Errors
    /// [`Error::Corrupted`], naming the field.
    pub(super) fn read(document: &Document) -> Result<Self> {
        let fields = Fields::of(COLLECTION, document);
        let label: SecretLabel = fields.str("_id")?.parse().map_err(|_| fields.damaged("_id", "a label"))?;
        let sealed = sealed_of(document)?;
        Ok(Self {
            info: SecretInfo {
                label,
                description: fields.optional_text("description")?,
                hosts: fields.texts("hosts")?,
                version: fields.whole("version")?.ok_or_else(|| fields.damaged("version", "a whole number"))?,
                key: sealed.key.clone(),
                created_at: fields.date("created_at")?,
                created_by: fields.text("created_by")?,
                updated_at: fields.date("updated_at")?,
                updated_by: fields.text("updated_by")?,
            },
            sealed,
        })
    }
}

/// The sealed part of a row.
pub(super) fn sealed_into(sealed: &Sealed) -> Document {
    doc! { "nonce": binary(&sealed.nonce), "ciphertext": binary(&sealed.ciphertext), "key": &sealed.key }
}

pub(super) fn binary(bytes: &[u8]) -> Bson {
    Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() })
}

/// The sealed part of any row, the self-test's included.
///
/// # Errors
/// [`Error::Corrupted`], naming the field.
pub(super) fn sealed_of(document: &Document) -> Result<Sealed> {
    let fields = Fields::of(COLLECTION, document);
    let bytes = |field: &str| match fields.get(field) {
        Some(Bson::Binary(binary)) => Ok::<_, Error>(binary.bytes.as_slice()),
        _ => Err(fields.damaged(field, "bytes")),
    };
    Ok(Sealed {
        nonce: bytes("nonce")?.try_into().map_err(|_| fields.damaged("nonce", "24 bytes"))?,
        ciphertext: bytes("ciphertext")?.to_vec(),
        key: fields.text("key")?,
    })
}
