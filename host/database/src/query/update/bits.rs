//! `$bit`. Rule: manual, "$bit" (<https://www.mongodb.com/docs/manual/reference/operator/update/bit/>): integers only;
//! a missing field counts as 0.

use bson::Bson;

use crate::{Error, Result};

#[derive(Debug, Clone, Copy)]
pub(super) enum Gate {
    And,
    Or,
    Xor,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct BitStep {
    gate: Gate,
    operand: i64,
    wide: bool,
}

pub(super) fn compile(path: &str, value: &Bson) -> Result<Vec<BitStep>> {
    let wrong = || Error::invalid(format!("$bit at {path} needs {{and|or|xor: integer}}, not {value}"));
    let Bson::Document(steps) = value else { return Err(wrong()) };
    if steps.is_empty() {
        return Err(wrong());
    }
    steps
        .iter()
        .map(|(name, operand)| {
            let gate = match name.as_str() {
                "and" => Gate::And,
                "or" => Gate::Or,
                "xor" => Gate::Xor,
                _ => return Err(wrong()),
            };
            match operand {
                Bson::Int32(operand) => Ok(BitStep { gate, operand: i64::from(*operand), wide: false }),
                Bson::Int64(operand) => Ok(BitStep { gate, operand: *operand, wide: true }),
                _ => Err(wrong()),
            }
        })
        .collect()
}

pub(super) fn apply(old: Option<&Bson>, steps: &[BitStep], path: &str) -> Result<Bson> {
    let (mut value, mut wide) = match old {
        None => (0, false),
        Some(Bson::Int32(value)) => (i64::from(*value), false),
        Some(Bson::Int64(value)) => (*value, true),
        Some(other) => return Err(Error::invalid(format!("$bit needs an integer at {path}, not {other}"))),
    };
    for step in steps {
        wide |= step.wide;
        value = match step.gate {
            Gate::And => value & step.operand,
            Gate::Or => value | step.operand,
            Gate::Xor => value ^ step.operand,
        };
    }
    // Two int32 never leave 32 bits here.
    Ok(match i32::try_from(value) {
        Ok(narrow) if !wide => Bson::Int32(narrow),
        _ => Bson::Int64(value),
    })
}
