//! `--demo`: believable collections in an empty database, so that every template has something to work on.

use chrono::{DateTime, Duration, Utc};
use sandglass_database::bson::{Bson, Document, doc, oid::ObjectId};
use sandglass_database::{Database, Index, Result};

/// How far back the data reaches.
const DAYS: i64 = 120;
const USERS: u64 = 4_000;
const EVENTS: u64 = 40_000;
const LOGS: u64 = 30_000;
const ORDERS: u64 = 9_000;
const BATCH: usize = 1_000;

/// Fills `users`, `events`, `logs` and `orders`, unless one of them is there already. Gives the number of documents
/// made. The same `now` gives the same data.
pub(super) async fn fill(database: &dyn Database, now: DateTime<Utc>) -> Result<u64> {
    let there = database.collections().await?;
    if there.iter().any(|collection| ["users", "events", "logs", "orders"].contains(&collection.name.as_str())) {
        return Ok(0);
    }
    let mut random = Random(0x5eed);
    let mut made = 0;
    made += insert(database, "users", (0..USERS).map(|number| user(number, now, &mut random))).await?;
    made += insert(database, "events", (0..EVENTS).map(|number| event(number, now, &mut random))).await?;
    made += insert(database, "logs", (0..LOGS).map(|number| log(number, now, &mut random))).await?;
    made += insert(database, "orders", (0..ORDERS).map(|number| order(number, now, &mut random))).await?;
    for (collection, field) in
        [("users", "created_at"), ("events", "timestamp"), ("logs", "created_at"), ("orders", "placed_at")]
    {
        database.create_index(collection, Index::on(doc! {field: 1})).await?;
    }
    Ok(made)
}

async fn insert(
    database: &dyn Database,
    collection: &str,
    documents: impl Iterator<Item = Document> + Send,
) -> Result<u64> {
    let mut made = 0;
    let mut batch = Vec::with_capacity(BATCH);
    for document in documents {
        batch.push(document);
        if batch.len() == BATCH {
            made += database.insert(collection, std::mem::take(&mut batch)).await?.inserted;
        }
    }
    made += database.insert(collection, batch).await?.inserted;
    Ok(made)
}

fn user(number: u64, now: DateTime<Utc>, random: &mut Random) -> Document {
    let first = random
        .pick(&["Ada", "Béla", "Chen", "Dalia", "Emeka", "Freya", "Goran", "Hana", "Imani", "José", "Kaja", "Liam"]);
    let last =
        random.pick(&["Abara", "Brandt", "Costa", "Dvořák", "Eriksen", "Fofana", "Greco", "Haddad", "Ito", "Jansen"]);
    let created = random.instant(now);
    let seen = created + Duration::seconds(random.below(u64::try_from((now - created).num_seconds()).unwrap_or(1)));
    doc! {
        "_id": id(1, number),
        "name": format!("{first} {last}"),
        "email": format!("user{number}@example.com"),
        "plan": random.pick(&["free", "free", "free", "team", "business"]),
        "country": random.pick(&["DE", "FR", "NG", "BR", "JP", "US", "CZ", "NO"]),
        "active": random.below(10) > 1,
        "created_at": created,
        "last_login": seen,
    }
}

fn event(number: u64, now: DateTime<Utc>, random: &mut Random) -> Document {
    let kind =
        random.pick(&["page_view", "page_view", "page_view", "search", "login", "download", "share", "purchase"]);
    doc! {
        "_id": id(2, number),
        "user_id": id(1, random.below(USERS).unsigned_abs()),
        "event": kind,
        "session": format!("s{}", random.below(12_000)),
        "duration_ms": random.below(20_000),
        "timestamp": random.instant(now),
    }
}

fn log(number: u64, now: DateTime<Utc>, random: &mut Random) -> Document {
    let level = random.pick(&["DEBUG", "DEBUG", "INFO", "INFO", "INFO", "INFO", "WARNING", "ERROR"]);
    let source = random.pick(&["api", "worker", "mailer", "importer", "web"]);
    doc! {
        "_id": id(3, number),
        "level": level,
        "source": source,
        "message": format!("{source} {} in {} ms", random.pick(&["handled a request", "finished a batch", "opened a connection"]), random.below(900)),
        "created_at": random.instant(now),
    }
}

fn order(number: u64, now: DateTime<Utc>, random: &mut Random) -> Document {
    let items: Vec<Bson> = (0..=random.below(4))
        .map(|_| {
            Bson::Document(doc! {
                "sku": random.pick(&["SG-001", "SG-002", "SG-010", "SG-107", "SG-230"]),
                "quantity": 1 + random.below(5),
                "price_cents": 500 + random.below(9_500),
            })
        })
        .collect();
    doc! {
        "_id": id(4, number),
        "user_id": id(1, random.below(USERS).unsigned_abs()),
        "status": random.pick(&["paid", "paid", "paid", "shipped", "shipped", "cancelled", "draft"]),
        "items": items,
        "placed_at": random.instant(now),
    }
}

/// Ids that say what they belong to, so that documents refer to each other.
fn id(kind: u8, number: u64) -> ObjectId {
    let mut bytes = [0u8; 12];
    for (to, from) in bytes.iter_mut().zip([0x5a, kind, 0, 0].into_iter().chain(number.to_be_bytes())) {
        *to = from;
    }
    ObjectId::from_bytes(bytes)
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> i64 {
        i64::try_from(self.next() % bound.max(1)).unwrap_or(0)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let place = usize::try_from(self.below(from.len() as u64)).unwrap_or(0);
        from.get(place).copied().unwrap_or_default()
    }

    /// Within the last days; recent ones are more frequent.
    fn instant(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        let span = u64::try_from(DAYS * 86_400_000).unwrap_or(0);
        let age = self.below(span).min(self.below(span));
        now - Duration::milliseconds(age)
    }
}
