//! Asking a compiled filter of one document. One walk serves decoded documents and bytes.

use std::cell::OnceCell;

use bson::Document;

use super::{node::Node, test::Test};
use crate::{Result, query::view::View};

/// One question. Remembers where in an array the match was found.
pub(super) struct Evaluation<'d> {
    decode: &'d dyn Fn() -> Result<Document>,
    decoded: OnceCell<Document>,
    position: Option<usize>,
}

impl<'d> Evaluation<'d> {
    /// `decode` makes the whole document, for an `$expr` only.
    pub(super) fn of(decode: &'d dyn Fn() -> Result<Document>) -> Self {
        Self { decode, decoded: OnceCell::new(), position: None }
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
                let answer =
                    path.visit(target, test.enters_arrays(), &mut |found| match self.test(test, found.value) {
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
            let mut inner = Evaluation::of(self.decode);
            if inner.run(node, item)? {
                return Ok(Some(Some(index)));
            }
        }
        Ok(None)
    }
}
