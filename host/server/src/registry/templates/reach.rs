//! How far a schema leads before it is compiled: where its references go, how much of it applies to one value, how many
//! patterns it holds. A component wrote it, so it may be made to cost more than the whole host has.

use std::collections::HashMap;

use serde_json::Value;

/// Schemas that may apply to one and the same value.
const MOST_AT_ONE_PLACE: u64 = 5_000;
/// References and alternatives that may lead into each other.
const MOST_STEPS: usize = 100;
const MOST_PATTERNS: usize = 500;

const MAPS: [&str; 5] = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
const SINGLES: [&str; 12] = [
    "items",
    "additionalProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contains",
    "propertyNames",
    "not",
    "if",
    "then",
    "else",
    "contentSchema",
    "additionalItems",
];
/// Keywords whose schemas apply to the very value that theirs applies to.
const IN_PLACE: [&str; 8] = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"];

/// # Errors
/// In words, what leads too far.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let mut reach = Reach { root: schema, known: HashMap::new(), patterns: 0 };
    reach.walk(schema, "#")
}

struct Reach<'a> {
    root: &'a Value,
    /// What applies at one place below a schema, by its address; none while that is being found out.
    known: HashMap<*const Value, Option<u64>>,
    patterns: usize,
}

impl<'a> Reach<'a> {
    fn walk(&mut self, schema: &'a Value, at: &str) -> Result<(), String> {
        let Some(keywords) = schema.as_object() else { return Ok(()) };
        for keyword in ["$dynamicRef", "$recursiveRef", "$dynamicAnchor", "$anchor"] {
            if keywords.contains_key(keyword) {
                return Err(format!("{at}/{keyword}: only `$ref` to a place such as #/$defs/Name is taken"));
            }
        }
        if at != "#" && keywords.contains_key("$id") {
            return Err(format!("{at}/$id: only the whole may have a name"));
        }
        if let Some(reference) = keywords.get("$ref") {
            self.target(reference).map_err(|reason| format!("{at}/$ref: {reason}"))?;
        }
        let named = keywords.get("patternProperties").and_then(Value::as_object).map_or(0, serde_json::Map::len);
        self.patterns += named + usize::from(keywords.contains_key("pattern"));
        if self.patterns > MOST_PATTERNS {
            return Err(format!("it has more than {MOST_PATTERNS} patterns"));
        }
        self.cost(schema, 0).map_err(|reason| format!("{at}: {reason}"))?;
        for keyword in MAPS {
            for (name, inner) in keywords.get(keyword).and_then(Value::as_object).into_iter().flatten() {
                self.walk(inner, &format!("{at}/{keyword}/{name}"))?;
            }
        }
        for keyword in LISTS {
            for (place, inner) in keywords.get(keyword).and_then(Value::as_array).into_iter().flatten().enumerate() {
                self.walk(inner, &format!("{at}/{keyword}/{place}"))?;
            }
        }
        for keyword in SINGLES {
            if let Some(inner) = keywords.get(keyword) {
                self.walk(inner, &format!("{at}/{keyword}"))?;
            }
        }
        Ok(())
    }

    fn target(&self, reference: &Value) -> Result<&'a Value, String> {
        let text = reference.as_str().ok_or("must be a text")?;
        let pointer = text.strip_prefix('#').ok_or_else(|| {
            let shown: String = text.chars().take(200).collect();
            format!("{shown:?} leads out of the schema, and nothing is fetched: put what it names under #/$defs")
        })?;
        self.root.pointer(pointer).ok_or_else(|| format!("{text:?} names no place in the schema"))
    }

    /// How many schemas apply to one value that this one applies to.
    fn cost(&mut self, schema: &'a Value, steps: usize) -> Result<u64, String> {
        let Some(keywords) = schema.as_object() else { return Ok(1) };
        let address = std::ptr::from_ref(schema);
        match self.known.get(&address) {
            Some(Some(cost)) => return Ok(*cost),
            Some(None) => return Err("it leads back to itself without going deeper into the value".to_owned()),
            None => {}
        }
        if steps > MOST_STEPS {
            return Err(format!("more than {MOST_STEPS} references and alternatives lead into each other"));
        }
        self.known.insert(address, None);
        let mut cost = 1u64;
        if let Some(reference) = keywords.get("$ref") {
            let target = self.target(reference)?;
            cost = cost.saturating_add(self.cost(target, steps + 1)?);
        }
        for keyword in IN_PLACE {
            let inner: Vec<&'a Value> = match keywords.get(keyword) {
                Some(Value::Array(list)) => list.iter().collect(),
                Some(Value::Object(named)) if keyword == "dependentSchemas" => named.values().collect(),
                Some(one) => vec![one],
                None => continue,
            };
            for inner in inner {
                cost = cost.saturating_add(self.cost(inner, steps + 1)?);
            }
        }
        if cost > MOST_AT_ONE_PLACE {
            return Err(format!("more than {MOST_AT_ONE_PLACE} schemas apply to one value"));
        }
        self.known.insert(address, Some(cost));
        Ok(cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_honest_schema_that_refers_to_itself_deeper_down_is_taken() {
        let tree = json!({
            "$id": "https://example.com/tree", "$ref": "#/$defs/Node",
            "$defs": {"Node": {"properties": {
                "children": {"items": {"$ref": "#/$defs/Node"}},
                // A parameter of this name is no reference, nor is an example that holds one.
                "$ref": {"type": "string", "examples": [{"$ref": "http://example.com"}]},
            }}}
        });
        check(&tree).unwrap();
    }

    #[test]
    fn what_leads_out_is_named_with_its_place() {
        for reference in ["http://example.com/schema.json", "file:///etc/passwd", "other.json", "//host/x"] {
            let told = check(&json!({"properties": {"a": {"$ref": reference}}})).unwrap_err();
            assert!(told.starts_with("#/properties/a/$ref: ") && told.contains("leads out"), "{told}");
        }
        assert!(check(&json!({"$ref": "#/$defs/none"})).unwrap_err().contains("names no place"));
        assert!(check(&json!({"items": {"$dynamicRef": "#meta"}})).unwrap_err().contains("#/items/$dynamicRef"));
        assert!(check(&json!({"items": {"$id": "http://example.com"}})).unwrap_err().contains("#/items/$id"));
    }

    #[test]
    fn circles_and_doublings_are_refused_before_anything_is_compiled() {
        let circles = [
            json!({"$ref": "#"}),
            json!({"anyOf": [{"type": "null"}, {"$ref": "#"}]}),
            json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}}),
        ];
        for circle in circles {
            assert!(check(&circle).unwrap_err().contains("leads back to itself"), "{circle}");
        }
        let mut named = serde_json::Map::new();
        for level in 0..40 {
            let next = json!({"$ref": format!("#/$defs/l{}", level + 1)});
            named.insert(format!("l{level}"), json!({"anyOf": [next, next]}));
        }
        named.insert("l40".into(), json!({"type": "string"}));
        assert!(check(&json!({"$defs": named})).unwrap_err().contains("apply to one value"));
    }

    #[test]
    fn patterns_are_counted() {
        let many: serde_json::Map<_, _> = (0..501).map(|n| (format!("p{n}"), json!({"pattern": "a"}))).collect();
        assert!(check(&json!({"properties": many})).unwrap_err().contains("patterns"));
    }
}
