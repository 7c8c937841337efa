//! What an operator lets each digest have, in `sandglass_grants`.

use std::sync::Arc;

use sandglass_database::bson::doc;
use sandglass_database::{Database, Error, Find, Result};
use serde_json::json;

use crate::model::grant::Grant;

const GRANTS: &str = "sandglass_grants";

/// Rights are kept as JSON text, exactly as they were given.
#[derive(Clone)]
pub struct GrantStore {
    database: Arc<dyn Database>,
}

impl GrantStore {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// The stored grant of this digest; if there is none, this one is stored.
    ///
    /// # Errors
    /// Those of the database, and [`Error::Corrupted`] if the stored grant cannot be read: a grant is never guessed.
    pub async fn ensure(&self, grant: &Grant) -> Result<Grant> {
        let document = doc! {
            "_id": grant.digest.0.as_str(),
            "template_type": grant.template_type.as_str(),
            "grant": json!(grant).to_string(),
        };
        let report = self.database.insert(GRANTS, vec![document]).await?;
        match report.failed.into_iter().next() {
            None => Ok(grant.clone()),
            Some((_, Error::DuplicateKey { .. })) => self.stored(grant).await,
            Some((_, error)) => Err(error),
        }
    }

    async fn stored(&self, grant: &Grant) -> Result<Grant> {
        let find = Find::by(doc! { "_id": grant.digest.0.as_str() }).limited(1);
        let found = self.database.find(GRANTS, find).await?.next(1).await?;
        found
            .first()
            .and_then(|document| document.get_str("grant").ok())
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| Error::Corrupted { message: format!("the grant of {} cannot be read", grant.digest) })
    }
}
