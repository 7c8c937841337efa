//! `sandglass_users`: accounts by name.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sandglass_database::bson::{Document, doc};
use sandglass_database::{Change, Database, Delete, Find, Result, Update, collect};

use super::{inserted, proof, read_proof};
use crate::model::user::Invitation;
use crate::model::{User, UserName};
use crate::repository::document::{Fields, date, readable};

const COLLECTION: &str = "sandglass_users";

#[derive(Clone)]
pub struct Users {
    database: Arc<dyn Database>,
}

impl Users {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// All that can be read, by name.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn all(&self) -> Result<Vec<User>> {
        let rows = collect(self.database.find(COLLECTION, Find::default().sorted(doc! { "_id": 1 })).await?).await?;
        Ok(readable(&rows, read))
    }

    /// # Errors
    /// Those of the database; `DuplicateKey` when the name is taken.
    pub async fn insert(&self, user: &User) -> Result<()> {
        inserted(self.database.insert(COLLECTION, vec![write(user)]).await?)
    }

    /// Puts the account in the place of the one with its name; false when there is none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn replace(&self, user: &User) -> Result<bool> {
        let mut update = Update::one(doc! { "_id": user.name.as_str() }, doc! {});
        update.change = Change::Replacement(write(user));
        Ok(self.database.update(COLLECTION, update).await?.matched == 1)
    }

    /// # Errors
    /// Those of the database.
    pub async fn signed_in(&self, name: &UserName, at: DateTime<Utc>) -> Result<()> {
        let update = Update::one(doc! { "_id": name.as_str() }, doc! { "$set": { "signed_in_at": date(at) } });
        self.database.update(COLLECTION, update).await.map(|_| ())
    }

    /// # Errors
    /// Those of the database.
    pub async fn delete(&self, name: &UserName) -> Result<()> {
        let delete = Delete { filter: doc! { "_id": name.as_str() }, limit: Some(1) };
        self.database.delete(COLLECTION, delete).await.map(|_| ())
    }
}

fn write(user: &User) -> Document {
    let mut document = doc! {
        "_id": user.name.as_str(),
        "role": user.role.as_str(),
        "disabled": user.is_disabled,
        "epoch": user.epoch,
        "created_at": date(user.created_at),
        "created_by": &user.created_by,
        "changed_at": date(user.changed_at),
        "changed_by": &user.changed_by,
    };
    if let Some(password) = &user.password {
        document.insert("password", password);
    }
    if let Some(Invitation { proof: of, ends_at }) = &user.invitation {
        document.insert("invitation", doc! { "proof": proof(of), "ends_at": date(*ends_at) });
    }
    if let Some(at) = user.signed_in_at {
        document.insert("signed_in_at", date(at));
    }
    document
}

fn read(document: &Document) -> Result<User> {
    let fields = Fields::of(COLLECTION, document);
    Ok(User {
        name: fields.str("_id")?.parse().map_err(|_| fields.damaged("_id", "a name"))?,
        role: fields.str("role")?.parse().map_err(|_| fields.damaged("role", "a role"))?,
        password: fields.optional_text("password")?,
        invitation: fields.document("invitation")?.map(|invitation| read_invitation(&invitation)).transpose()?,
        // An account whose state is not known lets nobody in.
        is_disabled: fields.boolean("disabled")?.unwrap_or(true),
        epoch: fields.whole("epoch")?.ok_or_else(|| fields.damaged("epoch", "a whole number"))?,
        created_at: fields.date("created_at")?,
        created_by: fields.text("created_by")?,
        changed_at: fields.date("changed_at")?,
        changed_by: fields.text("changed_by")?,
        signed_in_at: fields.optional_date("signed_in_at")?,
    })
}

fn read_invitation(fields: &Fields<'_>) -> Result<Invitation> {
    Ok(Invitation { proof: read_proof(fields)?, ends_at: fields.date("ends_at")? })
}
