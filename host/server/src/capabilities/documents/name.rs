//! Names of collections as templates write them, and which needs and rights cover them. Pure.

use serde_json::Value;

use crate::capabilities::gates::DEFAULT_CONNECTION;
use crate::capabilities::guard::Target;
use crate::capabilities::{ErrorKind, GateError};
use crate::model::grant::{self, Scope, fits};

/// Longest name, in bytes; MongoDB's own bound with its database name is 255.
const LONGEST: usize = 200;

/// `orders` or `crm/orders`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionName {
    connection: String,
    collection: String,
    /// `orders` for the default connection, `crm/orders` for others.
    shown: String,
}

impl CollectionName {
    /// Reads a name.
    ///
    /// # Errors
    /// `invalid` for a name that no database should hold.
    pub fn parse(text: &str) -> Result<Self, GateError> {
        let (connection, collection) = text.split_once('/').unwrap_or((DEFAULT_CONNECTION, text));
        Self::of(connection, collection)
    }

    /// A collection of a connection.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn of(connection: &str, collection: &str) -> Result<Self, GateError> {
        let fault = |what: &str| {
            Err(GateError::invalid("collection-name", format!("{collection:?} is no name for a collection: {what}")))
        };
        let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
        if connection.is_empty() || connection.len() > LONGEST || !connection.chars().all(is_plain) {
            return Err(GateError::invalid(
                "connection-name",
                format!("{connection:?} is no name for a connection: letters, digits, `_` and `-` are"),
            ));
        }
        if collection.is_empty() {
            return fault("it is empty");
        }
        if collection.len() > LONGEST {
            return fault("it is longer than 200 bytes");
        }
        if collection.chars().any(|character| character.is_control() || matches!(character, '$' | '/' | '\\')) {
            return fault("`$`, `/`, `\\` and control characters are not allowed");
        }
        if collection.starts_with("system.") || collection.starts_with('.') || collection.ends_with('.') {
            return fault("names that begin with `system.` or begin or end with a dot belong to the database");
        }
        let shown = match connection {
            DEFAULT_CONNECTION => collection.to_owned(),
            other => format!("{other}/{collection}"),
        };
        Ok(Self { connection: connection.to_owned(), collection: collection.to_owned(), shown })
    }

    pub fn connection(&self) -> &str {
        &self.connection
    }

    pub fn collection(&self) -> &str {
        &self.collection
    }

    /// Another collection of the same connection.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn sibling(&self, collection: &str) -> Result<Self, GateError> {
        Self::of(&self.connection, collection)
    }
}

impl Target for CollectionName {
    fn name(&self) -> &str {
        &self.shown
    }

    /// The connection may stand in the target (`crm/orders`) or beside it, as `{"connection": "param:/connection"}` in
    /// `extra`.
    fn is_in(&self, scope: &Scope, extra: Option<&Value>, parameters: &Value) -> bool {
        let beside = extra.and_then(|extra| extra.get("connection")).and_then(Value::as_str);
        let text = match scope {
            Scope::Pattern(text) | Scope::Literal(text) => text,
        };
        let (connection, collection) = match (text.split_once('/'), beside) {
            (Some((connection, collection)), _) => (Some(Scope::Pattern(connection.to_owned())), collection),
            (None, Some(beside)) => (grant::scopes(beside, parameters).into_iter().next(), text.as_str()),
            (None, None) => (None, text.as_str()),
        };
        let in_connection = match connection {
            None => self.connection == DEFAULT_CONNECTION,
            Some(Scope::Pattern(pattern)) if matches!(scope, Scope::Pattern(_)) => fits(&pattern, &self.connection),
            Some(Scope::Pattern(literal) | Scope::Literal(literal)) => {
                self.connection == if literal.is_empty() { DEFAULT_CONNECTION } else { &literal }
            }
        };
        in_connection
            && match scope {
                Scope::Pattern(_) => fits(collection, &self.collection),
                Scope::Literal(_) => collection == self.collection,
            }
    }

    fn has_fields(&self) -> bool {
        true
    }

    fn forbidden(&self) -> Option<GateError> {
        // On every connection: one may lead to the database that Sandglass itself is on.
        grant::is_own_collection(&self.collection).then(|| {
            GateError::new(
                ErrorKind::Denied,
                "own-collection",
                format!("{} belongs to Sandglass itself and is out of reach for templates", self.collection),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn covers(target: &str, extra: Option<Value>, parameters: Value, name: &str) -> bool {
        let name = CollectionName::parse(name).unwrap();
        grant::scopes(target, &parameters).iter().any(|scope| name.is_in(scope, extra.as_ref(), &parameters))
    }

    #[test]
    fn the_default_connection_may_be_written_or_left_out() {
        assert_eq!(CollectionName::parse("default/orders").unwrap(), CollectionName::parse("orders").unwrap());
        assert_eq!(CollectionName::parse("crm/orders").unwrap().name(), "crm/orders");
        assert!(covers("orders", None, json!({}), "default/orders"));
        assert!(covers("default/orders", None, json!({}), "orders"));
    }

    #[test]
    fn a_bare_star_means_the_default_connection_only() {
        assert!(covers("*", None, json!({}), "orders"));
        assert!(!covers("*", None, json!({}), "crm/orders"));
        assert!(covers("crm/*", None, json!({}), "crm/orders"));
    }

    #[test]
    fn a_parameter_names_one_collection_whatever_it_holds() {
        assert!(covers("param:/collection", None, json!({"collection": "orders"}), "orders"));
        assert!(!covers("param:/collection", None, json!({"collection": "*"}), "orders"));
        assert!(covers("param:/collection", None, json!({"collection": "crm/orders"}), "crm/orders"));
        assert!(!covers("param:/collection", None, json!({"collection": "*/orders"}), "crm/orders"));
    }

    #[test]
    fn a_connection_may_stand_beside_the_collection() {
        let extra = || Some(json!({"connection": "param:/connection"}));
        let parameters = json!({"collection": "orders", "connection": "crm"});
        assert!(covers("param:/collection", extra(), parameters.clone(), "crm/orders"));
        assert!(!covers("param:/collection", extra(), parameters, "orders"));
        assert!(covers("param:/collection", extra(), json!({"collection": "orders", "connection": ""}), "orders"));
        assert!(!covers("param:/collection", extra(), json!({"collection": "a", "connection": "*"}), "crm/a"));
    }

    #[test]
    fn names_that_reach_elsewhere_are_refused() {
        for name in ["", "a$b", "system.users", "a/b/c", "a\0b", "/a", "a/", ".a", "a.", "..", "x y/z", "a\\b"] {
            assert!(CollectionName::parse(name).is_err(), "{name:?}");
        }
        assert!(CollectionName::parse("sandglass_audit").unwrap().forbidden().is_some());
        assert!(CollectionName::parse("Sandglass_Audit").unwrap().forbidden().is_some());
        assert!(CollectionName::parse("crm/audit").unwrap().forbidden().is_none());
    }
}
