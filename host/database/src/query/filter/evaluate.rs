//! Asking a compiled filter of one document. One walk serves decoded documents and bytes.

use std::cell::OnceCell;

use bson::{Document, RawDocument};

use super::{node::Node, test::Test};
use crate::{
    Error, Result,
    query::{
        expression::{Variables, truthy},
        view::View,
    },
};

/// One question. Remembers where in an array the match was found.
pub(super) struct Evaluation<'d> {
    whole: Whole<'d>,
    variables: &'d Variables,
    position: Option<usize>,
}

/// The document that is asked about, which only an `$expr` needs decoded.
#[derive(Clone, Copy)]
pub(super) enum Whole<'d> {
    Decoded(&'d Document),
    Encoded {
        bytes: &'d RawDocument,
        decoded: &'d OnceCell<Document>,
    },
    /// A value inside a document, of which no `$expr` is asked.
    None,
}

impl<'d> Evaluation<'d> {
    pub(super) fn of(whole: Whole<'d>, variables: &'d Variables) -> Self {
        Self { whole, variables, position: None }
    }

    fn root(&self) -> Result<&'d Document> {
        match self.whole {
            Whole::Decoded(document) => Ok(document),
            Whole::Encoded { bytes, decoded } => match decoded.get() {
                Some(document) => Ok(document),
                None => {
                    let document = Document::try_from(bytes).map_err(|error| Error::Corrupted {
                        message: format!("a document cannot be decoded: {error}"),
                    })?;
                    Ok(decoded.get_or_init(|| document))
                }
            },
            Whole::None => Err(Error::invalid("$expr stands at the top of a filter, not inside a condition")),
        }
    }

    pub(super) fn position(&self) -> Option<usize> {
        self.position
    }

    pub(super) fn run<'a, V: View<'a>>(&mut self, node: &Node, target: V) -> Result<bool> {
        match node {
            Node::All(nodes) => {
                for node in nodes {
                    if !self.run(node, target)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Node::Any(nodes) => {
                for node in nodes {
                    if self.run(node, target)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Node::Not(node) => {
                // What is not there has no place.
                let before = self.position;
                let answer = self.run(node, target)?;
                self.position = before;
                Ok(!answer)
            }
            Node::Field { path: None, test } => self.test(test, Some(target)).map(|at| at.is_some()),
            Node::Field { path: Some(path), test } => {
                let mut failure = None;
                let mut position = None;
                let answer = path.visit(target, test.entering(), &mut |found| match self.test(test, found.value) {
                    Ok(None) => false,
                    Ok(Some(element)) => {
                        position = found.position.or(element);
                        true
                    }
                    Err(error) => {
                        failure = Some(error);
                        true
                    }
                });
                if let Some(error) = failure {
                    return Err(error);
                }
                if answer && position.is_some() {
                    self.position = position;
                }
                Ok(answer)
            }
            Node::Expression(expression) => {
                let value = expression.evaluate(self.root()?, self.variables)?;
                Ok(truthy(value.as_ref()))
            }
        }
    }

    /// `None`: not passed. `Some`: passed, with the place of the element that `$elemMatch` found.
    #[expect(clippy::option_option, reason = "passed or not, and then with a place or without")]
    fn test<'a, V: View<'a>>(&mut self, test: &Test, value: Option<V>) -> Result<Option<Option<usize>>> {
        let (node, documents_only) = match test {
            Test::ElementDocument(node) => (node, true),
            Test::ElementValue(node) => (node, false),
            simple => return Ok(simple.passes(value).then_some(None)),
        };
        let Some(array) = value.filter(|value| value.is_array()) else { return Ok(None) };
        for (index, item) in array.items().enumerate() {
            // An array inside an array is read like a document with the indexes as names.
            if documents_only && !item.is_document() && !item.is_array() {
                continue;
            }
            let mut inner = Evaluation::of(self.whole, self.variables);
            if inner.run(node, item)? {
                return Ok(Some(Some(index)));
            }
        }
        Ok(None)
    }
}
