//! `$pull`. Rule: manual, "$pull" (<https://www.mongodb.com/docs/manual/reference/operator/update/pull/>): a literal
//! removes what equals it, operators what passes them, a document the documents that match it as a filter.

use bson::Bson;

use super::action::Effect;
use crate::{
    Result,
    query::{filter::Filter, order, regex::Pattern, view::Tree},
};

#[derive(Debug, Clone)]
pub(super) enum Pull {
    Equal(Bson),
    Pattern(Pattern),
    Operators(Filter),
    Documents(Filter),
}

impl Pull {
    pub(super) fn compile(value: &Bson) -> Result<Self> {
        Ok(match value {
            Bson::RegularExpression(regex) => {
                Self::Pattern(Pattern::compile(regex.pattern.as_str(), regex.options.as_str())?)
            }
            Bson::Document(document)
                if document.keys().next().is_some_and(|name| {
                    name.starts_with('$') && !matches!(name.as_str(), "$and" | "$or" | "$nor" | "$ref" | "$id" | "$db")
                }) =>
            {
                Self::Operators(Filter::compile_value(document)?)
            }
            Bson::Document(document) => Self::Documents(Filter::compile(document)?),
            literal => Self::Equal(literal.clone()),
        })
    }

    pub(super) fn from(&self, items: &mut Vec<Bson>) -> Result<Effect> {
        let before = items.len();
        let mut kept = Vec::with_capacity(before);
        for item in std::mem::take(items) {
            if !self.takes(&item)? {
                kept.push(item);
            }
        }
        *items = kept;
        Ok(if items.len() == before { Effect::Nothing } else { Effect::Changed })
    }

    fn takes(&self, item: &Bson) -> Result<bool> {
        match self {
            Self::Equal(value) => Ok(order::same(item, value)),
            Self::Pattern(pattern) => Ok(pattern.matches(Tree::Value(item))),
            Self::Operators(filter) => filter.matches_value(item),
            Self::Documents(filter) => match item {
                Bson::Document(document) => filter.matches(document),
                _ => Ok(false),
            },
        }
    }
}
