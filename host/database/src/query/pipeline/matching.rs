//! `$match`, with variables in its `$expr`.

use bson::{Bson, Document};

use super::Context;
use crate::{
    Result,
    query::{
        expression::{Expression, truthy},
        filter::Filter,
    },
};

/// A filter whose `$expr` at the top is kept apart, because only it can see variables.
#[derive(Debug, Clone)]
pub(super) struct Match {
    filter: Filter,
    expression: Option<Expression>,
}

impl Match {
    pub fn compile(filter: &Document, variables: &[String]) -> Result<Self> {
        let mut filter = filter.clone();
        let expression =
            filter.remove("$expr").map(|expression: Bson| Expression::compile_with(&expression, variables));
        Ok(Self { filter: Filter::compile(&filter)?, expression: expression.transpose()? })
    }

    pub fn matches(&self, document: &Document, context: Context<'_>) -> Result<bool> {
        if !self.filter.matches(document)? {
            return Ok(false);
        }
        match &self.expression {
            Some(expression) => Ok(truthy(expression.evaluate(document, context.variables)?.as_ref())),
            None => Ok(true),
        }
    }
}
