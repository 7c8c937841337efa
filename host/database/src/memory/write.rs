//! Writes of one collection.

use bson::Document;
use chrono::{DateTime, Utc};

use super::{
    collection::Collection,
    index::Place,
    read::{Window, matching, projected},
    state::State,
};
use crate::{
    Delete, FindAndUpdate, Result, Return, UpdateReport,
    query::{filter::Filter, projection::Projection, sort::Sort, update::Update},
};

pub(super) fn update(
    state: &mut State,
    collection: &str,
    command: &crate::Update,
    now: DateTime<Utc>,
) -> Result<UpdateReport> {
    let filter = Filter::compile(&command.filter)?.at(now);
    let update = Update::of(command)?;
    let limit = if command.many { command.limit } else { Some(1) };
    let mut report = UpdateReport::default();
    if let Some(target) = state.get_mut(collection) {
        let places = places(target, &filter, None, limit)?;
        report.matched = u64::try_from(places.len()).unwrap_or(u64::MAX);
        report.modified = change_all(target, &places, &filter, &update, now)?;
    }
    if report.matched == 0 && command.upsert && command.limit != Some(0) {
        let document = update.upsert(&filter, now)?;
        report.upserted_id = document.get("_id").cloned();
        state.get_or_create(collection)?.insert(document)?;
    }
    Ok(report)
}

pub(super) fn delete(state: &mut State, collection: &str, command: &Delete, now: DateTime<Utc>) -> Result<u64> {
    let filter = Filter::compile(&command.filter)?.at(now);
    let Some(target) = state.get_mut(collection) else { return Ok(0) };
    let places = places(target, &filter, None, command.limit)?;
    for place in &places {
        target.remove(*place)?;
    }
    Ok(u64::try_from(places.len()).unwrap_or(u64::MAX))
}

pub(super) fn find_one_and_update(
    state: &mut State,
    collection: &str,
    command: &FindAndUpdate,
    now: DateTime<Utc>,
) -> Result<Option<Document>> {
    let filter = Filter::compile(&command.filter)?.at(now);
    let sort = command.sort.as_ref().map(Sort::compile).transpose()?;
    let projection =
        command.projection.as_ref().map(Projection::compile).transpose()?.map(|projection| projection.at(now));
    let give = |document: Option<Document>| {
        document.map(|document| projected(projection.as_ref(), &filter, &document)).transpose()
    };
    let update = command.change.as_ref().map(|change| Update::compile(change, &command.array_filters)).transpose()?;
    let found = match state.get_mut(collection) {
        Some(target) => places(target, &filter, sort.as_ref(), Some(1))?.first().copied().map(|place| (target, place)),
        None => None,
    };
    let Some((target, place)) = found else {
        let Some(update) = update.filter(|_| command.upsert) else { return Ok(None) };
        let document = update.upsert(&filter, now)?;
        state.get_or_create(collection)?.insert(document.clone())?;
        return give(Some(document).filter(|_| command.give_back == Return::After));
    };
    let before = target.get(place).cloned();
    match update {
        None => {
            target.remove(place)?;
            give(before)
        }
        Some(update) => {
            let after = change(target, place, &filter, &update, now)?;
            give(match command.give_back {
                Return::Before => before,
                Return::After => after.or(before),
            })
        }
    }
}

fn places(target: &Collection, filter: &Filter, sort: Option<&Sort>, limit: Option<u64>) -> Result<Vec<Place>> {
    let found = matching(target, filter, sort, Window { skip: 0, limit })?;
    Ok(found.into_iter().map(|(place, _)| place).collect())
}

/// Changes all or, where one of them cannot be changed, none. Gives the number that are different now.
fn change_all(
    target: &mut Collection,
    places: &[Place],
    filter: &Filter,
    update: &Update,
    now: DateTime<Utc>,
) -> Result<u64> {
    let mut before = Vec::new();
    for place in places {
        let old = target.get(*place).cloned();
        match change(target, *place, filter, update, now) {
            Ok(Some(_)) => before.extend(old.map(|old| (*place, old))),
            Ok(None) => {}
            Err(error) => {
                for (place, old) in before.into_iter().rev() {
                    target.replace(place, old)?;
                }
                return Err(error);
            }
        }
    }
    Ok(u64::try_from(before.len()).unwrap_or(u64::MAX))
}

/// The document after the change; `None` if that left it as it was.
fn change(
    target: &mut Collection,
    place: Place,
    filter: &Filter,
    update: &Update,
    now: DateTime<Utc>,
) -> Result<Option<Document>> {
    let Some(mut document) = target.get(place).cloned() else { return Ok(None) };
    let position = if update.needs_position() { filter.matched_position(&document) } else { None };
    if !update.apply(&mut document, position, false, now)? {
        return Ok(None);
    }
    target.replace(place, document.clone())?;
    Ok(Some(document))
}
