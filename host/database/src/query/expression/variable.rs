//! What `$$name` means: the variables of the system, those of the caller, and those bound inside an expression.

use bson::{Bson, DateTime, Document};

use super::budget::Budget;

/// The variables an evaluation starts with.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    now: Option<DateTime>,
    named: Vec<(String, Option<Bson>)>,
}

impl Variables {
    /// `$$NOW` is this instant; without it the variable is missing.
    pub fn at(now: DateTime) -> Self {
        Self { now: Some(now), named: Vec::new() }
    }

    /// With a further variable, as the `let` of a `$lookup` binds it. `None` is missing.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: Option<Bson>) -> Self {
        self.named.push((name.into(), value));
        self
    }

    /// The names of the caller's variables, for [`compile_with`](super::Expression::compile_with).
    pub fn names(&self) -> Vec<String> {
        self.named.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// A variable as the compiler has read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Variable {
    Root,
    Now,
    Remove,
    Named(String),
}

/// The document and everything that has a name at one point of an evaluation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub root: &'a Document,
    pub budget: &'a Budget,
    variables: &'a Variables,
    bound: Option<&'a Binding<'a>>,
}

/// One variable bound by `$let`, `$map` and their like, and those outside of it.
#[derive(Debug)]
pub(super) struct Binding<'a> {
    name: &'a str,
    value: Option<Bson>,
    outer: Option<&'a Binding<'a>>,
}

impl Binding<'_> {
    pub fn into_value(self) -> Option<Bson> {
        self.value
    }
}

impl<'a> Scope<'a> {
    pub fn new(root: &'a Document, variables: &'a Variables, budget: &'a Budget) -> Self {
        Self { root, budget, variables, bound: None }
    }

    /// A binding on top of this scope; [`within`](Self::within) makes it visible.
    pub fn bind(&self, name: &'a str, value: Option<Bson>) -> Binding<'a> {
        Binding { name, value, outer: self.bound }
    }

    pub fn within<'b>(&self, binding: &'b Binding<'b>) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope { root: self.root, budget: self.budget, variables: self.variables, bound: Some(binding) }
    }

    pub fn now(&self) -> Option<Bson> {
        self.variables.now.map(Bson::DateTime)
    }

    pub fn named(&self, name: &str) -> Option<&Bson> {
        let mut bound = self.bound;
        while let Some(binding) = bound {
            if binding.name == name {
                return binding.value.as_ref();
            }
            bound = binding.outer;
        }
        self.variables.named.iter().rev().find(|(known, _)| known == name).and_then(|(_, value)| value.as_ref())
    }
}
