//! Operators that give values a name while they evaluate another expression: `$let $map $filter $reduce`.

use bson::Bson;

use super::{
    call::{Value, is_nullish, truthy},
    compile::{Compiler, field, named},
    convert::type_name,
    node::{Lazy, Node},
    number,
    text::{clipped, shown},
    variable::Scope,
};
use crate::{Error, Result};

/// The node if the name is one of this family.
pub(super) fn compile(compiler: &mut Compiler, name: &str, operand: &Bson) -> Result<Option<Node>> {
    match name {
        "$let" => let_in(compiler, operand),
        "$map" => map(compiler, operand),
        "$filter" => filter(compiler, operand),
        "$reduce" => reduce(compiler, operand),
        _ => Ok(None),
    }
}

/// The name that `as` gives, `this` without it.
fn variable(operator: &str, fields: &[Option<&Bson>], index: usize) -> Result<String> {
    match fields.get(index).copied().flatten() {
        None => Ok("this".to_owned()),
        Some(Bson::String(name)) => variable_name(operator, name).map(str::to_owned),
        Some(other) => Err(Error::invalid(format!("{operator}: as must be a string, found {}", type_name(other)))),
    }
}

/// Names begin with a small letter, so that they cannot hide a variable of the system.
fn variable_name<'a>(operator: &str, name: &'a str) -> Result<&'a str> {
    let begins_well = name.chars().next().is_some_and(|first| first.is_ascii_lowercase() || !first.is_ascii());
    if begins_well && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || !letter.is_ascii()) {
        return Ok(name);
    }
    Err(Error::invalid(format!(
        "{operator}: the variable name \"{}\" must begin with a small letter and hold only letters, digits and _",
        clipped(name)
    )))
}

/// The elements of the input, or `None` if it is null or missing.
fn input_array(name: &str, input: &Node, scope: &Scope<'_>) -> Result<Option<Vec<Bson>>> {
    match input.evaluate(scope)? {
        Some(Bson::Array(items)) => Ok(Some(items)),
        value if is_nullish(value.as_ref()) => Ok(None),
        value => Err(Error::invalid(format!(
            "{name}: input must be an array, found {}",
            value.as_ref().map_or("missing", type_name)
        ))),
    }
}

#[derive(Debug)]
struct Let {
    variables: Vec<(String, Node)>,
    body: Node,
}

fn let_in(compiler: &mut Compiler, operand: &Bson) -> Result<Option<Node>> {
    let fields = named("$let", operand, &[("vars", true), ("in", true)])?;
    let Bson::Document(written) = field(&fields, 0) else {
        return Err(Error::invalid("$let: vars must be a document"));
    };
    let mut variables = Vec::with_capacity(written.len());
    for (name, value) in written {
        variables.push((variable_name("$let", name)?.to_owned(), compiler.expression(value)?));
    }
    let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    let body = compiler.with_names(&names, field(&fields, 1))?;
    Ok(Some(Node::lazy(Let { variables, body })))
}

impl Lazy for Let {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        let values = self.variables.iter().map(|(_, node)| node.evaluate(scope)).collect::<Result<Vec<_>>>()?;
        bound(scope, &self.variables, values.into_iter(), &self.body)
    }
}

/// Binds the variables one after the other and evaluates the body within.
fn bound(
    scope: &Scope<'_>,
    variables: &[(String, Node)],
    mut values: std::vec::IntoIter<Value>,
    body: &Node,
) -> Result<Value> {
    match (variables.split_first(), values.next()) {
        (Some(((name, _), rest)), Some(value)) => {
            let binding = scope.bind(name, value);
            bound(&scope.within(&binding), rest, values, body)
        }
        _ => body.evaluate(scope),
    }
}

#[derive(Debug)]
struct Map {
    input: Node,
    name: String,
    body: Node,
}

fn map(compiler: &mut Compiler, operand: &Bson) -> Result<Option<Node>> {
    let fields = named("$map", operand, &[("input", true), ("in", true), ("as", false)])?;
    let name = variable("$map", &fields, 2)?;
    let body = compiler.with_names(&[&name], field(&fields, 1))?;
    let input = compiler.expression(field(&fields, 0))?;
    Ok(Some(Node::lazy(Map { input, name, body })))
}

impl Lazy for Map {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        let Some(items) = input_array("$map", &self.input, scope)? else { return Ok(Some(Bson::Null)) };
        let items = items.into_iter().map(|item| {
            let binding = scope.bind(&self.name, Some(item));
            Ok(self.body.evaluate(&scope.within(&binding))?.unwrap_or(Bson::Null))
        });
        Ok(Some(Bson::Array(items.collect::<Result<_>>()?)))
    }
}

#[derive(Debug)]
struct Filter {
    input: Node,
    name: String,
    condition: Node,
    limit: Option<Node>,
}

fn filter(compiler: &mut Compiler, operand: &Bson) -> Result<Option<Node>> {
    let fields = named("$filter", operand, &[("input", true), ("cond", true), ("as", false), ("limit", false)])?;
    let name = variable("$filter", &fields, 2)?;
    let condition = compiler.with_names(&[&name], field(&fields, 1))?;
    let input = compiler.expression(field(&fields, 0))?;
    let limit = compiler.optional(&fields, 3)?;
    Ok(Some(Node::lazy(Filter { input, name, condition, limit })))
}

impl Filter {
    fn limit(&self, scope: &Scope<'_>) -> Result<usize> {
        match self.limit.as_ref().map(|limit| limit.evaluate(scope)).transpose()?.flatten() {
            None | Some(Bson::Null | Bson::Undefined) => Ok(usize::MAX),
            Some(value) => number::whole(&value)
                .filter(|limit| (1..=i64::from(i32::MAX)).contains(limit))
                .and_then(|limit| usize::try_from(limit).ok())
                .ok_or_else(|| {
                    Error::invalid(format!("$filter: limit must be a whole number above 0, found {}", shown(&value)))
                }),
        }
    }
}

impl Lazy for Filter {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        let limit = self.limit(scope)?;
        let Some(items) = input_array("$filter", &self.input, scope)? else { return Ok(Some(Bson::Null)) };
        let mut kept = Vec::new();
        for item in items {
            if kept.len() >= limit {
                break;
            }
            let binding = scope.bind(&self.name, Some(item));
            if truthy(self.condition.evaluate(&scope.within(&binding))?.as_ref()) {
                kept.extend(binding.into_value());
            }
        }
        Ok(Some(Bson::Array(kept)))
    }
}

#[derive(Debug)]
struct Reduce {
    input: Node,
    initial: Node,
    body: Node,
}

fn reduce(compiler: &mut Compiler, operand: &Bson) -> Result<Option<Node>> {
    let fields = named("$reduce", operand, &[("input", true), ("initialValue", true), ("in", true)])?;
    let body = compiler.with_names(&["value", "this"], field(&fields, 2))?;
    let input = compiler.expression(field(&fields, 0))?;
    let initial = compiler.expression(field(&fields, 1))?;
    Ok(Some(Node::lazy(Reduce { input, initial, body })))
}

impl Lazy for Reduce {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        let Some(items) = input_array("$reduce", &self.input, scope)? else { return Ok(Some(Bson::Null)) };
        let mut value = self.initial.evaluate(scope)?;
        for item in items {
            // What is built up here grows from step to step, so its size and depth are checked at each.
            if let Some(value) = &value {
                scope.budget.spend_value(value)?;
            }
            let value_binding = scope.bind("value", value);
            let inner = scope.within(&value_binding);
            let this = inner.bind("this", Some(item));
            value = self.body.evaluate(&inner.within(&this))?;
        }
        Ok(value)
    }
}
