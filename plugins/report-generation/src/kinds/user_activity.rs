//! Who used it: active, new and returning users, events per user, top users.

use std::collections::BTreeMap;

use sandglass_sdk::Failure;
use sandglass_sdk::chrono::DateTime;
use serde_json::{Value, json};

use super::Found;
use crate::parameters::Parameters;
use crate::query::{self, Steps, count};
use crate::report::{Cell, Chart, Figure, Section, Table, Unit};
use crate::source::{Source, Users, missing};
use crate::time::{MOST_GROUPS, Period};

pub fn run(parameters: &Parameters, period: &Period, steps: &mut Steps) -> Result<Found, Failure> {
    let source = Source::open(parameters)?;
    let mut found = Found::default();
    steps.begin("counting events")?;
    let totals = totals(&source, period)?;
    let (events, users) = (count(&totals, "events"), count(&totals, "users"));
    found.looked_at = events as u64;
    if events == 0.0 && source.events.count(&json!({})).map_err(query::explained)? > 0 {
        found.notes.push(format!(
            "No event of this time was found, although {} holds documents: is “{}” the field with their date?",
            source.name, source.date_field
        ));
    }
    if events == 0.0 {
        found.notes.extend(missing(parameters, &source.name));
    }
    steps.begin("counting active users")?;
    let mut activity = Section::new("activity", "Activity")
        .figure(Figure::count("active_users", "Active users", users).up())
        .figure(Figure::count("events", "Events", events).up())
        .figure(
            Figure::new("events_per_user", "Events per user", Unit::Mean, ratio(count(&totals, "known"), users)).up(),
        )
        .figure(Figure::count("most_events", "Most events of one user", count(&totals, "most")));
    for (id, label, days) in [
        ("active_last_day", "Active on the last day", 1),
        ("active_last_7_days", "Active in the last 7 days", 7),
        ("active_last_30_days", "Active in the last 30 days", 30),
    ] {
        let users = source.active_users(&period.back_from_end(days))?;
        activity = activity.figure(Figure::count(id, label, users).up());
    }
    let anonymous = count(&totals, "anonymous");
    if anonymous > 0.0 {
        found.notes.push(format!("{anonymous} events name no user; they count as events only."));
    }
    steps.begin("telling new users from others")?;
    let arrivals = arrivals(&source, period, &mut found.notes)?;
    steps.begin("dividing the time")?;
    activity = activity.table(series(parameters, &source, period)?);
    steps.begin("finding the most active users")?;
    let top = top_users(parameters, &source, period)?;
    found.sections = vec![activity, arrivals, Section::new("top", "Top users").table(top)];
    Ok(found)
}

/// `value / by`; none where there is nothing to divide by.
pub fn ratio(value: f64, by: f64) -> Option<f64> {
    (by != 0.0).then(|| value / by)
}

fn totals(source: &Source, period: &Period) -> Result<Value, Failure> {
    let is_nobody = json!({ "$eq": ["$_id", null] });
    let pipeline = json!([
        source.events_of(period),
        {"$group": {"_id": source.user(), "n": {"$sum": 1}}},
        {"$group": {
            "_id": null,
            "events": {"$sum": "$n"},
            "users": {"$sum": {"$cond": [is_nobody, 0, 1]}},
            "anonymous": {"$sum": {"$cond": [is_nobody, "$n", 0]}},
            "known": {"$sum": {"$cond": [is_nobody, 0, "$n"]}},
            "most": {"$max": {"$cond": [is_nobody, 0, "$n"]}},
        }},
    ]);
    query::row(&source.events, &pipeline)
}

fn arrivals(source: &Source, period: &Period, notes: &mut Vec<String>) -> Result<Section, Failure> {
    let section = Section::new("arrivals", "New and returning users");
    let Some(users) = &source.users else {
        let row = by_first_event(source, period)?;
        return Ok(section
            .note("New are those whose first event ever lies within the time, returning are the others.")
            .figure(Figure::count("new_users", "New users", count(&row, "new")).up())
            .figure(Figure::count("returning_users", "Returning users", count(&row, "returning")).up()));
    };
    let row = by_sign_up(source, users, period)?;
    let (new, returning, unknown) = (count(&row, "new"), count(&row, "returning"), count(&row, "unknown"));
    if unknown > 0.0 {
        let hint = if new + returning == 0.0 {
            format!(" Does “{}” of an event hold what “{}” of a user does?", source.user_field, users.id_field)
        } else {
            String::new()
        };
        notes.push(format!(
            "{unknown} active users were not found in {} with a sign-up before the end of the time.{hint}",
            users.name
        ));
    }
    let filter = query::within(&users.date_field, period);
    let sign_ups = users.collection.count(&filter).map_err(query::explained)? as f64;
    Ok(section
        .note("New are active users who signed up within the time, returning are those who did before.")
        .figure(Figure::count("new_users", "New users", new).up())
        .figure(Figure::count("returning_users", "Returning users", returning).up())
        .figure(Figure::count("unknown_users", "Users without a sign-up", unknown))
        .figure(Figure::count("sign_ups", "Sign-ups, active or not", sign_ups).up()))
}

fn by_sign_up(source: &Source, users: &Users, period: &Period) -> Result<Value, Failure> {
    let (start, end) = (query::date(period.start), query::date(period.end));
    // In the order of types everything that is missing or no date stands before the first date, or after the last.
    let first = query::date(DateTime::from_timestamp_millis(-62_135_596_800_000).unwrap_or(DateTime::UNIX_EPOCH));
    let is_new = json!({ "$and": [{"$gte": ["$at", start]}, {"$lt": ["$at", end]}] });
    let is_known = json!({ "$and": [{"$gte": ["$at", first]}, {"$lt": ["$at", end]}] });
    let pipeline = json!([
        source.users_events_of(period),
        {"$group": {"_id": source.user()}},
        {"$lookup": {"from": users.name, "localField": "_id", "foreignField": users.id_field, "as": "u"}},
        {"$project": {"at": {"$arrayElemAt": [format!("$u.{}", users.date_field), 0]}}},
        {"$group": {
            "_id": null,
            "new": {"$sum": {"$cond": [is_new, 1, 0]}},
            "known": {"$sum": {"$cond": [is_known, 1, 0]}},
            "all": {"$sum": 1},
        }},
    ]);
    let row = query::row(&source.events, &pipeline)?;
    let (new, known, all) = (count(&row, "new"), count(&row, "known"), count(&row, "all"));
    Ok(json!({ "new": new, "returning": known - new, "unknown": all - known }))
}

fn by_first_event(source: &Source, period: &Period) -> Result<Value, Failure> {
    let field = &source.date_field;
    let until = json!({ field: { "$lt": query::date(period.end), "$not": { "$type": "array" } } });
    let start = query::date(period.start);
    let pipeline = json!([
        {"$match": {"$and": [until, {&source.user_field: {"$ne": null}}]}},
        {"$group": {
            "_id": source.user(),
            "first": {"$min": format!("${field}")},
            "last": {"$max": format!("${field}")},
        }},
        {"$match": {"last": {"$gte": start}}},
        {"$group": {
            "_id": null,
            "new": {"$sum": {"$cond": [{"$gte": ["$first", start]}, 1, 0]}},
            "returning": {"$sum": {"$cond": [{"$gte": ["$first", start]}, 0, 1]}},
        }},
    ]);
    query::row(&source.events, &pipeline)
}

/// Events, active users and sign-ups of each group of the period.
fn series(parameters: &Parameters, source: &Source, period: &Period) -> Result<Table, Failure> {
    let by = parameters.group_by;
    let groups = by.groups(period).ok_or_else(|| too_many(parameters))?;
    let group = by.expression(&source.date_field, period);
    let pipeline = json!([
        source.events_of(period),
        {"$group": {"_id": {"at": group, "user": source.user()}, "n": {"$sum": 1}}},
        {"$group": {
            "_id": "$_id.at",
            "events": {"$sum": "$n"},
            "users": {"$sum": {"$cond": [{"$eq": ["$_id.user", null]}, 0, 1]}},
        }},
    ]);
    let rows = by_name(query::rows(&source.events, &pipeline)?);
    let sign_ups = match &source.users {
        None => None,
        Some(users) => {
            let pipeline = json!([
                {"$match": query::within(&users.date_field, period)},
                {"$group": {"_id": by.expression(&users.date_field, period), "n": {"$sum": 1}}},
            ]);
            Some(by_name(query::rows(&users.collection, &pipeline)?))
        }
    };
    let title = format!("By {}", by.name());
    let mut columns = vec![
        (by.name(), "", Unit::Text),
        ("active_users", "Active users", Unit::Count),
        ("events", "Events", Unit::Count),
    ];
    if sign_ups.is_some() {
        columns.push(("sign_ups", "Sign-ups", Unit::Count));
    }
    let rows = groups.into_iter().map(|name| {
        let of = |rows: &BTreeMap<String, Value>, field| rows.get(&name).map_or(0.0, |row| count(row, field));
        let mut row = vec![Cell::text(&name), Cell::Number(of(&rows, "users")), Cell::Number(of(&rows, "events"))];
        row.extend(sign_ups.as_ref().map(|rows| Cell::Number(of(rows, "n"))));
        row
    });
    let drawn = (1..columns.len()).collect();
    let mut table =
        Table::new("series", &title, &columns).rows(rows.collect()).drawn(Chart::Series(drawn)).note(edges(period));
    if let Some(first) = table.columns.first_mut() {
        first.title = titled(by.name());
    }
    Ok(table)
}

/// A reader should not take the first and last groups for a fall.
pub fn edges(period: &Period) -> &'static str {
    if period.is_of_whole_days() {
        ""
    } else {
        "The time begins and ends within its first and last rows, which are therefore incomplete."
    }
}

/// Rows by the text that they are grouped by.
pub fn by_name(rows: Vec<Value>) -> BTreeMap<String, Value> {
    let named = rows.into_iter().filter_map(|row| Some((row.get("_id")?.as_str()?.to_owned(), row)));
    named.collect()
}

/// A word with a large first letter.
pub fn titled(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The failure for a time that has too many groups.
pub fn too_many(parameters: &Parameters) -> Failure {
    let by = parameters.group_by.name();
    Failure::permanent(format!(
        "group_by {by} makes more than {MOST_GROUPS} rows of this time: choose a larger one or a shorter time"
    ))
}

fn top_users(parameters: &Parameters, source: &Source, period: &Period) -> Result<Table, Failure> {
    let pipeline = json!([
        source.users_events_of(period),
        {"$group": {
            "_id": source.user(), "events": {"$sum": 1}, "last": {"$max": format!("${}", source.date_field)}
        }},
        {"$sort": {"events": -1, "_id": 1}},
        {"$limit": parameters.lines()},
    ]);
    let rows = query::rows(&source.events, &pipeline)?;
    let ids: Vec<Value> = rows.iter().filter_map(|row| row.get("_id").cloned()).collect();
    let names = match &source.users {
        Some(users) if !ids.is_empty() => users.names(&ids)?,
        _ => BTreeMap::new(),
    };
    let columns = [
        ("user", "User", Unit::Text),
        ("name", "Name", Unit::Text),
        ("events", "Events", Unit::Count),
        ("last", "Last event", Unit::Instant),
    ];
    let rows = rows.iter().map(|row| {
        let id = row.get("_id").cloned().unwrap_or_default();
        let name = names.get(&id.to_string()).map_or(Cell::Nothing, Cell::text);
        let last = row.get("last").and_then(query::instant).map_or(Cell::Nothing, |at| Cell::Text(period.local(at)));
        vec![Cell::Text(query::label(&id)), name, Cell::Number(count(row, "events")), last]
    });
    Ok(Table::new("top_users", "Most events", &columns).rows(rows.collect()).drawn(Chart::Bars(2)))
}
