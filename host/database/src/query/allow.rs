//! The one list of what the language knows, for every engine. What is not on it is refused by name, so that nothing
//! is silently ignored and nothing works on one engine only.

mod size;

pub(super) use size::check_conditions;
pub use size::{
    MAX_COMMAND_BYTES, MAX_COMMAND_ELEMENTS, MAX_CONDITIONS, MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_PATTERNS,
    check_command, check_document, check_patterns, encoded_size,
};

use crate::{Error, Result};

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
