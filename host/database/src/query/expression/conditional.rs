//! Operators that evaluate only as many of their operands as they need: `$and $or $ifNull $cond $switch`.

use bson::Bson;

use super::{
    call::{Value, is_nullish, truthy},
    compile::{Compiler, field, named},
    convert::type_name,
    node::{Lazy, Node},
    variable::Scope,
};
use crate::{Error, Result};

/// The node if the name is one of this family.
pub(super) fn compile(compiler: &mut Compiler, name: &str, operand: &Bson) -> Result<Option<Node>> {
    match name {
        "$literal" => Ok(Some(Node::Constant(operand.clone()))),
        "$and" => junction(compiler, operand, false),
        "$or" => junction(compiler, operand, true),
        "$ifNull" => first_present(compiler, operand),
        "$cond" => choice(compiler, operand),
        "$switch" => switch(compiler, operand),
        _ => Ok(None),
    }
}

fn operands(compiler: &mut Compiler, operand: &Bson) -> Result<Vec<Node>> {
    match operand {
        Bson::Array(items) => items.iter().map(|item| compiler.expression(item)).collect(),
        single => Ok(vec![compiler.expression(single)?]),
    }
}

/// `$and` and `$or`: the first operand that decides ends it.
#[derive(Debug)]
struct Junction {
    operands: Vec<Node>,
    decisive: bool,
}

fn junction(compiler: &mut Compiler, operand: &Bson, decisive: bool) -> Result<Option<Node>> {
    let operands = operands(compiler, operand)?;
    Ok(Some(Node::lazy(Junction { operands, decisive })))
}

impl Lazy for Junction {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        for operand in &self.operands {
            if truthy(operand.evaluate(scope)?.as_ref()) == self.decisive {
                return Ok(Some(self.decisive.into()));
            }
        }
        Ok(Some((!self.decisive).into()))
    }
}

/// `$ifNull`: the first operand that is neither null nor missing, or the last one.
#[derive(Debug)]
struct FirstPresent(Vec<Node>);

fn first_present(compiler: &mut Compiler, operand: &Bson) -> Result<Option<Node>> {
    let operands = operands(compiler, operand)?;
    if operands.len() < 2 {
        return Err(Error::invalid(format!("$ifNull takes at least 2 operands, found {}", operands.len())));
    }
    Ok(Some(Node::lazy(FirstPresent(operands))))
}

impl Lazy for FirstPresent {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        let mut value = None;
        for operand in &self.0 {
            value = operand.evaluate(scope)?;
            if !is_nullish(value.as_ref()) {
                break;
            }
        }
        Ok(value)
    }
}

#[derive(Debug)]
struct Choice {
    condition: Node,
    then: Node,
    otherwise: Node,
}

fn choice(compiler: &mut Compiler, operand: &Bson) -> Result<Option<Node>> {
    let parts = match operand {
        Bson::Array(items) if items.len() == 3 => items.iter().map(Some).collect(),
        Bson::Array(items) => return Err(Error::invalid(format!("$cond takes 3 operands, found {}", items.len()))),
        Bson::Document(document) if !document.keys().next().is_some_and(|key| key.starts_with('$')) => {
            named("$cond", operand, &[("if", true), ("then", true), ("else", true)])?
        }
        _ => return Err(Error::invalid("$cond takes 3 operands, found 1")),
    };
    let condition = compiler.expression(field(&parts, 0))?;
    let then = compiler.expression(field(&parts, 1))?;
    let otherwise = compiler.expression(field(&parts, 2))?;
    Ok(Some(Node::lazy(Choice { condition, then, otherwise })))
}

impl Lazy for Choice {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        let branch = if truthy(self.condition.evaluate(scope)?.as_ref()) { &self.then } else { &self.otherwise };
        branch.evaluate(scope)
    }
}

#[derive(Debug)]
struct Switch {
    branches: Vec<(Node, Node)>,
    default: Option<Node>,
}

fn switch(compiler: &mut Compiler, operand: &Bson) -> Result<Option<Node>> {
    let fields = named("$switch", operand, &[("branches", false), ("default", false)])?;
    let written = match fields.first().copied().flatten() {
        None => &[][..],
        Some(Bson::Array(branches)) => branches,
        Some(other) => {
            return Err(Error::invalid(format!("$switch: branches must be an array, found {}", type_name(other))));
        }
    };
    if written.is_empty() {
        return Err(Error::invalid("$switch needs at least one branch"));
    }
    let branches = written.iter().map(|written| branch(compiler, written)).collect::<Result<_>>()?;
    let default = compiler.optional(&fields, 1)?;
    Ok(Some(Node::lazy(Switch { branches, default })))
}

fn branch(compiler: &mut Compiler, written: &Bson) -> Result<(Node, Node)> {
    let parts = named("a branch of $switch", written, &[("case", true), ("then", true)])?;
    Ok((compiler.expression(field(&parts, 0))?, compiler.expression(field(&parts, 1))?))
}

impl Lazy for Switch {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        for (case, then) in &self.branches {
            if truthy(case.evaluate(scope)?.as_ref()) {
                return then.evaluate(scope);
            }
        }
        match &self.default {
            Some(default) => default.evaluate(scope),
            None => Err(Error::invalid("$switch: no branch is true and there is no default")),
        }
    }
}
