//! A component that does not fit the contract, told in words: which interface and function, what this host expects, what
//! the component has, and the way out. Reads what the linker says; decides nothing.

/// The contract's interfaces with their texts, from which expectations are quoted.
const INTERFACES: [(&str, &str); 17] = [
    ("sandglass:base/clock", include_str!("../../../../wit/base/clock.wit")),
    ("sandglass:base/execution", include_str!("../../../../wit/base/execution.wit")),
    ("sandglass:base/log", include_str!("../../../../wit/base/log.wit")),
    ("sandglass:base/random", include_str!("../../../../wit/base/random.wit")),
    ("sandglass:base/types", include_str!("../../../../wit/base/types.wit")),
    ("sandglass:documents/read", include_str!("../../../../wit/documents/read.wit")),
    ("sandglass:documents/write", include_str!("../../../../wit/documents/write.wit")),
    ("sandglass:documents/manage", include_str!("../../../../wit/documents/manage.wit")),
    ("sandglass:secrets/store", include_str!("../../../../wit/secrets/store.wit")),
    ("sandglass:secrets/reveal", include_str!("../../../../wit/secrets/reveal.wit")),
    ("sandglass:http/client", include_str!("../../../../wit/http/client.wit")),
    ("sandglass:email/sender", include_str!("../../../../wit/email/sender.wit")),
    ("sandglass:files/read", include_str!("../../../../wit/files/read.wit")),
    ("sandglass:files/write", include_str!("../../../../wit/files/write.wit")),
    ("sandglass:insight/runs", include_str!("../../../../wit/insight/runs.wit")),
    ("sandglass:template/definition", include_str!("../../../../wit/template/definition.wit")),
    ("sandglass:template/job", include_str!("../../../../wit/template/job.wit")),
];

/// What a template has to export, with its functions.
const EXPORTS: [(&str, &[&str]); 2] =
    [("sandglass:template/definition", &["describe", "schema", "validate"]), ("sandglass:template/job", &["execute"])];

const WAY_OUT: &str = "Build it against wit/ of this release (a Rust template: with this release's sandglass-sdk)";

/// What the linker said about an import or an export, in words.
pub(super) fn in_words(said: &str) -> String {
    if let Some(interface) = between(said, "no exported instance named `", "`") {
        return missing_export(interface);
    }
    if let Some((interface, function)) = between(said, "instance export `", "`")
        .zip(between(said, "does not have export `", "`"))
        .filter(|_| said.contains("does not have export"))
    {
        let expects = expectation(bare(interface), function).unwrap_or_else(|| function.to_owned());
        return format!("its export {interface} lacks a function that this host calls: `{expects}`. {WAY_OUT}");
    }
    let Some(interface) = between(said, "component imports instance `", "`") else { return said.to_owned() };
    if !INTERFACES.iter().any(|(known, _)| *known == bare(interface)) {
        let known: Vec<&str> = INTERFACES.iter().map(|(name, _)| *name).filter(|name| !is_export(name)).collect();
        return format!(
            "it imports {interface}, and this host has no interface of that name; it has {}. {WAY_OUT}",
            known.join(", ")
        );
    }
    let Some(function) = between(said, "instance export `", "`") else { return said.to_owned() };
    let reason = said.rsplit_once("has the wrong type: ").map_or(said, |(_, reason)| reason);
    match expectation(bare(interface), function) {
        None => format!(
            "it imports `{}` of {interface}, and this host's {interface} has no function of that name. {WAY_OUT}",
            plain(function)
        ),
        Some(expects) => format!(
            "it imports `{}` of {interface} as another function than this host offers: the host has `{expects}`; beside it \
             the component's differs ({reason}). {WAY_OUT}",
            plain(function)
        ),
    }
}

/// What is wrong when an exported function has another type than this host calls.
pub(super) fn wrong_export(said: &str) -> String {
    let expects: Vec<String> = EXPORTS
        .iter()
        .flat_map(|(interface, functions)| functions.iter().filter_map(|function| expectation(interface, function)))
        .collect();
    format!(
        "one of the functions that it exports has another type than this host calls ({said}). The host calls `{}`. {WAY_OUT}",
        expects.join("`, `")
    )
}

fn missing_export(interface: &str) -> String {
    let functions = EXPORTS.iter().find(|(name, _)| *name == bare(interface)).map(|(_, functions)| *functions);
    let expects: Vec<String> =
        functions.unwrap_or_default().iter().filter_map(|function| expectation(bare(interface), function)).collect();
    format!(
        "it does not export {interface}, which this host calls: `{}`. In Rust `sandglass_sdk::export!(Type)` exports it; \
         other tools build the world sandglass:template/full",
        expects.join("`, `")
    )
}

fn is_export(interface: &str) -> bool {
    EXPORTS.iter().any(|(name, _)| *name == interface)
}

/// `sandglass:base/log` of `sandglass:base/log@0.1.0`.
fn bare(interface: &str) -> &str {
    interface.split_once('@').map_or(interface, |(name, _)| name)
}

/// `collection.count` of `[method]collection.count`.
fn plain(function: &str) -> &str {
    function.rsplit_once(']').map_or(function, |(_, name)| name)
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}

/// The declaration of a function as the contract has it, on one line.
fn expectation(interface: &str, function: &str) -> Option<String> {
    let (_, text) = INTERFACES.iter().find(|(name, _)| *name == interface)?;
    let (text, name) = match plain(function).split_once('.') {
        Some((resource, name)) => (text.split_once(&format!("resource {resource} {{"))?.1, name),
        None => (*text, function),
    };
    let lines = text.lines().map(str::trim).skip_while(|line| !line.starts_with(&format!("{name}: ")));
    let mut declaration = String::new();
    for line in lines {
        declaration.push_str(if declaration.is_empty() { "" } else { " " });
        declaration.push_str(line);
        if let Some(whole) = declaration.strip_suffix(';') {
            return whole.contains("func(").then(|| whole.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_contract_can_be_quoted() {
        let wit = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let mut resolve = wit_parser::Resolve::default();
        for package in ["base", "documents", "secrets", "http", "email", "files", "insight", "template"] {
            resolve.push_path(wit.join(package)).unwrap();
        }
        let mut seen = 0;
        for (id, interface) in resolve.interfaces.iter() {
            let name = resolve.id_of(id).unwrap();
            for function in interface.functions.keys() {
                let quoted = expectation(bare(&name), function);
                assert!(quoted.is_some_and(|quoted| quoted.contains("func(")), "{name} {function}");
                seen += 1;
            }
        }
        assert!(seen > 40, "{seen}");
    }

    #[test]
    fn a_function_of_another_type_is_told_with_what_the_host_has() {
        let words = in_words(
            "component imports instance `sandglass:base/random@0.1.0`, but a matching implementation was not found in the \
             linker: instance export `bytes` has the wrong type: type mismatch with parameters: expected `u32` found `u64`",
        );
        assert!(words.contains("`bytes` of sandglass:base/random@0.1.0"), "{words}");
        assert!(words.contains("the host has `bytes: func(length: u32) -> list<u8>`"), "{words}");
        assert!(words.contains("expected `u32` found `u64`") && words.ends_with("sandglass-sdk)"), "{words}");
    }

    #[test]
    fn what_is_missing_is_told_with_the_way_out() {
        let words = in_words("no exported instance named `sandglass:template/job@0.1.0`");
        assert!(words.contains("`execute: func(parameters: json) -> result<outcome, failure>`"), "{words}");
        assert!(words.contains("sandglass_sdk::export!"), "{words}");
        let words = in_words("instance export `sandglass:template/definition@0.1.0` does not have export `schema`");
        assert!(words.contains("lacks a function that this host calls: `schema: func() -> json`"), "{words}");
        let other = "something else";
        assert_eq!(in_words(other), other);
    }

    #[test]
    fn what_this_host_has_not_is_told_apart_from_what_it_has_otherwise() {
        let missing = "but a matching implementation was not found in the linker: instance export `x` has the wrong type: \
                       function implementation is missing";
        let words = in_words(&format!("component imports instance `sandglass:queues/read@0.1.0`, {missing}"));
        assert!(words.contains("no interface of that name; it has sandglass:base/clock, "), "{words}");
        assert!(!words.contains("sandglass:template/job,"), "{words}");
        let words = in_words(&format!("component imports instance `sandglass:base/log@0.1.0`, {missing}"));
        assert!(words.contains("this host's sandglass:base/log@0.1.0 has no function of that name"), "{words}");
    }
}
