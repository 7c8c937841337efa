//! Updates: a replacement, or `$set`, `$unset` and `$inc` of fields at the top.

use serde_json::{Map, Value, json};

use super::filter::unknown;
use super::order::number;

/// The document after the change.
///
/// # Panics
/// When the change uses what is not known here.
pub fn changed(document: &Value, change: &Value) -> Value {
    let (Some(change_fields), Some(source)) = (change.as_object(), document.as_object()) else {
        unknown("updates by pipeline", change)
    };
    let mut result = source.clone();
    if !change_fields.keys().any(|key| key.starts_with('$')) {
        let mut replacement = Map::new();
        replacement.extend(source.get_key_value("_id").map(|(key, value)| (key.clone(), value.clone())));
        replacement.extend(change_fields.clone());
        return Value::Object(replacement);
    }
    for (operator, operands) in change_fields {
        let Some(operands) = operands.as_object() else { unknown(operator, operands) };
        if let Some(path) = operands.keys().find(|path| path.contains('.')) {
            unknown("updates of dotted paths", &json!(path));
        }
        for (field, operand) in operands {
            match operator.as_str() {
                "$set" => {
                    result.insert(field.clone(), operand.clone());
                }
                "$unset" => {
                    result.shift_remove(field);
                }
                "$inc" => {
                    let before = result.get(field).and_then(number).unwrap_or_default();
                    result.insert(field.clone(), json!(before + number(operand).unwrap_or_default()));
                }
                _ => unknown(operator, operand),
            }
        }
    }
    Value::Object(result)
}
