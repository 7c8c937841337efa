//! How well it holds people: sessions, stickiness, retention, events, hours of the day.

use std::collections::BTreeMap;

use sandglass_sdk::Failure;
use serde_json::json;

use super::user_activity::{by_name, edges, ratio, titled, too_many};
use super::{Found, retention, sessions};
use crate::parameters::{GroupBy, Parameters};
use crate::query::{self, Steps, count, label};
use crate::report::{Cell, Chart, Figure, Section, Table, Unit};
use crate::source::{Source, missing};
use crate::time::Period;

pub fn run(parameters: &Parameters, period: &Period, steps: &mut Steps) -> Result<Found, Failure> {
    let source = Source::open(parameters)?;
    let mut found = Found::default();
    steps.begin("finding sessions")?;
    let sessions = sessions::of(&source, period)?;
    steps.begin("counting users")?;
    let users = source.active_users(period)?;
    found.looked_at = sessions.events;
    if sessions.events == 0 {
        found.notes.extend(missing(parameters, &source.name));
    }
    let sessions = sessions_section(&sessions, users);
    steps.begin("counting active days")?;
    let stickiness = stickiness(&source, period)?.table(active_series(parameters, &source, period)?);
    steps.begin("following users through the weeks")?;
    let retention = Section::new("retention", "Retention").table(retention::of(&source, period)?);
    steps.begin("counting by event")?;
    let by_event = by_event(parameters, &source, period)?;
    steps.begin("counting by hour of the day")?;
    let habits = Section::new("habits", "What, and when").table(by_event).table(by_hour_of_day(&source, period)?);
    found.sections = vec![sessions, stickiness, habits, retention];
    Ok(found)
}

fn sessions_section(sessions: &sessions::Sessions, users: f64) -> Section {
    let (count, events) = (sessions.count as f64, sessions.events as f64);
    Section::new("sessions", "Sessions")
        .note("A session is what one user does without half an hour of silence; it lasts from its first event to its last.")
        .figure(Figure::count("sessions", "Sessions", count).up())
        .figure(Figure::new("sessions_per_user", "Sessions per user", Unit::Mean, ratio(count, users)).up())
        .figure(Figure::new("events_per_session", "Events per session", Unit::Mean, ratio(events, count)).up())
        .figure(Figure::new("mean_session", "Mean length", Unit::Seconds, sessions.mean_seconds()).up())
        .figure(Figure::new("median_session", "Median length", Unit::Seconds, sessions.median_seconds()).up())
        .figure(Figure::new("longest_session", "Longest", Unit::Seconds, sessions.longest_seconds()))
        .figure(
            Figure::new("single_event_sessions", "With one event only", Unit::Share, ratio(sessions.single as f64, count))
                .down(),
        )
}

/// Daily over monthly active users, both over the 30 days before the end of the period.
fn stickiness(source: &Source, period: &Period) -> Result<Section, Failure> {
    let month = period.back_from_end(30);
    let monthly = source.active_users(&month)?;
    let days = GroupBy::Day.groups(&month).unwrap_or_default().len() as f64;
    let active_days = json!([
        source.users_events_of(&month),
        {"$group": {"_id": {"day": GroupBy::Day.expression(&source.date_field, &month), "user": source.user()}}},
        {"$count": "n"},
    ]);
    let daily = count(&query::row(&source.events, &active_days)?, "n") / days.max(1.0);
    Ok(Section::new("stickiness", "Stickiness")
        .note(
            "Daily and monthly active users of the 30 days before the end of the time: stickiness is the mean of the \
             first divided by the second.",
        )
        .figure(Figure::new("daily_active_users", "Daily active users, mean", Unit::Mean, Some(daily)).up())
        .figure(Figure::count("monthly_active_users", "Monthly active users", monthly).up())
        .figure(Figure::new("stickiness", "Stickiness", Unit::Share, ratio(daily, monthly)).up()))
}

fn active_series(parameters: &Parameters, source: &Source, period: &Period) -> Result<Table, Failure> {
    let by = parameters.group_by;
    let groups = by.groups(period).ok_or_else(|| too_many(parameters))?;
    let pipeline = json!([
        source.users_events_of(period),
        {"$group": {"_id": {"at": by.expression(&source.date_field, period), "user": source.user()}, "n": {"$sum": 1}}},
        {"$group": {"_id": "$_id.at", "users": {"$sum": 1}, "events": {"$sum": "$n"}}},
    ]);
    let rows = by_name(query::rows(&source.events, &pipeline)?);
    let first = titled(by.name());
    let columns = [
        (by.name(), first.as_str(), Unit::Text),
        ("active_users", "Active users", Unit::Count),
        ("events_per_user", "Events per user", Unit::Mean),
    ];
    let rows = groups.into_iter().map(|name| {
        let users = rows.get(&name).map_or(0.0, |row| count(row, "users"));
        let events = rows.get(&name).map_or(0.0, |row| count(row, "events"));
        vec![Cell::Text(name), Cell::Number(users), Cell::number(ratio(events, users))]
    });
    let title = format!("By {}", by.name());
    Ok(Table::new("series", &title, &columns).note(edges(period)).rows(rows.collect()).drawn(Chart::Series(vec![1])))
}

fn by_event(parameters: &Parameters, source: &Source, period: &Period) -> Result<Table, Failure> {
    let event = json!({ "$ifNull": [format!("${}", source.event_field), null] });
    let pipeline = json!([
        source.events_of(period),
        {"$group": {"_id": {"event": event, "user": source.user()}, "n": {"$sum": 1}}},
        {"$group": {
            "_id": "$_id.event",
            "events": {"$sum": "$n"},
            "users": {"$sum": {"$cond": [{"$eq": ["$_id.user", null]}, 0, 1]}},
        }},
        {"$sort": {"events": -1, "_id": 1}},
        {"$limit": parameters.lines()},
    ]);
    let rows = query::rows(&source.events, &pipeline)?;
    let columns = [("event", "Event", Unit::Text), ("events", "Events", Unit::Count), ("users", "Users", Unit::Count)];
    let rows = rows.iter().map(|row| {
        let event = row.get("_id").map_or_else(String::new, label);
        vec![Cell::Text(event), Cell::Number(count(row, "events")), Cell::Number(count(row, "users"))]
    });
    Ok(Table::new("by_event", "By event", &columns).rows(rows.collect()).drawn(Chart::Bars(1)))
}

fn by_hour_of_day(source: &Source, period: &Period) -> Result<Table, Failure> {
    let hour = json!({ "$hour": { "date": format!("${}", source.date_field), "timezone": period.zone.name() } });
    let pipeline = json!([source.events_of(period), {"$group": {"_id": hour, "n": {"$sum": 1}}}]);
    let rows = query::rows(&source.events, &pipeline)?;
    let hours: BTreeMap<i64, f64> =
        rows.iter().filter_map(|row| Some((query::number(row.get("_id")?)? as i64, count(row, "n")))).collect();
    let columns = [("hour", "Hour of the day", Unit::Text), ("events", "Events", Unit::Count)];
    let rows = (0..24).map(|hour| {
        let events = hours.get(&hour).copied().unwrap_or_default();
        vec![Cell::Text(format!("{hour:02}:00")), Cell::Number(events)]
    });
    Ok(Table::new("by_hour_of_day", "By hour of the day", &columns).rows(rows.collect()).drawn(Chart::Series(vec![1])))
}
