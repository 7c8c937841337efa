//! From the written filter to its tree, refusing what is wrong or not on the allow-list.

use std::collections::HashSet;

use bson::{Bson, Document};

use super::{
    node::{Comparison, Node},
    test::{Bits, Test, whole},
};
use crate::{
    Error, Result,
    query::{allow, expression::Expression, key, number::Number, path::Path, regex::Pattern},
};

/// A whole filter: every clause must hold.
pub(super) fn clauses(filter: &Document) -> Result<Node> {
    let nodes = filter.iter().map(|(name, value)| clause(name, value)).collect::<Result<Vec<_>>>()?;
    Ok(Node::all(nodes.into_iter().flatten().collect()))
}

fn clause(name: &str, value: &Bson) -> Result<Option<Node>> {
    Ok(Some(match name {
        "$and" => Node::all(list(name, value)?),
        "$or" => Node::Any(list(name, value)?),
        "$nor" => Node::Any(list(name, value)?).negated(),
        "$expr" => Node::Expression(Box::new(Expression::compile(value)?)),
        "$comment" => return Ok(None),
        operator if operator.starts_with('$') => {
            return Err(match allow::filter_operator(operator) {
                Ok(()) => Error::invalid(format!("{operator} needs a field: {{field: {{{operator}: …}}}}")),
                Err(error) => error,
            });
        }
        path => field(&Path::parse(path)?, value)?,
    }))
}

fn list(name: &str, value: &Bson) -> Result<Vec<Node>> {
    let items = match value {
        Bson::Array(items) if !items.is_empty() => items,
        _ => return Err(Error::invalid(format!("{name} must be a list of at least one filter"))),
    };
    items
        .iter()
        .map(|item| match item {
            Bson::Document(filter) => clauses(filter),
            other => Err(Error::invalid(format!("{name} must hold filters, not {other}"))),
        })
        .collect()
}

fn field(path: &Path, value: &Bson) -> Result<Node> {
    match value {
        Bson::Document(document) if is_operators(document) => operators(Some(path), document),
        literal => equality(Some(path), literal),
    }
}

/// A document is a set of operators if its first name begins with `$`.
pub(super) fn is_operators(document: &Document) -> bool {
    document.keys().next().is_some_and(|name| name.starts_with('$') && !is_reference(name))
}

/// The names of a database reference are ordinary fields.
fn is_reference(name: &str) -> bool {
    matches!(name, "$ref" | "$id" | "$db")
}

fn equality(path: Option<&Path>, literal: &Bson) -> Result<Node> {
    Ok(match literal {
        Bson::RegularExpression(regex) => {
            Node::field(path, Test::Matches(Pattern::compile(regex.pattern.as_str(), regex.options.as_str())?))
        }
        Bson::Undefined => return Err(Error::invalid("a filter cannot compare with undefined")),
        _ => Node::equal(path, literal),
    })
}

/// `{"$gt": 1, "$lt": 5}` on the values of `path`, or on a value itself.
pub(super) fn operators(path: Option<&Path>, document: &Document) -> Result<Node> {
    let mut nodes = Vec::with_capacity(document.len());
    for (name, value) in document {
        match name.as_str() {
            "$regex" => nodes.push(Node::field(path, Test::Matches(pattern(value, document.get("$options"))?))),
            "$options" if document.contains_key("$regex") => {}
            "$options" => return Err(Error::invalid("$options needs a $regex beside it")),
            name if !name.starts_with('$') => {
                return Err(Error::invalid(format!("{name} cannot stand beside operators: begin every name with $")));
            }
            name => nodes.push(operator(path, name, value)?),
        }
    }
    Ok(Node::all(nodes))
}

fn operator(path: Option<&Path>, name: &str, value: &Bson) -> Result<Node> {
    let test = match name {
        "$eq" => return equal_literal(path, value),
        "$ne" => return not_regex(name, value).and_then(|()| equal_literal(path, value)).map(Node::negated),
        "$lt" => ordered(name, Comparison::Less, value)?,
        "$lte" => ordered(name, Comparison::LessOrEqual, value)?,
        "$gt" => ordered(name, Comparison::Greater, value)?,
        "$gte" => ordered(name, Comparison::GreaterOrEqual, value)?,
        "$in" => one_of(name, value)?,
        "$nin" => return Ok(Node::field(path, one_of(name, value)?).negated()),
        "$exists" => {
            let node = Node::field(path, Test::Exists);
            return Ok(if is_true(value) { node } else { node.negated() });
        }
        "$type" => Test::Type(types(value)?),
        "$mod" => modulo(value)?,
        "$size" => Test::Size(size(value)?),
        "$not" => return negation(path, value),
        "$all" => return every(path, value),
        "$elemMatch" => element(value)?,
        "$bitsAllSet" => Test::Bits { mask: bits(name, value)?, all: true, set: true },
        "$bitsAllClear" => Test::Bits { mask: bits(name, value)?, all: true, set: false },
        "$bitsAnySet" => Test::Bits { mask: bits(name, value)?, all: false, set: true },
        "$bitsAnyClear" => Test::Bits { mask: bits(name, value)?, all: false, set: false },
        other => {
            return Err(match allow::filter_clause(other) {
                Ok(()) => Error::invalid(format!("{other} stands at the top of a filter, not below a field")),
                Err(error) => error,
            });
        }
    };
    Ok(Node::field(path, test))
}

/// `$eq` takes a regular expression as a value, unlike a bare one.
fn equal_literal(path: Option<&Path>, value: &Bson) -> Result<Node> {
    match value {
        Bson::Undefined => Err(Error::invalid("a filter cannot compare with undefined")),
        _ => Ok(Node::equal(path, value)),
    }
}

fn not_regex(name: &str, value: &Bson) -> Result<()> {
    match value {
        Bson::RegularExpression(_) => {
            Err(Error::invalid(format!("{name} cannot take a regular expression: use $not with it")))
        }
        _ => Ok(()),
    }
}

fn ordered(name: &str, side: Comparison, value: &Bson) -> Result<Test> {
    not_regex(name, value)?;
    if matches!(value, Bson::Undefined) {
        return Err(Error::invalid("a filter cannot compare with undefined"));
    }
    Ok(Test::Compare { side, value: value.clone() })
}

fn one_of(name: &str, value: &Bson) -> Result<Test> {
    let Bson::Array(items) = value else {
        return Err(Error::invalid(format!("{name} needs a list, not {value}")));
    };
    let (mut keys, mut values, mut patterns, mut or_missing) = (HashSet::new(), Vec::new(), Vec::new(), false);
    for item in items {
        match item {
            Bson::RegularExpression(regex) => {
                patterns.push(Pattern::compile(regex.pattern.as_str(), regex.options.as_str())?);
            }
            Bson::Document(document) if is_operators(document) => {
                return Err(Error::invalid(format!("{name} cannot hold operators: {item}")));
            }
            Bson::Undefined => return Err(Error::invalid("a filter cannot compare with undefined")),
            literal => {
                or_missing |= matches!(literal, Bson::Null);
                if keys.insert(key::of(literal)) {
                    values.push(literal.clone());
                }
            }
        }
    }
    Ok(Test::OneOf { keys, values, patterns, or_missing })
}

fn is_true(value: &Bson) -> bool {
    match value {
        Bson::Boolean(flag) => *flag,
        Bson::Null | Bson::Undefined => false,
        other => {
            Number::from_bson(other).is_none_or(|number| number.compare(Number::Int32(0)) != std::cmp::Ordering::Equal)
        }
    }
}

/// Manual, "$type": a number or an alias, or a list of them; `number` stands for all four.
fn types(value: &Bson) -> Result<Vec<i32>> {
    match value {
        Bson::Array(items) if items.is_empty() => Err(Error::invalid("$type needs at least one type")),
        Bson::Array(items) => {
            let mut all = Vec::new();
            for item in items {
                all.extend(type_numbers(item)?);
            }
            Ok(all)
        }
        one => type_numbers(one),
    }
}

fn type_numbers(value: &Bson) -> Result<Vec<i32>> {
    const NAMES: &[(&str, i32)] = &[
        ("double", 1),
        ("string", 2),
        ("object", 3),
        ("array", 4),
        ("binData", 5),
        ("undefined", 6),
        ("objectId", 7),
        ("bool", 8),
        ("date", 9),
        ("null", 10),
        ("regex", 11),
        ("dbPointer", 12),
        ("javascript", 13),
        ("symbol", 14),
        ("javascriptWithScope", 15),
        ("int", 16),
        ("timestamp", 17),
        ("long", 18),
        ("decimal", 19),
        ("minKey", -1),
        ("maxKey", 127),
    ];
    let unknown = || Error::invalid(format!("$type does not know the type {value}"));
    match value {
        Bson::String(name) if name == "number" => Ok(vec![1, 16, 18, 19]),
        Bson::String(name) => {
            NAMES.iter().find(|(alias, _)| alias == name).map(|(_, number)| vec![*number]).ok_or_else(unknown)
        }
        other => {
            let number = whole(other).ok_or_else(unknown)?;
            NAMES
                .iter()
                .find(|(_, known)| i64::from(*known) == number)
                .map(|(_, known)| vec![*known])
                .ok_or_else(unknown)
        }
    }
}

/// Manual, "$mod": two numbers; fractions are cut off.
fn modulo(value: &Bson) -> Result<Test> {
    let wrong = || Error::invalid(format!("$mod needs [divisor, remainder], two numbers, not {value}"));
    let Bson::Array(items) = value else { return Err(wrong()) };
    let [divisor, remainder] = items.as_slice() else { return Err(wrong()) };
    let divisor = Number::from_bson(divisor).and_then(Number::truncated).ok_or_else(wrong)?;
    let remainder = Number::from_bson(remainder).and_then(Number::truncated).ok_or_else(wrong)?;
    if divisor == 0 {
        return Err(Error::invalid("the divisor of $mod cannot be 0"));
    }
    Ok(Test::Modulo { divisor, remainder })
}

fn size(value: &Bson) -> Result<usize> {
    whole(value)
        .and_then(|size| usize::try_from(size).ok())
        .ok_or_else(|| Error::invalid(format!("$size needs a whole number that is not negative, not {value}")))
}

fn negation(path: Option<&Path>, value: &Bson) -> Result<Node> {
    match value {
        Bson::RegularExpression(_) => Ok(equality(path, value)?.negated()),
        Bson::Document(document) if is_operators(document) => Ok(operators(path, document)?.negated()),
        other => Err(Error::invalid(format!("$not needs operators or a regular expression, not {other}"))),
    }
}

/// Manual, "$all": each of the literals is among the values, or each `$elemMatch` finds its element.
fn every(path: Option<&Path>, value: &Bson) -> Result<Node> {
    let Bson::Array(items) = value else {
        return Err(Error::invalid(format!("$all needs a list, not {value}")));
    };
    let is_element = |item: &Bson| matches!(item, Bson::Document(document) if document.keys().next().is_some_and(|name| name == "$elemMatch"));
    if items.is_empty() {
        return Ok(Node::Any(Vec::new()));
    }
    let elements = items.iter().filter(|item| is_element(item)).count();
    if elements > 0 && elements < items.len() {
        return Err(Error::invalid("$all cannot mix $elemMatch with values"));
    }
    let nodes = items
        .iter()
        .map(|item| match item {
            Bson::Document(document) if is_element(item) => operators(path, document),
            Bson::Document(document) if is_operators(document) => {
                Err(Error::invalid(format!("$all cannot hold the operators {item}")))
            }
            literal => equality(path, literal),
        })
        .collect::<Result<_>>()?;
    Ok(Node::all(nodes))
}

/// Manual, "$elemMatch (query)": operators are asked of each element, a filter of each element that is a document.
fn element(value: &Bson) -> Result<Test> {
    let Bson::Document(document) = value else {
        return Err(Error::invalid(format!("$elemMatch needs a filter or operators, not {value}")));
    };
    let clause = |name: &str| matches!(name, "$and" | "$or" | "$nor" | "$expr" | "$comment");
    if is_operators(document) && !document.keys().next().is_some_and(|name| clause(name)) {
        return Ok(Test::ElementValue(Box::new(operators(None, document)?)));
    }
    let node = clauses(document)?;
    if node.has_expression() {
        return Err(Error::invalid("$expr stands at the top of a filter, not inside $elemMatch"));
    }
    Ok(Test::ElementDocument(Box::new(node)))
}

fn pattern(value: &Bson, options: Option<&Bson>) -> Result<Pattern> {
    let options = match options {
        None => None,
        Some(Bson::String(options)) => Some(options.as_str()),
        Some(other) => return Err(Error::invalid(format!("$options needs a text, not {other}"))),
    };
    match value {
        Bson::String(pattern) => Pattern::compile(pattern, options.unwrap_or_default()),
        Bson::RegularExpression(regex) => {
            let own = regex.options.as_str();
            if options.is_some() && !own.is_empty() {
                return Err(Error::invalid("options are set both in $regex and in $options"));
            }
            Pattern::compile(regex.pattern.as_str(), options.unwrap_or(own))
        }
        other => Err(Error::invalid(format!("$regex needs a text or a regular expression, not {other}"))),
    }
}

/// Manual, "Bitwise Query Operators": a mask that is not negative, a list of positions, or binary data.
fn bits(name: &str, value: &Bson) -> Result<Bits> {
    let wrong =
        || Error::invalid(format!("{name} needs a mask that is not negative, a list of bit positions or binary data"));
    let places = match value {
        Bson::Array(items) => {
            items.iter().map(|item| whole(item).and_then(|place| u64::try_from(place).ok())).collect::<Option<Vec<_>>>()
        }
        Bson::Binary(binary) => Some(
            binary
                .bytes
                .iter()
                .zip(0_u64..)
                .flat_map(|(byte, at)| (0..8).filter(move |bit| (byte >> bit) & 1 == 1).map(move |bit| at * 8 + bit))
                .collect(),
        ),
        other => whole(other)
            .and_then(|mask| u64::try_from(mask).ok())
            .map(|mask| (0..64).filter(|place| (mask >> place) & 1 == 1).collect()),
    };
    places.map(Bits).ok_or_else(wrong)
}
