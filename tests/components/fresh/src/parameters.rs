//! What a job says, and what is wrong with it. The schema of the form is made from the struct: document comments
//! become descriptions, `x-ui` says how a field is drawn.

use sandglass_sdk::Problems;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Parameters of a job.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Fresh", extend("examples" = [{"collection": "orders", "field": "status"}]))]
pub struct Parameters {
    /// The collection to read.
    #[schemars(title = "Collection", length(min = 1, max = 200), example = &"orders",
        extend("x-ui" = {"order": 1, "group": "What", "widget": "collection", "help": "It is read and never changed."}))]
    pub collection: String,

    /// The field whose values are counted.
    #[schemars(title = "Field", length(min = 1, max = 200), example = &"status",
        extend("x-ui" = {"order": 2, "group": "What", "widget": "field", "help": "A field of the document itself."}))]
    pub field: String,

    /// Read only documents that match this MongoDB filter.
    #[serde(default)]
    #[schemars(title = "Filter", example = serde_json::json!({"total": {"$gt": 100}}),
        extend("x-ui" = {"order": 3, "group": "What", "widget": "filter", "help": "A filter as in find()."}))]
    pub filter: Map<String, Value>,
}

impl Parameters {
    /// What a schema cannot say. Everything at once, so that a person mends it in one go.
    pub(crate) fn problems(&self) -> Problems {
        let mut problems = Problems::none();
        if self.collection.starts_with("system.") {
            problems.add("/collection", "belongs to the database itself: name one of your collections");
        }
        if self.field.starts_with('$') || self.field.contains('.') {
            problems.add("/field", "is no field of the document itself: write it without `$` and dots");
        }
        problems
    }
}
