//! The record of admitted components, in `sandglass_templates`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sandglass_database::bson::{DateTime as BsonDate, doc};
use sandglass_database::{Database, Error, Find, Result};
use serde_json::json;

use crate::model::Digest;
use crate::model::template::Template;

const TEMPLATES: &str = "sandglass_templates";

/// Metadata and schema are kept as JSON text: their keys may begin with `$`.
#[derive(Clone)]
pub struct TemplateStore {
    database: Arc<dyn Database>,
}

impl TemplateStore {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    /// Keeps the template if its digest is new, and says since when it has been known.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn record(&self, template: &Template) -> Result<DateTime<Utc>> {
        let metadata = &template.metadata;
        let document = doc! {
            "_id": template.digest.0.as_str(),
            "type": metadata.name.as_str(),
            "version": metadata.version.as_str(),
            "category": metadata.category.as_str(),
            "metadata": json!(metadata).to_string(),
            "schema": template.schema.to_string(),
            "imports": template.imports.clone(),
            "size_bytes": i64::try_from(template.size_bytes).unwrap_or(i64::MAX),
            "built_in": template.built_in,
            "admitted_at": BsonDate::from_millis(template.admitted_at.timestamp_millis()),
        };
        let report = self.database.insert(TEMPLATES, vec![document]).await?;
        match report.failed.into_iter().next() {
            None => Ok(template.admitted_at),
            Some((_, Error::DuplicateKey { .. })) => self.known_since(template).await,
            Some((_, error)) => Err(error),
        }
    }

    /// The built-in template of this type that was admitted last, `other_than` left out.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn latest_built_in(&self, template_type: &str, other_than: &Digest) -> Result<Option<Digest>> {
        let filter = doc! { "type": template_type, "built_in": true, "_id": { "$ne": other_than.0.as_str() } };
        let find = Find::by(filter).sorted(doc! { "admitted_at": -1 }).projected(doc! { "_id": 1 }).limited(1);
        let found = self.database.find(TEMPLATES, find).await?.next(1).await?;
        Ok(found.first().and_then(|document| document.get_str("_id").ok()).map(|digest| Digest(digest.to_owned())))
    }

    async fn known_since(&self, template: &Template) -> Result<DateTime<Utc>> {
        let find = Find::by(doc! { "_id": template.digest.0.as_str() }).limited(1);
        let stored = self.database.find(TEMPLATES, find).await?.next(1).await?;
        let since = stored.first().and_then(|document| document.get_datetime("admitted_at").ok());
        Ok(since.and_then(|at| DateTime::from_timestamp_millis(at.timestamp_millis())).unwrap_or(template.admitted_at))
    }
}
