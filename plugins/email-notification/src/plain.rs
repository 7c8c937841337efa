//! The text of HTML, for readers that show no HTML. Not a browser: it keeps what is said, in order.

/// What separates blocks.
const BLOCKS: [&str; 27] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "main",
    "ol",
    "pre",
    "section",
    "ul",
];
/// What stands on lines of its own, with an empty line around it.
const PARAGRAPHS: [&str; 11] = ["p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote"];
/// What is not for reading.
const SILENT: [&str; 5] = ["script", "style", "head", "template", "noscript"];

/// The text.
pub fn of_html(html: &str) -> String {
    let mut text = Text::default();
    let mut rest = html;
    while let Some((before, behind)) = rest.split_once('<') {
        text.words(before);
        if let Some(comment) = behind.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
            continue;
        }
        let begins_tag =
            behind.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '/' || letter == '!');
        if !begins_tag {
            text.words("<");
            rest = behind;
            continue;
        }
        let (tag, behind) = split_tag(behind);
        rest = behind;
        let name = name_of(tag);
        if SILENT.contains(&name.as_str()) && !tag.starts_with('/') {
            rest = skip_to_end(rest, &name);
            continue;
        }
        text.tag(&name, tag);
    }
    text.words(rest);
    text.finish()
}

#[derive(Default)]
struct Text {
    out: String,
    /// Where a link that is open leads.
    link: Option<String>,
}

impl Text {
    /// Text between tags; runs of white space are one space.
    fn words(&mut self, raw: &str) {
        let decoded = decode(raw);
        for letter in decoded.chars() {
            let is_space = letter.is_ascii_whitespace();
            if !is_space {
                self.out.push(letter);
            } else if !self.out.is_empty() && !self.out.ends_with([' ', '\n']) {
                self.out.push(' ');
            }
        }
    }

    fn tag(&mut self, name: &str, tag: &str) {
        let is_end = tag.starts_with('/');
        if PARAGRAPHS.contains(&name) {
            self.lines(2);
        } else if BLOCKS.contains(&name) || (name == "tr" && !is_end) {
            if name == "br" { self.line_break() } else { self.lines(1) }
        }
        match (name, is_end) {
            ("li", false) => {
                self.lines(1);
                self.out.push_str("- ");
            }
            ("td" | "th", false) if !self.out.is_empty() && !self.out.ends_with('\n') => {
                self.trim();
                self.out.push_str(" | ");
            }
            ("hr", _) => {
                self.out.push_str("----");
                self.lines(1);
            }
            ("img", _) => {
                if let Some(instead) = attribute(tag, "alt").filter(|text| !text.is_empty()) {
                    self.words(&format!("[{instead}]"));
                }
            }
            ("a", false) => self.link = attribute(tag, "href"),
            ("a", true) => {
                let Some(link) = self.link.take() else { return };
                let is_useful = link.starts_with("http") || link.starts_with("mailto:");
                let shown = link.trim_start_matches("mailto:");
                if is_useful && !self.out.ends_with(shown) {
                    self.out.push_str(&format!(" ({shown})"));
                }
            }
            _ => {}
        }
    }

    fn trim(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
    }

    fn line_break(&mut self) {
        self.trim();
        self.out.push('\n');
    }

    /// At least so many line ends.
    fn lines(&mut self, wanted: usize) {
        self.trim();
        if self.out.is_empty() {
            return;
        }
        let there = self.out.chars().rev().take_while(|letter| *letter == '\n').count();
        self.out.extend(std::iter::repeat_n('\n', wanted.saturating_sub(there)));
    }

    fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end().len());
        self.out.push('\n');
        self.out
    }
}

/// The inside of a tag, and what stands behind it. A `>` in quotes does not end it.
fn split_tag(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (place, letter) in text.char_indices() {
        match (quote, letter) {
            (None, '>') => {
                return text
                    .split_at_checked(place)
                    .map_or((text, ""), |(tag, rest)| (tag, rest.get(1..).unwrap_or_default()));
            }
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            _ => {}
        }
    }
    (text, "")
}

fn name_of(tag: &str) -> String {
    let name: String =
        tag.trim_start_matches('/').chars().take_while(|letter| letter.is_ascii_alphanumeric()).collect();
    name.to_ascii_lowercase()
}

/// What stands behind the end of an element.
fn skip_to_end<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once("</") {
        if name_of(behind) == name {
            return split_tag(behind).1;
        }
        rest = behind;
    }
    ""
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    loop {
        let place = from + lower.get(from..)?.find(name)?;
        let before = lower.get(..place)?.chars().next_back();
        let behind = tag.get(place + name.len()..)?.trim_start();
        if before.is_some_and(|letter| letter.is_ascii_whitespace())
            && let Some(value) = behind.strip_prefix('=')
        {
            let value = value.trim_start();
            let quote = value.chars().next().filter(|letter| matches!(letter, '"' | '\''));
            let value = match quote {
                Some(quote) => value.get(1..)?.split(quote).next()?,
                None => value.split(|letter: char| letter.is_ascii_whitespace()).next()?,
            };
            return Some(decode(value));
        }
        from = place + name.len();
    }
}

/// Character references that are usual, and all numeric ones.
fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        let reference = behind.split_once(';').filter(|(name, _)| name.len() <= 10);
        match reference.and_then(|(name, behind)| Some((character(name)?, behind))) {
            Some((letter, behind)) => {
                out.push(letter);
                rest = behind;
            }
            None => {
                out.push('&');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    let number = match name.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => digits.parse().ok(),
        },
        None => None,
    };
    if let Some(number) = number {
        return char::from_u32(number).filter(|letter| !letter.is_control());
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "euro" => '€',
        "copy" => '©',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "rarr" => '→',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_kept_in_order() {
        let html = "<html><head><title>T</title><style>p{}</style></head><body><h1>Hello &amp; welcome</h1>\n\
                    <p>One<br>two   three</p><ul><li>a</li><li>b</li></ul><script>x('<p>')</script><!-- no -->\
                    <p>See <a href=\"https://example.com/a?b=1&amp;c\">the page</a>.</p></body></html>";
        assert_eq!(
            of_html(html),
            "Hello & welcome\n\nOne\ntwo three\n\n- a\n- b\n\nSee the page (https://example.com/a?b=1&c).\n"
        );
    }

    #[test]
    fn tables_are_lines_and_pictures_their_words() {
        let html = "<table><tr><th>Name</th><th>Sum</th></tr><tr><td>a</td><td>1</td></tr></table><img alt='Logo' src=x><img src=y>";
        assert_eq!(of_html(html), "Name | Sum\na | 1\n\n[Logo]\n");
    }

    #[test]
    fn broken_html_is_no_trouble() {
        for (html, text) in [
            ("a < b & c", "a < b & c\n"),
            ("a<p", "a\n"),
            ("<a href='x>y'>z</a>", "z\n"),
            ("<style>never ends", "\n"),
            ("<!-- never ends", "\n"),
            ("&#x41;&#66;&#0;&nope;&", "AB&#0;&nope;&\n"),
            ("<>", "<>\n"),
            ("ünï<b>cödé</b>", "ünïcödé\n"),
        ] {
            assert_eq!(of_html(html), text, "{html}");
        }
    }
}
