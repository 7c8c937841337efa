//! The compiled tree and its evaluation: constants, paths, documents, lists and calls.

use std::{fmt::Debug, sync::Arc};

use bson::{Bson, Document};

use super::{
    call::{Apply, Call, Value},
    variable::{Scope, Variable},
};
use crate::Result;

#[derive(Debug, Clone)]
pub(super) enum Node {
    Constant(Bson),
    Field { variable: Variable, path: Vec<String> },
    Document(Vec<(String, Node)>),
    Array(Vec<Node>),
    Call { name: String, apply: Apply, operands: Vec<Option<Node>> },
    Lazy(Arc<dyn Lazy>),
}

/// An operator that decides itself which of its operands it evaluates, and how often.
pub(super) trait Lazy: Debug + Send + Sync {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value>;
}

impl Node {
    pub fn lazy(operator: impl Lazy + 'static) -> Self {
        Self::Lazy(Arc::new(operator))
    }

    /// A list; of constants, a constant.
    pub fn array(items: Vec<Self>) -> Self {
        match items.iter().map(Self::constant).collect::<Option<Vec<_>>>() {
            Some(constants) => Self::Constant(Bson::Array(constants.into_iter().cloned().collect())),
            None => Self::Array(items),
        }
    }

    /// A document; of constants, a constant.
    pub fn document(fields: Vec<(String, Self)>) -> Self {
        let constants = fields.iter().map(|(name, node)| Some((name.clone(), node.constant()?.clone())));
        match constants.collect::<Option<Document>>() {
            Some(constants) => Self::Constant(Bson::Document(constants)),
            None => Self::Document(fields),
        }
    }

    fn constant(&self) -> Option<&Bson> {
        match self {
            Self::Constant(value) => Some(value),
            _ => None,
        }
    }

    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        scope.budget.spend(1)?;
        match self {
            Self::Constant(value) => {
                scope.budget.spend_value(value)?;
                Ok(Some(value.clone()))
            }
            Self::Field { variable, path } => field(scope, variable, path),
            Self::Document(fields) => computed_document(fields, scope),
            Self::Array(items) => computed_array(items, scope),
            Self::Call { name, apply, operands } => call(name, *apply, operands, scope),
            Self::Lazy(operator) => operator.evaluate(scope),
        }
    }
}

fn computed_document(fields: &[(String, Node)], scope: &Scope<'_>) -> Result<Value> {
    let mut document = Document::new();
    for (name, node) in fields {
        if let Some(value) = node.evaluate(scope)? {
            document.insert(name, value);
        }
    }
    Ok(Some(Bson::Document(document)))
}

fn computed_array(items: &[Node], scope: &Scope<'_>) -> Result<Value> {
    let items = items.iter().map(|item| Ok(item.evaluate(scope)?.unwrap_or(Bson::Null)));
    Ok(Some(Bson::Array(items.collect::<Result<_>>()?)))
}

fn call(name: &str, apply: Apply, operands: &[Option<Node>], scope: &Scope<'_>) -> Result<Value> {
    let mut values = Vec::with_capacity(operands.len());
    for operand in operands {
        values.push(match operand {
            Some(node) => Some(node.evaluate(scope)?),
            None => None,
        });
    }
    apply(&mut Call { name, operands: values, budget: scope.budget })
}

fn field(scope: &Scope<'_>, variable: &Variable, path: &[String]) -> Result<Value> {
    let found = match (variable, path) {
        (Variable::Remove, _) => None,
        (Variable::Now, []) => scope.now(),
        (Variable::Now, _) => None,
        (Variable::Root, []) => {
            scope.root.iter().try_for_each(|(_, value)| scope.budget.spend_value(value))?;
            Some(Bson::Document(scope.root.clone()))
        }
        (Variable::Root, path) => in_document(scope, scope.root, path)?,
        (Variable::Named(name), path) => match scope.named(name) {
            Some(value) => in_value(scope, value, path)?,
            None => None,
        },
    };
    Ok(found)
}

fn in_value(scope: &Scope<'_>, value: &Bson, path: &[String]) -> Result<Value> {
    match (value, path) {
        (_, []) => {
            scope.budget.spend_value(value)?;
            Ok(Some(value.clone()))
        }
        (Bson::Document(document), _) => in_document(scope, document, path),
        // A path goes through every document of an array, but neither into arrays inside it nor to a position.
        (Bson::Array(items), _) => {
            scope.budget.spend(items.len())?;
            let mut found = Vec::new();
            for item in items {
                if let Bson::Document(document) = item {
                    found.extend(in_document(scope, document, path)?);
                }
            }
            Ok(Some(Bson::Array(found)))
        }
        _ => Ok(None),
    }
}

fn in_document(scope: &Scope<'_>, document: &Document, path: &[String]) -> Result<Value> {
    match path.split_first() {
        Some((name, rest)) => match document.get(name) {
            Some(value) => in_value(scope, value, rest),
            None => Ok(None),
        },
        None => Ok(None),
    }
}
