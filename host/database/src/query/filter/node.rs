//! The compiled form of a filter: a tree of clauses, and tests at its leaves.

use bson::Bson;

use super::test::Test;
use crate::query::{expression::Expression, path::Path};

#[derive(Debug, Clone)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    /// Some value that the path leads to passes the test. Without a path the value itself is tested.
    Field {
        path: Option<Path>,
        test: Test,
    },
    /// `$expr`.
    Expression(Box<Expression>),
}

/// Which side of a value is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Node {
    pub(super) fn field(path: Option<&Path>, test: Test) -> Self {
        Self::Field { path: path.cloned(), test }
    }

    pub(super) fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// One node for several that must all hold.
    pub(super) fn all(mut nodes: Vec<Self>) -> Self {
        match nodes.pop() {
            Some(only) if nodes.is_empty() => only,
            Some(last) => {
                nodes.push(last);
                Self::All(nodes)
            }
            None => Self::All(nodes),
        }
    }

    /// Equality with a literal.
    pub(super) fn equal(path: Option<&Path>, value: &Bson) -> Self {
        Self::field(path, Test::Compare { side: Comparison::Equal, value: value.clone() })
    }

    pub(super) fn has_expression(&self) -> bool {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(Self::has_expression),
            Self::Not(node) => node.has_expression(),
            Self::Field { test, .. } => match test {
                Test::ElementDocument(node) | Test::ElementValue(node) => node.has_expression(),
                _ => false,
            },
            Self::Expression(_) => true,
        }
    }

    /// How many tests and expressions it holds.
    pub(super) fn conditions(&self) -> usize {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().map(Self::conditions).sum(),
            Self::Not(node) => node.conditions(),
            Self::Field { test: Test::ElementDocument(node) | Test::ElementValue(node), .. } => 1 + node.conditions(),
            Self::Field { .. } | Self::Expression(_) => 1,
        }
    }

    /// The clauses that must all hold, nested `$and` taken apart.
    pub(super) fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::All(nodes) => nodes.iter().flat_map(Self::conjuncts).collect(),
            other => vec![other],
        }
    }
}
