//! What a template asks for, gets and uses, side by side: by capability, and by function within it. Pure.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::capabilities::operation::{ALL, Operation, capabilities};
use crate::model::audit::{EffectRecord, Verdict};
use crate::model::grant::Right;
use crate::model::template::{Need, Template};

/// Targets that are told apart.
const MOST_TARGETS: usize = 20;

/// One capability.
#[derive(Debug, Clone, PartialEq)]
pub struct CapabilityUse {
    pub capability: &'static str,
    pub needs: Vec<Need>,
    pub rights: Vec<Right>,
    pub functions: Vec<FunctionUse>,
}

/// One function of it, as the audit calls it.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionUse {
    pub operation: &'static str,
    /// As the component imports it; None: it cannot call it.
    pub import: Option<String>,
    /// Any of these accesses allows it.
    pub access: &'static [&'static str],
    /// Whether a need asks for one of them.
    pub is_declared: bool,
    /// Whether a right gives one of them, to whatever target.
    pub is_granted: bool,
    pub used: Option<Met>,
    pub denied: Option<Met>,
}

/// How often something was met.
#[derive(Debug, Clone, PartialEq)]
pub struct Met {
    pub count: u64,
    pub last: DateTime<Utc>,
    /// What was reached or not, the first twenty by name.
    pub targets: Vec<String>,
    /// Why it was refused the last time.
    pub reason: Option<String>,
}

/// Puts together what is known. Capabilities that nobody asked for, gave or used are left out.
pub fn overview(template: &Template, rights: &[Right], records: &[EffectRecord]) -> Vec<CapabilityUse> {
    let of = |capability: &str| -> (Vec<Need>, Vec<Right>) {
        let needs = template.metadata.needs.iter().filter(|need| need.capability == capability);
        let rights = rights.iter().filter(|right| right.capability == capability);
        (needs.cloned().collect(), rights.cloned().collect())
    };
    let whole = capabilities().into_iter().map(|capability| {
        let (needs, rights) = of(capability);
        let functions = ALL.iter().filter(|operation| operation.capability == capability);
        let functions = functions.filter_map(|operation| function(operation, template, &needs, &rights, records));
        CapabilityUse { capability, functions: functions.collect(), needs, rights }
    });
    whole.filter(|one| !(one.needs.is_empty() && one.rights.is_empty() && one.functions.is_empty())).collect()
}

fn function(
    operation: &'static Operation,
    template: &Template,
    needs: &[Need],
    rights: &[Right],
    records: &[EffectRecord],
) -> Option<FunctionUse> {
    let import = template.imports.iter().find(|import| is_import(import, operation)).cloned();
    let of_this =
        |record: &&EffectRecord| record.capability == operation.capability && record.operation == operation.name;
    let is_refused = |record: &EffectRecord| matches!(record.verdict, Verdict::Denied { .. } | Verdict::Limit { .. });
    let used = met(records.iter().filter(of_this).filter(|record| !is_refused(record)));
    let denied = met(records.iter().filter(of_this).filter(|record| is_refused(record)));
    if import.is_none() && used.is_none() && denied.is_none() {
        return None;
    }
    let takes = |access: &str| operation.access.contains(&access);
    Some(FunctionUse {
        operation: operation.name,
        import,
        access: operation.access,
        is_declared: needs.iter().any(|need| takes(&need.access)),
        is_granted: rights.iter().any(|right| right.access.iter().any(|access| takes(access))),
        used,
        denied,
    })
}

fn met<'a>(records: impl Iterator<Item = &'a EffectRecord>) -> Option<Met> {
    let mut targets = BTreeSet::new();
    let mut all: Option<Met> = None;
    for record in records {
        targets.insert(record.target.as_str());
        let met = all.get_or_insert(Met { count: 0, last: record.at, targets: Vec::new(), reason: None });
        met.count += record.calls;
        if record.at >= met.last {
            met.last = record.at;
            if let Verdict::Denied { reason } | Verdict::Limit { reason } = &record.verdict {
                met.reason = Some(reason.clone());
            }
        }
    }
    all.map(|met| Met { targets: targets.into_iter().take(MOST_TARGETS).map(str::to_owned).collect(), ..met })
}

/// Whether calling an imported function (`sandglass:documents/read.cursor.next`) is this operation.
fn is_import(import: &str, operation: &Operation) -> bool {
    let rest = import.strip_prefix("sandglass:").and_then(|rest| rest.strip_prefix(operation.capability));
    let Some((_, function)) = rest.and_then(|rest| rest.strip_prefix('/')).and_then(|rest| rest.split_once('.')) else {
        return false;
    };
    match (operation.capability, function) {
        // One function; the audit tells reading from changing.
        ("http", "send") => operation.name != "read",
        ("http", function) => operation.name == "read" && function == "response.read",
        ("documents", "raw-cursor.next") => operation.name == "next-raw",
        ("secrets", "plaintext") => operation.name == "reveal",
        _ => function.rsplit('.').next() == Some(operation.name),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::audit::Usage;
    use crate::model::{Digest, ExecutionId, JobId};
    use crate::registry::grants::tests::template;

    fn record(capability: &str, operation: &str, target: &str, at: i64, verdict: Verdict, calls: u64) -> EffectRecord {
        EffectRecord {
            execution: ExecutionId::generate(),
            job: JobId::generate(),
            attempt: 1,
            digest: Digest::of(b""),
            at: DateTime::from_timestamp(at, 0).unwrap(),
            capability: capability.into(),
            operation: operation.into(),
            target: target.into(),
            verdict,
            usage: Usage::default(),
            calls,
        }
    }

    #[test]
    fn every_imported_function_of_the_contract_is_an_operation() {
        for (import, expected) in [
            ("sandglass:documents/read.collection.find-one", &["find-one"][..]),
            ("sandglass:documents/read.collection.open", &["open"]),
            ("sandglass:documents/read.cursor.next", &["next"]),
            ("sandglass:documents/read.raw-cursor.next", &["next-raw"]),
            ("sandglass:documents/read.collections", &["collections"]),
            ("sandglass:documents/write.insert-raw", &["insert-raw"]),
            ("sandglass:documents/manage.create-index", &["create-index"]),
            ("sandglass:http/client.send", &["get", "send"]),
            ("sandglass:http/client.response.read", &["read"]),
            ("sandglass:http/client.response.status", &[]),
            ("sandglass:email/sender.send", &["send"]),
            ("sandglass:files/read.folder.read", &["read"]),
            ("sandglass:files/write.writer.write", &["write"]),
            ("sandglass:files/write.delete", &["delete"]),
            ("sandglass:secrets/store.get", &["get"]),
            ("sandglass:secrets/reveal.plaintext", &["reveal"]),
            ("sandglass:insight/runs.statistics", &["statistics"]),
            ("sandglass:base/log.write", &[]),
        ] {
            let found: Vec<&str> =
                ALL.iter().filter(|operation| is_import(import, operation)).map(|operation| operation.name).collect();
            assert_eq!(found, expected, "{import}");
        }
    }

    #[test]
    fn asked_granted_and_used_stand_side_by_side() {
        let imports = [
            "sandglass:documents/read.collection.find",
            "sandglass:documents/write.delete",
            "sandglass:base/log.write",
        ];
        let template = Template { imports: imports.map(str::to_owned).to_vec(), ..template() };
        let rights: Vec<Right> = serde_json::from_value(json!([
            { "capability": "documents", "target": "logs", "access": ["read"] },
            { "capability": "insight", "target": "runs", "access": ["read"] },
        ]))
        .unwrap();
        let denied = |reason: &str| Verdict::Denied { reason: reason.into() };
        let records = [
            record("documents", "find", "logs", 10, Verdict::Allowed, 3),
            record("documents", "find", "audit", 30, Verdict::Failed { error: "x".into() }, 1),
            record("documents", "delete", "logs", 20, denied("not-granted"), 2),
            record("documents", "delete", "logs", 15, denied("not-asked"), 1),
            record("files", "open", "attic", 5, Verdict::Limit { reason: "handles".into() }, 1),
        ];
        let whole = overview(&template, &rights, &records);
        let names: Vec<&str> = whole.iter().map(|one| one.capability).collect();
        assert_eq!(names, ["documents", "http", "files", "insight"], "e-mail and secrets are nobody's");
        let documents = &whole[0];
        assert_eq!((documents.needs.len(), documents.rights.len(), documents.functions.len()), (2, 1, 2));
        let find = &documents.functions[0];
        assert_eq!((find.operation, find.is_declared, find.is_granted), ("find", true, true));
        let used = find.used.as_ref().unwrap();
        assert_eq!(
            (used.count, used.last.timestamp(), used.targets.as_slice()),
            (4, 30, &["audit".into(), "logs".into()][..])
        );
        assert_eq!(find.denied, None);
        let delete = &documents.functions[1];
        assert_eq!((delete.operation, delete.is_declared, delete.is_granted), ("delete", true, false));
        let denied = delete.denied.as_ref().unwrap();
        assert_eq!((denied.count, denied.reason.as_deref()), (3, Some("not-granted")), "the latest reason");
        // A call that it does not import any more, and a capability it needs but never called.
        let open = &whole[2].functions[0];
        assert_eq!((open.operation, &open.import), ("open", &None));
        assert!(whole[1].functions.is_empty() && whole[1].needs.len() == 1);
    }
}
