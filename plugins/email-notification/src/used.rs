//! Filters and tests that a template uses, and those of them that do not exist.
//!
//! The library finds them only where it comes by, so one inside a condition would wait for its night. This looks at the
//! text: at what follows `|` and `is` inside of tags, outside of quotes and of what is shown as it stands.

use minijinja::{Environment, ErrorKind};
use sandglass_sdk::nearest;

/// Filters to choose from in a hint; which of them there are, the library says.
const FILTERS: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "date",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
    "urlencode",
    "zip",
];
/// Tests to choose from in a hint.
const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "even",
    "false",
    "float",
    "ge",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sequence",
    "startingwith",
    "string",
];

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Filter,
    Test,
}

/// A sentence for each filter or test that is not known, with its line.
pub fn problems(source: &str, environment: &Environment<'_>) -> Vec<String> {
    let is_known = |kind: Kind, name: &str| {
        let mut state = environment.empty_state();
        // Without anything to work on a known one fails as well, but otherwise.
        let kind_of = |error: minijinja::Error| error.kind();
        match kind {
            Kind::Filter => state.apply_filter(name, &[]).map(drop).map_err(kind_of) != Err(ErrorKind::UnknownFilter),
            Kind::Test => state.perform_test(name, &[]).map(drop).map_err(kind_of) != Err(ErrorKind::UnknownTest),
        }
    };
    let mut found = Vec::new();
    for (line, kind, name) in names(source).into_iter().filter(|(_, kind, name)| !is_known(*kind, name)) {
        let (what, choice) = match kind {
            Kind::Filter => ("filter", FILTERS),
            Kind::Test => ("test", TESTS),
        };
        let choice = choice.iter().copied().filter(|name| is_known(kind, name));
        let hint = nearest(name, choice).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        let sentence = format!("line {line}: there is no {what} {name}{hint}");
        if !found.contains(&sentence) {
            found.push(sentence);
        }
    }
    found
}

/// Every name of a filter or test, with its line.
fn names(source: &str) -> Vec<(usize, Kind, &str)> {
    let mut found = Vec::new();
    let mut rest = source;
    let mut is_raw = false;
    while let Some(start) = rest.find('{') {
        let tag = rest.get(start..).unwrap_or_default();
        let end = match tag.as_bytes().get(1) {
            Some(b'#') => tag.find("#}").map(|end| end + 2),
            Some(b'{') => end_of(tag, "}}"),
            Some(b'%') => end_of(tag, "%}"),
            _ => Some(1),
        };
        let end = end.unwrap_or(tag.len());
        let (inside, after) = tag.split_at_checked(end).unwrap_or((tag, ""));
        let word = inside.trim_start_matches(['{', '%', '-', '+']).split_whitespace().next().unwrap_or_default();
        let is_block = inside.starts_with("{%");
        if is_block && matches!(word, "raw" | "endraw") {
            is_raw = word == "raw";
        } else if !is_raw && (is_block || inside.starts_with("{{")) {
            let line = 1 + source.get(..source.len() - tag.len()).unwrap_or_default().matches('\n').count();
            within(inside, line, is_block && word == "filter", &mut found);
        }
        rest = after;
    }
    found
}

/// Where a tag ends: behind its closing sign, outside of quotes.
fn end_of(tag: &str, closing: &str) -> Option<usize> {
    let mut quote = None;
    let mut is_escaped = false;
    for (place, letter) in tag.char_indices() {
        match quote {
            Some(_) if is_escaped => is_escaped = false,
            Some(_) if letter == '\\' => is_escaped = true,
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if matches!(letter, '"' | '\'') => quote = Some(letter),
            None if tag.get(place..).is_some_and(|rest| rest.starts_with(closing)) => {
                return Some(place + closing.len());
            }
            None => {}
        }
    }
    None
}

/// Names inside one tag.
fn within<'a>(tag: &'a str, line: usize, is_filter_block: bool, found: &mut Vec<(usize, Kind, &'a str)>) {
    let mut expects = None;
    let mut waits_for_filter = is_filter_block;
    let mut place = 0;
    let mut lines = line;
    while let Some(letter) = tag.get(place..).and_then(|rest| rest.chars().next()) {
        let rest = tag.get(place..).unwrap_or_default();
        if letter == '"' || letter == '\'' {
            let quoted = rest.get(1..).unwrap_or_default();
            place += 1 + end_of_quote(quoted, letter);
            expects = None;
        } else if letter.is_alphabetic() || letter == '_' {
            let length = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
            let word = rest.get(..length).unwrap_or_default();
            let is_member = tag.get(..place).is_some_and(|before| before.ends_with('.'));
            match (expects, word) {
                (Some(Kind::Test), "not") => {}
                (Some(kind), word) => {
                    found.push((lines, kind, word));
                    expects = None;
                }
                (None, "is") if !is_member => expects = Some(Kind::Test),
                (None, "filter") if waits_for_filter => {
                    waits_for_filter = false;
                    expects = Some(Kind::Filter);
                }
                (None, _) => {}
            }
            place += length;
        } else {
            match letter {
                '|' => expects = Some(Kind::Filter),
                '\n' => lines += 1,
                letter if letter.is_whitespace() => {}
                _ => expects = None,
            }
            place += letter.len_utf8();
        }
    }
}

/// Length of what stands in quotes, the closing one included.
fn end_of_quote(quoted: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (place, letter) in quoted.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            letter if letter == quote => return place + 1,
            _ => {}
        }
    }
    quoted.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        let mut environment = Environment::new();
        environment.add_filter("date", |text: String| text);
        problems(source, &environment)
    }

    #[test]
    fn what_is_not_known_is_found_wherever_it_stands() {
        for (source, expected) in [
            ("{{ a | uper }}", "line 1: there is no filter uper; did you mean upper?"),
            (
                "x\n{% if false %}\n{{ a.b|lenght }}{% endif %}",
                "line 3: there is no filter lenght; did you mean length?",
            ),
            ("{{ 'a' ~ (b | zzzzzzz(1)) }}", "line 1: there is no filter zzzzzzz"),
            ("{% if a is not defned %}{% endif %}", "line 1: there is no test defned; did you mean defined?"),
            ("{%- filter uper -%}x{% endfilter %}", "line 1: there is no filter uper; did you mean upper?"),
            (
                "{% for x in rows | srot(attribute='a | b') %}{% endfor %}",
                "line 1: there is no filter srot; did you mean sort?",
            ),
            ("{{ a\n | dat }}", "line 2: there is no filter dat; did you mean date?"),
        ] {
            assert_eq!(found(source), [expected], "{source}");
        }
        assert_eq!(found("{{ a | uper }} {{ b | uper }}").len(), 1, "once a line is enough");
    }

    #[test]
    fn what_only_looks_like_one_is_let_be() {
        for source in [
            "a | b is c",
            "{{ 'x | nothing is strange' }} {{ \"a \\\" | b\" }}",
            "{# {{ a | nothing }} #}",
            "{% raw %}{{ a | nothing }}{% endraw %}",
            "{{ a | date | upper | default('x') | tojson }} {{ rows | map(attribute='name') | join(', ') }}",
            "{% if a is defined and b is not none and c is divisibleby 3 %}{% endif %} {{ row.is }} { | x }",
            "{{ '}} | nothing' }} {{ a",
        ] {
            assert_eq!(found(source), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn every_name_of_the_hints_is_one_that_there_is_or_may_be() {
        let environment = Environment::new();
        let known = |name: &str| environment.empty_state().apply_filter(name, &[]).err().map(|error| error.kind());
        let missing: Vec<&str> =
            FILTERS.iter().copied().filter(|name| known(name) == Some(ErrorKind::UnknownFilter)).collect();
        // What this build of the library leaves out is not offered.
        assert!(missing.len() < 8, "{missing:?}");
    }
}
