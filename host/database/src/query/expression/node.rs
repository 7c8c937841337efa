//! The compiled tree and its evaluation: constants, paths, documents, lists and calls. Operators that do not evaluate
//! all their operands are in [`conditional`](super::conditional).

use bson::{Bson, Document};

use super::{
    call::{Apply, Call, Value},
    conditional::Conditional,
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
    Conditional(Box<Conditional>),
}

impl Node {
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        scope.budget.spend(1)?;
        match self {
            Self::Constant(value) => {
                scope.budget.spend_value(value)?;
                Ok(Some(value.clone()))
            }
            Self::Field { variable, path } => field(scope, variable, path),
            Self::Document(fields) => {
                let mut document = Document::new();
                for (name, node) in fields {
                    if let Some(value) = node.evaluate(scope)? {
                        document.insert(name, value);
                    }
                }
                Ok(Some(Bson::Document(document)))
            }
            Self::Array(items) => {
                let items = items.iter().map(|item| Ok(item.evaluate(scope)?.unwrap_or(Bson::Null)));
                Ok(Some(Bson::Array(items.collect::<Result<_>>()?)))
            }
            Self::Call { name, apply, operands } => {
                let operands = operands
                    .iter()
                    .map(|operand| operand.as_ref().map(|node| node.evaluate(scope)).transpose())
                    .collect::<Result<_>>()?;
                apply(&mut Call { name, operands, budget: scope.budget })
            }
            Self::Conditional(conditional) => conditional.evaluate(scope),
        }
    }
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
