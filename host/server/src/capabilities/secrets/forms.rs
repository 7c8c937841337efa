//! The ways in which a text may turn up elsewhere. Pure.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};
use zeroize::Zeroizing;

/// Shorter texts would turn up everywhere by chance.
const SHORTEST: usize = 4;
/// Shorter pieces of base64 would.
const SHORTEST_PIECE: usize = 8;

/// The text itself, and as JSON, Rust's and the log's escapes, percent-encoding, base64 and hexadecimal digits write it.
/// Empty for a text of fewer than four bytes.
pub(super) fn forms(text: &str) -> Vec<Zeroizing<String>> {
    if text.len() < SHORTEST {
        return Vec::new();
    }
    let mut forms = BTreeSet::new();
    forms.insert(text.to_owned());
    // A line break that an editor left at the end does not travel everywhere.
    forms.insert(text.trim().to_owned());
    let json = serde_json::Value::from(text).to_string();
    let json = json.trim_matches('"').to_owned();
    forms.insert(json.replace('/', "\\/"));
    forms.insert(ascii_json(text));
    forms.insert(json);
    forms.insert(text.escape_debug().to_string());
    forms.insert(text.escape_default().to_string());
    let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    forms.insert(encoded.replace('+', "%20"));
    forms.insert(encoded);
    for lower in [false, true] {
        forms.insert(percent(text, lower, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)));
        forms.insert(percent(text, lower, |byte| byte.is_ascii_graphic() && !b"\"#%<>?`{}".contains(&byte)));
        forms.insert(percent(text, lower, |_| false));
    }
    forms.extend(hexadecimal(text));
    for alphabet in [STANDARD, URL_SAFE] {
        forms.extend(base64_pieces(&GeneralPurpose::new(&alphabet, NO_PAD), text.as_bytes()));
    }
    forms.retain(|form| form.len() >= SHORTEST);
    let mut forms: Vec<_> = forms.into_iter().map(Zeroizing::new).collect();
    // The longest first: a form may stand inside another.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms
}

/// JSON without a letter beyond ASCII, as some libraries write it.
fn ascii_json(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let mut ascii = String::with_capacity(json.len());
    for letter in json.trim_matches('"').chars() {
        if letter.is_ascii() {
            ascii.push(letter);
        } else {
            let mut units = [0; 2];
            ascii.extend(letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    ascii
}

fn percent(text: &str, lower: bool, stays: impl Fn(u8) -> bool) -> String {
    let escape = |byte: u8| match (stays(byte), lower) {
        (true, _) => char::from(byte).to_string(),
        (false, true) => format!("%{byte:02x}"),
        (false, false) => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

fn hexadecimal(text: &str) -> [String; 2] {
    let lower: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let upper = lower.to_uppercase();
    [lower, upper]
}

/// What of the base64 of any longer text depends on this part alone, for each of the three places at which it may begin.
fn base64_pieces(engine: &GeneralPurpose, bytes: &[u8]) -> Vec<String> {
    let mut pieces = vec![engine.encode(bytes)];
    for before in 0..3 {
        let mut padded = vec![0; before];
        padded.extend(bytes);
        let encoded = engine.encode(&padded);
        // Digits that hold bits of the bytes before or after belong to those as well.
        let first = (before * 8).div_ceil(6);
        let end = padded.len() * 8 / 6;
        pieces.extend(encoded.get(first..end).filter(|piece| piece.len() >= SHORTEST_PIECE).map(str::to_owned));
        padded.fill(0);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE as BASE64_URL};

    use super::*;

    fn holds(text: &str, form: &str) -> bool {
        forms(text).iter().any(|known| form.contains(known.as_str()))
    }

    #[test]
    fn every_form_of_a_text_is_known() {
        let text = "p\"ä/s s\\w+örd&=\n?ÿþ";
        for form in [
            text.to_owned(),
            serde_json::json!({ "key": text }).to_string(),
            format!("{text:?}"),
            BASE64.encode(text),
            BASE64_URL.encode(text),
            text.bytes().map(|byte| format!("{byte:02x}")).collect(),
            text.bytes().map(|byte| format!("{byte:02X}")).collect(),
            text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
            url::form_urlencoded::Serializer::new(String::new()).append_pair("a", text).finish(),
            url::Url::parse_with_params("https://a.example/", [("q", text)]).unwrap().to_string(),
            "p\\\"\\u00e4/s s\\\\w+\\u00f6rd&=\\n?\\u00ff\\u00fe".to_owned(),
        ] {
            assert!(holds(text, &form), "{form}");
        }
    }

    #[test]
    fn base64_of_a_longer_text_shows_it_wherever_it_begins() {
        let text = "a-secret-of-some-length";
        for before in ["", "u:", "user:", "a user name:"] {
            for after in ["", "x", "xy", "xyz"] {
                let encoded = BASE64.encode(format!("{before}{text}{after}"));
                assert!(holds(text, &encoded), "{before} {after}: {encoded}");
            }
        }
        assert!(!holds(text, &BASE64.encode("another text of about the same length")));
    }

    #[test]
    fn short_texts_have_no_form() {
        assert!(forms("abc").is_empty());
        assert!(!forms("abcd").is_empty());
    }
}
