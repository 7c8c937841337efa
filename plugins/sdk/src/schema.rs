//! JSON Schema of parameters, cut down to what forms are made from.
//!
//! `schemars` says more than a form can show: null beside each optional value, formats of Rust's own numbers,
//! references. Here it becomes the subset that the web interface promises to draw.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// The schema of a type's JSON as JSON Schema 2020-12, without references. An optional value may be left out and
/// is never null.
///
/// ```
/// use sandglass_sdk::schema_of;
///
/// #[derive(schemars::JsonSchema)]
/// # #[expect(dead_code)]
/// struct Parameters {
///     /// How many days to look back.
///     #[schemars(title = "Days", range(min = 1, max = 365))]
///     days: u32,
/// }
///
/// let schema = schema_of::<Parameters>();
/// assert_eq!(schema["required"][0], "days");
/// assert_eq!(schema["properties"]["days"]["maximum"], 365);
/// ```
#[must_use]
pub fn schema_of<P: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<P>().to_value();
    tidy(&mut schema);
    schema
}

/// Formats of numbers that JSON Schema does not know.
const FOREIGN_FORMATS: [&str; 12] =
    ["int8", "int16", "int32", "int64", "int", "uint8", "uint16", "uint32", "uint64", "uint", "float", "double"];

fn tidy(value: &mut Value) {
    let Value::Object(schema) = value else { return };
    without_null_type(schema);
    without_null_alternative(schema);
    if schema.get("default") == Some(&Value::Null) {
        schema.shift_remove("default");
    }
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| FOREIGN_FORMATS.contains(&format)) {
        schema.shift_remove("format");
    }
    // Alternatives of an untagged enum exclude each other, and a form draws them as a choice.
    if let Some(alternatives) = schema.shift_remove("anyOf") {
        schema.insert("oneOf".to_owned(), alternatives);
    }
    for key in ["properties", "patternProperties", "$defs"] {
        if let Some(Value::Object(members)) = schema.get_mut(key) {
            members.values_mut().for_each(tidy);
        }
    }
    for key in ["oneOf", "allOf", "prefixItems"] {
        if let Some(Value::Array(members)) = schema.get_mut(key) {
            members.iter_mut().for_each(tidy);
        }
    }
    for key in ["items", "additionalProperties", "not", "if", "then", "else"] {
        if let Some(member) = schema.get_mut(key) {
            tidy(member);
        }
    }
}

/// `type: [string, null]` becomes `type: string`.
fn without_null_type(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}

/// `anyOf: [X, null]` becomes X; what stands beside it (a title of the field) goes before what X says.
fn without_null_alternative(schema: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = schema.get_mut("anyOf") else { return };
    alternatives.retain(|alternative| alternative.get("type").is_none_or(|name| name != "null"));
    if let [Value::Object(only)] = alternatives.as_slice() {
        let only = only.clone();
        schema.shift_remove("anyOf");
        for (key, value) in only {
            schema.entry(key).or_insert(value);
        }
        without_null_alternative(schema);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(JsonSchema, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is of interest")]
    struct Sample {
        /// How many.
        #[serde(default = "seven")]
        #[schemars(title = "Count", range(min = 1, max = 9), example = 3, extend("x-ui" = {"order": 1}))]
        count: u32,
        /// Where to.
        #[schemars(title = "Target")]
        target: Option<Target>,
        note: Option<String>,
        shade: Option<Shade>,
    }

    fn seven() -> u32 {
        7
    }

    #[derive(JsonSchema, serde::Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only its schema is of interest")]
    enum Target {
        File { path: String },
        Address { url: String },
    }

    #[derive(JsonSchema, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Shade {
        Light,
        VeryDark,
    }

    #[test]
    fn a_field_keeps_what_its_author_said() {
        let schema = schema_of::<Sample>();
        assert_eq!(schema.pointer("/additionalProperties"), Some(&json!(false)));
        assert_eq!(
            schema.pointer("/properties/count"),
            Some(&json!({
                "title": "Count", "description": "How many.", "type": "integer", "minimum": 1, "maximum": 9,
                "default": 7, "examples": [3], "x-ui": {"order": 1}
            }))
        );
        assert_eq!(schema.pointer("/required"), None);
    }

    #[test]
    fn nothing_may_be_null_and_nothing_is_a_reference() {
        let schema = schema_of::<Sample>();
        let text = schema.to_string();
        assert!(!text.contains("null") && !text.contains("$ref") && !text.contains("anyOf"), "{text}");
        assert_eq!(schema.pointer("/properties/note/type"), Some(&json!("string")));
        assert_eq!(schema.pointer("/properties/target/title"), Some(&json!("Target")));
        assert_eq!(schema.pointer("/properties/target/oneOf/1/properties/url/type"), Some(&json!("string")));
        assert_eq!(schema.pointer("/properties/shade/enum"), Some(&json!(["light", "very_dark"])));
    }

    #[test]
    fn the_dialect_is_named() {
        let schema = schema_of::<Sample>();
        assert_eq!(schema.pointer("/$schema"), Some(&json!("https://json-schema.org/draft/2020-12/schema")));
    }
}
