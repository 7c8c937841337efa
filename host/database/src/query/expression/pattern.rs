//! `$regexMatch $regexFind $regexFindAll`: the patterns of filters, on texts of any origin.
//!
//! A pattern that does not depend on the document is compiled with the expression.

use ::regex::Regex;
use bson::{Bson, doc};

use super::{
    call::{Value, is_nullish},
    compile::{Compiler, field, named},
    convert::type_name,
    node::{Lazy, Node},
    variable::Scope,
};
use crate::{Error, Result, query::regex};

/// What compiling a pattern counts for in the budget of an evaluation.
const COMPILE_STEPS: usize = 2_000;

/// One of the three operators.
#[derive(Debug)]
struct Search {
    kind: Kind,
    input: Node,
    pattern: Pattern,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Match,
    Find,
    FindAll,
}

#[derive(Debug)]
enum Pattern {
    /// `None` stands for null.
    Fixed(Option<Regex>),
    Computed {
        regex: Node,
        options: Option<Node>,
    },
}

/// The node if the name is one of this family.
pub(super) fn compile(compiler: &mut Compiler, name: &str, operand: &Bson) -> Result<Option<Node>> {
    let kind = match name {
        "$regexMatch" => Kind::Match,
        "$regexFind" => Kind::Find,
        "$regexFindAll" => Kind::FindAll,
        _ => return Ok(None),
    };
    search(compiler, kind, operand)
}

fn search(compiler: &mut Compiler, kind: Kind, operand: &Bson) -> Result<Option<Node>> {
    let fields = named(kind.name(), operand, &[("input", true), ("regex", true), ("options", false)])?;
    let (input, regex) = (compiler.expression(field(&fields, 0))?, compiler.expression(field(&fields, 1))?);
    let options = compiler.optional(&fields, 2)?;
    let pattern = match (&regex, &options) {
        (Node::Constant(regex), None) => Pattern::Fixed(kind.pattern(Some(regex), None)?),
        (Node::Constant(regex), Some(Node::Constant(options))) => {
            Pattern::Fixed(kind.pattern(Some(regex), Some(options))?)
        }
        _ => Pattern::Computed { regex, options },
    };
    Ok(Some(Node::lazy(Search { kind, input, pattern })))
}

impl Lazy for Search {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        let input = self.input.evaluate(scope)?;
        let text = match &input {
            Some(Bson::String(text) | Bson::Symbol(text)) => Some(text),
            value if is_nullish(value.as_ref()) => None,
            value => return Err(self.kind.wrong("input must be a string", value.as_ref())),
        };
        let computed;
        let regex = match &self.pattern {
            Pattern::Fixed(regex) => regex,
            Pattern::Computed { regex, options } => {
                scope.budget.spend(COMPILE_STEPS)?;
                let regex = regex.evaluate(scope)?;
                let options = options.as_ref().map(|node| node.evaluate(scope)).transpose()?.flatten();
                computed = self.kind.pattern(regex.as_ref(), options.as_ref())?;
                &computed
            }
        };
        let (Some(text), Some(regex)) = (text, regex) else {
            return Ok(Some(match self.kind {
                Kind::Match => Bson::Boolean(false),
                Kind::Find => Bson::Null,
                Kind::FindAll => Bson::Array(Vec::new()),
            }));
        };
        scope.budget.spend_text(text.len())?;
        let mut position = Position::default();
        Ok(Some(match self.kind {
            Kind::Match => Bson::Boolean(regex.is_match(text)),
            Kind::Find => regex.captures(text).map_or(Bson::Null, |captures| found(text, &captures, &mut position)),
            Kind::FindAll => {
                let mut all = Vec::new();
                for captures in regex.captures_iter(text) {
                    scope.budget.spend(captures.len() + 3)?;
                    all.push(found(text, &captures, &mut position));
                }
                Bson::Array(all)
            }
        }))
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Match => "$regexMatch",
            Self::Find => "$regexFind",
            Self::FindAll => "$regexFindAll",
        }
    }

    fn wrong(self, rule: &str, found: Option<&Bson>) -> Error {
        Error::invalid(format!("{}: {rule}, found {}", self.name(), found.map_or("missing", type_name)))
    }

    /// The compiled pattern; `None` for null and missing.
    fn pattern(self, regex: Option<&Bson>, options: Option<&Bson>) -> Result<Option<Regex>> {
        let options = match options {
            Some(Bson::String(options)) => options.as_str(),
            options if is_nullish(options) => "",
            options => return Err(self.wrong("options must be a string", options)),
        };
        match regex {
            Some(Bson::RegularExpression(regex)) => match regex.options.as_str() {
                "" => regex::compile(regex.pattern.as_str(), options).map(Some),
                own if options.is_empty() => regex::compile(regex.pattern.as_str(), own).map(Some),
                _ => Err(Error::invalid(format!(
                    "{}: options stand both in the regular expression and beside it",
                    self.name()
                ))),
            },
            Some(Bson::String(pattern)) => regex::compile(pattern, options).map(Some),
            regex if is_nullish(regex) => Ok(None),
            regex => Err(self.wrong("regex must be a string or a regular expression", regex)),
        }
    }
}

/// How many code points lie before a byte; kept from match to match, so that counting goes through the text once.
#[derive(Debug, Default)]
struct Position {
    byte: usize,
    code_point: usize,
}

impl Position {
    fn advance(&mut self, text: &str, byte: usize) -> usize {
        self.code_point += text.get(self.byte..byte).unwrap_or_default().chars().count();
        self.byte = byte;
        self.code_point
    }
}

fn found(text: &str, captures: &::regex::Captures<'_>, position: &mut Position) -> Bson {
    let groups = captures.iter().skip(1).map(|group| group.map_or(Bson::Null, |group| group.as_str().into()));
    let groups = groups.collect::<Vec<Bson>>();
    let (start, whole) = captures.get(0).map_or((0, ""), |whole| (whole.start(), whole.as_str()));
    let index = i32::try_from(position.advance(text, start)).unwrap_or(i32::MAX);
    Bson::Document(doc! { "match": whole, "idx": index, "captures": groups })
}
