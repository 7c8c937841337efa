//! From BSON to a tree: constants, paths, variables, documents and operators, with the checks that need no document.

use bson::{Bson, Document};

use super::{
    accumulate, arithmetic, array, binding, call::Definition, comparison, conditional, convert, date, exponent,
    node::Node, object, pattern, recovery, rounding, set, string, trim, variable::Variable,
};
use crate::{Error, Result, query::allow};

/// Expressions inside each other.
const DEPTH: usize = 100;

#[derive(Debug)]
pub(super) struct Compiler {
    depth: usize,
    names: Vec<String>,
}

impl Compiler {
    pub fn new(names: &[String]) -> Self {
        Self { depth: 0, names: names.to_vec() }
    }

    pub fn expression(&mut self, expression: &Bson) -> Result<Node> {
        if self.depth >= DEPTH {
            return Err(Error::invalid(format!("an expression is nested more than {DEPTH} levels deep")));
        }
        self.depth += 1;
        let node = match expression {
            Bson::String(text) if text.starts_with('$') => self.path(text),
            Bson::Array(items) => self.array(items),
            Bson::Document(document) => self.document(document),
            constant => Ok(Node::Constant(constant.clone())),
        };
        self.depth -= 1;
        node
    }

    /// A field that [`named`] has seen, if it was written.
    pub fn optional(&mut self, fields: &[Option<&Bson>], index: usize) -> Result<Option<Node>> {
        match fields.get(index).copied().flatten() {
            Some(written) => self.expression(written).map(Some),
            None => Ok(None),
        }
    }

    /// Reads an expression in which a further variable has a value.
    pub fn with_names(&mut self, names: &[&str], expression: &Bson) -> Result<Node> {
        let outer = self.names.len();
        self.names.extend(names.iter().map(|&name| name.to_owned()));
        let node = self.expression(expression);
        self.names.truncate(outer);
        node
    }

    fn array(&mut self, items: &[Bson]) -> Result<Node> {
        let mut nodes = Vec::with_capacity(items.len());
        for item in items {
            nodes.push(self.expression(item)?);
        }
        Ok(Node::array(nodes))
    }

    fn path(&self, text: &str) -> Result<Node> {
        let Some(named) = text.strip_prefix("$$") else {
            let path = parts(text, text.strip_prefix('$').unwrap_or(text))?;
            return Ok(Node::Field { variable: Variable::Root, path });
        };
        let (name, rest) = named.split_once('.').map_or((named, None), |(name, rest)| (name, Some(rest)));
        let variable = match name {
            _ if self.names.iter().any(|known| known == name) => Variable::Named(name.to_owned()),
            "ROOT" | "CURRENT" => Variable::Root,
            "NOW" => Variable::Now,
            "REMOVE" => Variable::Remove,
            "" => return Err(Error::invalid("$$ must be followed by the name of a variable")),
            "CLUSTER_TIME" | "USER_ROLES" | "SEARCH_META" | "JS_SCOPE" | "IS_MR" | "DESCEND" | "PRUNE" | "KEEP" => {
                return Err(Error::unsupported(format!("variable $${name}")));
            }
            _ => return Err(Error::invalid(format!("variable $${name} is not defined"))),
        };
        let path = rest.map(|rest| parts(text, rest)).transpose()?.unwrap_or_default();
        Ok(Node::Field { variable, path })
    }

    fn document(&mut self, document: &Document) -> Result<Node> {
        let mut entries = document.iter();
        if let (Some((name, operand)), None) = (entries.next(), entries.next())
            && name.starts_with('$')
        {
            return self.operator(name, operand);
        }
        self.computed_document(document)
    }

    fn computed_document(&mut self, document: &Document) -> Result<Node> {
        let mut fields = Vec::with_capacity(document.len());
        for (name, value) in document {
            if name.starts_with('$') {
                return Err(Error::invalid(format!(
                    "operator {name} must stand alone in its document, which has {} fields",
                    document.len()
                )));
            }
            if name.contains('.') {
                return Err(Error::invalid(format!("the field name {name} of a computed document must not have dots")));
            }
            fields.push((name.clone(), self.expression(value)?));
        }
        Ok(Node::document(fields))
    }

    fn operator(&mut self, name: &str, operand: &Bson) -> Result<Node> {
        allow::expression(name)?;
        for family in [conditional::compile, binding::compile, recovery::compile, pattern::compile] {
            if let Some(node) = family(self, name, operand)? {
                return Ok(node);
            }
        }
        self.call(name, operand)
    }

    fn call(&mut self, name: &str, operand: &Bson) -> Result<Node> {
        let definition = definition(name).ok_or_else(|| allow::refusal("expression", name))?;
        let (apply, operands) = match definition {
            Definition::Listed { least, most, apply } => (apply, self.list(name, operand, least, most)?),
            Definition::Fields { fields, apply } => {
                let document = object::shorthand(name, operand)?;
                (apply, self.fields(name, document.as_ref().unwrap_or(operand), fields)?)
            }
            Definition::DatePart { apply } => (apply, self.date_part(name, operand)?),
        };
        Ok(Node::Call { name: name.to_owned(), apply, operands })
    }

    fn list(&mut self, name: &str, operand: &Bson, least: usize, most: usize) -> Result<Vec<Option<Node>>> {
        let operands = match operand {
            Bson::Array(items) => items.iter().map(|item| self.expression(item)).collect::<Result<Vec<_>>>()?,
            single => vec![self.expression(single)?],
        };
        if operands.len() < least || operands.len() > most {
            let expected = match (least, most) {
                (least, most) if least == most => least.to_string(),
                (least, super::call::ANY) => format!("at least {least}"),
                (least, most) => format!("{least} to {most}"),
            };
            return Err(Error::invalid(format!("{name} takes {expected} operands, found {}", operands.len())));
        }
        Ok(operands.into_iter().map(Some).collect())
    }

    fn fields(&mut self, name: &str, operand: &Bson, fields: &[(&str, bool)]) -> Result<Vec<Option<Node>>> {
        named(name, operand, fields)?
            .into_iter()
            .map(|operand| operand.map(|operand| self.expression(operand)).transpose())
            .collect()
    }

    fn date_part(&mut self, name: &str, operand: &Bson) -> Result<Vec<Option<Node>>> {
        match operand {
            Bson::Document(document) if !document.keys().next().is_some_and(|key| key.starts_with('$')) => {
                self.fields(name, operand, &[("date", true), ("timezone", false)])
            }
            _ => self.list(name, operand, 1, 1),
        }
    }
}

/// A field that [`named`] has required.
pub(super) fn field<'a>(fields: &[Option<&'a Bson>], index: usize) -> &'a Bson {
    fields.get(index).copied().flatten().unwrap_or(&Bson::Null)
}

/// The values of a document operand in the order of `fields`, checked against them.
pub(super) fn named<'a>(name: &str, operand: &'a Bson, fields: &[(&str, bool)]) -> Result<Vec<Option<&'a Bson>>> {
    let known = || fields.iter().map(|(field, _)| *field).collect::<Vec<_>>().join(", ");
    let Bson::Document(document) = operand else {
        return Err(Error::invalid(format!(
            "{name} takes a document with the fields {}, found {}",
            known(),
            convert::type_name(operand)
        )));
    };
    if let Some(strange) = document.keys().find(|key| fields.iter().all(|(field, _)| field != key)) {
        return Err(Error::invalid(format!("{name} has no field {strange}; it takes {}", known())));
    }
    fields
        .iter()
        .map(|(field, required)| match document.get(field) {
            None if *required => Err(Error::invalid(format!("{name} needs the field {field}"))),
            found => Ok(found),
        })
        .collect()
}

fn definition(name: &str) -> Option<Definition> {
    [
        arithmetic::definition,
        exponent::definition,
        rounding::definition,
        comparison::definition,
        array::definition,
        set::definition,
        string::definition,
        trim::definition,
        object::definition,
        convert::definition,
        date::definition,
        accumulate::definition,
    ]
    .iter()
    .find_map(|family| family(name))
}

/// A dot at the end leads to a field without a name, which is read as missing.
fn parts(whole: &str, path: &str) -> Result<Vec<String>> {
    let last = path.split('.').count() - 1;
    path.split('.')
        .enumerate()
        .map(|(index, part)| {
            if part.is_empty() && (index < last || index == 0) {
                return Err(Error::invalid(format!("the path {whole} has an empty part")));
            }
            if part.starts_with('$') || part.contains('\0') {
                return Err(Error::invalid(format!(
                    "a part of the path {whole} begins with $; use $getField to read such a field"
                )));
            }
            Ok(part.to_owned())
        })
        .collect()
}
