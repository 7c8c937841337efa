//! Operators that can answer a failure or a null themselves: `$convert $dateFromString`.

use bson::Bson;

use super::{
    call::{Value, is_nullish},
    compile::{Compiler, field, named},
    convert::{self, Target},
    date,
    node::{Lazy, Node},
    variable::Scope,
};
use crate::Result;

/// The node if the name is one of this family.
pub(super) fn compile(compiler: &mut Compiler, name: &str, operand: &Bson) -> Result<Option<Node>> {
    match name {
        "$convert" => conversion(compiler, operand),
        "$dateFromString" => date_from_string(compiler, operand),
        _ => Ok(None),
    }
}

/// What to give instead; evaluated only when it is needed.
#[derive(Debug)]
struct Instead {
    on_error: Option<Node>,
    on_null: Option<Node>,
}

impl Instead {
    fn of_null(&self, scope: &Scope<'_>) -> Result<Value> {
        self.on_null.as_ref().map_or(Ok(Some(Bson::Null)), |node| node.evaluate(scope))
    }

    fn of_failure(&self, result: Result<Bson>, scope: &Scope<'_>) -> Result<Value> {
        match (result, &self.on_error) {
            (Ok(value), _) => Ok(Some(value)),
            (Err(_), Some(node)) => node.evaluate(scope),
            (Err(error), None) => Err(error),
        }
    }
}

#[derive(Debug)]
struct Conversion {
    input: Node,
    to: Node,
    instead: Instead,
}

fn conversion(compiler: &mut Compiler, operand: &Bson) -> Result<Option<Node>> {
    let fields = named("$convert", operand, &[("input", true), ("to", true), ("onError", false), ("onNull", false)])?;
    let (on_error, on_null) = (compiler.optional(&fields, 2)?, compiler.optional(&fields, 3)?);
    let (input, to) = (compiler.expression(field(&fields, 0))?, compiler.expression(field(&fields, 1))?);
    Ok(Some(Node::lazy(Conversion { input, to, instead: Instead { on_error, on_null } })))
}

impl Lazy for Conversion {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        let input = self.input.evaluate(scope)?;
        let Some(target) = Target::read(self.to.evaluate(scope)?.as_ref())? else { return Ok(Some(Bson::Null)) };
        match input.filter(|input| !is_nullish(Some(input))) {
            Some(input) => self.instead.of_failure(convert::convert("$convert", &input, target), scope),
            None => self.instead.of_null(scope),
        }
    }
}

#[derive(Debug)]
struct DateFromString {
    /// dateString, format, timezone.
    operands: Vec<Option<Node>>,
    instead: Instead,
}

fn date_from_string(compiler: &mut Compiler, operand: &Bson) -> Result<Option<Node>> {
    let fields = named(
        "$dateFromString",
        operand,
        &[("dateString", true), ("format", false), ("timezone", false), ("onError", false), ("onNull", false)],
    )?;
    let operands = (0..3).map(|index| compiler.optional(&fields, index)).collect::<Result<_>>()?;
    let (on_error, on_null) = (compiler.optional(&fields, 3)?, compiler.optional(&fields, 4)?);
    Ok(Some(Node::lazy(DateFromString { operands, instead: Instead { on_error, on_null } })))
}

impl Lazy for DateFromString {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        let values = self
            .operands
            .iter()
            .map(|operand| operand.as_ref().map(|node| node.evaluate(scope)).transpose())
            .collect::<Result<_>>()?;
        match date::from_string(values)? {
            date::Read::Value(value) => Ok(Some(value)),
            date::Read::Null => self.instead.of_null(scope),
            date::Read::Failed(error) => self.instead.of_failure(Err(error), scope),
        }
    }
}
