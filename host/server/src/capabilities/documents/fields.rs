//! What a right that is narrowed to fields lets a template do. Pure.
//!
//! Reading: the answer holds these fields and `_id`, and filters, sorts and pipelines name no others, for an answer to
//! "which documents have this value?" tells the value. Writing: only these fields change; what touches whole documents
//! (deleting, replacing, `manage`) takes a right without `fields`. What cannot be judged is denied.

use bson::{Bson, Document};
use serde_json::Value;

use crate::model::covers_field;

/// Fields that the template asks for and that are granted; each None stands for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    asked: Option<Vec<String>>,
    granted: Option<Vec<String>>,
}

/// What lies beyond the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beyond {
    /// A field, as the template wrote it.
    Field(String),
    /// An operator whose reach in fields is not known.
    Operator(String),
    /// Whole documents are touched.
    Whole(&'static str),
}

impl Fields {
    /// From the `extra` of every need and of every right that covers a collection; None when nothing is narrowed.
    pub fn of<'a>(
        needs: impl IntoIterator<Item = Option<&'a Value>>,
        rights: impl IntoIterator<Item = Option<&'a Value>>,
    ) -> Option<Self> {
        let (asked, granted) = (union(needs), union(rights));
        (asked.is_some() || granted.is_some()).then_some(Self { asked, granted })
    }

    /// The granted ones; None: all.
    pub fn granted(&self) -> Option<&[String]> {
        self.granted.as_deref()
    }

    /// Whether the template asks for a field at all.
    pub fn is_asked(&self, path: &str) -> bool {
        is_in(self.asked.as_deref(), path)
    }

    /// Whether all that is visible here is visible there too.
    pub fn lie_within(&self, other: &Self) -> bool {
        self.visible().iter().all(|path| other.allow(path))
    }

    /// Whether a field may be touched.
    pub fn allow(&self, path: &str) -> bool {
        is_in(self.asked.as_deref(), path) && is_in(self.granted.as_deref(), path)
    }

    fn needs(&self, path: &str) -> Result<(), Beyond> {
        if self.allow(path) { Ok(()) } else { Err(Beyond::Field(path.to_owned())) }
    }

    /// The paths that may be seen, none of them within another.
    fn visible(&self) -> Vec<String> {
        let mut paths: Vec<String> = [&self.asked, &self.granted].into_iter().flatten().flatten().cloned().collect();
        paths.retain(|path| self.allow(path) && path != "_id");
        paths.sort_unstable();
        paths.dedup();
        let all = paths.clone();
        paths.retain(|path| !all.iter().any(|other| other != path && covers_field(other, path)));
        paths
    }

    /// # Errors
    /// What the filter names beyond the fields.
    pub fn check_filter(&self, filter: &Document) -> Result<(), Beyond> {
        for (key, value) in filter {
            match (key.as_str(), value) {
                ("$and" | "$or" | "$nor", Bson::Array(branches)) => {
                    for branch in branches.iter().filter_map(Bson::as_document) {
                        self.check_filter(branch)?;
                    }
                }
                ("$expr", value) => self.check_expression(value, false)?,
                ("$comment", _) => {}
                (operator, _) if operator.starts_with('$') => return Err(Beyond::Operator(operator.to_owned())),
                (path, _) => self.needs(path)?,
            }
        }
        Ok(())
    }

    /// # Errors
    /// What the sort names beyond the fields.
    pub fn check_sort(&self, sort: &Document) -> Result<(), Beyond> {
        sort.keys().try_for_each(|path| self.needs(path))
    }

    /// `$$ROOT` is whole where documents were cut down before.
    fn check_expression(&self, value: &Bson, is_cut: bool) -> Result<(), Beyond> {
        match value {
            Bson::String(text) => match text.strip_prefix("$$") {
                Some(variable) => {
                    let (name, path) = variable.split_once('.').map_or((variable, None), |(n, p)| (n, Some(p)));
                    match (name, path) {
                        ("ROOT" | "CURRENT", Some(path)) => self.needs(path),
                        ("ROOT" | "CURRENT", None) if !is_cut => Err(Beyond::Operator(text.clone())),
                        _ => Ok(()),
                    }
                }
                None => text.strip_prefix('$').map_or(Ok(()), |path| self.needs(path)),
            },
            Bson::Array(items) => items.iter().try_for_each(|item| self.check_expression(item, is_cut)),
            Bson::Document(members) => members.iter().try_for_each(|(key, value)| match key.as_str() {
                "$literal" => Ok(()),
                "$getField" if !is_cut => Err(Beyond::Operator(key.clone())),
                _ => self.check_expression(value, is_cut),
            }),
            _ => Ok(()),
        }
    }

    /// The projection that shows what is wanted and nothing beyond the fields.
    ///
    /// # Errors
    /// What the wanted one names beyond them.
    pub fn projection(&self, wanted: Option<&Document>) -> Result<Document, Beyond> {
        let all = || self.visible().into_iter().map(|path| (path, Bson::Int32(1))).collect::<Document>();
        let shown = |projection: Document| {
            // An empty projection would show everything.
            if projection.iter().all(|(_, value)| is_off(value)) {
                bson::doc! { "_id": 1 }
            } else {
                projection
            }
        };
        let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else { return Ok(shown(all())) };
        let others: Vec<(&String, &Bson)> = wanted.iter().filter(|(key, _)| *key != "_id").collect();
        if others.is_empty() {
            let mut projection = if wanted.values().all(is_off) { all() } else { Document::new() };
            projection.extend(wanted.clone());
            return Ok(shown(projection));
        }
        if others.iter().all(|(_, value)| is_off(value)) {
            let hidden: Vec<&String> = others.iter().map(|(key, _)| *key).collect();
            let mut projection = all();
            for path in &hidden {
                if projection.keys().any(|shown| shown != *path && covers_field(shown, path)) {
                    return Err(Beyond::Operator(format!("a projection without {path:?}")));
                }
            }
            let gone = |path: &str| hidden.iter().any(|hidden| covers_field(hidden, path));
            projection = projection.into_iter().filter(|(path, _)| !gone(path)).collect();
            if let Some(id) = wanted.get("_id") {
                projection.insert("_id", id.clone());
            }
            return Ok(shown(projection));
        }
        for (key, value) in wanted {
            match value {
                Bson::String(_) => self.check_expression(value, false)?,
                Bson::Document(members) => {
                    // These leave the other fields of the document in.
                    if let Some(operator) =
                        members.keys().find(|key| ["$slice", "$elemMatch", "$meta"].contains(&key.as_str()))
                    {
                        return Err(Beyond::Operator(operator.clone()));
                    }
                    if members.keys().any(|key| key.starts_with('$')) {
                        self.check_expression(value, false)?;
                    } else {
                        self.needs(key)?;
                    }
                }
                _ => self.needs(key)?,
            }
        }
        Ok(wanted.clone())
    }

    /// The pipeline with every document cut down to the fields before anything but selecting and sorting looks at it.
    ///
    /// # Errors
    /// What its stages name beyond the fields, as far as they still see the documents of the collection.
    pub fn pipeline(&self, mut stages: Vec<Document>) -> Result<Vec<Document>, Beyond> {
        let mut cut = stages.len();
        for (place, stage) in stages.iter().enumerate() {
            match stage.iter().next() {
                Some((name, Bson::Document(filter))) if name == "$match" => self.check_filter(filter)?,
                Some((name, Bson::Document(sort))) if name == "$sort" => self.check_sort(sort)?,
                Some((name, _)) if ["$skip", "$limit", "$sample"].contains(&name.as_str()) => {}
                _ => {
                    cut = place;
                    break;
                }
            }
        }
        for stage in stages.iter().skip(cut) {
            let Some((name, body)) = stage.iter().next() else { continue };
            match (name.as_str(), body) {
                ("$match", Bson::Document(filter)) => self.check_filter(filter)?,
                ("$sort", Bson::Document(sort)) => self.check_sort(sort)?,
                ("$skip" | "$limit" | "$sample", _) => {}
                ("$unwind", Bson::Document(body)) => {
                    self.check_expression(body.get("path").unwrap_or(&Bson::Null), true)?;
                }
                ("$unwind", path) => self.check_expression(path, true)?,
                ("$project", Bson::Document(wanted)) => {
                    for (key, value) in wanted {
                        match value {
                            Bson::String(_) | Bson::Document(_) => self.check_expression(value, true)?,
                            value if is_off(value) => {}
                            _ => self.needs(key)?,
                        }
                    }
                    break;
                }
                // From here on documents have another shape; what they are made of was cut down and is checked.
                ("$facet" | "$lookup" | "$unionWith" | "$graphLookup" | "$count" | "$unset", _) => break,
                (_, body) => {
                    self.check_expression(body, true)?;
                    break;
                }
            }
        }
        stages.insert(cut, bson::doc! { "$project": self.projection(None)? });
        Ok(stages)
    }

    /// # Errors
    /// What a change touches beyond the fields.
    pub fn check_change(&self, change: &Bson) -> Result<(), Beyond> {
        let Bson::Document(operators) = change else { return Err(Beyond::Whole("an update by a pipeline")) };
        // Without any operator it is a document that takes the place of another, even an empty one.
        if operators.is_empty() || operators.keys().any(|key| !key.starts_with('$')) {
            return Err(Beyond::Whole("replacing documents"));
        }
        for (operator, paths) in operators {
            for (path, value) in paths.as_document().into_iter().flatten() {
                self.needs(path)?;
                if operator == "$rename" {
                    self.needs(value.as_str().unwrap_or_default())?;
                }
            }
        }
        Ok(())
    }

    /// # Errors
    /// What a new document holds beyond the fields.
    pub fn check_document(&self, document: &Document) -> Result<(), Beyond> {
        self.check_within("", document)
    }

    fn check_within(&self, above: &str, document: &Document) -> Result<(), Beyond> {
        for (key, value) in document {
            let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
            if self.allow(&path) {
                continue;
            }
            match value {
                Bson::Document(inner) if !inner.is_empty() => self.check_within(&path, inner)?,
                _ => return Err(Beyond::Field(path)),
            }
        }
        Ok(())
    }
}

fn is_off(value: &Bson) -> bool {
    match value {
        Bson::Boolean(shown) => !shown,
        Bson::Int32(number) => *number == 0,
        Bson::Int64(number) => *number == 0,
        Bson::Double(number) => *number == 0.0,
        _ => false,
    }
}

/// The fields of all together; None as soon as one of them is not narrowed. What cannot be read covers nothing.
fn union<'a>(extras: impl IntoIterator<Item = Option<&'a Value>>) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for extra in extras {
        let listed = extra.and_then(|extra| extra.get("fields"))?;
        all.extend(listed.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    }
    Some(all)
}

fn is_in(paths: Option<&[String]>, path: &str) -> bool {
    let Some(paths) = paths else { return true };
    // Places in lists are no fields: `items.0.price`, `items.$.price`, `items.$[cheap].price`.
    let is_name = |step: &&str| !step.starts_with('$') && !step.bytes().all(|byte| byte.is_ascii_digit());
    let plain = path.split('.').filter(is_name).collect::<Vec<_>>().join(".");
    !plain.is_empty() && (covers_field("_id", &plain) || paths.iter().any(|known| covers_field(known, &plain)))
}

#[cfg(test)]
mod tests {
    use bson::{bson, doc};
    use serde_json::json;

    use super::*;

    fn fields(paths: &[&str]) -> Fields {
        let extra = json!({ "fields": paths });
        Fields::of([None], [Some(&extra)]).unwrap()
    }

    fn field(path: &str) -> Result<(), Beyond> {
        Err(Beyond::Field(path.to_owned()))
    }

    #[test]
    fn rights_add_up_and_one_without_fields_opens_all() {
        let (name, mail) = (json!({ "fields": ["name"] }), json!({ "fields": ["mail"] }));
        let both = Fields::of([None], [Some(&name), Some(&mail)]).unwrap();
        assert!(both.allow("name") && both.allow("mail") && !both.allow("city"));
        assert_eq!(Fields::of([None], [Some(&name), None]), None);
        assert_eq!(Fields::of([None], [Some(&json!({}))]), None);
        // What is asked for and what is granted have to agree.
        let narrow = Fields::of([Some(&name)], [Some(&mail)]).unwrap();
        assert!(!narrow.allow("name") && !narrow.allow("mail") && narrow.allow("_id"));
        let bad = Fields::of([None], [Some(&json!({ "fields": "name" }))]).unwrap();
        assert!(!bad.allow("name"), "what cannot be read covers nothing");
    }

    #[test]
    fn a_field_covers_what_lies_below_it_and_places_in_lists_do_not_count() {
        let fields = fields(&["address.city", "items"]);
        for (path, expected) in [
            ("address.city", true),
            ("address.city.name", true),
            ("address", false),
            ("address.cityhall", false),
            ("items.0.price", true),
            ("items.$[cheap].price", true),
            ("address.0.city", true),
            ("_id", true),
            ("_id.part", true),
            ("", false),
            ("0", false),
            ("identity", false),
        ] {
            assert_eq!(fields.allow(path), expected, "{path}");
        }
    }

    #[test]
    fn filters_name_no_other_field_however_deep_it_stands() {
        let fields = fields(&["name", "age"]);
        for (filter, expected) in [
            (doc! {}, Ok(())),
            (doc! { "name": "x", "age": { "$gt": 3 }, "_id": 1 }, Ok(())),
            (doc! { "$or": [{ "name": "x" }, { "$and": [{ "age": 1 }] }], "$comment": "why" }, Ok(())),
            (doc! { "$expr": { "$gt": ["$age", { "$literal": "$secret" }] } }, Ok(())),
            (doc! { "secret": "x" }, field("secret")),
            (doc! { "name": "x", "$nor": [{ "$or": [{ "secret.part": 1 }] }] }, field("secret.part")),
            (doc! { "$expr": { "$eq": ["$name", "$secret"] } }, field("secret")),
            (doc! { "$expr": { "$eq": ["$$ROOT.secret", 1] } }, field("secret")),
            (doc! { "$expr": { "$eq": ["$$CURRENT", 1] } }, Err(Beyond::Operator("$$CURRENT".into()))),
            (doc! { "$expr": { "$getField": "secret" } }, Err(Beyond::Operator("$getField".into()))),
            (doc! { "$where": "this.secret" }, Err(Beyond::Operator("$where".into()))),
            (doc! { "$jsonSchema": {} }, Err(Beyond::Operator("$jsonSchema".into()))),
            (doc! { "$text": { "$search": "x" } }, Err(Beyond::Operator("$text".into()))),
        ] {
            assert_eq!(fields.check_filter(&filter), expected, "{filter}");
        }
        assert_eq!(fields.check_sort(&doc! { "age": -1, "_id": 1 }), Ok(()));
        assert_eq!(fields.check_sort(&doc! { "secret": 1 }), field("secret"));
    }

    #[test]
    fn a_projection_is_forced_and_a_wanted_one_stays_within() {
        let fields = fields(&["name", "address.city", "address.city.name"]);
        for (wanted, expected) in [
            (None, Ok(doc! { "address.city": 1, "name": 1 })),
            (Some(doc! {}), Ok(doc! { "address.city": 1, "name": 1 })),
            (Some(doc! { "_id": 0 }), Ok(doc! { "address.city": 1, "name": 1, "_id": 0 })),
            (Some(doc! { "_id": 1 }), Ok(doc! { "_id": 1 })),
            (Some(doc! { "name": 1, "_id": 0 }), Ok(doc! { "name": 1, "_id": 0 })),
            (Some(doc! { "name": 0 }), Ok(doc! { "address.city": 1 })),
            (Some(doc! { "secret": 0 }), Ok(doc! { "address.city": 1, "name": 1 })),
            (Some(doc! { "name": 0, "address": false, "_id": 0 }), Ok(doc! { "_id": 1 })),
            (Some(doc! { "upper": { "$toUpper": "$name" } }), Ok(doc! { "upper": { "$toUpper": "$name" } })),
            (Some(doc! { "secret": 1 }), Err(Beyond::Field("secret".into()))),
            (Some(doc! { "name": 1, "address": { "zip": 1 } }), Err(Beyond::Field("address".into()))),
            (Some(doc! { "name": "$secret" }), Err(Beyond::Field("secret".into()))),
            (Some(doc! { "x": { "$concat": ["$name", "$secret"] } }), Err(Beyond::Field("secret".into()))),
            (Some(doc! { "name": { "$slice": 1 } }), Err(Beyond::Operator("$slice".into()))),
            (
                Some(doc! { "address.city.zip": 0 }),
                Err(Beyond::Operator("a projection without \"address.city.zip\"".into())),
            ),
        ] {
            assert_eq!(fields.projection(wanted.as_ref()), expected, "{wanted:?}");
        }
        let nothing = Fields::of([Some(&json!({ "fields": ["a"] }))], [Some(&json!({ "fields": ["b"] }))]).unwrap();
        assert_eq!(nothing.projection(None), Ok(doc! { "_id": 1 }), "an empty projection would show everything");
    }

    #[test]
    fn a_pipeline_sees_cut_documents_from_where_it_reshapes_them() {
        let fields = fields(&["name", "age"]);
        let cut = || doc! { "$project": { "age": 1, "name": 1 } };
        let group = doc! { "$group": { "_id": "$name", "all": { "$push": "$$ROOT" } } };
        let filter = doc! { "$match": { "age": 1 } };
        assert_eq!(fields.pipeline(vec![]), Ok(vec![cut()]));
        assert_eq!(
            fields.pipeline(vec![filter.clone(), doc! { "$limit": 3 }, group.clone(), doc! { "$match": { "sum": 1 } }]),
            Ok(vec![filter.clone(), doc! { "$limit": 3 }, cut(), group, doc! { "$match": { "sum": 1 } }])
        );
        for (stages, path) in [
            (vec![doc! { "$match": { "secret": 1 } }], "secret"),
            (vec![doc! { "$sort": { "secret": 1 } }], "secret"),
            (vec![doc! { "$group": { "_id": "$secret" } }], "secret"),
            (vec![doc! { "$project": { "secret": 1 } }], "secret"),
            (vec![doc! { "$addFields": { "x": { "$add": ["$age", "$pay"] } } }], "pay"),
            (vec![doc! { "$unwind": "$tags" }], "tags"),
            (vec![doc! { "$unwind": { "path": "$tags" } }], "tags"),
            (vec![doc! { "$unwind": "$name" }, doc! { "$match": { "secret": 1 } }], "secret"),
            (vec![doc! { "$sortByCount": "$secret" }], "secret"),
        ] {
            assert_eq!(fields.pipeline(stages.clone()), Err(Beyond::Field(path.into())), "{stages:?}");
        }
    }

    #[test]
    fn writes_touch_these_fields_only() {
        let fields = fields(&["name", "address.city"]);
        for (change, expected) in [
            (bson!({ "$set": { "name": 1, "address.city": 2 } }), Ok(())),
            (bson!({ "$set": { "secret": 1 } }), field("secret")),
            (bson!({ "$set": { "address": {} } }), field("address")),
            (bson!({ "$unset": { "secret": "" }, "$set": { "name": 1 } }), field("secret")),
            (bson!({ "$rename": { "name": "secret" } }), field("secret")),
            (bson!({ "name": 1 }), Err(Beyond::Whole("replacing documents"))),
            (bson!({}), Err(Beyond::Whole("replacing documents"))),
            (bson!([{ "$set": { "name": 1 } }]), Err(Beyond::Whole("an update by a pipeline"))),
        ] {
            assert_eq!(fields.check_change(&change), expected, "{change}");
        }
        for (document, expected) in [
            (doc! { "_id": 1, "name": { "any": 1 }, "address": { "city": "x" } }, Ok(())),
            (doc! { "address": { "city": "x", "zip": 1 } }, field("address.zip")),
            (doc! { "address": {} }, field("address")),
            (doc! { "address": [{ "city": 1 }] }, field("address")),
        ] {
            assert_eq!(fields.check_document(&document), expected, "{document}");
        }
    }

    #[test]
    fn what_was_narrowed_meanwhile_is_known() {
        let (wide, narrow) = (fields(&["name", "age"]), fields(&["name"]));
        assert!(narrow.lie_within(&wide) && !wide.lie_within(&narrow) && wide.lie_within(&wide));
    }
}
