//! The record of admitted components, in `sandglass_templates`.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sandglass_database::bson::{DateTime as BsonDate, Document, doc};
use sandglass_database::{Database, Error, Find, Result, Update, collect};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::document::Fields;
use crate::model::Digest;
use crate::model::template::{Source, Stand, Standing, Template};

const TEMPLATES: &str = "sandglass_templates";

/// A component that did not come with the binary, as it is on record.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredTemplate {
    pub template: Template,
    pub stand: Stand,
}

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

    /// Notes how a digest stands from now on.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn stand(&self, digest: &Digest, stand: &Stand) -> Result<()> {
        let set = doc! {
            "state": word(stand.standing),
            "state_at": BsonDate::from_millis(stand.since.timestamp_millis()),
            "state_by": stand.by.as_str(),
            "state_reason": stand.reason.as_deref().unwrap_or_default(),
            "source": json!(stand.source).to_string(),
        };
        let update = Update::one(doc! { "_id": digest.0.as_str() }, doc! { "$set": set });
        self.database.update(TEMPLATES, update).await.map(drop)
    }

    /// Components that were replaced, taken away or declined.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn gone(&self) -> Result<BTreeSet<Digest>> {
        let gone = [Standing::Replaced, Standing::Retired, Standing::Declined].map(word);
        let gone = self.database.distinct(TEMPLATES, "_id", doc! { "state": { "$in": gone.to_vec() } }).await?;
        Ok(gone.into_iter().filter_map(|id| id.as_str().map(|text| Digest(text.to_owned()))).collect())
    }

    /// Every component that did not come with the binary. One that cannot be read is left out, and said.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn dropped_in(&self) -> Result<Vec<StoredTemplate>> {
        let find = Find::by(doc! { "built_in": false }).sorted(doc! { "state_at": 1 });
        let documents = collect(self.database.find(TEMPLATES, find).await?).await?;
        let read = |document: &Document| {
            from_document(document).inspect_err(|error| tracing::error!(%error, "a template on record is left out"))
        };
        Ok(documents.iter().filter_map(|document| read(document).ok()).collect())
    }

    async fn known_since(&self, template: &Template) -> Result<DateTime<Utc>> {
        let find = Find::by(doc! { "_id": template.digest.0.as_str() }).limited(1);
        let stored = self.database.find(TEMPLATES, find).await?.next(1).await?;
        let since = stored.first().and_then(|document| document.get_datetime("admitted_at").ok());
        Ok(since.and_then(|at| DateTime::from_timestamp_millis(at.timestamp_millis())).unwrap_or(template.admitted_at))
    }
}

fn word(standing: Standing) -> String {
    json!(standing).as_str().unwrap_or_default().to_owned()
}

fn from_document(document: &Document) -> Result<StoredTemplate> {
    let fields = Fields::of(TEMPLATES, document);
    let template = Template {
        digest: Digest(fields.str("_id")?.to_owned()),
        metadata: parsed(&fields, "metadata")?,
        schema: parsed(&fields, "schema")?,
        imports: fields.texts("imports")?,
        size_bytes: fields.unsigned("size_bytes")?.unwrap_or_default(),
        built_in: false,
        admitted_at: fields.date("admitted_at")?,
    };
    let reason = fields.optional_text("state_reason")?.filter(|reason| !reason.is_empty());
    let standing = fields.word("state", |word| serde_json::from_value::<Standing>(json!(word)).ok())?;
    let stand = Stand {
        // Stored, but the word about its standing did not come through any more: nobody runs it unasked.
        standing: standing.unwrap_or(Standing::Retired),
        since: fields.optional_date("state_at")?.unwrap_or(template.admitted_at),
        by: fields.text("state_by")?,
        source: fields.optional_str("source")?.map_or(Ok(Source::Upload), |_| parsed(&fields, "source"))?,
        reason,
    };
    Ok(StoredTemplate { template, stand })
}

/// A field that holds JSON text.
fn parsed<T: DeserializeOwned>(fields: &Fields<'_>, field: &str) -> Result<T> {
    serde_json::from_str(fields.str(field)?).map_err(|_| fields.damaged(field, "JSON text of the right kind"))
}
