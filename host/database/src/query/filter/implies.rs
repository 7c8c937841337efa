//! Whether one filter is narrower than another, for the use of partial indexes. Answers yes only where it is plain.
//!
//! Rule: manual, "Partial Indexes", "Query Coverage"
//! (<https://www.mongodb.com/docs/manual/core/index-partial/>).

use bson::Bson;

use super::{
    node::{Comparison, Node},
    test::Test,
};
use crate::query::{order, view::Tree};

pub(super) fn all(narrow: &Node, wide: &Node) -> bool {
    let given = narrow.conjuncts();
    wide.conjuncts().iter().all(|wanted| given.iter().any(|node| one(node, wanted)))
}

fn one(given: &Node, wanted: &Node) -> bool {
    let (Node::Field { path: Some(path), test }, Node::Field { path: Some(other), test: wanted }) = (given, wanted)
    else {
        return false;
    };
    if path != other {
        return false;
    }
    match (test, wanted) {
        // An array as the value may match as a whole or as an element, which the wider test does not see alike.
        (Test::Compare { value: Bson::Array(_) | Bson::Null | Bson::MinKey | Bson::MaxKey, .. }, _) => false,
        (
            Test::Compare { .. } | Test::Type(_) | Test::Modulo { .. } | Test::Matches(_) | Test::Size(_),
            Test::Exists,
        )
        | (Test::Exists, Test::Exists) => true,
        (Test::Compare { side: Comparison::Equal, value }, wanted) => wanted.passes(Some(Tree::Value(value))),
        (Test::Compare { side, value }, Test::Compare { side: outer, value: limit }) => {
            narrower(*side, value, *outer, limit)
        }
        (Test::OneOf { values, patterns, .. }, wanted) => {
            patterns.is_empty()
                && !values.is_empty()
                && values.iter().all(|value| {
                    !matches!(value, Bson::Array(_) | Bson::Null) && wanted.passes(Some(Tree::Value(value)))
                })
        }
        (Test::Type(given), Test::Type(wanted)) => given.iter().all(|number| wanted.contains(number)),
        _ => false,
    }
}

/// `a > 5` implies `a > 3`: same direction, same type, and the end passes the outer test.
fn narrower(side: Comparison, value: &Bson, outer: Comparison, limit: &Bson) -> bool {
    use Comparison::{Greater, GreaterOrEqual, Less, LessOrEqual};
    if matches!(limit, Bson::MinKey | Bson::MaxKey | Bson::Array(_)) || !same_type(value, limit) {
        return false;
    }
    let order = order::compare(value, limit);
    match (side, outer) {
        (Greater, Greater | GreaterOrEqual) | (GreaterOrEqual, GreaterOrEqual) => order.is_ge(),
        (GreaterOrEqual, Greater) => order.is_gt(),
        (Less, Less | LessOrEqual) | (LessOrEqual, LessOrEqual) => order.is_le(),
        (LessOrEqual, Less) => order.is_lt(),
        _ => false,
    }
}

fn same_type(a: &Bson, b: &Bson) -> bool {
    use crate::query::view::View;
    order::rank(&Tree::Value(a).shape()) == order::rank(&Tree::Value(b).shape())
}
