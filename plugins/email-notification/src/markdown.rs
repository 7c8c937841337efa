//! Markdown as HTML. Raw HTML in it is shown, not used; links lead to the web or to mail only.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};

/// The HTML of a body.
pub fn to_html(source: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(source, options).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: safe(dest_url), title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Image { link_type, dest_url: safe(dest_url), title, id })
        }
        other => other,
    });
    let mut out = String::with_capacity(source.len() * 3 / 2);
    html::push_html(&mut out, events);
    out
}

/// An address that a mail program may follow; anything else leads nowhere.
fn safe(address: CowStr<'_>) -> CowStr<'_> {
    let plain: String = address.chars().filter(|letter| !letter.is_whitespace() && !letter.is_control()).collect();
    let scheme = plain.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let is_known = plain.contains(':') && ["https", "http", "mailto", "cid", "tel"].contains(&scheme.as_str());
    if is_known || plain.starts_with('#') { address } else { CowStr::Borrowed("#") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_lists_tables_and_links_become_html() {
        let html = to_html("# Title\n\n- a\n- **b**\n\n| x | y |\n| - | - |\n| 1 | 2 |\n\n[site](https://example.com)");
        for part in ["<h1>Title</h1>", "<li>a</li>", "<strong>b</strong>", "<td>2</td>", "href=\"https://example.com\""]
        {
            assert!(html.contains(part), "{part} is missing in {html}");
        }
    }

    #[test]
    fn nothing_in_it_runs_or_leads_astray() {
        let source = "<script>alert(1)</script>\n\nx <img src=x onerror=alert(1)> [a](javascript:alert(1)) \
                      [b](JaVa\tScript:x) ![c](data:text/html,x) [d](vbscript:x) [e](file:///etc/passwd) <javascript:x>";
        let html = to_html(source);
        for part in [
            "<script",
            "<img src=x",
            "href=\"javascript",
            "href=\"JaVa",
            "src=\"data:",
            "href=\"vbscript",
            "href=\"file",
        ] {
            assert!(!html.contains(part), "{part} in {html}");
        }
        assert!(html.contains("&lt;script&gt;"), "{html}");
    }
}
