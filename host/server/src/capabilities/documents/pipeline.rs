//! Which other collections a pipeline reads, and whether it writes. Pure.
//!
//! What a stage means is the database's matter, and so is refusing stages it does not know. Here only what crosses the
//! border of a collection is of interest.

use bson::{Bson, Document};

use crate::capabilities::GateError;

/// Names of further collections that the stages read, in their order.
///
/// # Errors
/// `denied` for a stage that writes or reaches beyond the database, `invalid` for one that hides what it reads.
pub fn foreign_collections(stages: &[Document]) -> Result<Vec<String>, GateError> {
    let mut found = Vec::new();
    walk(stages, &mut found)?;
    Ok(found)
}

fn walk(stages: &[Document], found: &mut Vec<String>) -> Result<(), GateError> {
    for stage in stages {
        for (name, body) in stage {
            match name.as_str() {
                "$out" | "$merge" => {
                    return Err(GateError::denied(
                        "stage-writes",
                        format!("{name} writes: read with the pipeline, then write with insert or update"),
                    ));
                }
                "$lookup" | "$graphLookup" => {
                    if let Some(from) = body.as_document().and_then(|body| body.get("from")) {
                        found.push(name_of(name, from)?);
                    }
                    nested(body, found)?;
                }
                "$unionWith" => {
                    match body {
                        Bson::Document(body) => {
                            if let Some(collection) = body.get("coll") {
                                found.push(name_of(name, collection)?);
                            }
                        }
                        other => found.push(name_of(name, other)?),
                    }
                    nested(body, found)?;
                }
                "$facet" => {
                    for branch in body.as_document().into_iter().flat_map(Document::values) {
                        walk(&stages_of(branch), found)?;
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn nested(body: &Bson, found: &mut Vec<String>) -> Result<(), GateError> {
    match body.as_document().and_then(|body| body.get("pipeline")) {
        Some(pipeline) => walk(&stages_of(pipeline), found),
        None => Ok(()),
    }
}

fn stages_of(pipeline: &Bson) -> Vec<Document> {
    pipeline.as_array().into_iter().flatten().filter_map(|stage| stage.as_document().cloned()).collect()
}

fn name_of(stage: &str, value: &Bson) -> Result<String, GateError> {
    value.as_str().map(str::to_owned).ok_or_else(|| {
        GateError::invalid(
            "foreign-collection",
            format!("{stage} must name its collection as a text, of the same database"),
        )
    })
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    #[test]
    fn collections_are_found_however_deep_they_stand() {
        let stages = [
            doc! { "$match": { "from": "not this" } },
            doc! { "$lookup": { "from": "a", "as": "x", "pipeline": [{ "$unionWith": "b" }] } },
            doc! { "$facet": { "one": [{ "$unionWith": { "coll": "c", "pipeline": [{ "$lookup": { "from": "d" } }] } }] } },
            doc! { "$graphLookup": { "from": "e" } },
        ];
        assert_eq!(foreign_collections(&stages).unwrap(), ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn stages_that_write_are_refused_by_name() {
        for stages in [
            vec![doc! { "$out": "x" }],
            vec![doc! { "$merge": { "into": "x" } }],
            vec![doc! { "$facet": { "a": [{ "$out": "x" }] } }],
            vec![doc! { "$lookup": { "from": "a", "pipeline": [{ "$merge": "x" }] } }],
        ] {
            assert_eq!(foreign_collections(&stages).unwrap_err().reason, "stage-writes");
        }
    }

    #[test]
    fn another_database_is_refused() {
        let stages = [doc! { "$lookup": { "from": { "db": "admin", "coll": "users" } } }];
        assert_eq!(foreign_collections(&stages).unwrap_err().reason, "foreign-collection");
    }
}
