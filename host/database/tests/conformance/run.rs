//! Asking one case of one engine.

use sandglass_database::{
    Change, Database, Delete, Error, Find, FindAndUpdate, Result, Return, Update,
    bson::{Bson, Document, doc},
    collect,
};
use serde_json::Value;

use crate::case::{Case, text, texts};

/// Holds the documents of one case at a time.
const OWN: &str = "case";

/// How a case ended.
pub enum Verdict {
    Same,
    /// Refused by name, where an answer was expected.
    Refused(String),
    Differs(String),
}

pub async fn case(database: &dyn Database, case: &Case) -> Verdict {
    // What only reads may share the collection of its set.
    let reads = matches!(case.kind.as_str(), "find" | "count" | "distinct" | "aggregate");
    let collection = match &case.set {
        Some(set) if reads => set.as_str(),
        _ => OWN,
    };
    if collection == OWN {
        database.delete(collection, Delete::default()).await.unwrap();
        let report = database.insert(collection, case.documents.clone()).await.unwrap();
        assert_eq!(report.failed, [], "{}: the documents cannot be inserted", case.id);
    }
    let answer = ask(database, collection, case).await;
    match answer {
        Err(_) if case.expect.get("error").is_some() => Verdict::Same,
        Err(Error::Unsupported { what }) => Verdict::Refused(what),
        Err(error) => Verdict::Differs(format!("failed: {error}")),
        Ok(answer) if case.expect.get("error").is_some() => {
            Verdict::Differs(format!("must fail, but answered {}", answer.0.join("; ")))
        }
        Ok(answer) => {
            let wanted = wanted(case);
            if answer.0 == wanted {
                Verdict::Same
            } else {
                Verdict::Differs(format!("answered {}\n      instead of {}", answer.0.join("; "), wanted.join("; ")))
            }
        }
    }
}

/// An answer in the writing in which it is compared.
struct Answer(Vec<String>);

fn listed(name: &str, mut values: Vec<String>, exact: bool) -> Vec<String> {
    if !exact {
        values.sort();
    }
    values.insert(0, format!("{name}: {}", values.len()));
    values
}

fn documents(values: Vec<Document>) -> Vec<String> {
    values.into_iter().map(|document| text(&Bson::Document(document))).collect()
}

async fn after(database: &dyn Database, collection: &str) -> Result<Vec<String>> {
    let all = collect(database.find(collection, Find::by(doc! {}).sorted(doc! {"_id": 1})).await?).await?;
    Ok(listed("after", documents(all), true))
}

async fn ask(database: &dyn Database, collection: &str, case: &Case) -> Result<Answer> {
    // The vocabulary has no negative numbers and no limit 0, which means none.
    let window = |number: i64| u64::try_from(number).map_err(|_| Error::invalid("a negative window"));
    let (skip, limit) = (window(case.skip)?, Some(window(case.limit)?).filter(|limit| *limit > 0));
    let change = || Change::from_bson(case.update.clone().unwrap_or(Bson::Null));
    Ok(Answer(match case.kind.as_str() {
        "find" => {
            let find = Find {
                filter: case.filter.clone(),
                sort: case.sort.clone(),
                projection: case.projection.clone(),
                skip,
                limit,
            };
            listed("documents", documents(collect(database.find(collection, find).await?).await?), case.exact)
        }
        "count" => {
            let count = database.count(collection, case.filter.clone()).await?.saturating_sub(skip);
            vec![format!("count {}", limit.map_or(count, |limit| count.min(limit)))]
        }
        "distinct" => {
            let values = database.distinct(collection, &case.field, case.filter.clone()).await?;
            listed("values", values.iter().map(text).collect(), false)
        }
        "aggregate" => {
            let all = collect(database.aggregate(collection, case.pipeline.clone()).await?).await?;
            listed("documents", documents(all), case.exact)
        }
        "update" => {
            let update = Update {
                filter: case.filter.clone(),
                change: change()?,
                many: case.many,
                limit: None,
                upsert: case.upsert,
                array_filters: case.array_filters.clone(),
            };
            let report = database.update(collection, update).await?;
            let mut answer = vec![format!("matched {} modified {}", report.matched, report.modified)];
            if case.expect.get("upserted_id").is_some() {
                answer.push(format!("upserted {}", report.upserted_id.as_ref().map(text).unwrap_or_default()));
            }
            answer.extend(after(database, collection).await?);
            answer
        }
        "delete" => {
            let limit = if case.many { None } else { Some(1) };
            let deleted = database.delete(collection, Delete { filter: case.filter.clone(), limit }).await?;
            let mut answer = vec![format!("deleted {deleted}")];
            answer.extend(after(database, collection).await?);
            answer
        }
        "find_and_modify" => {
            let command = FindAndUpdate {
                filter: case.filter.clone(),
                change: if case.remove { None } else { Some(change()?) },
                sort: case.sort.clone(),
                projection: case.projection.clone(),
                upsert: case.upsert,
                array_filters: case.array_filters.clone(),
                give_back: if case.new { Return::After } else { Return::Before },
            };
            let value = database.find_one_and_update(collection, command).await?;
            let mut answer = vec![format!("value {}", text(&value.map_or(Bson::Null, Bson::Document)))];
            answer.extend(after(database, collection).await?);
            answer
        }
        other => panic!("{}: there is no kind {other}", case.id),
    }))
}

fn wanted(case: &Case) -> Vec<String> {
    let expect = &case.expect;
    let number = |key: &str| expect.get(key).and_then(Value::as_u64).unwrap_or_else(|| panic!("{}: no {key}", case.id));
    let list = |key: &str| texts(expect.get(key).unwrap_or_else(|| panic!("{}: no {key}", case.id)));
    let one = |key: &str| {
        expect.get(key).map(|value| text(&sandglass_database::extended_json::to_bson(value.clone()).unwrap()))
    };
    let mut wanted = match case.kind.as_str() {
        "find" | "aggregate" => return listed("documents", list("documents"), case.exact),
        "distinct" => return listed("values", list("values"), false),
        "count" => return vec![format!("count {}", number("count"))],
        "update" => {
            let mut wanted = vec![format!("matched {} modified {}", number("matched"), number("modified"))];
            wanted.extend(one("upserted_id").map(|id| format!("upserted {id}")));
            wanted
        }
        "delete" => vec![format!("deleted {}", number("deleted"))],
        _ => vec![format!("value {}", one("value").unwrap_or_default())],
    };
    wanted.extend(listed("after", list("after"), true));
    wanted
}
