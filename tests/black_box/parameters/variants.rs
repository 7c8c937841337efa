//! Values that break one rule of a JSON Schema each. A keyword that is not known here ends the test.

use serde_json::{Map, Value, json};

/// A parameter that no template has.
const STRANGER: &str = "no_such_parameter";

/// Parameters that break one rule.
#[derive(Debug)]
pub struct Variant {
    /// Place of the rule in the schema.
    pub rule: String,
    pub parameters: Value,
    /// Where the parameters are wrong.
    pub pointer: String,
    /// The place of the choice around it, if there is one: what misses every alternative is told there or below.
    pub choice: Option<String>,
}

/// One place of the schema.
struct Place<'a> {
    rule: String,
    pointer: String,
    choice: Option<String>,
    /// The whole parameters, with a value at this place.
    whole: &'a dyn Fn(Value) -> Value,
}

/// One variant for each rule. `example` is good.
pub fn of(schema: &Value, example: &Value) -> Vec<Variant> {
    let mut found = Vec::new();
    let place = Place { rule: String::new(), pointer: String::new(), choice: None, whole: &|value| value };
    walk(schema, example, &place, &[], &mut found);
    found
}

/// How many rules a schema has, counted in another way.
pub fn count(schema: &Value) -> usize {
    let fields = schema.as_object().unwrap();
    let inner = |value: &Value| value.as_object().map_or(0, |members| members.values().map(count).sum::<usize>());
    let rules = fields.iter().map(|(keyword, value)| match (keyword.as_str(), value) {
        ("required", names) => names.as_array().unwrap().len(),
        ("properties", members) => inner(members),
        ("items", items) => count(items),
        ("oneOf", branches) => 1 + branches.as_array().unwrap().iter().map(count).sum::<usize>(),
        ("additionalProperties", Value::Bool(allowed)) => usize::from(!allowed),
        ("additionalProperties", schema) => count(schema),
        (keyword, _) if is_annotation(keyword) => 0,
        _ => 1,
    });
    rules.sum()
}

fn is_annotation(keyword: &str) -> bool {
    let known = ["$schema", "title", "description", "default", "examples", "writeOnly", "readOnly", "deprecated"];
    known.contains(&keyword) || keyword.starts_with("x-")
}

fn walk(schema: &Value, good: &Value, place: &Place<'_>, siblings: &[Value], found: &mut Vec<Variant>) {
    let keywords = schema.as_object().unwrap_or_else(|| panic!("{}: {schema} is no schema", place.rule));
    for (keyword, value) in keywords {
        let mut add = |bad: Value| add(place, keyword, &place.pointer, bad, found);
        let limit = || value.as_f64().unwrap();
        let length = || usize::try_from(value.as_u64().unwrap()).unwrap();
        match keyword.as_str() {
            keyword if is_annotation(keyword) => {}
            "type" => add(of_another_type(schema, siblings)),
            "enum" | "const" => add(json!("no such word")),
            "minimum" | "exclusiveMaximum" => add(number(limit() - f64::from(u8::from(keyword == "minimum")))),
            "maximum" | "exclusiveMinimum" => add(number(limit() + f64::from(u8::from(keyword == "maximum")))),
            "minLength" => add(json!("x".repeat(length().checked_sub(1).unwrap()))),
            "maxLength" => add(json!("x".repeat(length() + 1))),
            "pattern" => add(json!("\u{2717}")),
            "format" => add(json!(against_format(value))),
            "minItems" => add(Value::Array(vec![good_item(schema); length().checked_sub(1).unwrap()])),
            "maxItems" => add(Value::Array(vec![good_item(schema); length() + 1])),
            "uniqueItems" => add(json!([good_item(schema), good_item(schema)])),
            "oneOf" => choice(value, place, found),
            "required" => without_each(schema, good, place, found),
            "properties" => below(value.as_object().unwrap(), good, place, found),
            "items" => {
                let padding = schema["minItems"].as_u64().unwrap_or(1).saturating_sub(1);
                let whole = |inner: Value| {
                    let rest = (0..padding).map(|_| good_item(schema));
                    (place.whole)(std::iter::once(inner).chain(rest).collect())
                };
                inside(place, "items", "0", value, &whole, found);
            }
            "additionalProperties" if *value == json!(true) => {}
            "additionalProperties" if *value == json!(false) => {
                let pointer = format!("{}/{STRANGER}", place.pointer);
                super::variants::add(place, keyword, &pointer, with(good, STRANGER, json!(1)), found);
            }
            "additionalProperties" => {
                let whole = |inner: Value| (place.whole)(with(good, "key", inner));
                inside(place, "additionalProperties", "key", value, &whole, found);
            }
            unknown => panic!("{}: nobody here knows how to break `{unknown}`", place.rule),
        }
    }
}

fn add(place: &Place<'_>, keyword: &str, pointer: &str, bad: Value, found: &mut Vec<Variant>) {
    found.push(Variant {
        rule: format!("{}/{keyword}", place.rule),
        parameters: (place.whole)(bad),
        pointer: pointer.to_owned(),
        choice: place.choice.clone(),
    });
}

/// One step down, with a value of the inner schema that is good.
fn inside(
    place: &Place<'_>,
    rule: &str,
    name: &str,
    schema: &Value,
    whole: &dyn Fn(Value) -> Value,
    found: &mut Vec<Variant>,
) {
    let (rule, pointer) = (format!("{}/{rule}", place.rule), format!("{}/{name}", place.pointer));
    walk(schema, &good(schema), &Place { rule, pointer, choice: place.choice.clone(), whole }, &[], found);
}

fn choice(branches: &Value, place: &Place<'_>, found: &mut Vec<Variant>) {
    let branches = branches.as_array().unwrap();
    add(place, "oneOf", &place.pointer, of_another_type(&json!({}), branches), found);
    for (number, branch) in branches.iter().enumerate() {
        let choice = Some(place.pointer.clone());
        let rule = format!("{}/oneOf/{number}", place.rule);
        let place = Place { rule, pointer: place.pointer.clone(), choice, whole: place.whole };
        walk(branch, &good(branch), &place, branches, found);
    }
}

fn without_each(schema: &Value, good: &Value, place: &Place<'_>, found: &mut Vec<Variant>) {
    for name in schema["required"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        assert!(schema["properties"][name].get("default").is_none(), "{}/{name} is filled in", place.rule);
        let mut less = good.clone();
        less.as_object_mut().unwrap().remove(name);
        add(place, "required", &format!("{}/{name}", place.pointer), less, found);
    }
}

fn below(members: &Map<String, Value>, good: &Value, place: &Place<'_>, found: &mut Vec<Variant>) {
    for (name, schema) in members {
        let whole = |inner: Value| (place.whole)(with(good, name, inner));
        inside(place, &format!("properties/{name}"), name, schema, &whole, found);
    }
}

fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut object = if object.is_object() { object.clone() } else { json!({}) };
    object[name] = value;
    object
}

fn number(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "bounds of parameters are far smaller")]
    let whole = value as i64;
    if value.fract() == 0.0 { json!(whole) } else { json!(value) }
}

fn against_format(format: &Value) -> &'static str {
    match format.as_str().unwrap() {
        "uri" => "no address",
        "email" => "nobody",
        other => panic!("nobody here knows how to break the format {other}"),
    }
}

/// A value of a type that neither the schema nor one of its siblings takes.
fn of_another_type(schema: &Value, siblings: &[Value]) -> Value {
    let taken: Vec<&str> = siblings.iter().chain([schema]).flat_map(types).collect();
    let values = [
        ("boolean", json!(true)),
        ("integer", json!(7)),
        ("string", json!("text")),
        ("array", json!([])),
        ("object", json!({})),
        ("null", json!(null)),
    ];
    let fits = |name: &str| taken.contains(&name) || (name == "integer" && taken.contains(&"number"));
    values.into_iter().find(|(name, _)| !fits(name)).map(|(_, value)| value).unwrap()
}

fn types(schema: &Value) -> Vec<&str> {
    let of = |value: &'static str| vec![value];
    match (&schema["type"], &schema["const"]) {
        (Value::String(name), _) => vec![name],
        (Value::Array(names), _) => names.iter().filter_map(Value::as_str).collect(),
        (_, Value::String(_)) => of("string"),
        _ => schema["oneOf"].as_array().into_iter().flatten().flat_map(types).collect(),
    }
}

fn good_item(schema: &Value) -> Value {
    schema.get("items").map_or(json!(1), good)
}

/// Something that the schema takes.
fn good(schema: &Value) -> Value {
    if let Some(example) = schema["examples"].get(0).or_else(|| schema.get("default")).or_else(|| schema.get("const")) {
        return example.clone();
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if let Some(branch) = schema["oneOf"].get(0) {
        return good(branch);
    }
    match types(schema).first() {
        Some(&"object") => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            required.map(|name| (name.to_owned(), good(&schema["properties"][name]))).collect()
        }
        Some(&"array") => Value::Array(vec![good_item(schema); schema["minItems"].as_u64().unwrap_or(0) as usize]),
        Some(&"string") => json!("x"),
        Some(&"boolean") => json!(true),
        Some(_) => schema.get("minimum").cloned().unwrap_or(json!(1)),
        None => json!({}),
    }
}
