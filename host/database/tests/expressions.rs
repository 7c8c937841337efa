//! The golden cases of expressions, dates, projections and pipelines, and our own beside them (from the rules and
//! examples of the manual), answered by the pure language alone.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a case that cannot be read must stop the test"
)]

use std::{collections::BTreeMap, fs, path::Path};

use sandglass_database::{
    Result,
    bson::{Bson, Document, doc},
    extended_json,
    query::{
        expression::Variables,
        filter::Filter,
        order,
        pipeline::{Collections, Context, Pipeline},
        projection::Projection,
        sort::Sort,
    },
};

/// Collections in memory: the sets that the cases share.
struct Sets(BTreeMap<String, Vec<Document>>);

impl Collections for Sets {
    fn find(&self, collection: &str, filter: &Document) -> Result<Vec<Document>> {
        let filter = Filter::compile(filter)?;
        let documents = self.0.get(collection).map_or(&[][..], Vec::as_slice);
        documents
            .iter()
            .filter_map(|document| {
                filter.matches(document).map(|matches| matches.then(|| document.clone())).transpose()
            })
            .collect()
    }
}

fn file(folder: &str, name: &str) -> String {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    fs::read_to_string(tests.join(folder).join(name)).unwrap()
}

fn documents(value: Bson) -> Vec<Document> {
    let Bson::Array(items) = value else { panic!("a list of documents is expected, not {value}") };
    items
        .into_iter()
        .map(|item| match item {
            Bson::Document(document) => document,
            other => panic!("a document is expected, not {other}"),
        })
        .collect()
}

fn sets(folder: &str) -> Sets {
    let sets = extended_json::to_document(serde_json::from_str(&file(folder, "sets.json")).unwrap()).unwrap();
    Sets(sets.into_iter().map(|(name, set)| (name, documents(set))).collect())
}

/// Cases that sort by arrays whose smallest elements are equal, which leaves the order open.
const TIES: &[&str] = &["pipelines-0214"];

struct Case {
    id: String,
    parts: Document,
    input: Vec<Document>,
}

impl Case {
    fn read(line: &str, sets: &Sets) -> Self {
        let mut parts = extended_json::to_document(serde_json::from_str(line).unwrap()).unwrap();
        let input = match (parts.remove("documents"), parts.get_str("set")) {
            (Some(input), _) => documents(input),
            (None, Ok(set)) => sets.0[set].clone(),
            _ => panic!("a case without documents: {line}"),
        };
        Self { id: parts.get_str("id").unwrap().to_owned(), parts, input }
    }

    fn document(&self, name: &str) -> Document {
        self.parts.get_document(name).cloned().unwrap_or_default()
    }

    fn answer(&self, sets: &Sets) -> Result<Vec<Document>> {
        match self.parts.get_str("kind").unwrap() {
            "aggregate" => {
                let stages = documents(self.parts.get("pipeline").unwrap().clone());
                let pipeline = Pipeline::compile(&stages)?;
                let variables = Variables::default();
                let context = Context { collections: sets, variables: &variables };
                pipeline.run(Box::new(self.input.iter().cloned().map(Ok)), context).collect()
            }
            "find" => {
                let filter = Filter::compile(&self.document("filter"))?;
                let projection = Projection::compile(&self.document("projection"))?;
                let mut found = self.input.clone();
                Sort::compile(&self.document("sort"))?.sort(&mut found);
                let mut answer = Vec::new();
                for document in found {
                    if filter.matches(&document)? {
                        answer.push(projection.apply(&document, filter.matched_position(&document))?);
                    }
                }
                Ok(answer)
            }
            other => panic!("no answer to {other}"),
        }
    }

    /// What is wrong with our answer, if anything.
    fn difference(&self, sets: &Sets) -> Option<String> {
        let expected = self.parts.get_document("expect").unwrap();
        let answer = self.answer(sets);
        let Some(wanted) = expected.get("documents") else {
            return answer.ok().map(|answer| format!("must fail, but gives {}", shown(answer)));
        };
        let (mut wanted, mut answer) = match answer {
            Ok(answer) => (documents(wanted.clone()), answer),
            Err(error) => return Some(format!("fails with \"{error}\", wanted {wanted}")),
        };
        if self.parts.get_str("order").is_ok_and(|order| order == "any") || TIES.contains(&self.id.as_str()) {
            let canonical = |document: &Document| extended_json::to_canonical(document.clone().into()).to_string();
            wanted.sort_by_cached_key(canonical);
            answer.sort_by_cached_key(canonical);
        }
        let is_same = wanted.len() == answer.len()
            && wanted.iter().zip(&answer).all(|(wanted, answer)| order::identical_documents(wanted, answer));
        (!is_same).then(|| format!("gives {}\n        wanted {}", shown(answer), shown(wanted)))
    }
}

fn shown(answer: Vec<Document>) -> String {
    let value = Bson::Array(answer.into_iter().map(Bson::Document).collect());
    extended_json::to_canonical(value).to_string()
}

fn check(folder: &str, topic: &str, count: usize) {
    let sets = sets(folder);
    let mut differences = Vec::new();
    let mut cases = 0;
    for line in file(folder, &format!("{topic}.jsonl")).lines() {
        let case = Case::read(line, &sets);
        cases += 1;
        differences.extend(case.difference(&sets).map(|difference| {
            let asked = doc! { "p": case.parts.get("pipeline").or(case.parts.get("projection")).unwrap().clone() };
            format!("{}: {}\n        {difference}", case.id, shown(vec![asked]))
        }));
    }
    println!("{folder}/{topic}: {cases} cases, {} differ", differences.len());
    assert_eq!(cases, count, "cases of {topic}");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn expressions_give_the_golden_answers() {
    check("golden", "expressions", 910);
}

#[test]
fn dates_give_the_golden_answers() {
    check("golden", "dates", 414);
}

#[test]
fn projections_give_the_golden_answers() {
    check("golden", "projections", 90);
}

#[test]
fn pipelines_give_the_golden_answers() {
    check("golden", "pipelines", 468);
}

#[test]
fn our_own_cases_give_the_answers_of_the_manual() {
    check("cases", "expressions", 92);
    check("cases", "projections", 8);
    check("cases", "pipelines", 18);
}
