//! Fills templates in, with bounds: so many steps, so many bytes.

use std::io;

use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, Value, escape_formatter};
use sandglass_sdk::chrono::{DateTime, Utc};

use crate::used;

/// Steps of one template: some thousand rows with twenty fields each.
const FUEL: u64 = 2_000_000;
/// Bytes of one result.
const MOST_BYTES: usize = 1_048_576;
/// What templates may name.
const NAMES: [&str; 6] = ["job", "execution", "scheduled_at", "now", "rows", "more_rows"];
/// How values are escaped that go into Markdown.
const MARKDOWN: &str = "markdown";

/// Where what comes from data will stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Text,
    Html,
    Markdown,
}

/// What is wrong with a template: its syntax, or names that nothing will stand for.
pub fn problems(source: &str, has_rows: bool) -> Vec<String> {
    let environment = environment(Place::Text);
    let template = match environment.template_from_named_str("template", source) {
        Ok(template) => template,
        Err(error) => return vec![explain(&error)],
    };
    let mut unknown: Vec<String> =
        template.undeclared_variables(false).into_iter().filter(|name| !is_known(&environment, name)).collect();
    unknown.sort();
    let mut problems: Vec<String> = unknown
        .into_iter()
        .map(|name| format!("names {name}, which nothing stands for: there are {}", NAMES.join(", ")))
        .collect();
    problems.extend(used::problems(source, &environment));
    let names_rows = template.undeclared_variables(false).iter().any(|name| name == "rows" || name == "more_rows");
    if names_rows && !has_rows {
        problems.push("names rows, and there is no query to read them: add `query`".to_owned());
    }
    problems
}

fn is_known(environment: &Environment<'_>, name: &str) -> bool {
    NAMES.contains(&name) || environment.globals().any(|(global, _)| global == name)
}

/// Fills one template in.
///
/// # Errors
/// In words, with the line.
pub fn fill(source: &str, place: Place, context: &Value) -> Result<String, String> {
    let environment = environment(place);
    let template = environment.template_from_named_str("template", source).map_err(|error| explain(&error))?;
    let mut out = Capped { bytes: Vec::new(), is_full: false };
    let rendered = template.render_captured_to(context.clone(), &mut out).map(drop);
    if out.is_full {
        return Err(format!("becomes larger than {MOST_BYTES} bytes: use fewer rows"));
    }
    rendered.map_err(|error| explain(&error))?;
    String::from_utf8(out.bytes).map_err(|error| error.to_string())
}

fn environment(place: Place) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(move |_| match place {
        Place::Text => AutoEscape::None,
        Place::Html => AutoEscape::Html,
        Place::Markdown => AutoEscape::Custom(MARKDOWN.into()),
    });
    environment.set_formatter(format);
    environment.add_filter("date", date);
    environment
}

/// As the library does, and for Markdown as well.
fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let is_markdown = matches!(state.auto_escape(), AutoEscape::Custom(name) if name == MARKDOWN);
    if !is_markdown || value.is_safe() {
        if is_markdown {
            return Ok(std::fmt::Write::write_str(out, &value.to_string())?);
        }
        return escape_formatter(out, state, value);
    }
    if value.is_undefined() || value.is_none() {
        return Ok(());
    }
    Ok(std::fmt::Write::write_str(out, &as_markdown(&value.to_string()))?)
}

/// A text that Markdown shows as it is (CommonMark 0.31, 2.4), on one line.
fn as_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for letter in text.chars() {
        match letter {
            letter if letter.is_ascii_punctuation() => {
                escaped.push('\\');
                escaped.push(letter);
            }
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// `{{ scheduled_at | date('%d.%m.%Y') }}`; without a format the day as 2026-11-24. In UTC.
fn date(value: &Value, format: Option<&str>) -> Result<String, Error> {
    if value.is_undefined() || value.is_none() {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "there is nothing to show as a date: the value before `| date` is missing here; name another field, or guard \
             it as in {% if row.at %}{{ row.at | date }}{% endif %}",
        ));
    }
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let at: DateTime<Utc> = text.parse().map_err(|_| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("{text:?} is no date such as scheduled_at, 2026-11-24T08:00:00Z"),
        )
    })?;
    let mut out = String::new();
    std::fmt::Write::write_fmt(&mut out, format_args!("{}", at.format(format.unwrap_or("%Y-%m-%d"))))
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, "the format of the date is none: use %d.%m.%Y"))?;
    Ok(out)
}

fn explain(error: &Error) -> String {
    let what = match error.kind() {
        ErrorKind::OutOfFuel => "takes too many steps: use fewer rows or loops".to_owned(),
        kind => error.detail().map_or_else(|| kind.to_string(), str::to_owned),
    };
    match error.line() {
        Some(line) => format!("line {line}: {what}"),
        None => what,
    }
}

/// Takes so many bytes and no more.
struct Capped {
    bytes: Vec<u8>,
    is_full: bool,
}

impl io::Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MOST_BYTES {
            self.is_full = true;
            return Err(io::Error::other("full"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use minijinja::value::Serde;

    use super::*;

    fn context() -> Value {
        Value::from(Serde(serde_json::json!({
            "job": {"name": "<b>*Job*</b>"}, "scheduled_at": "2026-11-24T08:05:00Z",
            "rows": [{"name": "a|b\n# [x](javascript:y)"}, {"name": "c"}],
        })))
    }

    #[test]
    fn data_is_escaped_for_where_it_stands() {
        let fill = |place| fill("{{ job.name }}", place, &context()).unwrap();
        assert_eq!(fill(Place::Text), "<b>*Job*</b>");
        assert_eq!(fill(Place::Html), "&lt;b&gt;*Job*&lt;&#x2f;b&gt;");
        assert_eq!(fill(Place::Markdown), r"\<b\>\*Job\*\<\/b\>");
    }

    #[test]
    fn loops_conditions_and_dates_work() {
        let source = "{% for row in rows %}{{ loop.index }} {{ row.name | upper }};{% endfor %} \
                      {{ scheduled_at | date('%H:%M') }} {{ scheduled_at | date }} {{ row_that_is_not }}";
        let filled = fill(source, Place::Text, &context()).unwrap();
        assert!(filled.contains("2 C;") && filled.contains("08:05 2026-11-24"), "{filled}");
    }

    #[test]
    fn what_cannot_be_filled_in_is_known_before_with_its_line() {
        let found = problems("a\n{% for x in rows %}", true);
        assert!(found.len() == 1 && found[0].contains("line 2"), "{found:?}");
        let found = problems("{{ jbo.name }} {{ user }}", true);
        assert!(found.len() == 2 && found[0].contains("jbo") && found[1].contains("user"), "{found:?}");
        assert!(problems("{{ rows }}", false)[0].contains("query"));
        let fine = "{% set n = 1 %}{% for row in rows %}{{ row.a + n }}{{ loop.index }}{% endfor %}{{ range(3) }}\
                    {% macro m(a) %}{{ a }}{% endmacro %}{{ m(job.name) }}{{ execution.id }}{{ now }}";
        assert_eq!(problems(fine, true), Vec::<String>::new());
    }

    #[test]
    fn a_template_without_end_ends() {
        let endless = "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}";
        assert!(fill(endless, Place::Text, &context()).unwrap_err().contains("too many steps"));
        let huge = "{% for a in range(2000) %}{{ 'xxxxxxxxxx' * 100 }}{% endfor %}";
        assert!(fill(huge, Place::Text, &context()).unwrap_err().contains("larger than"));
        assert!(fill("{{ 1 / 0 }}", Place::Text, &context()).unwrap_err().contains("line 1"));
        assert!(fill("{{ scheduled_at | date('%Q') }}", Place::Text, &context()).unwrap_err().contains("date"));
        let missing = fill("{{ nothing | date }}", Place::Text, &context()).unwrap_err();
        assert!(missing.contains("line 1") && missing.contains("{% if row.at %}"), "{missing}");
        assert!(fill("{{ 5 | date }}", Place::Text, &context()).unwrap_err().contains("\"5\" is no date"));
        assert!(fill("{% include 'x' %}", Place::Text, &context()).is_err());
    }
}
