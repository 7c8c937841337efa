//! What imported functions come to, in words.

/// What an interface of the contract is for, and whether it takes a grant.
const INTERFACES: [(&str, &str); 11] = [
    ("sandglass:documents/read", "read documents"),
    ("sandglass:documents/write", "insert, change and delete documents"),
    ("sandglass:documents/manage", "make, drop and rename collections and indexes"),
    ("sandglass:http/client", "send requests over HTTP"),
    ("sandglass:email/sender", "send e-mail"),
    ("sandglass:files/read", "read files"),
    ("sandglass:files/write", "write and delete files"),
    ("sandglass:secrets/store", "use secrets without seeing them"),
    ("sandglass:secrets/reveal", "see the text of secrets"),
    ("sandglass:insight/runs", "read figures about Sandglass's own runs"),
    ("sandglass:base/", "log, clock, random bytes, progress (always allowed)"),
];

/// One thing that a component can do, with the functions for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ability<'a> {
    pub(super) words: &'static str,
    pub(super) functions: Vec<&'a str>,
}

/// Sorts imported functions by what they are for. A function of an interface that is not known here stands under
/// "other".
pub(super) fn abilities(imports: &[String]) -> Vec<Ability<'_>> {
    let mut found: Vec<Ability<'_>> = Vec::new();
    let known = INTERFACES.iter().map(|(interface, words)| (Some(*interface), *words)).chain([(None, "other")]);
    for (interface, words) in known {
        let of = |import: &&String| match interface {
            Some(interface) => import.starts_with(interface),
            None => !INTERFACES.iter().any(|(known, _)| import.starts_with(known)),
        };
        let functions: Vec<&str> =
            imports.iter().filter(of).filter_map(|import| Some(import.split_once('.')?.1)).collect();
        if !functions.is_empty() {
            found.push(Ability { words, functions });
        }
    }
    found
}

/// A number of bytes for people.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} KiB", bytes.div_ceil(1_024)),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_told_by_what_they_are_for() {
        let imports =
            ["sandglass:base/log.write", "sandglass:documents/read.collection.find", "sandglass:new/thing.do"];
        let imports = imports.map(str::to_owned);
        let found = abilities(&imports);
        let words: Vec<_> = found.iter().map(|ability| (ability.words, ability.functions.as_slice())).collect();
        assert_eq!(words[0], ("read documents", &["collection.find"][..]));
        assert!(words[1].0.contains("always allowed"));
        assert_eq!(words[2], ("other", &["do"][..]));
    }

    #[test]
    fn every_interface_of_the_contract_has_words() {
        let wit = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let mut resolve = wit_parser::Resolve::default();
        for package in ["base", "documents", "secrets", "http", "email", "files", "insight"] {
            resolve.push_path(wit.join(package)).unwrap();
        }
        for (id, _) in resolve.interfaces.iter() {
            let name = resolve.id_of(id).unwrap();
            assert!(INTERFACES.iter().any(|(known, _)| name.starts_with(known)), "{name}");
        }
    }
}
