//! The JSON Schema of a template's parameters, compiled once for a digest and kept.
//!
//! Nothing is fetched: a reference to a file or another host is refused when the template is admitted. Patterns run on
//! the linear engine, so no text can make them slow. What does not belong to the subset promised to template authors
//! still validates; the admission warns that the form shows it as plain JSON.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::Value;

use super::{defaults, reach};
use crate::model::template::Problem;
use crate::registry::fields::{join, nearest, shown};

/// More problems than this help nobody.
const MOST_PROBLEMS: usize = 50;
/// Nesting of the schema itself.
const MOST_DEPTH: usize = 32;
/// Its size as text.
const MOST_BYTES: usize = 256 * 1024;
/// What one compiled pattern may take: a short text can ask for very much.
const MOST_PATTERN_BYTES: usize = 1 << 20;

#[derive(Debug)]
pub struct Schema {
    validator: Validator,
    schema: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the schema of the parameters is refused: {0}")]
pub struct SchemaError(String);

impl Schema {
    /// # Errors
    /// When the schema is too large, too deep, points outside itself, or is no JSON Schema.
    pub fn compile(schema: &Value) -> Result<Self, SchemaError> {
        if !schema.is_object() {
            return Err(SchemaError("it must be a JSON object".into()));
        }
        if schema.to_string().len() > MOST_BYTES {
            return Err(SchemaError(format!("it is larger than {MOST_BYTES} bytes")));
        }
        if depth(schema) > MOST_DEPTH {
            return Err(SchemaError(format!("it is nested deeper than {MOST_DEPTH} levels")));
        }
        reach::check(schema).map_err(SchemaError)?;
        if !defaults::fill(schema, &mut Value::Object(serde_json::Map::new())) {
            return Err(SchemaError("its defaults unfold into more than parameters can hold".into()));
        }
        let patterns = PatternOptions::regex().size_limit(MOST_PATTERN_BYTES).dfa_size_limit(MOST_PATTERN_BYTES);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(patterns)
            .should_validate_formats(true)
            .offline()
            .build(schema)
            .map_err(|error| SchemaError(error.to_string().chars().take(500).collect()))?;
        Ok(Self { validator, schema: schema.clone() })
    }

    /// The parameters with the schema's defaults filled in.
    pub fn fill(&self, mut parameters: Value) -> Value {
        defaults::fill(&self.schema, &mut parameters);
        parameters
    }

    /// Every problem, each with the pointer of the parameter that it is about.
    pub fn check(&self, parameters: &Value) -> Vec<Problem> {
        let mut problems = Vec::new();
        for error in self.validator.iter_errors(parameters) {
            explain(&error, &self.schema, &mut problems);
            if problems.len() >= MOST_PROBLEMS {
                break;
            }
        }
        problems.truncate(MOST_PROBLEMS);
        problems
    }

    /// Keywords that the form cannot show.
    pub fn warnings(&self) -> Vec<String> {
        let mut found = Vec::new();
        unpromised(&self.schema, "", &mut found);
        found
    }
}

fn explain(error: &ValidationError<'_>, schema: &Value, problems: &mut Vec<Problem>) {
    let at = error.instance_path().as_str();
    let add = |problems: &mut Vec<Problem>, pointer: String, code: &str, message: String| {
        problems.push(Problem { pointer, code: code.to_owned(), message });
    };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            add(problems, join(at, name), "required", format!("`{name}` is missing"));
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let known = siblings(error, schema);
            for name in unexpected {
                let hint = nearest(name, &known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                add(problems, join(at, name), "unknown_field", format!("there is no parameter {}{hint}", shown(name)));
            }
        }
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            match nearest_branch(context) {
                Some(branch) => branch.iter().for_each(|inner| explain(inner, schema, problems)),
                None => add(problems, at.to_owned(), error.keyword_slug(), doors(context)),
            }
        }
        kind => add(problems, at.to_owned(), error.keyword_slug(), sentence(kind, error)),
    }
}

/// The names that may stand where an unknown one stood.
fn siblings<'a>(error: &ValidationError<'_>, schema: &'a Value) -> Vec<&'a str> {
    let keyword = error.schema_path().as_str();
    let around = keyword.rsplit_once('/').map_or("", |(around, _)| around);
    let members = schema.pointer(around).and_then(|around| around.get("properties")).and_then(Value::as_object);
    members.into_iter().flat_map(|members| members.keys()).map(String::as_str).collect()
}

/// Among alternatives the one whose faults are deepest or fewest is what was meant, unless all fail at the door.
fn nearest_branch<'a>(context: &'a [Vec<ValidationError<'static>>]) -> Option<&'a Vec<ValidationError<'static>>> {
    let meant: Vec<_> = context
        .iter()
        .filter(|errors| {
            !errors.is_empty()
                && !errors.iter().any(|error| {
                    matches!(
                        error.kind(),
                        ValidationErrorKind::Constant { .. }
                            | ValidationErrorKind::Enum { .. }
                            | ValidationErrorKind::Type { .. }
                    )
                })
        })
        .collect();
    match meant.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// What each alternative asks for first: the words of a choice, or the kinds of value.
fn doors(context: &[Vec<ValidationError<'static>>]) -> String {
    let (mut words, mut others) = (Vec::new(), Vec::new());
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for first in context.iter().filter_map(|errors| errors.first()) {
        match first.kind() {
            ValidationErrorKind::Constant { expected_value } => words.push(word(expected_value)),
            ValidationErrorKind::Enum { options } => {
                words.extend(options.as_array().into_iter().flatten().map(word));
            }
            kind => {
                let asked = sentence(kind, first);
                if !others.contains(&asked) {
                    others.push(asked);
                }
            }
        }
    }
    if !words.is_empty() {
        others.insert(0, format!("must be one of `{}`", words.join("`, `")));
    }
    if others.is_empty() {
        return "fits none of the forms it may have".to_owned();
    }
    cut(&others.join("; or "))
}

fn sentence(kind: &ValidationErrorKind, error: &ValidationError<'_>) -> String {
    match kind {
        ValidationErrorKind::Type { kind } => {
            let expected = match kind {
                TypeKind::Single(one) => one.to_string(),
                TypeKind::Multiple(several) => {
                    several.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" or ")
                }
            };
            format!("must be of type {expected}, not {}", crate::registry::fields::kind(error.instance()))
        }
        ValidationErrorKind::Enum { options } => format!("is none of {}", cut(&options.to_string())),
        ValidationErrorKind::Constant { expected_value } => format!("must be {}", cut(&expected_value.to_string())),
        ValidationErrorKind::Minimum { limit } => format!("must be at least {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("must be at most {limit}"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("must be greater than {limit}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        ValidationErrorKind::MinLength { limit } => format!("must have at least {limit} characters"),
        ValidationErrorKind::MaxLength { limit } => format!("must have at most {limit} characters"),
        ValidationErrorKind::MinItems { limit } => format!("must hold at least {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("must hold at most {limit} items"),
        ValidationErrorKind::UniqueItems => "must not hold the same item twice".into(),
        ValidationErrorKind::Pattern { pattern } => format!("does not match the pattern {}", cut(pattern)),
        ValidationErrorKind::Format { format } if format == "uri" => {
            "is no whole address, such as https://example.com/path".into()
        }
        ValidationErrorKind::Format { format } => format!("is no valid {format}"),
        _ => cut(&error.masked().to_string()),
    }
}

fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(300).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

trait Slug {
    fn keyword_slug(&self) -> &'static str;
}

impl Slug for ValidationError<'_> {
    /// The stable code of a problem, from the keyword that failed.
    fn keyword_slug(&self) -> &'static str {
        match self.kind().keyword() {
            "type" => "wrong_type",
            "enum" | "const" => "unknown_word",
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => "out_of_range",
            "minLength" => "too_short",
            "maxLength" => "too_long",
            "minItems" | "minProperties" => "too_few",
            "maxItems" | "maxProperties" => "too_many",
            "uniqueItems" => "not_unique",
            "pattern" => "pattern",
            "format" => "format",
            "oneOf" | "anyOf" => "no_form",
            _ => "schema",
        }
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Keywords of the promised subset (`$ref` only into the schema itself, as schemars writes nested types).
const PROMISED: [&str; 40] = [
    "$schema",
    "$id",
    "$defs",
    "$ref",
    "$comment",
    "type",
    "enum",
    "const",
    "title",
    "description",
    "default",
    "examples",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "prefixItems",
    "uniqueItems",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "oneOf",
    "anyOf",
    "allOf",
    "if",
    "then",
    "else",
    "writeOnly",
    "readOnly",
    "deprecated",
];

fn unpromised(schema: &Value, pointer: &str, found: &mut Vec<String>) {
    let Value::Object(keywords) = schema else { return };
    for (keyword, value) in keywords {
        let at = join(pointer, keyword);
        if !PROMISED.contains(&keyword.as_str()) && !keyword.starts_with("x-") {
            found.push(format!("{at}: `{keyword}` is checked, but the form shows it as plain JSON"));
            continue;
        }
        match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => {
                named.iter().for_each(|(name, inner)| unpromised(inner, &join(&at, name), found));
            }
            ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(list)) => {
                list.iter().enumerate().for_each(|(index, inner)| unpromised(inner, &format!("{at}/{index}"), found));
            }
            ("items" | "additionalProperties" | "if" | "then" | "else", inner) => unpromised(inner, &at, found),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cleanup() -> Schema {
        Schema::compile(&json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["collection"],
            "properties": {
                "collection": {"type": "string", "minLength": 1},
                "days_old": {"type": "integer", "minimum": 1},
                "dry_run": {"type": "boolean", "default": true},
                "conditions": {"type": "object"},
            }
        }))
        .unwrap()
    }

    #[test]
    fn every_problem_of_the_parameters_has_the_pointer_of_its_field() {
        let problems = cleanup().check(&json!({"days_old": 0, "dry_run": "yes", "a/b": 1}));
        let mut found: Vec<_> = problems.iter().map(|p| (p.pointer.as_str(), p.code.as_str())).collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("/a~1b", "unknown_field"),
                ("/collection", "required"),
                ("/days_old", "out_of_range"),
                ("/dry_run", "wrong_type")
            ]
        );
    }

    #[test]
    fn a_parameter_that_is_mistyped_is_answered_with_the_one_that_was_meant() {
        let schema = Schema::compile(&json!({
            "type": "object", "additionalProperties": false,
            "properties": {
                "collection": {"type": "string"},
                "csv": {"oneOf": [{"type": "object", "additionalProperties": false,
                    "properties": {"delimiter": {"type": "string"}}}]},
            }
        }))
        .unwrap();
        let problems = schema.check(&json!({"colection": "a", "csv": {"delimeter": ";"}, "zzzzzzzz": 1}));
        let said = |pointer: &str| problems.iter().find(|one| one.pointer == pointer).unwrap().message.as_str();
        assert!(said("/colection").ends_with("did you mean `collection`?"), "{problems:?}");
        assert!(said("/csv/delimeter").ends_with("did you mean `delimiter`?"), "{problems:?}");
        assert!(!said("/zzzzzzzz").contains("did you mean"), "{problems:?}");
    }

    #[test]
    fn a_choice_that_is_missed_names_what_could_be_chosen() {
        let schema = Schema::compile(&json!({
            "type": "object",
            "properties": {
                "format": {"oneOf": [{"const": "csv"}, {"const": "json"}, {"enum": ["xlsx"]}]},
                "archive_to": {"anyOf": [{"type": "object"}, {"type": "null"}]},
            }
        }))
        .unwrap();
        let message = |parameters: Value| schema.check(&parameters).remove(0).message;
        assert_eq!(message(json!({"format": "excel"})), "must be one of `csv`, `json`, `xlsx`");
        let archive = message(json!({"archive_to": "logs_old"}));
        assert!(archive.contains("must be of type object"), "{archive}");
    }

    #[test]
    fn defaults_are_filled_in_before_the_check() {
        let schema = cleanup();
        let filled = schema.fill(json!({"collection": "logs"}));
        assert_eq!(filled, json!({"collection": "logs", "dry_run": true}));
        assert_eq!(schema.check(&filled), []);
    }

    #[test]
    fn a_schema_that_points_outside_itself_is_refused() {
        for reference in ["http://example.com/schema.json", "file:///etc/passwd"] {
            Schema::compile(&json!({"type": "object", "properties": {"a": {"$ref": reference}}})).unwrap_err();
        }
    }

    #[test]
    fn a_schema_that_is_none_is_refused() {
        for schema in [json!([]), json!({"type": "objekt"}), json!({"properties": {"a": {"pattern": "("}}})] {
            Schema::compile(&schema).unwrap_err();
        }
        let mut deep = json!({});
        for _ in 0..40 {
            deep = json!({"items": deep});
        }
        assert!(Schema::compile(&deep).unwrap_err().to_string().contains("deeper"));
    }

    #[test]
    fn the_form_that_was_meant_explains_what_is_wrong_with_it() {
        let schema = Schema::compile(&json!({"properties": {"auth": {"oneOf": [
            {"type": "object", "properties": {"kind": {"const": "none"}}, "required": ["kind"]},
            {"type": "object", "properties": {"kind": {"const": "bearer"}, "secret": {"type": "string"}}, "required": ["kind", "secret"]},
        ]}}}))
        .unwrap();
        let problems = schema.check(&json!({"auth": {"kind": "bearer"}}));
        assert_eq!(problems.len(), 1);
        assert_eq!((problems[0].pointer.as_str(), problems[0].code.as_str()), ("/auth/secret", "required"));
    }

    #[test]
    fn a_pattern_that_needs_too_much_memory_or_more_than_linear_time_is_refused() {
        for pattern in ["((a{100}){100}){100}", "(a+)\\1", "(?=a)b"] {
            Schema::compile(&json!({"properties": {"a": {"pattern": pattern}}})).unwrap_err();
        }
        // Linear: a text that would keep a backtracking engine busy for ever.
        let schema = Schema::compile(&json!({"properties": {"a": {"pattern": "^(a+)+$"}}})).unwrap();
        let text = format!("{}b", "a".repeat(50_000));
        assert_eq!(schema.check(&json!({"a": text})).len(), 1);
    }

    #[test]
    fn keywords_beyond_the_promise_are_named() {
        let schema =
            Schema::compile(&json!({"properties": {"a": {"not": {"type": "null"}, "x-ui": {"order": 1}}}})).unwrap();
        assert_eq!(schema.warnings().len(), 1);
        assert!(schema.warnings()[0].starts_with("/properties/a/not"));
    }
}
