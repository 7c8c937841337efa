//! Where the data of one run stands.

use sandglass_sdk::documents::{self, Collection, collections};
use sandglass_sdk::{Failure, log};
use serde_json::{Value, json};

use crate::parameters::Parameters;
use crate::query::{self, explained};
use crate::time::Period;

/// Collections that hold events in the customer's system, in the order in which they are looked for.
const EVENTS: [&str; 2] = ["events", "user_activity"];

/// Events, and users where there are any.
#[derive(Debug)]
pub struct Source {
    pub name: String,
    pub events: Collection,
    pub date_field: String,
    pub user_field: String,
    pub event_field: String,
    pub users: Option<Users>,
}

/// The collection of users.
#[derive(Debug)]
pub struct Users {
    pub name: String,
    pub collection: Collection,
    pub id_field: String,
    pub date_field: String,
    pub name_field: String,
}

/// The name that opens a collection: `events`, or `crm/events` of another connection.
pub fn full_name(connection: &str, collection: &str) -> String {
    if connection == "default" { collection.to_owned() } else { format!("{connection}/{collection}") }
}

/// Opens a collection of the job's connection.
///
/// # Errors
/// `denied` without a grant.
pub fn open(parameters: &Parameters, collection: &str) -> Result<Collection, Failure> {
    let name = full_name(&parameters.connection, collection);
    Collection::open(&name).map_err(|error| Failure::from(error).during(&format!("opening {name}")))
}

/// A note for a report that read nothing because its collection is not there.
pub fn missing(parameters: &Parameters, collection: &str) -> Option<String> {
    let warning = documents::missing(&full_name(&parameters.connection, collection))?;
    Some(format!("Nothing was read: {warning}"))
}

/// The collections that can be reached, with count and size.
///
/// # Errors
/// Those of the database.
pub fn reachable(parameters: &Parameters) -> Result<Vec<Value>, Failure> {
    let mut all = collections(&parameters.connection).map_err(explained)?;
    all.sort_by(|one, other| name_of(one).cmp(name_of(other)));
    Ok(all)
}

/// The name in an entry of [`reachable`].
pub fn name_of(entry: &Value) -> &str {
    entry.get("name").and_then(Value::as_str).unwrap_or_default()
}

impl Source {
    /// Finds and opens what the job names.
    ///
    /// # Errors
    /// Those of the database.
    pub fn open(parameters: &Parameters) -> Result<Self, Failure> {
        let source = &parameters.source;
        let there = reachable(parameters)?;
        let is_there = |name: &str| there.iter().any(|entry| name_of(entry) == name);
        let name = match &source.collection {
            Some(name) => name.as_str(),
            None => EVENTS.into_iter().find(|name| is_there(name)).unwrap_or("events"),
        };
        let users = if is_there(&source.users_collection) {
            Some(Users {
                name: source.users_collection.clone(),
                collection: open(parameters, &source.users_collection)?,
                id_field: source.users_id_field.clone(),
                date_field: source.users_date_field.clone(),
                name_field: source.users_name_field.clone(),
            })
        } else {
            None
        };
        let who = users.as_ref().map_or("nobody: the first event decides who is new", |users| users.name.as_str());
        log::debug("found the data", &[("events", &name), ("users", &who)]);
        Ok(Self {
            name: name.to_owned(),
            events: open(parameters, name)?,
            date_field: source.date_field.clone().unwrap_or_else(|| "timestamp".to_owned()),
            user_field: source.user_field.clone(),
            event_field: source.event_field.clone(),
            users,
        })
    }

    /// The stage that keeps the events of a period.
    pub fn events_of(&self, period: &Period) -> Value {
        json!({ "$match": query::within(&self.date_field, period) })
    }

    /// The stage that keeps the events of a period of which the user is known.
    pub fn users_events_of(&self, period: &Period) -> Value {
        json!({ "$match": { "$and": [query::within(&self.date_field, period), { &self.user_field: { "$ne": null } }] } })
    }

    /// The expression for the user; null where there is none.
    pub fn user(&self) -> Value {
        json!({ "$ifNull": [format!("${}", self.user_field), null] })
    }

    /// How many users had an event.
    ///
    /// # Errors
    /// Those of the database.
    pub fn active_users(&self, period: &Period) -> Result<f64, Failure> {
        let pipeline = json!([self.users_events_of(period), {"$group": {"_id": self.user()}}, {"$count": "users"}]);
        Ok(query::count(&query::row(&self.events, &pipeline)?, "users"))
    }
}

impl Users {
    /// The names of some users, by their ids as text.
    ///
    /// # Errors
    /// Those of the database.
    pub fn names(&self, ids: &[Value]) -> Result<std::collections::BTreeMap<String, String>, Failure> {
        let pipeline = json!([
            {"$match": {&self.id_field: {"$in": ids}}},
            {"$project": {"_id": 0, "id": format!("${}", self.id_field), "name": format!("${}", self.name_field)}},
            {"$limit": 1000},
        ]);
        let rows = query::rows(&self.collection, &pipeline)?;
        let named = rows.iter().filter_map(|row| Some((row.get("id")?.to_string(), query::plain(row.get("name")?)?)));
        Ok(named.collect())
    }
}
