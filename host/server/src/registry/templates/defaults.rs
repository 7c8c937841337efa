//! Fills the defaults of a JSON Schema into parameters, so that what is stored says everything that will happen.
//!
//! Only into objects that are there: a missing object without a default of its own stays missing. Among alternatives
//! (`oneOf`, `anyOf`) the branch counts whose `const` fields fit what is given.

use serde_json::Value;

/// References that lead into each other end here.
const MOST_DEPTH: usize = 64;
/// Schemas looked at, and bytes of defaults put in: a schema may be made to unfold without end.
const MOST_STEPS: usize = 2_000_000;
const MOST_BYTES: usize = 1 << 20;

/// What a filling may still cost.
struct Budget {
    steps: usize,
    bytes: usize,
}

/// Gives whether everything was filled in; a schema that unfolds beyond any use is left where it is.
pub fn fill(schema: &Value, parameters: &mut Value) -> bool {
    let mut budget = Budget { steps: MOST_STEPS, bytes: MOST_BYTES };
    step(schema, schema, parameters, 0, &mut budget).is_some()
}

/// None: the budget is spent.
fn step(root: &Value, schema: &Value, value: &mut Value, depth: usize, budget: &mut Budget) -> Option<()> {
    if depth > MOST_DEPTH {
        return Some(());
    }
    budget.steps = budget.steps.checked_sub(1)?;
    if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|reference| local(root, reference)) {
        step(root, target, value, depth + 1, budget)?;
    }
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        step(root, part, value, depth + 1, budget)?;
    }
    for keyword in ["oneOf", "anyOf"] {
        if let Some(branch) = schema.get(keyword).and_then(Value::as_array).and_then(|all| meant(root, all, value)) {
            step(root, branch, value, depth + 1, budget)?;
        }
    }
    match value {
        Value::Object(fields) => {
            let named = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            for (name, property) in named {
                if !fields.contains_key(name)
                    && let Some(default) = default_of(root, property)
                {
                    budget.bytes = budget.bytes.checked_sub(name.len() + default.to_string().len())?;
                    fields.insert(name.clone(), default.clone());
                }
                if let Some(inner) = fields.get_mut(name) {
                    step(root, property, inner, depth + 1, budget)?;
                }
            }
        }
        Value::Array(items) => {
            if let Some(each) = schema.get("items") {
                for item in items {
                    step(root, each, item, depth + 1, budget)?;
                }
            }
        }
        _ => {}
    }
    Some(())
}

fn default_of<'a>(root: &'a Value, property: &'a Value) -> Option<&'a Value> {
    property.get("default").or_else(|| local(root, property.get("$ref")?.as_str()?)?.get("default"))
}

fn local<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

/// The one branch that fits by its `const` fields.
fn meant<'a>(root: &'a Value, branches: &'a [Value], value: &Value) -> Option<&'a Value> {
    let fields = value.as_object()?;
    let mut fitting = branches.iter().filter(|branch| {
        let branch =
            branch.get("$ref").and_then(Value::as_str).and_then(|reference| local(root, reference)).unwrap_or(branch);
        let Some(named) = branch.get("properties").and_then(Value::as_object) else { return false };
        let mut constants = named.iter().filter_map(|(name, inner)| Some((name, inner.get("const")?))).peekable();
        constants.peek().is_some() && constants.all(|(name, constant)| fields.get(name) == Some(constant))
    });
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(schema: &Value, mut value: Value) -> Value {
        fill(schema, &mut value);
        value
    }

    #[test]
    fn defaults_reach_into_references_lists_and_given_objects() {
        let schema = json!({
            "properties": {
                "csv": {"$ref": "#/$defs/Csv"},
                "columns": {"items": {"properties": {"wide": {"default": false}}}},
                "retry": {"default": {}, "properties": {"attempts": {"default": 3}}},
            },
            "$defs": {"Csv": {"properties": {"header": {"default": true}}}}
        });
        assert_eq!(
            filled(&schema, json!({"csv": {}, "columns": [{}, {"wide": true}]})),
            json!({"csv": {"header": true}, "columns": [{"wide": false}, {"wide": true}], "retry": {"attempts": 3}})
        );
        assert_eq!(filled(&schema, json!({})), json!({"retry": {"attempts": 3}}));
    }

    #[test]
    fn an_alternative_gives_its_defaults_only_when_it_is_meant() {
        let schema = json!({"properties": {"auth": {"oneOf": [
            {"properties": {"kind": {"const": "none"}}},
            {"properties": {"kind": {"const": "header"}, "name": {"default": "X-Key"}}},
        ]}}});
        assert_eq!(
            filled(&schema, json!({"auth": {"kind": "header"}})),
            json!({"auth": {"kind": "header", "name": "X-Key"}})
        );
        assert_eq!(filled(&schema, json!({"auth": {"kind": "none"}})), json!({"auth": {"kind": "none"}}));
    }

    #[test]
    fn defaults_that_unfold_without_end_are_cut() {
        let twice = json!({"default": {}, "$ref": "#"});
        let mut value = json!({});
        assert!(!fill(&json!({"properties": {"a": twice, "b": twice}}), &mut value));
        assert!(value.to_string().len() < 4 * MOST_BYTES, "{}", value.to_string().len());
        let large = json!({"items": {"properties": {"a": {"default": "x".repeat(100_000)}}}});
        assert!(!fill(&large, &mut json!([{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}])));
    }

    #[test]
    fn what_is_given_is_never_overwritten_and_a_circle_ends() {
        let schema = json!({"$ref": "#", "properties": {"a": {"default": 1, "$ref": "#"}}});
        assert_eq!(filled(&schema, json!({"a": null})), json!({"a": null}));
    }
}
