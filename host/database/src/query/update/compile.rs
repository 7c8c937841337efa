//! From written operators to a sorted list of writes.

use bson::{Bson, Document};

use super::{
    action::Action,
    array_filter::ArrayFilters,
    bits,
    path::{self, Path},
    pull::Pull,
    push::{self, Push},
};
use crate::{
    Error, Result,
    query::{allow, number::Number},
};

/// One operator on one path.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) path: Path,
    /// The path's parts, where it is the same for every document.
    pub(super) names: Option<Vec<String>>,
    pub(super) action: Action,
}

/// All writes of an update, in the order in which they are done.
#[derive(Debug, Clone)]
pub(super) struct Operators {
    pub(super) writes: Vec<Write>,
    pub(super) array_filters: ArrayFilters,
    pub(super) all_fixed: bool,
}

impl Operators {
    pub(super) fn compile(operators: &Document, array_filters: &[Document]) -> Result<Self> {
        let array_filters = ArrayFilters::compile(array_filters)?;
        let mut writes = Vec::new();
        let mut touched = Vec::new();
        for (operator, fields) in operators {
            if !operator.starts_with('$') {
                return Err(Error::invalid(format!("{operator} cannot stand beside update operators")));
            }
            allow::update_operator(operator)?;
            let Bson::Document(fields) = fields else {
                return Err(Error::invalid(format!("{operator} needs fields: {{{operator}: {{field: value}}}}")));
            };
            if operator == "$pull" {
                allow::check_patterns("$pull", fields)?;
            }
            for (field, value) in fields {
                let write = write(operator, field, value)?;
                if let Action::RenameFrom(from) = &write.action {
                    touched.push(from.names());
                }
                touched.push(write.path.names());
                writes.push(write);
            }
        }
        array_filters.check_use(writes.iter().flat_map(|write| write.path.array_filters()))?;
        touched.sort_by(|a, b| path::compare(a, b));
        path::check_conflicts(&touched)?;
        writes.sort_by_cached_key(|write| Sorted(write.path.names()));
        let all_fixed = writes.iter().all(|write| write.names.is_some());
        Ok(Self { writes, array_filters, all_fixed })
    }

    pub(super) fn needs_position(&self) -> bool {
        self.writes.iter().any(|write| write.path.needs_position())
    }
}

/// A path in the order of [`path::compare`].
#[derive(PartialEq, Eq)]
struct Sorted(Vec<String>);

impl PartialOrd for Sorted {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sorted {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        path::compare(&self.0, &other.0)
    }
}

fn write(operator: &str, field: &str, value: &Bson) -> Result<Write> {
    if operator == "$rename" {
        return rename(field, value);
    }
    let path = Path::parse(field)?;
    let number = || {
        Number::from_bson(value)
            .ok_or_else(|| Error::invalid(format!("{operator} at {field} needs a number, not {value}")))
    };
    let action = match operator {
        "$set" => Action::Set(value.clone()),
        "$setOnInsert" => Action::SetOnInsert(value.clone()),
        "$unset" => Action::Unset,
        "$inc" => Action::Increment(number()?),
        "$mul" => Action::Multiply(number()?),
        "$min" => Action::Min(value.clone()),
        "$max" => Action::Max(value.clone()),
        "$push" => Action::Push(Push::compile(field, value)?),
        "$addToSet" => Action::AddToSet(set(field, value)?),
        "$pull" => Action::Pull(Pull::compile(value)?),
        "$pullAll" => match value {
            Bson::Array(values) => Action::PullAll(values.clone()),
            other => return Err(Error::invalid(format!("$pullAll at {field} needs a list, not {other}"))),
        },
        "$pop" => match Number::from_bson(value).and_then(Number::as_exact_i64) {
            Some(1) => Action::Pop { first: false },
            Some(-1) => Action::Pop { first: true },
            _ => return Err(Error::invalid(format!("$pop at {field} needs 1 or -1, not {value}"))),
        },
        "$currentDate" => current_date(field, value)?,
        "$bit" => Action::Bits(bits::compile(field, value)?),
        other => return Err(allow::refusal("operator", other)),
    };
    let names = path.is_fixed().then(|| path.names());
    Ok(Write { path, names, action })
}

fn rename(field: &str, value: &Bson) -> Result<Write> {
    let Bson::String(target) = value else {
        return Err(Error::invalid(format!("$rename of {field} needs a new name, not {value}")));
    };
    let (from, path) = (Path::parse(field)?, Path::parse(target)?);
    if !from.is_fixed() || !path.is_fixed() {
        return Err(Error::invalid(format!("$rename of {field} to {target} cannot use $, $[] or $[name]")));
    }
    let touches_id = |path: &Path| path.names().first().is_some_and(|name| name == "_id");
    if touches_id(&from) || touches_id(&path) {
        return Err(Error::invalid(format!("an update cannot change _id: $rename of {field} to {target}")));
    }
    let names = Some(path.names());
    Ok(Write { path, names, action: Action::RenameFrom(from) })
}

fn set(field: &str, value: &Bson) -> Result<Vec<Bson>> {
    match value {
        Bson::Document(document) if document.keys().next().is_some_and(|name| name == "$each") => {
            if let Some(other) = document.keys().nth(1) {
                return Err(Error::invalid(format!("$addToSet at {field} has no clause {other}")));
            }
            push::each("$addToSet", field, document.get("$each").unwrap_or(&Bson::Null))
        }
        literal => Ok(vec![literal.clone()]),
    }
}

fn current_date(field: &str, value: &Bson) -> Result<Action> {
    let wrong = || {
        Error::invalid(format!(r#"$currentDate at {field} needs true or {{$type: "date"|"timestamp"}}, not {value}"#))
    };
    match value {
        Bson::Boolean(_) => Ok(Action::CurrentDate { timestamp: false }),
        Bson::Document(document) if document.len() == 1 => match document.get("$type") {
            Some(Bson::String(kind)) if kind == "date" => Ok(Action::CurrentDate { timestamp: false }),
            Some(Bson::String(kind)) if kind == "timestamp" => Ok(Action::CurrentDate { timestamp: true }),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}
