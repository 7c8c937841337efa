//! The one list of what the language knows, for every engine. What is not on it is refused by name, so that nothing
//! is silently ignored and nothing works on one engine only.

use bson::{Bson, Document};

use crate::{Error, Result};

/// Deepest nesting of a document or command.
pub const MAX_DEPTH: usize = 100;
/// Largest document, in bytes: 16 MiB.
pub const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;
/// Largest filter, update, sort or pipeline, in bytes: 1 MiB. A replacement counts as a document.
pub const MAX_COMMAND_BYTES: usize = 1024 * 1024;
/// Most values in one command.
pub const MAX_COMMAND_ELEMENTS: usize = 100_000;

/// Operators on a field of a filter.
pub const FILTER_OPERATORS: &[&str] = &[
    "$all",
    "$bitsAllClear",
    "$bitsAllSet",
    "$bitsAnyClear",
    "$bitsAnySet",
    "$elemMatch",
    "$eq",
    "$exists",
    "$gt",
    "$gte",
    "$in",
    "$lt",
    "$lte",
    "$mod",
    "$ne",
    "$nin",
    "$not",
    "$options",
    "$regex",
    "$size",
    "$type",
];
/// Operators at the top of a filter.
pub const FILTER_CLAUSES: &[&str] = &["$and", "$comment", "$expr", "$nor", "$or"];
pub const UPDATE_OPERATORS: &[&str] = &[
    "$addToSet",
    "$bit",
    "$currentDate",
    "$inc",
    "$max",
    "$min",
    "$mul",
    "$pop",
    "$pull",
    "$pullAll",
    "$push",
    "$rename",
    "$set",
    "$setOnInsert",
    "$unset",
];
/// Stages of a pipeline that is an update.
pub const UPDATE_STAGES: &[&str] = &["$addFields", "$project", "$replaceRoot", "$replaceWith", "$set", "$unset"];
/// Stages of an aggregation.
pub const STAGES: &[&str] = &[
    "$addFields",
    "$bucket",
    "$count",
    "$facet",
    "$group",
    "$limit",
    "$lookup",
    "$match",
    "$project",
    "$replaceRoot",
    "$replaceWith",
    "$set",
    "$skip",
    "$sort",
    "$sortByCount",
    "$unset",
    "$unwind",
];
pub const ACCUMULATORS: &[&str] = &[
    "$addToSet",
    "$avg",
    "$count",
    "$first",
    "$last",
    "$max",
    "$mergeObjects",
    "$min",
    "$push",
    "$stdDevPop",
    "$stdDevSamp",
    "$sum",
];
pub const EXPRESSIONS: &[&str] = &[
    "$abs",
    "$add",
    "$allElementsTrue",
    "$and",
    "$anyElementTrue",
    "$arrayElemAt",
    "$arrayToObject",
    "$avg",
    "$ceil",
    "$cmp",
    "$concat",
    "$concatArrays",
    "$cond",
    "$convert",
    "$dateAdd",
    "$dateDiff",
    "$dateFromParts",
    "$dateFromString",
    "$dateSubtract",
    "$dateToParts",
    "$dateToString",
    "$dateTrunc",
    "$dayOfMonth",
    "$dayOfWeek",
    "$dayOfYear",
    "$divide",
    "$eq",
    "$exp",
    "$filter",
    "$first",
    "$floor",
    "$getField",
    "$gt",
    "$gte",
    "$hour",
    "$ifNull",
    "$in",
    "$indexOfArray",
    "$indexOfBytes",
    "$indexOfCP",
    "$isArray",
    "$isNumber",
    "$isoDayOfWeek",
    "$isoWeek",
    "$isoWeekYear",
    "$last",
    "$let",
    "$literal",
    "$ln",
    "$log",
    "$log10",
    "$lt",
    "$lte",
    "$ltrim",
    "$map",
    "$max",
    "$mergeObjects",
    "$millisecond",
    "$min",
    "$minute",
    "$mod",
    "$month",
    "$multiply",
    "$ne",
    "$not",
    "$objectToArray",
    "$or",
    "$pow",
    "$range",
    "$reduce",
    "$regexFind",
    "$regexFindAll",
    "$regexMatch",
    "$replaceAll",
    "$replaceOne",
    "$reverseArray",
    "$round",
    "$rtrim",
    "$second",
    "$setDifference",
    "$setEquals",
    "$setField",
    "$setIntersection",
    "$setIsSubset",
    "$setUnion",
    "$size",
    "$slice",
    "$sortArray",
    "$split",
    "$sqrt",
    "$strLenBytes",
    "$strLenCP",
    "$strcasecmp",
    "$substr",
    "$substrBytes",
    "$substrCP",
    "$subtract",
    "$sum",
    "$switch",
    "$toBool",
    "$toDate",
    "$toDecimal",
    "$toDouble",
    "$toInt",
    "$toLong",
    "$toLower",
    "$toObjectId",
    "$toString",
    "$toUpper",
    "$trim",
    "$trunc",
    "$type",
    "$unsetField",
    "$week",
    "$year",
    "$zip",
];

/// Refuses `name` by name.
pub fn refusal(kind: &str, name: &str) -> Error {
    Error::unsupported(format!("{kind} {name}"))
}

/// # Errors
/// [`Error::Unsupported`] if the list does not hold the stage.
pub fn stage(name: &str) -> Result<()> {
    on(STAGES, "stage", name)
}

/// # Errors
/// [`Error::Unsupported`] if an update's pipeline may not hold the stage.
pub fn update_stage(name: &str) -> Result<()> {
    on(UPDATE_STAGES, "update stage", name)
}

/// # Errors
/// [`Error::Unsupported`] if the list does not hold the expression.
pub fn expression(name: &str) -> Result<()> {
    on(EXPRESSIONS, "expression", name)
}

/// # Errors
/// [`Error::Unsupported`] if the list does not hold the accumulator.
pub fn accumulator(name: &str) -> Result<()> {
    on(ACCUMULATORS, "accumulator", name)
}

/// # Errors
/// [`Error::Unsupported`] if the list does not hold the update operator.
pub fn update_operator(name: &str) -> Result<()> {
    on(UPDATE_OPERATORS, "operator", name)
}

/// # Errors
/// [`Error::Unsupported`] if the list does not hold the operator on a field.
pub fn filter_operator(name: &str) -> Result<()> {
    on(FILTER_OPERATORS, "operator", name)
}

/// # Errors
/// [`Error::Unsupported`] if the list does not hold the clause.
pub fn filter_clause(name: &str) -> Result<()> {
    on(FILTER_CLAUSES, "operator", name)
}

fn on(list: &[&str], kind: &str, name: &str) -> Result<()> {
    if list.contains(&name) { Ok(()) } else { Err(refusal(kind, name)) }
}

/// Bounds of a part of a command: depth, size and number of values.
///
/// # Errors
/// [`Error::TooLarge`] or [`Error::Invalid`], naming `what`.
pub fn check_command(what: &str, document: &Document) -> Result<()> {
    check(what, document, MAX_COMMAND_BYTES, MAX_COMMAND_ELEMENTS).map(|_| ())
}

/// Bounds of a document that is to be stored: depth and size.
///
/// # Errors
/// [`Error::TooLarge`] or [`Error::Invalid`].
pub fn check_document(document: &Document) -> Result<()> {
    check("a document", document, MAX_DOCUMENT_BYTES, usize::MAX).map(|_| ())
}

/// Encoded size in bytes. Deeper than [`MAX_DEPTH`] it is not counted.
pub fn encoded_size(document: &Document) -> usize {
    check("a document", document, usize::MAX, usize::MAX).unwrap_or_default()
}

/// Encoded size in bytes, counted without encoding.
fn check(what: &str, document: &Document, max_bytes: usize, max_elements: usize) -> Result<usize> {
    let mut elements = 0;
    let size = size_of_document(what, document, 1, &mut elements)?;
    if size > max_bytes {
        return Err(Error::TooLarge {
            what: what.to_owned(),
            size: u64::try_from(size).unwrap_or(u64::MAX),
            limit: u64::try_from(max_bytes).unwrap_or(u64::MAX),
        });
    }
    if elements > max_elements {
        return Err(Error::invalid(format!("{what} holds {elements} values, at most {max_elements} are allowed")));
    }
    Ok(size)
}

fn size_of_document(what: &str, document: &Document, depth: usize, elements: &mut usize) -> Result<usize> {
    if depth > MAX_DEPTH {
        return Err(Error::invalid(format!("{what} is nested deeper than {MAX_DEPTH} levels")));
    }
    let mut size = 5;
    for (name, value) in document {
        size += 2 + name.len() + size_of(what, value, depth, elements)?;
    }
    Ok(size)
}

fn size_of(what: &str, value: &Bson, depth: usize, elements: &mut usize) -> Result<usize> {
    *elements += 1;
    Ok(match value {
        Bson::Document(document) => size_of_document(what, document, depth + 1, elements)?,
        Bson::Array(items) => {
            if depth >= MAX_DEPTH {
                return Err(Error::invalid(format!("{what} is nested deeper than {MAX_DEPTH} levels")));
            }
            let mut size = 5;
            for (index, item) in items.iter().enumerate() {
                let digits = usize::try_from(index.checked_ilog10().unwrap_or(0)).unwrap_or_default() + 1;
                size += 2 + digits + size_of(what, item, depth + 1, elements)?;
            }
            size
        }
        Bson::JavaScriptCodeWithScope(both) => {
            9 + both.code.len() + size_of_document(what, &both.scope, depth + 1, elements)?
        }
        Bson::String(text) | Bson::Symbol(text) | Bson::JavaScriptCode(text) => 5 + text.len(),
        Bson::Binary(binary) => 5 + binary.bytes.len(),
        Bson::RegularExpression(regex) => 2 + regex.pattern.len() + regex.options.len(),
        Bson::Decimal128(_) => 16,
        Bson::ObjectId(_) => 12,
        Bson::Double(_) | Bson::Int64(_) | Bson::DateTime(_) | Bson::Timestamp(_) => 8,
        Bson::Int32(_) => 4,
        Bson::Boolean(_) => 1,
        Bson::Null | Bson::Undefined | Bson::MinKey | Bson::MaxKey => 0,
        Bson::DbPointer(_) => 32,
    })
}
