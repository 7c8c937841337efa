//! One way to look at a value, whether it is decoded or still bytes, so that a filter, an order or a key has one
//! meaning and not two. It only reads: nothing here knows an operator.

use std::cell::Cell;

use bson::{
    Bson, Document, RawDocument,
    raw::{RawBsonRef, RawIter},
};

use super::number::Number;

/// What a value is. Documents and arrays are walked through the [`View`] itself.
pub(crate) enum Shape<'a, V> {
    MinKey,
    Undefined,
    Null,
    Number(Number),
    String(&'a str),
    Document,
    Array,
    Binary {
        subtype: u8,
        bytes: &'a [u8],
    },
    ObjectId([u8; 12]),
    Boolean(bool),
    /// Milliseconds since 1970, negative before.
    DateTime(i64),
    Timestamp {
        time: u32,
        increment: u32,
    },
    Regex {
        pattern: &'a str,
        options: &'a str,
    },
    DbPointer(String),
    Code(&'a str),
    CodeWithScope {
        code: &'a str,
        scope: V,
    },
    MaxKey,
}

/// A value that can be walked. `'a` is how long its text and bytes live.
pub(crate) trait View<'a>: Copy {
    type Fields: Iterator<Item = (&'a str, Self)>;
    type Items: Iterator<Item = Self>;

    fn shape(self) -> Shape<'a, Self>;
    fn is_document(self) -> bool;
    fn is_array(self) -> bool;
    /// The field of a document, or the element of an array that has this index as its name.
    fn field(self, name: &str) -> Option<Self>;
    /// The fields of a document, nothing for any other value.
    fn fields(self) -> Self::Fields;
    /// The elements of an array, nothing for any other value.
    fn items(self) -> Self::Items;
    /// The BSON type number, as `$type` counts it.
    fn type_number(self) -> i32;
}

/// A decoded value, or a whole document, which `bson` does not hold as a value.
#[derive(Clone, Copy)]
pub(crate) enum Tree<'a> {
    Value(&'a Bson),
    Document(&'a Document),
}

impl<'a> Tree<'a> {
    fn document(self) -> Option<&'a Document> {
        match self {
            Self::Document(document) | Self::Value(Bson::Document(document)) => Some(document),
            Self::Value(_) => None,
        }
    }

    /// A copy of the value that can be kept.
    pub(crate) fn to_bson(self) -> Bson {
        match self {
            Self::Value(value) => value.clone(),
            Self::Document(document) => Bson::Document(document.clone()),
        }
    }
}

/// The fields of a decoded document.
pub(crate) struct TreeFields<'a>(Option<bson::document::Iter<'a>>);

impl<'a> Iterator for TreeFields<'a> {
    type Item = (&'a str, Tree<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.as_mut()?.next().map(|(name, value)| (name.as_str(), Tree::Value(value)))
    }
}

/// The elements of a decoded array.
pub(crate) struct TreeItems<'a>(std::slice::Iter<'a, Bson>);

impl<'a> Iterator for TreeItems<'a> {
    type Item = Tree<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(Tree::Value)
    }
}

impl<'a> View<'a> for Tree<'a> {
    type Fields = TreeFields<'a>;
    type Items = TreeItems<'a>;

    fn shape(self) -> Shape<'a, Self> {
        let value = match self {
            Self::Document(_) => return Shape::Document,
            Self::Value(value) => value,
        };
        match value {
            Bson::MinKey => Shape::MinKey,
            Bson::Undefined => Shape::Undefined,
            Bson::Null => Shape::Null,
            Bson::Int32(number) => Shape::Number(Number::Int32(*number)),
            Bson::Int64(number) => Shape::Number(Number::Int64(*number)),
            Bson::Double(number) => Shape::Number(Number::Double(*number)),
            Bson::Decimal128(number) => Shape::Number(Number::Decimal(*number)),
            Bson::String(text) | Bson::Symbol(text) => Shape::String(text),
            Bson::Document(_) => Shape::Document,
            Bson::Array(_) => Shape::Array,
            Bson::Binary(binary) => Shape::Binary { subtype: binary.subtype.into(), bytes: &binary.bytes },
            Bson::ObjectId(id) => Shape::ObjectId(id.bytes()),
            Bson::Boolean(flag) => Shape::Boolean(*flag),
            Bson::DateTime(at) => Shape::DateTime(at.timestamp_millis()),
            Bson::Timestamp(stamp) => Shape::Timestamp { time: stamp.time, increment: stamp.increment },
            Bson::RegularExpression(regex) => {
                Shape::Regex { pattern: regex.pattern.as_str(), options: regex.options.as_str() }
            }
            Bson::DbPointer(pointer) => Shape::DbPointer(format!("{pointer:?}")),
            Bson::JavaScriptCode(code) => Shape::Code(code),
            Bson::JavaScriptCodeWithScope(both) => {
                Shape::CodeWithScope { code: &both.code, scope: Tree::Document(&both.scope) }
            }
            Bson::MaxKey => Shape::MaxKey,
        }
    }

    fn is_document(self) -> bool {
        matches!(self, Self::Document(_) | Self::Value(Bson::Document(_)))
    }

    fn is_array(self) -> bool {
        matches!(self, Self::Value(Bson::Array(_)))
    }

    fn field(self, name: &str) -> Option<Self> {
        match self {
            Self::Value(Bson::Array(items)) => items.get(array_index(name)?).map(Tree::Value),
            other => other.document()?.get(name).map(Tree::Value),
        }
    }

    fn fields(self) -> TreeFields<'a> {
        TreeFields(self.document().map(Document::iter))
    }

    fn items(self) -> TreeItems<'a> {
        match self {
            Self::Value(Bson::Array(items)) => TreeItems(items.iter()),
            _ => TreeItems([].iter()),
        }
    }

    fn type_number(self) -> i32 {
        let kind = match self {
            Self::Document(_) => return 3,
            Self::Value(value) => value.element_type(),
        };
        type_number(kind)
    }
}

/// A value in encoded bytes. Broken bytes end a walk and raise the flag, which the caller must look at afterwards.
#[derive(Clone, Copy)]
pub(crate) struct Raw<'a> {
    value: RawBsonRef<'a>,
    damaged: &'a Cell<bool>,
}

impl<'a> Raw<'a> {
    pub(crate) fn new(document: &'a RawDocument, damaged: &'a Cell<bool>) -> Self {
        Self { value: RawBsonRef::Document(document), damaged }
    }

    /// A copy of the value that can be kept; `None` for broken bytes.
    pub(crate) fn to_bson(self) -> Option<Bson> {
        Bson::try_from(self.value).ok()
    }

    fn container(self) -> Option<&'a RawDocument> {
        match self.value {
            RawBsonRef::Document(document) => Some(document),
            // An encoded array is a document whose names are the indexes.
            RawBsonRef::Array(array) => match RawDocument::from_bytes(array.as_bytes()) {
                Ok(document) => Some(document),
                Err(_) => {
                    self.damaged.set(true);
                    None
                }
            },
            _ => None,
        }
    }

    fn walk(self, elements: Option<RawIter<'a>>) -> RawFields<'a> {
        RawFields { elements, damaged: self.damaged }
    }
}

/// The fields of an encoded document.
pub(crate) struct RawFields<'a> {
    elements: Option<RawIter<'a>>,
    damaged: &'a Cell<bool>,
}

impl<'a> Iterator for RawFields<'a> {
    type Item = (&'a str, Raw<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.elements.as_mut()?.next()?.and_then(|element| Ok((element.key().as_str(), element.value()?)));
        match read {
            Ok((name, value)) => Some((name, Raw { value, damaged: self.damaged })),
            Err(_) => {
                self.damaged.set(true);
                self.elements = None;
                None
            }
        }
    }
}

/// The elements of an encoded array.
pub(crate) struct RawItems<'a>(RawFields<'a>);

impl<'a> Iterator for RawItems<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(_, value)| value)
    }
}

impl<'a> View<'a> for Raw<'a> {
    type Fields = RawFields<'a>;
    type Items = RawItems<'a>;

    fn shape(self) -> Shape<'a, Self> {
        match self.value {
            RawBsonRef::MinKey => Shape::MinKey,
            RawBsonRef::Undefined => Shape::Undefined,
            RawBsonRef::Null => Shape::Null,
            RawBsonRef::Int32(number) => Shape::Number(Number::Int32(number)),
            RawBsonRef::Int64(number) => Shape::Number(Number::Int64(number)),
            RawBsonRef::Double(number) => Shape::Number(Number::Double(number)),
            RawBsonRef::Decimal128(number) => Shape::Number(Number::Decimal(number)),
            RawBsonRef::String(text) | RawBsonRef::Symbol(text) => Shape::String(text),
            RawBsonRef::Document(_) => Shape::Document,
            RawBsonRef::Array(_) => Shape::Array,
            RawBsonRef::Binary(binary) => Shape::Binary { subtype: binary.subtype.into(), bytes: binary.bytes },
            RawBsonRef::ObjectId(id) => Shape::ObjectId(id.bytes()),
            RawBsonRef::Boolean(flag) => Shape::Boolean(flag),
            RawBsonRef::DateTime(at) => Shape::DateTime(at.timestamp_millis()),
            RawBsonRef::Timestamp(stamp) => Shape::Timestamp { time: stamp.time, increment: stamp.increment },
            RawBsonRef::RegularExpression(regex) => {
                Shape::Regex { pattern: regex.pattern.as_str(), options: regex.options.as_str() }
            }
            RawBsonRef::DbPointer(_) => match Bson::try_from(self.value) {
                Ok(Bson::DbPointer(pointer)) => Shape::DbPointer(format!("{pointer:?}")),
                _ => {
                    self.damaged.set(true);
                    Shape::Undefined
                }
            },
            RawBsonRef::JavaScriptCode(code) => Shape::Code(code),
            RawBsonRef::JavaScriptCodeWithScope(both) => {
                Shape::CodeWithScope { code: both.code, scope: Raw::new(both.scope, self.damaged) }
            }
            RawBsonRef::MaxKey => Shape::MaxKey,
        }
    }

    fn is_document(self) -> bool {
        matches!(self.value, RawBsonRef::Document(_))
    }

    fn is_array(self) -> bool {
        matches!(self.value, RawBsonRef::Array(_))
    }

    fn field(self, name: &str) -> Option<Self> {
        for element in self.container()?.iter_elements() {
            let Ok(element) = element else {
                self.damaged.set(true);
                return None;
            };
            if element.key().as_str() == name {
                return match element.value() {
                    Ok(value) => Some(Raw { value, damaged: self.damaged }),
                    Err(_) => {
                        self.damaged.set(true);
                        None
                    }
                };
            }
        }
        None
    }

    fn fields(self) -> RawFields<'a> {
        self.walk(if self.is_document() { self.container().map(RawDocument::iter_elements) } else { None })
    }

    fn items(self) -> RawItems<'a> {
        RawItems(self.walk(if self.is_array() { self.container().map(RawDocument::iter_elements) } else { None }))
    }

    fn type_number(self) -> i32 {
        type_number(self.value.element_type())
    }
}

/// MinKey counts as -1 although its byte is 255.
fn type_number(kind: bson::spec::ElementType) -> i32 {
    match kind {
        bson::spec::ElementType::MinKey => -1,
        other => i32::from(other as u8),
    }
}

/// The index that `name` spells, in the one spelling that an array's element has: no sign, no leading zero.
pub(crate) fn array_index(name: &str) -> Option<usize> {
    let digits = name.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || name.is_empty() || (name.len() > 1 && name.starts_with('0')) {
        return None;
    }
    name.parse().ok()
}
