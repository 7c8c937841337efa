//! A file of cases asked of every engine, and how it went.

use std::{collections::BTreeMap, io::Write, path::Path};

use crate::{
    case::{Case, sets},
    engine,
    run::{self, Verdict},
};

/// Asks at least `least` cases; fails if one differs, is refused without being listed, or is listed and answered.
pub fn file(path: &Path, least: usize) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let sets = sets(path.parent().unwrap());
    let listed = Differences::read();
    let mut cases: Vec<Case> =
        text.lines().filter(|line| !line.trim().is_empty()).map(|line| Case::read(line, &sets)).collect();
    for case in &mut cases {
        case.exact &= !listed.order_left_open.contains_key(&case.id);
    }
    assert!(cases.len() >= least, "{} holds {} cases, at least {least} are expected", path.display(), cases.len());
    let topic = path.file_stem().unwrap().to_string_lossy().into_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut faults = Vec::new();
    for engine in runtime.block_on(engine::all()) {
        let (mut differ, mut refused, mut marked) = (0, 0, 0);
        runtime.block_on(async {
            for (name, documents) in &sets {
                let report = engine.database.insert(name, documents.clone()).await.unwrap();
                assert_eq!(report.failed, [], "the documents of {name} cannot be inserted");
            }
        });
        for case in &cases {
            if engine.faults.deadly.contains_key(&case.id) {
                marked += 1;
                continue;
            }
            let reason = listed.refused.get(&case.id);
            let known = engine.faults.of(&case.id);
            let fault = match (runtime.block_on(run::case(engine.database.as_ref(), case)), reason) {
                (Verdict::Same, None) if known.is_none() => continue,
                (Verdict::Same, None) => "is marked as a fault of the server, but is answered rightly".to_owned(),
                (Verdict::Differs(_) | Verdict::Refused(_), None) if known.is_some() => {
                    marked += 1;
                    continue;
                }
                (Verdict::Refused(_), Some(_)) => {
                    refused += 1;
                    continue;
                }
                (Verdict::Same, Some(_)) => "is listed as refused, but answered".to_owned(),
                (Verdict::Refused(what), None) => {
                    format!("{what} is not supported, and differences.json does not say so")
                }
                (Verdict::Differs(how), _) => how,
            };
            differ += 1;
            faults.push(format!("{} on {}: {fault}", case.id, engine.name));
        }
        runtime.block_on(engine.finish());
        // Past the capture of the test harness: this line is the report.
        let mut out = std::io::stdout().lock();
        let (name, asked) = (engine.name, cases.len());
        writeln!(out, "{topic} on {name}: {asked} cases, {differ} differ, {refused} refused, {marked} marked").unwrap();
    }
    assert!(faults.is_empty(), "{} answers differ:\n  {}", faults.len(), faults.join("\n  "));
}

/// Where our answers are not those of the cases, with the reason.
#[derive(serde::Deserialize)]
struct Differences {
    /// Cases whose operator is not on the allow-list.
    refused: BTreeMap<String, String>,
    /// Cases that ask for an order where MongoDB promises none.
    order_left_open: BTreeMap<String, String>,
}

impl Differences {
    fn read() -> Self {
        let path = super::tests().join("differences.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }
}
