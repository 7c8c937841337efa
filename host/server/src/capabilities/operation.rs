//! Every operation that crosses the sandbox: its capability, the access it takes, and whether it changes anything.

/// Whether an operation changes something outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Summed per (attempt, operation, target), stored with the end.
    Read,
    /// An audit record of its own, durable before the effect.
    Write,
}

/// One operation of a capability.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    pub capability: &'static str,
    pub name: &'static str,
    /// Any one of these allows it; the first is the one a denial proposes.
    pub access: &'static [&'static str],
    pub effect: Effect,
}

/// The operation of that name, as audit records have it.
pub fn find(capability: &str, name: &str) -> Option<&'static Operation> {
    ALL.iter().copied().find(|operation| operation.capability == capability && operation.name == name)
}

macro_rules! operations {
    ($($name:ident = $capability:literal $operation:literal, $effect:ident, $access:expr;)*) => {
        $(pub static $name: Operation =
            Operation { capability: $capability, name: $operation, access: &$access, effect: Effect::$effect };)*

        /// Every operation.
        pub static ALL: &[&Operation] = &[$(&$name),*];
    };
}

operations! {
    DOCUMENTS_OPEN = "documents" "open", Read, ["read", "write", "manage"];
    DOCUMENTS_FIND = "documents" "find", Read, ["read"];
    DOCUMENTS_FIND_ONE = "documents" "find-one", Read, ["read"];
    DOCUMENTS_FIND_RAW = "documents" "find-raw", Read, ["read"];
    DOCUMENTS_COUNT = "documents" "count", Read, ["read"];
    DOCUMENTS_DISTINCT = "documents" "distinct", Read, ["read"];
    DOCUMENTS_AGGREGATE = "documents" "aggregate", Read, ["read"];
    DOCUMENTS_INDEXES = "documents" "indexes", Read, ["read"];
    DOCUMENTS_NEXT = "documents" "next", Read, ["read"];
    DOCUMENTS_NEXT_RAW = "documents" "next-raw", Read, ["read"];
    DOCUMENTS_COLLECTIONS = "documents" "collections", Read, ["read", "write", "manage"];
    DOCUMENTS_INSERT = "documents" "insert", Write, ["write"];
    DOCUMENTS_INSERT_RAW = "documents" "insert-raw", Write, ["write"];
    DOCUMENTS_UPDATE = "documents" "update", Write, ["write"];
    DOCUMENTS_DELETE = "documents" "delete", Write, ["write"];
    DOCUMENTS_CREATE = "documents" "create", Write, ["manage"];
    DOCUMENTS_DROP = "documents" "drop", Write, ["manage"];
    DOCUMENTS_RENAME = "documents" "rename", Write, ["manage"];
    DOCUMENTS_CREATE_INDEX = "documents" "create-index", Write, ["manage"];
    DOCUMENTS_DROP_INDEX = "documents" "drop-index", Write, ["manage"];

    HTTP_GET = "http" "get", Read, ["send"];
    HTTP_SEND = "http" "send", Write, ["send"];
    HTTP_READ = "http" "read", Read, ["send"];

    EMAIL_SEND = "email" "send", Write, ["send"];

    FILES_OPEN = "files" "open", Read, ["read", "write"];
    FILES_INFO = "files" "info", Read, ["read"];
    FILES_ENTRIES = "files" "entries", Read, ["read"];
    FILES_READ = "files" "read", Read, ["read"];
    FILES_CREATE = "files" "create", Write, ["write"];
    // What is written has no effect before it is finished: summed, like a read.
    FILES_WRITE = "files" "write", Read, ["write"];
    FILES_FINISH = "files" "finish", Write, ["write"];
    FILES_DELETE = "files" "delete", Write, ["write"];

    SECRETS_GET = "secrets" "get", Read, ["use", "reveal"];
    SECRETS_REVEAL = "secrets" "reveal", Read, ["reveal"];

    INSIGHT_STATISTICS = "insight" "statistics", Read, ["read"];
}

/// The capabilities that a right can name.
pub fn capabilities() -> Vec<&'static str> {
    let mut names: Vec<&str> = ALL.iter().map(|operation| operation.capability).collect();
    names.dedup();
    names
}

/// The words for what may be done with a capability; empty for one that is not known.
pub fn accesses(capability: &str) -> Vec<&'static str> {
    let mut words = Vec::new();
    for operation in ALL.iter().filter(|operation| operation.capability == capability) {
        for word in operation.access {
            if !words.contains(word) {
                words.push(*word);
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_grants_are_those_that_operations_ask_for() {
        assert_eq!(capabilities(), ["documents", "http", "email", "files", "secrets", "insight"]);
        for (capability, words) in [
            ("documents", &["read", "write", "manage"][..]),
            ("http", &["send"]),
            ("email", &["send"]),
            ("files", &["read", "write"]),
            ("secrets", &["use", "reveal"]),
            ("insight", &["read"]),
            ("sockets", &[]),
        ] {
            assert_eq!(accesses(capability), words, "{capability}");
        }
    }
}
