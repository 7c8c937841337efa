//! Whether a document matches a filter.

use serde_json::Value;

use super::expression;
use super::order::{class, compare, has_type, is_scalar};

/// Whether `document` matches.
///
/// # Panics
/// When the filter uses what is not known here.
pub fn matches(document: &Value, filter: &Value) -> bool {
    let Some(conditions) = filter.as_object() else { unknown("a filter that is no object", filter) };
    conditions.iter().all(|(key, condition)| match key.as_str() {
        "$and" => list(condition).iter().all(|filter| matches(document, filter)),
        "$or" => list(condition).iter().any(|filter| matches(document, filter)),
        "$nor" => !list(condition).iter().any(|filter| matches(document, filter)),
        "$expr" => expression::is_true(&expression::evaluate(document, condition)),
        name if name.starts_with('$') => unknown(name, condition),
        path => field_matches(document, path, condition),
    })
}

fn field_matches(document: &Value, path: &str, condition: &Value) -> bool {
    match condition.as_object() {
        Some(operators) if !is_scalar(condition) && operators.keys().any(|key| key.starts_with('$')) => {
            operators.iter().all(|(name, operand)| operator_matches(document, path, name, operand))
        }
        _ => operator_matches(document, path, "$eq", condition),
    }
}

fn operator_matches(document: &Value, path: &str, name: &str, operand: &Value) -> bool {
    let found = values_at(document, path);
    let compares = |accept: fn(std::cmp::Ordering) -> bool| {
        found.iter().any(|value| class(value) == class(operand) && accept(compare(value, operand)))
    };
    match name {
        "$eq" => equals(&found, operand),
        "$ne" => !equals(&found, operand),
        "$lt" => compares(std::cmp::Ordering::is_lt),
        "$lte" => compares(std::cmp::Ordering::is_le),
        "$gt" => compares(std::cmp::Ordering::is_gt),
        "$gte" => compares(std::cmp::Ordering::is_ge),
        "$in" => list(operand).iter().any(|operand| equals(&found, operand)),
        "$nin" => !list(operand).iter().any(|operand| equals(&found, operand)),
        "$exists" => found.is_empty() != (operand == &Value::Bool(true)),
        "$not" => !field_matches(document, path, operand),
        "$type" => match operand.as_str() {
            Some(name) => found.iter().any(|value| has_type(value, name)),
            None => unknown("$type with anything but one name", operand),
        },
        _ => unknown(name, operand),
    }
}

/// A missing value equals null.
fn equals(found: &[&Value], operand: &Value) -> bool {
    (found.is_empty() && operand.is_null()) || found.iter().any(|value| compare(value, operand).is_eq())
}

/// The values that a dotted path leads to: through arrays, and with the elements of an array at its end.
pub fn values_at<'a>(document: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![document];
    for part in path.split('.') {
        let mut next = Vec::new();
        for value in found {
            match value {
                Value::Object(object) => next.extend(object.get(part)),
                Value::Array(elements) => {
                    next.extend(part.parse::<usize>().ok().and_then(|index| elements.get(index)));
                    next.extend(elements.iter().filter_map(|element| element.as_object()?.get(part)));
                }
                _ => {}
            }
        }
        found = next;
    }
    let elements = found.iter().filter_map(|value| value.as_array()).flatten().collect::<Vec<_>>();
    found.extend(elements);
    found
}

fn list(value: &Value) -> &[Value] {
    match value.as_array() {
        Some(list) => list,
        None => unknown("an operator that wants a list", value),
    }
}

#[expect(clippy::panic, reason = "a wrong answer would make a test believe what is not so")]
pub fn unknown(what: &str, value: &Value) -> ! {
    panic!("the documents fake does not know {what}: {value}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn operators_mean_what_they_mean_in_mongodb() {
        let document = json!({"a": 5, "tags": ["x", "y"], "deep": {"b": null}, "list": [{"n": 1}, {"n": 9}]});
        for (filter, expected) in [
            (json!({}), true),
            (json!({"a": 5, "missing": null}), true),
            (json!({"a": {"$gt": 4, "$lt": 6}}), true),
            (json!({"a": {"$gt": "4"}}), false),
            (json!({"tags": "y"}), true),
            (json!({"tags": {"$in": ["q"]}}), false),
            (json!({"tags": {"$nin": ["q"]}}), true),
            (json!({"deep.b": {"$exists": true}}), true),
            (json!({"deep.c": {"$exists": true}}), false),
            (json!({"list.n": {"$gt": 8}}), true),
            (json!({"list.n": {"$gt": 8, "$not": {"$lt": 2}}}), false),
            (json!({"$or": [{"a": 1}, {"a": 5}]}), true),
            (json!({"$and": [{"a": 1}, {"a": 5}]}), false),
            (json!({"a": {"$type": "number"}}), true),
            (json!({"$expr": {"$lt": ["$a", 6]}}), true),
        ] {
            assert_eq!(matches(&document, &filter), expected, "{filter}");
        }
    }

    #[test]
    #[should_panic(expected = "the documents fake does not know $where")]
    fn an_unknown_operator_fails_the_test() {
        matches(&json!({}), &json!({"$where": "1"}));
    }
}
