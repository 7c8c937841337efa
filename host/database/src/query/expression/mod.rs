//! Aggregation expressions: compiled once, evaluated per document.
//!
//! The meaning is that of the manual's "Aggregation Expressions" and the page of each operator. An expression gives a
//! value or *missing* (`None`), which differs from null: a missing value leaves a field out. Pure; `$$NOW` is handed
//! in. Operators that are not known are refused by name when the expression is compiled.

mod accumulate;
mod arithmetic;
mod array;
mod binding;
mod budget;
mod call;
mod comparison;
mod compile;
mod conditional;
mod convert;
mod date;
mod exponent;
mod node;
mod number;
mod object;
mod pattern;
mod recovery;
mod rounding;
mod set;
mod string;
mod text;
mod trim;
mod variable;

use bson::{Bson, Document};

use crate::Result;

pub(crate) use accumulate::{Extreme, Sum, as_double, spread};
pub(crate) use call::truthy;
pub(crate) use comparison::Ranked;
pub(crate) use text::shown;
pub use variable::Variables;

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Expression {
    root: node::Node,
}

impl Expression {
    /// Reads an expression that uses no variables but those of the system.
    ///
    /// # Errors
    /// [`Unsupported`](crate::Error::Unsupported) for an operator or variable that is not known,
    /// [`Invalid`](crate::Error::Invalid) for a wrong number of operands, a malformed path and the like.
    pub fn compile(expression: &Bson) -> Result<Self> {
        Self::compile_with(expression, &[])
    }

    /// As [`compile`](Self::compile), with names that the [`Variables`] of the evaluation will hold.
    ///
    /// # Errors
    /// Those of [`compile`](Self::compile).
    pub fn compile_with(expression: &Bson, variables: &[String]) -> Result<Self> {
        compile::Compiler::new(variables).expression(expression).map(|root| Self { root })
    }

    /// A constant, whatever it looks like.
    pub fn constant(value: Bson) -> Self {
        Self { root: node::Node::Constant(value) }
    }

    /// The value for one document; `None` is missing.
    ///
    /// # Errors
    /// [`Invalid`](crate::Error::Invalid) if an operator is given a value it cannot take,
    /// [`TooLarge`](crate::Error::TooLarge) if the work or the result goes beyond the bounds of one evaluation.
    pub fn evaluate(&self, root: &Document, variables: &Variables) -> Result<Option<Bson>> {
        let budget = budget::Budget::default();
        self.root.evaluate(&variable::Scope::new(root, variables, &budget))
    }
}

#[cfg(test)]
mod tests {
    use bson::{Bson, bson, doc};

    use super::{Expression, Variables};
    use crate::Error;

    fn evaluate(expression: &Bson) -> crate::Result<Option<Bson>> {
        let root = doc! { "a": [{ "b": 1 }, { "b": [2] }, 3], "n": null };
        Expression::compile(expression)?.evaluate(&root, &Variables::at(bson::DateTime::from_millis(5)))
    }

    #[test]
    fn missing_is_not_null() {
        assert_eq!(evaluate(&bson!("$nope")).unwrap(), None);
        assert_eq!(evaluate(&bson!("$n")).unwrap(), Some(Bson::Null));
        assert_eq!(evaluate(&bson!({ "$eq": ["$nope", null] })).unwrap(), Some(false.into()));
    }

    #[test]
    fn a_path_collects_from_the_documents_of_an_array() {
        assert_eq!(evaluate(&bson!("$a.b")).unwrap(), Some(bson!([1, [2]])));
        assert_eq!(evaluate(&bson!("$a.0")).unwrap(), Some(bson!([])));
    }

    #[test]
    fn the_clock_is_the_one_handed_in() {
        assert_eq!(evaluate(&bson!("$$NOW")).unwrap(), Some(bson::DateTime::from_millis(5).into()));
    }

    #[test]
    fn an_unknown_operator_is_refused_by_name() {
        let error = evaluate(&bson!({ "$where": "1" })).unwrap_err();
        assert!(matches!(&error, Error::Unsupported { what } if what.contains("$where")), "{error}");
    }

    #[test]
    fn a_result_that_would_not_fit_is_refused_instead_of_made() {
        let doubling = bson!({ "$reduce": {
            "input": { "$range": [0, 200] },
            "initialValue": "x",
            "in": { "$concat": ["$$value", "$$value"] },
        } });
        assert!(matches!(evaluate(&doubling), Err(Error::TooLarge { .. })));
        let nesting = bson!({ "$reduce": {
            "input": { "$range": [0, 100_000] },
            "initialValue": 1,
            "in": ["$$value"],
        } });
        assert!(matches!(evaluate(&nesting), Err(Error::Invalid { .. })));
    }
}
