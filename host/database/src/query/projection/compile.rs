//! From a projection document to its tree, with the checks that need no document.

use bson::{Bson, Document};

use super::{
    Projection,
    elements::{self, Slice},
    tree::{Entry, Tree},
};
use crate::{
    Error, Result,
    query::{expression::Expression, expression::truthy},
};

/// Who asks, which decides what the operators and numbers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Find,
    Stage,
    /// Every value is computed.
    AddFields,
}

pub(super) fn compile(projection: &Document, dialect: Dialect, variables: &[String]) -> Result<Projection> {
    if projection.is_empty() {
        return Err(Error::invalid("a projection stage needs at least one field"));
    }
    let mut reader = Reader { dialect, variables, tree: Tree::default(), kinds: Kinds::default() };
    for (path, value) in projection {
        reader.read(&mut Vec::new(), path, value)?;
    }
    reader.finish()
}

pub(super) fn without<'p>(paths: impl IntoIterator<Item = &'p str>) -> Result<Projection> {
    let mut tree = Tree::everything();
    for path in paths {
        let parts = parts(path)?;
        insert(&mut tree, &parts, path, Entry::Exclude)?;
    }
    spread_default(&mut tree, true);
    Ok(Projection::of(tree, false))
}

/// What has been seen so far, apart from the top-level `_id`.
#[derive(Debug, Default)]
struct Kinds {
    included: Option<String>,
    excluded: Option<String>,
    has_position: bool,
    id: Option<bool>,
}

struct Reader<'a> {
    dialect: Dialect,
    variables: &'a [String],
    tree: Tree,
    kinds: Kinds,
}

impl Reader<'_> {
    fn read(&mut self, above: &mut Vec<String>, path: &str, value: &Bson) -> Result<()> {
        let (path, is_positional) = match path.strip_suffix(".$") {
            Some(array) if self.dialect == Dialect::Find => (array, true),
            _ => (path, false),
        };
        let depth = above.len();
        above.extend(parts(path)?);
        let result = if is_positional { self.positional(above, value) } else { self.value(above, value) };
        above.truncate(depth);
        result
    }

    fn positional(&mut self, parts: &[String], value: &Bson) -> Result<()> {
        let path = parts.join(".");
        if self.kinds.has_position {
            return Err(Error::invalid("a projection may hold only one positional $"));
        }
        if !is_flag(value) || !truthy(Some(value)) {
            return Err(Error::invalid(format!("{path}.$ can only be included, found {value}")));
        }
        self.kinds.has_position = true;
        self.include(parts, Entry::Positional)
    }

    fn value(&mut self, parts: &[String], value: &Bson) -> Result<()> {
        match value {
            flag if is_flag(flag) && self.dialect != Dialect::AddFields => self.flag(parts, flag),
            Bson::Document(document) => match document.iter().next() {
                None if self.dialect == Dialect::AddFields => self.computed(parts, value),
                None => Err(Error::invalid(format!("the projection of {} is an empty document", parts.join(".")))),
                Some((name, operand)) if name.starts_with('$') => self.operator(parts, name, operand, value),
                Some(_) => {
                    let mut above = parts.to_vec();
                    document.iter().try_for_each(|(path, value)| self.read(&mut above, path, value))
                }
            },
            value => self.computed(parts, value),
        }
    }

    fn flag(&mut self, parts: &[String], flag: &Bson) -> Result<()> {
        let is_included = truthy(Some(flag));
        if let [name] = parts
            && name == "_id"
        {
            self.kinds.id = Some(is_included);
            return self.insert(parts, if is_included { Entry::Include(flag.clone()) } else { Entry::Exclude });
        }
        if is_included {
            return self.include(parts, Entry::Include(flag.clone()));
        }
        self.kinds.excluded.get_or_insert_with(|| parts.join("."));
        self.insert(parts, Entry::Exclude)
    }

    fn operator(&mut self, parts: &[String], name: &str, operand: &Bson, whole: &Bson) -> Result<()> {
        match name {
            // A slice says nothing about the other fields.
            "$slice" if self.dialect == Dialect::Find && is_slice(operand) => {
                self.insert(parts, Entry::Slice(Slice::read(operand)?))
            }
            "$elemMatch" if self.dialect == Dialect::Find => {
                self.include(parts, Entry::ElemMatch(elements::condition(operand)?))
            }
            _ => self.computed(parts, whole),
        }
    }

    fn computed(&mut self, parts: &[String], value: &Bson) -> Result<()> {
        let expression = Expression::compile_with(value, self.variables)?;
        self.include(parts, Entry::Computed(expression))
    }

    fn include(&mut self, parts: &[String], entry: Entry) -> Result<()> {
        self.kinds.included.get_or_insert_with(|| parts.join("."));
        self.insert(parts, entry)
    }

    fn insert(&mut self, parts: &[String], entry: Entry) -> Result<()> {
        insert(&mut self.tree, parts, &parts.join("."), entry)
    }

    fn finish(self) -> Result<Projection> {
        let Self { dialect, mut tree, kinds, .. } = self;
        if let (Some(included), Some(excluded)) = (&kinds.included, &kinds.excluded) {
            return Err(Error::invalid(format!(
                "a projection either includes or excludes: {included} is included, {excluded} is excluded"
            )));
        }
        let keeps_others = match (dialect, &kinds.included, &kinds.excluded) {
            (Dialect::AddFields, ..) => true,
            (_, Some(_), _) => false,
            (_, _, Some(_)) => true,
            _ => kinds.id != Some(true),
        };
        spread_default(&mut tree, keeps_others);
        if !keeps_others && tree.entry("_id").is_none() {
            tree.entries.push(("_id".to_owned(), Entry::Include(Bson::Boolean(true))));
        }
        Ok(Projection::of(tree, kinds.has_position))
    }
}

/// A number or boolean, which includes or excludes.
fn is_flag(value: &Bson) -> bool {
    matches!(value, Bson::Boolean(_) | Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_))
}

/// In a `find`, `$slice` of a list that begins with an expression is the operator of expressions.
fn is_slice(operand: &Bson) -> bool {
    !matches!(operand, Bson::Array(operands) if operands.first().is_some_and(|first| !is_flag(first)))
}

fn parts(path: &str) -> Result<Vec<String>> {
    path.split('.')
        .map(|part| match part {
            "" => Err(Error::invalid(format!("the path \"{path}\" of a projection has an empty part"))),
            part if part.starts_with('$') => {
                Err(Error::invalid(format!("a part of the path \"{path}\" of a projection begins with $")))
            }
            part if part.contains('\0') => Err(Error::invalid("a path of a projection holds a NUL character")),
            part => Ok(part.to_owned()),
        })
        .collect()
}

fn insert(tree: &mut Tree, parts: &[String], path: &str, entry: Entry) -> Result<()> {
    let collision = || {
        Error::invalid(format!("the path {path} collides with another one of the projection, inside it or around it"))
    };
    let Some((name, rest)) = parts.split_first() else { return Ok(()) };
    let known = tree.entries.iter_mut().find(|(known, _)| known == name).map(|(_, entry)| entry);
    match (known, rest) {
        (None, []) => tree.entries.push((name.clone(), entry)),
        (None, rest) => {
            let mut nested = Tree::default();
            insert(&mut nested, rest, path, entry)?;
            tree.entries.push((name.clone(), Entry::Nested(nested)));
        }
        (Some(Entry::Nested(nested)), rest) if !rest.is_empty() => insert(nested, rest, path, entry)?,
        (Some(_), _) => return Err(collision()),
    }
    Ok(())
}

/// What happens to unnamed fields is the same at every level.
fn spread_default(tree: &mut Tree, keeps_others: bool) {
    tree.keeps_others = keeps_others;
    for (_, entry) in &mut tree.entries {
        if let Entry::Nested(nested) = entry {
            spread_default(nested, keeps_others);
        }
    }
}
