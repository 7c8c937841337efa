//! What the database here understands, so that [`validate`](crate::Template::validate) finds a mistyped operator when the
//! job is saved and not in the night when it runs.
//!
//! The host refuses what is not on these lists in any case, on every kind of database.

use serde_json::{Map, Value};

use crate::Problems;
use crate::nearest::hint;

/// Operators on a field of a filter.
pub const FILTER_OPERATORS: [&str; 21] = [
    "$all",
    "$bitsAllClear",
    "$bitsAllSet",
    "$bitsAnyClear",
    "$bitsAnySet",
    "$elemMatch",
    "$eq",
    "$exists",
    "$gt",
    "$gte",
    "$in",
    "$lt",
    "$lte",
    "$mod",
    "$ne",
    "$nin",
    "$not",
    "$options",
    "$regex",
    "$size",
    "$type",
];
/// What stands at the top of a filter instead of a field.
pub const FILTER_CLAUSES: [&str; 5] = ["$and", "$comment", "$expr", "$nor", "$or"];
/// Stages of a pipeline that only reads.
pub const STAGES: [&str; 17] = [
    "$addFields",
    "$bucket",
    "$count",
    "$facet",
    "$group",
    "$limit",
    "$lookup",
    "$match",
    "$project",
    "$replaceRoot",
    "$replaceWith",
    "$set",
    "$skip",
    "$sort",
    "$sortByCount",
    "$unset",
    "$unwind",
];
/// What people write for operators that are called otherwise.
const OTHERWISE: [(&str, &str); 8] = [
    ("$neq", "$ne"),
    ("$notEquals", "$ne"),
    ("$equals", "$eq"),
    ("$notIn", "$nin"),
    ("$like", "$regex"),
    ("$contains", "$regex"),
    ("$greaterThan", "$gt"),
    ("$lessThan", "$lt"),
];
/// Operators that would run JavaScript inside the database.
const SCRIPTS: [&str; 3] = ["$where", "$function", "$accumulator"];
/// Values that Extended JSON writes as objects, and what a reference to another document consists of.
const LITERALS: [&str; 16] = [
    "$oid",
    "$date",
    "$numberInt",
    "$numberLong",
    "$numberDouble",
    "$numberDecimal",
    "$binary",
    "$uuid",
    "$timestamp",
    "$regularExpression",
    "$minKey",
    "$maxKey",
    "$symbol",
    "$ref",
    "$id",
    "$db",
];

/// Adds every operator of a filter that is not known, each with its pointer below `pointer`.
pub fn check_filter(problems: &mut Problems, pointer: &str, filter: &Map<String, Value>) {
    for (name, value) in filter {
        let at = join(pointer, name);
        match name.as_str() {
            "$and" | "$or" | "$nor" => {
                for (place, inner) in value.as_array().into_iter().flatten().enumerate() {
                    if let Value::Object(inner) = inner {
                        check_filter(problems, &format!("{at}/{place}"), inner);
                    }
                }
            }
            "$expr" => check_scripts(problems, &at, value),
            "$comment" => {}
            name if FILTER_OPERATORS.contains(&name) => {
                problems.add(at, format!("stands where a field does: write it as in {{\"field\": {{\"{name}\": …}}}}"))
            }
            name if name.starts_with('$') => unknown(problems, at, name, &FILTER_CLAUSES),
            _ => check_condition(problems, &at, value),
        }
    }
}

/// Finds scripts inside of an expression; what else there is in expressions, the host says.
fn check_scripts(problems: &mut Problems, pointer: &str, value: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let at = join(pointer, name);
                if SCRIPTS.contains(&name.as_str()) {
                    unknown(problems, at, name, &[]);
                } else {
                    check_scripts(problems, &at, inner);
                }
            }
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(place, item)| check_scripts(problems, &format!("{pointer}/{place}"), item));
        }
        _ => {}
    }
}

/// What is asked of one field.
fn check_condition(problems: &mut Problems, pointer: &str, condition: &Value) {
    let Value::Object(operators) = condition else { return };
    if !operators.keys().next().is_some_and(|name| name.starts_with('$')) {
        return;
    }
    for (name, value) in operators {
        let at = join(pointer, name);
        match name.as_str() {
            "$not" => check_condition(problems, &at, value),
            "$elemMatch" => check_element(problems, &at, value),
            "$all" => {
                for (place, inner) in value.as_array().into_iter().flatten().enumerate() {
                    check_condition(problems, &format!("{at}/{place}"), inner);
                }
            }
            name if FILTER_OPERATORS.contains(&name) || LITERALS.contains(&name) || !name.starts_with('$') => {}
            name => unknown(problems, at, name, &FILTER_OPERATORS),
        }
    }
}

/// A filter for elements that are documents, or operators for those that are none.
fn check_element(problems: &mut Problems, pointer: &str, element: &Value) {
    let Value::Object(fields) = element else { return };
    let is_operator = |name: &String| name.starts_with('$') && !FILTER_CLAUSES.contains(&name.as_str());
    if fields.keys().next().is_some_and(is_operator) {
        check_condition(problems, pointer, element);
    } else {
        check_filter(problems, pointer, fields);
    }
}

/// Adds what is wrong with the name of a stage, if anything, and with the filter of a `$match`.
pub fn check_stage(problems: &mut Problems, pointer: &str, name: &str, value: &Value) {
    if !STAGES.contains(&name) {
        let hint = hint(name, STAGES);
        problems.add(pointer, format!("{name} is no stage that the database here knows{hint}"));
    } else if name == "$match"
        && let Value::Object(filter) = value
    {
        check_filter(problems, &join(pointer, name), filter);
    }
}

fn unknown(problems: &mut Problems, pointer: String, name: &str, known: &[&'static str]) {
    if SCRIPTS.contains(&name) {
        problems.add(pointer, format!("{name} runs JavaScript, which is not supported: use $expr"));
        return;
    }
    let usual = OTHERWISE.iter().find(|(other, _)| *other == name).map(|(_, usual)| *usual);
    let hint = usual.map_or_else(|| hint(name, known.iter().copied()), |usual| format!("; did you mean {usual}?"));
    problems.add(pointer, format!("{name} is no operator that the database here knows{hint}"));
}

/// A JSON pointer one step deeper (RFC 6901).
fn join(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(filter: Value) -> Vec<(String, String)> {
        let mut problems = Problems::none();
        check_filter(&mut problems, "/filter", filter.as_object().unwrap());
        problems.into_iter().map(|problem| (problem.pointer, problem.message)).collect()
    }

    #[test]
    fn what_the_database_understands_is_let_through() {
        for filter in [
            json!({}),
            json!({"a": 1, "b.c": {"$gt": 1, "$lte": {"$numberLong": "5"}}, "d": {"$in": [{"$foo": 1}]}}),
            json!({"_id": {"$oid": "0123456789abcdef01234567"}, "at": {"$date": "2026-11-24T00:00:00Z"}}),
            json!({"$and": [{"a": {"$not": {"$regex": "x", "$options": "i"}}}, {"$or": [{"b": null}]}]}),
            json!({"list": {"$elemMatch": {"$gte": 1, "$lt": 5}}, "docs": {"$elemMatch": {"a": {"$ne": 1}}}}),
            json!({"$expr": {"$anything": ["$a", 1]}, "$comment": "why"}),
            json!({"a": {"plain": {"$neq": 1}}, "tags": {"$all": [{"$elemMatch": {"a": 1}}, "x"]}}),
            json!({"owner": {"$ref": "users", "$id": 1}}),
        ] {
            assert_eq!(found(filter.clone()), [], "{filter}");
        }
    }

    #[test]
    fn what_it_does_not_is_found_wherever_it_stands_with_what_was_meant() {
        for (filter, pointer, part) in [
            (json!({"a": {"$neq": 1}}), "/filter/a/$neq", "did you mean $ne?"),
            (json!({"a": {"$exist": true}}), "/filter/a/$exist", "did you mean $exists?"),
            (json!({"a": {"$gt": 1, "$zzzzzz": 1}}), "/filter/a/$zzzzzz", "is no operator"),
            (json!({"a/b": {"$not": {"$inn": []}}}), "/filter/a~1b/$not/$inn", "did you mean $in?"),
            (json!({"$or": [{"a": 1}, {"b": {"$eqq": 1}}]}), "/filter/$or/1/b/$eqq", "did you mean $eq?"),
            (json!({"$adn": []}), "/filter/$adn", "did you mean $and?"),
            (json!({"$gt": 5}), "/filter/$gt", "stands where a field does"),
            (json!({"$where": "1"}), "/filter/$where", "JavaScript"),
            (json!({"$expr": {"$eq": [{"$function": {}}, 1]}}), "/filter/$expr/$eq/0/$function", "JavaScript"),
            (json!({"a": {"$elemMatch": {"b": {"$neq": 1}}}}), "/filter/a/$elemMatch/b/$neq", "$ne?"),
            (json!({"a": {"$elemMatch": {"$gtt": 1}}}), "/filter/a/$elemMatch/$gtt", "$gt"),
            (json!({"a": {"$all": [{"$elemMatch": {"$neq": 1}}]}}), "/filter/a/$all/0/$elemMatch/$neq", "$ne?"),
        ] {
            let found = found(filter.clone());
            assert!(matches!(found.as_slice(), [(at, said)] if at == pointer && said.contains(part)), "{found:?}");
        }
    }

    #[test]
    fn stages_are_known_by_name_and_a_match_is_looked_into() {
        let found = |name: &str, value: Value| {
            let mut problems = Problems::none();
            check_stage(&mut problems, "/pipeline/0", name, &value);
            problems.into_iter().map(|problem| format!("{} {}", problem.pointer, problem.message)).collect::<Vec<_>>()
        };
        assert!(found("$group", json!({"_id": null})).is_empty());
        assert!(found("$gruop", json!({}))[0].contains("did you mean $group?"));
        assert!(found("$match", json!({"a": {"$neq": 1}}))[0].starts_with("/pipeline/0/$match/a/$neq "));
    }
}
