//! The grant of a digest that is new here: what an operator had set for the one before goes on to hold.
//!
//! A built-in template changes its digest with every release, and the old bytes are gone then. If the grant before was
//! the untouched default, the new digest gets today's default; a grant that somebody changed is inherited as it is, so
//! that an upgrade never widens it. What the new digest asks for beyond it is denied until it is granted.

use sandglass_database::Result;
use tracing::info;

use super::{Templates, grant};
use crate::model::grant::Grant;
use crate::model::template::Template;
use crate::repository::StoredGrant;

/// How many rights the default had before it was stored which grants are one.
const FORMER_DEFAULT: usize = 3;

impl Templates {
    /// # Errors
    /// Those of the store; a grant that cannot be read is never guessed.
    pub(super) async fn granted(&self, template: &Template) -> Result<Grant> {
        let (digest, template_type) = (&template.digest, template.metadata.name.as_str());
        if let Some(stored) = self.grants.get(digest).await? {
            return Ok(stored.grant);
        }
        let default = grant::built_in(template_type, digest);
        let before = match self.templates.latest_built_in(template_type, digest).await? {
            Some(before) => self.grants.get(&before).await?,
            None => None,
        };
        let Some(before) = before.filter(|before| !is_untouched(before, &default)) else {
            return self.grants.ensure_default(&default).await;
        };
        let inherited = Grant { digest: digest.clone(), ..before.grant };
        info!(template = template_type, %digest, "the grant of the digest before was changed, and is inherited");
        self.grants.ensure(&inherited).await
    }
}

fn is_untouched(before: &StoredGrant, default: &Grant) -> bool {
    let former = |grant: &Grant| {
        grant.limits == default.limits
            && (grant.rights == default.rights || Some(grant.rights.as_slice()) == default.rights.get(..FORMER_DEFAULT))
    };
    match before.is_default {
        Some(is_default) => is_default,
        None => former(&before.grant),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;
    use sandglass_database::bson::doc;
    use sandglass_database::memory::Memory;
    use sandglass_database::{Database, Update};
    use serde_json::json;

    use super::{FORMER_DEFAULT, Grant, Templates, grant};
    use crate::model::grant::{Limits, Right};
    use crate::model::template::{Build, Metadata, OnLost, Problem};
    use crate::model::{Digest, SystemClock};
    use crate::registry::templates::{AdmitError, Components, Described};

    const TYPE: &str = "database_cleanup";

    /// The bytes are the version.
    struct Releases;

    #[async_trait]
    impl Components for Releases {
        async fn admit(&self, bytes: &[u8]) -> Result<Described, AdmitError> {
            let metadata = Metadata {
                name: TYPE.into(),
                version: String::from_utf8_lossy(bytes).into_owned(),
                title: "Cleanup".into(),
                description: String::new(),
                icon: String::new(),
                category: "Database".into(),
                tags: Vec::new(),
                needs: Vec::new(),
                on_lost: OnLost::Retry,
                dry_run: None,
                extra: None,
            };
            let schema = json!({ "type": "object" });
            let (digest, size_bytes) = (Digest::of(bytes), bytes.len() as u64);
            Ok(Described { digest, metadata, schema, imports: Vec::new(), has_wasi: false, size_bytes })
        }

        async fn admit_foreign(&self, bytes: &[u8]) -> Result<Described, AdmitError> {
            self.admit(bytes).await
        }

        fn forget(&self, _: &Digest) {}

        async fn validate(&self, _: &Digest, _: &str) -> Result<Vec<Problem>, AdmitError> {
            Ok(Vec::new())
        }

        fn is_loaded(&self, _: &Digest) -> bool {
            true
        }

        fn build(&self, _: &Digest) -> Option<Build> {
            None
        }
    }

    /// A start of the release `version` on this store; what the template may reach.
    async fn start(database: &Arc<dyn Database>, version: &[u8]) -> Grant {
        let templates = Templates::new(Arc::new(Releases), database.clone(), Arc::new(SystemClock));
        templates.admit_built_in(&[(TYPE, version)]).await.unwrap();
        (*templates.grant_for(TYPE, &Digest::of(version)).unwrap()).clone()
    }

    async fn write(database: &Arc<dyn Database>, version: &[u8], operators: sandglass_database::bson::Document) {
        let update = Update::one(doc! { "_id": Digest::of(version).0 }, operators);
        assert_eq!(database.update("sandglass_grants", update).await.unwrap().matched, 1);
    }

    fn narrow(version: &[u8]) -> Grant {
        let right =
            Right { capability: "documents".into(), target: "logs".into(), access: vec!["read".into()], extra: None };
        Grant {
            template_type: TYPE.into(),
            digest: Digest::of(version),
            rights: vec![right],
            limits: Limits::default(),
        }
    }

    #[tokio::test]
    async fn a_narrowed_grant_survives_every_upgrade() {
        let database: Arc<dyn Database> = Arc::new(Memory::new());
        start(&database, b"1").await;
        write(&database, b"1", doc! { "$set": { "grant": json!(narrow(b"1")).to_string() } }).await;
        assert_eq!(start(&database, b"1").await, narrow(b"1"));
        assert_eq!(start(&database, b"2").await, narrow(b"2"));
        assert_eq!(start(&database, b"2").await, narrow(b"2"), "after a restart");
        assert_eq!(start(&database, b"3").await, narrow(b"3"), "inherited from one that was inherited");
    }

    #[tokio::test]
    async fn an_untouched_default_gives_way_to_the_new_one() {
        let database: Arc<dyn Database> = Arc::new(Memory::new());
        let default = |version: &[u8]| grant::built_in(TYPE, &Digest::of(version));
        assert_eq!(start(&database, b"1").await, default(b"1"));
        // As the first release wrote it: fewer rights, and nothing said about where they come from.
        let mut former = default(b"1");
        former.rights.truncate(FORMER_DEFAULT);
        let operators = doc! { "$set": { "grant": json!(former).to_string() }, "$unset": { "default": "" } };
        write(&database, b"1", operators).await;
        assert_eq!(start(&database, b"2").await, default(b"2"));
        assert_eq!(start(&database, b"3").await, default(b"3"));
    }

    #[tokio::test]
    async fn a_grant_that_was_taken_away_whole_stays_away() {
        let database: Arc<dyn Database> = Arc::new(Memory::new());
        start(&database, b"1").await;
        let nothing = Grant { rights: Vec::new(), ..narrow(b"1") };
        write(&database, b"1", doc! { "$set": { "grant": json!(nothing).to_string() } }).await;
        assert_eq!(start(&database, b"2").await.rights, Vec::new());
    }
}
