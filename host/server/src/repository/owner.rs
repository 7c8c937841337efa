//! Which server has the store to itself, where the engine has no lock of its own: one document, taken by
//! compare-and-set and renewed, judged by the store's clock.

use std::sync::Arc;

use bson::{Document, doc};
use chrono::{DateTime, Duration, Utc};
use sandglass_database::{Change, Database, Error, Find, FindAndUpdate, Result, Return, Update, collect};

use super::document::date;
use crate::model::Incarnation;

/// Name of the collection.
pub const COLLECTION: &str = "sandglass_owner";
const ID: &str = "store";

/// Somebody has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Holder {
    pub host: Incarnation,
    pub name: String,
    /// The process, in words that the same machine can check.
    pub process: String,
    pub renewed_at: DateTime<Utc>,
}

/// Takes, renews and gives back. Cheap to clone.
#[derive(Clone)]
pub struct Owner {
    database: Arc<dyn Database>,
    host: Incarnation,
    name: String,
    process: String,
}

impl Owner {
    /// For this incarnation, on the machine of this name, as this process.
    pub fn new(database: Arc<dyn Database>, host: Incarnation, name: String, process: String) -> Self {
        Self { database, host, name, process }
    }

    /// Takes the store if nobody has had it for `lease`, or if `dead` has it, whom the caller knows to be dead.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn take(&self, lease: Duration, dead: Option<&Holder>) -> Result<std::result::Result<(), Holder>> {
        let lapsed = self.database.server_time().await? - lease;
        let mut free = vec![
            doc! { "host": &self.host.0 },
            doc! { "host": { "$exists": false } },
            doc! { "renewed_at": { "$lt": date(lapsed) } },
        ];
        free.extend(dead.map(|dead| doc! { "host": &dead.host.0, "renewed_at": date(dead.renewed_at) }));
        let command = FindAndUpdate {
            filter: doc! { "_id": ID, "$or": free },
            change: Some(Change::Operators(doc! {
                "$set": { "host": &self.host.0, "name": &self.name, "process": &self.process },
                "$currentDate": { "renewed_at": true },
            })),
            sort: None,
            projection: None,
            upsert: true,
            array_filters: Vec::new(),
            give_back: Return::After,
        };
        match self.database.find_one_and_update(COLLECTION, command).await {
            Ok(_) => Ok(Ok(())),
            // It is there, and none of the reasons to take it holds.
            Err(Error::DuplicateKey { .. }) => match self.holder().await? {
                Some(holder) => Ok(Err(holder)),
                None => Err(Error::Unavailable { message: "who has the store changed while it was asked for".into() }),
            },
            Err(error) => Err(error),
        }
    }

    /// Renews; false if another has it.
    ///
    /// # Errors
    /// Those of the database; whether it was renewed is not known then.
    pub async fn renew(&self) -> Result<bool> {
        self.change(doc! { "$currentDate": { "renewed_at": true } }).await
    }

    /// Gives it back, so that the next one need not wait.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn give_back(&self) -> Result<()> {
        self.change(doc! { "$unset": { "host": "", "process": "" } }).await.map(|_| ())
    }

    async fn change(&self, operators: Document) -> Result<bool> {
        let update = Update::one(doc! { "_id": ID, "host": &self.host.0 }, operators);
        Ok(self.database.update(COLLECTION, update).await?.matched > 0)
    }

    async fn holder(&self) -> Result<Option<Holder>> {
        let found = collect(self.database.find(COLLECTION, Find::by(doc! { "_id": ID })).await?).await?;
        Ok(found.first().and_then(|document| {
            let text = |field: &str| document.get_str(field).unwrap_or_default().to_owned();
            Some(Holder {
                host: Incarnation(document.get_str("host").ok()?.to_owned()),
                name: text("name"),
                process: text("process"),
                renewed_at: document.get_datetime("renewed_at").ok()?.to_chrono(),
            })
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandglass_database::memory::Memory;

    fn owner(database: &Arc<dyn Database>, name: &str) -> Owner {
        Owner::new(database.clone(), Incarnation(name.into()), format!("{name}-host"), String::new())
    }

    #[tokio::test]
    async fn only_one_has_the_store_until_its_lease_lapses() {
        let now = Arc::new(parking_lot::Mutex::new(DateTime::from_timestamp(1_700_000_000, 0).unwrap()));
        let clock = Arc::clone(&now);
        let database: Arc<dyn Database> = Arc::new(Memory::with_clock(move || *clock.lock()));
        let (one, other) = (owner(&database, "one"), owner(&database, "other"));
        let lease = Duration::seconds(15);
        assert_eq!(one.take(lease, None).await.unwrap(), Ok(()));
        assert_eq!(one.take(lease, None).await.unwrap(), Ok(()), "what one has can be taken again");
        let holder = other.take(lease, None).await.unwrap().unwrap_err();
        assert_eq!((holder.host.0.as_str(), holder.name.as_str()), ("one", "one-host"));
        assert!(!other.renew().await.unwrap());
        *now.lock() += Duration::seconds(10);
        assert!(one.renew().await.unwrap());
        *now.lock() += Duration::seconds(10);
        assert!(other.take(lease, None).await.unwrap().is_err(), "it was renewed");
        *now.lock() += Duration::seconds(6);
        assert_eq!(other.take(lease, None).await.unwrap(), Ok(()));
        assert!(!one.renew().await.unwrap(), "the former one learns that it has it no more");
    }

    #[tokio::test]
    async fn what_was_given_back_or_held_by_the_dead_is_free_at_once() {
        let database: Arc<dyn Database> = Arc::new(Memory::new());
        let lease = Duration::seconds(15);
        let (one, other, third) = (owner(&database, "one"), owner(&database, "other"), owner(&database, "third"));
        assert_eq!(one.take(lease, None).await.unwrap(), Ok(()));
        one.give_back().await.unwrap();
        assert_eq!(other.take(lease, None).await.unwrap(), Ok(()));
        let holder = third.take(lease, None).await.unwrap().unwrap_err();
        assert_eq!(third.take(lease, Some(&holder)).await.unwrap(), Ok(()));
        assert!(other.take(lease, Some(&holder)).await.unwrap().is_err(), "a look that is stale takes nothing");
    }
}
