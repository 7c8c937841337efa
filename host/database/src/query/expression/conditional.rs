//! Operators that evaluate only some of their operands, or one of them many times.

use bson::Bson;

use super::{
    call::{Value, is_nullish, truthy},
    compile::{Compiler, named},
    convert::{self, type_name},
    date,
    node::Node,
    number,
    variable::Scope,
};
use crate::{Error, Result};

#[derive(Debug, Clone)]
pub(super) enum Conditional {
    And(Vec<Node>),
    Or(Vec<Node>),
    IfNull(Vec<Node>),
    If { condition: Node, then: Node, otherwise: Node },
    Switch { branches: Vec<(Node, Node)>, default: Option<Node> },
    Let { variables: Vec<(String, Node)>, body: Node },
    Map { input: Node, name: String, body: Node },
    Filter { input: Node, name: String, condition: Node, limit: Option<Node> },
    Reduce { input: Node, initial: Node, body: Node },
    Convert { input: Node, to: Node, on_error: Option<Node>, on_null: Option<Node> },
    DateFromString { parts: Vec<Option<Node>>, on_error: Option<Node>, on_null: Option<Node> },
}

/// The node if the name is one of this family.
pub(super) fn compile(compiler: &mut Compiler, name: &str, operand: &Bson) -> Result<Option<Node>> {
    let conditional = match name {
        "$literal" | "$const" => return Ok(Some(Node::Constant(operand.clone()))),
        "$and" => Conditional::And(operands(compiler, operand)?),
        "$or" => Conditional::Or(operands(compiler, operand)?),
        "$ifNull" => match operands(compiler, operand)? {
            operands if operands.len() >= 2 => Conditional::IfNull(operands),
            operands => {
                return Err(Error::invalid(format!("$ifNull takes at least 2 operands, found {}", operands.len())));
            }
        },
        "$cond" => condition(compiler, operand)?,
        "$switch" => switch(compiler, operand)?,
        "$let" => bind(compiler, operand)?,
        "$map" => {
            let fields = named(name, operand, &[("input", true), ("in", true), ("as", false)])?;
            let (input, body, variable) = (field(&fields, 0), field(&fields, 1), variable(name, &fields, 2)?);
            let body = *compiler.with_names(&[&variable], body)?;
            Conditional::Map { input: compiler.expression(input)?, name: variable, body }
        }
        "$filter" => {
            let fields = named(name, operand, &[("input", true), ("cond", true), ("as", false), ("limit", false)])?;
            let (input, condition, variable) = (field(&fields, 0), field(&fields, 1), variable(name, &fields, 2)?);
            let condition = *compiler.with_names(&[&variable], condition)?;
            let limit = fields.get(3).copied().flatten().map(|limit| compiler.expression(limit)).transpose()?;
            Conditional::Filter { input: compiler.expression(input)?, name: variable, condition, limit }
        }
        "$reduce" => {
            let fields = named(name, operand, &[("input", true), ("initialValue", true), ("in", true)])?;
            let body = *compiler.with_names(&["value", "this"], field(&fields, 2))?;
            let (input, initial) = (compiler.expression(field(&fields, 0))?, compiler.expression(field(&fields, 1))?);
            Conditional::Reduce { input, initial, body }
        }
        "$convert" => {
            let fields = named(name, operand, &[("input", true), ("to", true), ("onError", false), ("onNull", false)])?;
            let mut optional =
                |index: usize| fields.get(index).copied().flatten().map(|node| compiler.expression(node)).transpose();
            let (on_error, on_null) = (optional(2)?, optional(3)?);
            let (input, to) = (compiler.expression(field(&fields, 0))?, compiler.expression(field(&fields, 1))?);
            Conditional::Convert { input, to, on_error, on_null }
        }
        "$dateFromString" => {
            let fields = named(
                name,
                operand,
                &[("dateString", true), ("format", false), ("timezone", false), ("onError", false), ("onNull", false)],
            )?;
            let mut nodes = fields
                .into_iter()
                .map(|node| node.map(|node| compiler.expression(node)).transpose())
                .collect::<Result<Vec<_>>>()?;
            let on_null = nodes.pop().flatten();
            let on_error = nodes.pop().flatten();
            Conditional::DateFromString { parts: nodes, on_error, on_null }
        }
        _ => return Ok(None),
    };
    Ok(Some(Node::Conditional(Box::new(conditional))))
}

fn operands(compiler: &mut Compiler, operand: &Bson) -> Result<Vec<Node>> {
    match operand {
        Bson::Array(items) => items.iter().map(|item| compiler.expression(item)).collect(),
        single => Ok(vec![compiler.expression(single)?]),
    }
}

/// A field that [`named`] has seen.
fn field<'a>(fields: &[Option<&'a Bson>], index: usize) -> &'a Bson {
    fields.get(index).copied().flatten().unwrap_or(&Bson::Null)
}

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
        "{operator}: the variable name \"{name}\" must begin with a small letter and hold only letters, digits and _"
    )))
}

fn condition(compiler: &mut Compiler, operand: &Bson) -> Result<Conditional> {
    let parts = match operand {
        Bson::Array(items) if items.len() == 3 => items.iter().map(Some).collect(),
        Bson::Array(items) => {
            return Err(Error::invalid(format!("$cond takes 3 operands, found {}", items.len())));
        }
        Bson::Document(document) if !document.keys().next().is_some_and(|key| key.starts_with('$')) => {
            named("$cond", operand, &[("if", true), ("then", true), ("else", true)])?
        }
        _ => return Err(Error::invalid("$cond takes 3 operands, found 1")),
    };
    Ok(Conditional::If {
        condition: compiler.expression(field(&parts, 0))?,
        then: compiler.expression(field(&parts, 1))?,
        otherwise: compiler.expression(field(&parts, 2))?,
    })
}

fn switch(compiler: &mut Compiler, operand: &Bson) -> Result<Conditional> {
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
    let branches = written
        .iter()
        .map(|branch| {
            let parts = named("a branch of $switch", branch, &[("case", true), ("then", true)])?;
            Ok((compiler.expression(field(&parts, 0))?, compiler.expression(field(&parts, 1))?))
        })
        .collect::<Result<_>>()?;
    let default = fields.get(1).copied().flatten().map(|default| compiler.expression(default)).transpose()?;
    Ok(Conditional::Switch { branches, default })
}

fn bind(compiler: &mut Compiler, operand: &Bson) -> Result<Conditional> {
    let fields = named("$let", operand, &[("vars", true), ("in", true)])?;
    let Bson::Document(written) = field(&fields, 0) else {
        return Err(Error::invalid("$let: vars must be a document"));
    };
    let mut variables = Vec::with_capacity(written.len());
    for (name, value) in written {
        variables.push((variable_name("$let", name)?.to_owned(), compiler.expression(value)?));
    }
    let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    let body = *compiler.with_names(&names, field(&fields, 1))?;
    Ok(Conditional::Let { variables, body })
}

impl Conditional {
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        match self {
            Self::And(operands) => {
                for operand in operands {
                    if !truthy(operand.evaluate(scope)?.as_ref()) {
                        return Ok(Some(false.into()));
                    }
                }
                Ok(Some(true.into()))
            }
            Self::Or(operands) => {
                for operand in operands {
                    if truthy(operand.evaluate(scope)?.as_ref()) {
                        return Ok(Some(true.into()));
                    }
                }
                Ok(Some(false.into()))
            }
            Self::IfNull(operands) => {
                let mut value = None;
                for operand in operands {
                    value = operand.evaluate(scope)?;
                    if !is_nullish(value.as_ref()) {
                        break;
                    }
                }
                Ok(value)
            }
            Self::If { condition, then, otherwise } => {
                let branch = if truthy(condition.evaluate(scope)?.as_ref()) { then } else { otherwise };
                branch.evaluate(scope)
            }
            Self::Switch { branches, default } => {
                for (case, then) in branches {
                    if truthy(case.evaluate(scope)?.as_ref()) {
                        return then.evaluate(scope);
                    }
                }
                match default {
                    Some(default) => default.evaluate(scope),
                    None => Err(Error::invalid("$switch: no branch is true and there is no default")),
                }
            }
            Self::Let { variables, body } => evaluate_bound(scope, scope, variables, body),
            Self::Map { input, name, body } => {
                let Some(items) = input_array("$map", input, scope)? else { return Ok(Some(Bson::Null)) };
                let items = items.into_iter().map(|item| {
                    let binding = scope.bind(name, Some(item));
                    Ok(body.evaluate(&scope.within(&binding))?.unwrap_or(Bson::Null))
                });
                Ok(Some(Bson::Array(items.collect::<Result<_>>()?)))
            }
            Self::Filter { input, name, condition, limit } => filter(scope, input, name, condition, limit.as_ref()),
            Self::Reduce { input, initial, body } => {
                let Some(items) = input_array("$reduce", input, scope)? else { return Ok(Some(Bson::Null)) };
                let mut value = initial.evaluate(scope)?;
                for item in items {
                    // What is built up here grows from step to step, so its size and depth are checked at each.
                    if let Some(value) = &value {
                        scope.budget.spend_value(value)?;
                    }
                    let value_binding = scope.bind("value", value);
                    let inner = scope.within(&value_binding);
                    let this = inner.bind("this", Some(item));
                    value = body.evaluate(&inner.within(&this))?;
                }
                Ok(value)
            }
            Self::Convert { input, to, on_error, on_null } => {
                let input = input.evaluate(scope)?;
                let Some(target) = convert::target(to.evaluate(scope)?.as_ref())? else { return Ok(Some(Bson::Null)) };
                match input {
                    Some(input) if !is_nullish(Some(&input)) => {
                        recover(convert::convert("$convert", &input, target), on_error.as_ref(), scope)
                    }
                    _ => on_null.as_ref().map_or(Ok(Some(Bson::Null)), |node| node.evaluate(scope)),
                }
            }
            Self::DateFromString { parts, on_error, on_null } => {
                let values = parts
                    .iter()
                    .map(|part| part.as_ref().map(|node| node.evaluate(scope)).transpose())
                    .collect::<Result<Vec<_>>>()?;
                match date::from_string(values)? {
                    date::Read::Value(value) => Ok(Some(value)),
                    date::Read::Null => on_null.as_ref().map_or(Ok(Some(Bson::Null)), |node| node.evaluate(scope)),
                    date::Read::Failed(error) => recover(Err(error), on_error.as_ref(), scope),
                }
            }
        }
    }
}

fn recover(result: Result<Bson>, on_error: Option<&Node>, scope: &Scope<'_>) -> Result<Value> {
    match (result, on_error) {
        (Ok(value), _) => Ok(Some(value)),
        (Err(_), Some(node)) => node.evaluate(scope),
        (Err(error), None) => Err(error),
    }
}

/// Binds the variables one by one, each evaluated in the outer scope.
fn evaluate_bound(outer: &Scope<'_>, inner: &Scope<'_>, variables: &[(String, Node)], body: &Node) -> Result<Value> {
    match variables.split_first() {
        Some(((name, node), rest)) => {
            let binding = inner.bind(name, node.evaluate(outer)?);
            evaluate_bound(outer, &inner.within(&binding), rest, body)
        }
        None => body.evaluate(inner),
    }
}

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

fn filter(scope: &Scope<'_>, input: &Node, name: &str, condition: &Node, limit: Option<&Node>) -> Result<Value> {
    let limit = match limit.map(|limit| limit.evaluate(scope)).transpose()?.flatten() {
        None | Some(Bson::Null | Bson::Undefined) => usize::MAX,
        Some(value) => number::whole(&value)
            .filter(|limit| (1..=i64::from(i32::MAX)).contains(limit))
            .and_then(|limit| usize::try_from(limit).ok())
            .ok_or_else(|| Error::invalid(format!("$filter: limit must be a whole number above 0, found {value}")))?,
    };
    let Some(items) = input_array("$filter", input, scope)? else { return Ok(Some(Bson::Null)) };
    let mut kept = Vec::new();
    for item in items {
        if kept.len() >= limit {
            break;
        }
        let binding = scope.bind(name, Some(item.clone()));
        if truthy(condition.evaluate(&scope.within(&binding))?.as_ref()) {
            kept.push(item);
        }
    }
    Ok(Some(Bson::Array(kept)))
}
