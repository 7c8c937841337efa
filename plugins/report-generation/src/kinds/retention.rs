//! How many of those who came in a week came again in the weeks after.

use std::collections::BTreeMap;

use sandglass_sdk::Failure;
use sandglass_sdk::chrono::{Datelike as _, Days};
use serde_json::{Value, json};

use super::user_activity::by_name;
use crate::parameters::GroupBy;
use crate::query::{self, count};
use crate::report::{Cell, Chart, Table, Unit};
use crate::source::Source;
use crate::time::Period;

/// Weeks that are looked at, the one with the end of the period included.
const WEEKS: usize = 8;

/// The table: a row for each week of arrival, a column for each week since.
///
/// # Errors
/// Those of the database.
pub fn of(source: &Source, period: &Period) -> Result<Table, Failure> {
    let window = weeks_up_to(period);
    let weeks = GroupBy::Week.groups(&window).unwrap_or_default();
    let (sizes, active) =
        if source.users.is_some() { by_sign_up(source, &window)? } else { by_first_event(source, &window)? };
    let titles: Vec<(String, String)> =
        (0..weeks.len()).map(|week| (format!("week_{week}"), format!("Week {week}"))).collect();
    let mut columns = vec![("week", "Arrived", Unit::Text), ("users", "Users", Unit::Count)];
    columns.extend(titles.iter().map(|(id, title)| (id.as_str(), title.as_str(), Unit::Share)));
    let rows = weeks.iter().enumerate().map(|(place, cohort)| {
        let size = sizes.get(cohort).copied().unwrap_or_default();
        let mut row = vec![Cell::text(cohort), Cell::Number(size)];
        let share = |week: &String| {
            let users = active.get(&(cohort.clone(), week.clone())).copied().unwrap_or_default();
            Cell::number((size > 0.0).then(|| users / size))
        };
        row.extend(weeks.iter().skip(place).map(share));
        row.resize(weeks.len() + 2, Cell::Nothing);
        row
    });
    let note = if source.users.is_some() {
        "Of those who signed up in a week, the share with at least one event so many weeks later."
    } else {
        "Of those whose first event ever fell into a week, the share with at least one event so many weeks later."
    };
    let shades = (2..columns.len()).collect();
    Ok(Table::new("retention", "Retention by week", &columns)
        .note(note)
        .rows(rows.collect())
        .drawn(Chart::Shades(shades)))
}

/// Whole weeks, the last of which holds the end of the period and ends there.
fn weeks_up_to(period: &Period) -> Period {
    let last = period.end.with_timezone(&period.zone).naive_local() - sandglass_sdk::chrono::Duration::milliseconds(1);
    let since_monday = u64::from(last.date().weekday().num_days_from_monday());
    let monday = last.date() - Days::new(since_monday + 7 * (WEEKS as u64 - 1));
    Period { start: crate::time::midnight(period.zone, monday), ..*period }
}

type Sizes = BTreeMap<String, f64>;
type Active = BTreeMap<(String, String), f64>;

fn active_in(row: &Value) -> Option<((String, String), f64)> {
    let part = |name| Some(row.get("_id")?.get(name)?.as_str()?.to_owned());
    Some(((part("cohort")?, part("week")?), count(row, "n")))
}

fn by_sign_up(source: &Source, window: &Period) -> Result<(Sizes, Active), Failure> {
    let Some(users) = &source.users else { return Ok(Default::default()) };
    let arrival = GroupBy::Week.expression(&users.date_field, window);
    let arrived = query::within(&users.date_field, window);
    let sizes = json!([{"$match": arrived}, {"$group": {"_id": arrival, "n": {"$sum": 1}}}]);
    let sizes = by_name(query::rows(&users.collection, &sizes)?);
    let user = |field: &str| format!("user.{field}");
    let pipeline = json!([
        source.users_events_of(window),
        {"$group": {"_id": {"user": source.user(), "week": GroupBy::Week.expression(&source.date_field, window)}}},
        {"$group": {"_id": "$_id.user", "weeks": {"$push": "$_id.week"}}},
        {"$lookup": {"from": users.name, "localField": "_id", "foreignField": users.id_field, "as": "user"}},
        {"$project": {"weeks": 1, "user": {"$arrayElemAt": ["$user", 0]}}},
        {"$match": query::within(&user(&users.date_field), window)},
        {"$unwind": "$weeks"},
        {"$group": {
            "_id": {"cohort": GroupBy::Week.expression(&user(&users.date_field), window), "week": "$weeks"},
            "n": {"$sum": 1},
        }},
    ]);
    let active = query::rows(&source.events, &pipeline)?;
    let sizes = sizes.into_iter().map(|(week, row)| (week, count(&row, "n")));
    Ok((sizes.collect(), active.iter().filter_map(active_in).collect()))
}

fn by_first_event(source: &Source, window: &Period) -> Result<(Sizes, Active), Failure> {
    let field = &source.date_field;
    let until = json!({ field: { "$lt": query::date(window.end), "$not": { "$type": "array" } } });
    let pipeline = json!([
        {"$match": {"$and": [until, {&source.user_field: {"$ne": null}}]}},
        {"$group": {
            "_id": {"user": source.user(), "week": GroupBy::Week.expression(field, window)},
            "first": {"$min": format!("${field}")},
        }},
        {"$group": {"_id": "$_id.user", "weeks": {"$push": "$_id.week"}, "first": {"$min": "$first"}}},
        {"$match": {"first": {"$gte": query::date(window.start)}}},
        {"$unwind": "$weeks"},
        {"$group": {
            "_id": {"cohort": GroupBy::Week.expression("first", window), "week": "$weeks"},
            "n": {"$sum": 1},
        }},
    ]);
    let rows = query::rows(&source.events, &pipeline)?;
    let active: Active = rows.iter().filter_map(active_in).collect();
    // In the week of their arrival all of them were active.
    let sizes = active.iter().filter(|((cohort, week), _)| cohort == week).map(|((week, _), n)| (week.clone(), *n));
    Ok((sizes.collect(), active))
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;

    #[test]
    fn the_weeks_end_with_the_period_and_begin_on_a_monday() {
        let weeks = |end: &str| {
            let end = end.parse().unwrap();
            let window = weeks_up_to(&Period { start: end, end, zone: Tz::Europe__Berlin });
            (window.start.to_rfc3339(), GroupBy::Week.groups(&window).unwrap().len())
        };
        assert_eq!(weeks("2026-11-24T12:00:00Z"), ("2026-10-04T22:00:00+00:00".to_owned(), 8));
        // Midnight between Sunday and Monday belongs to the week before.
        assert_eq!(weeks("2026-11-22T23:00:00Z"), ("2026-09-27T22:00:00+00:00".to_owned(), 8));
    }
}
