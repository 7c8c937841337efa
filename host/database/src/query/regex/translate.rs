//! From PCRE's way of writing to that of the `regex` crate, where the two differ.
//!
//! Sources: pcre2pattern(3) for what is read, the documentation of `regex` for what is written. By PCRE's default
//! `\d`, `\w`, `\s` and `\b` mean ASCII; `$` also matches before a newline at the very end.

use std::{iter::Peekable, str::Chars};

use crate::{Error, Result};

/// `free_layout` is the option `x`, `lines` the option `m`.
pub(super) fn translate(pattern: &str, free_layout: bool, lines: bool) -> Result<String> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut input = pattern.chars().peekable();
    // `(?m)` and `(?x)` inside the pattern are rare; they are taken to hold for all that follows.
    let mut mode = Mode { free_layout, lines };
    while let Some(next) = input.next() {
        match next {
            '\\' => escape(&mut input, &mut out)?,
            '[' => class(&mut input, &mut out)?,
            '(' => group(&mut input, &mut out, &mut mode)?,
            '$' if !mode.lines => out.push_str(r"(?:\n?\z)"),
            '{' if !is_quantifier(&input) => out.push_str(r"\{"),
            '}' if !ends_quantifier(&out) => out.push_str(r"\}"),
            '#' if mode.free_layout => {
                for skipped in input.by_ref() {
                    if skipped == '\n' {
                        break;
                    }
                }
            }
            '*' | '+' | '?' | '}' => {
                out.push(next);
                if input.peek() == Some(&'+') {
                    return Err(refused("a possessive quantifier"));
                }
                if input.peek() == Some(&'?') {
                    out.push('?');
                    input.next();
                }
            }
            plain => out.push(plain),
        }
    }
    Ok(out)
}

struct Mode {
    free_layout: bool,
    lines: bool,
}

fn refused(what: &str) -> Error {
    Error::unsupported(format!("{what} in a regular expression, which would need backtracking,"))
}

fn wrong(what: &str) -> Error {
    Error::invalid(format!("a regular expression is wrong: {what}"))
}

/// After `{`: whether it is `n}`, `n,}` or `n,m}`; otherwise the brace stands for itself.
fn is_quantifier(input: &Peekable<Chars<'_>>) -> bool {
    let mut ahead = input.clone();
    let mut digits = 0;
    let mut commas = 0;
    loop {
        match ahead.next() {
            Some(next) if next.is_ascii_digit() => digits += 1,
            Some(',') if digits > 0 && commas == 0 => commas = 1,
            Some('}') => return digits > 0,
            _ => return false,
        }
    }
}

/// Whether what was written so far is an open quantifier.
fn ends_quantifier(out: &str) -> bool {
    let Some(at) = out.rfind('{') else { return false };
    let escaped =
        out.get(..at).is_some_and(|before| before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1);
    !escaped
        && out.get(at + 1..).is_some_and(|inside| {
            !inside.is_empty() && inside.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
        })
}

fn group(input: &mut Peekable<Chars<'_>>, out: &mut String, mode: &mut Mode) -> Result<()> {
    if input.peek() == Some(&'*') {
        return Err(refused("a control verb"));
    }
    if input.peek() != Some(&'?') {
        out.push('(');
        return Ok(());
    }
    input.next();
    match input.peek().copied() {
        Some('=' | '!') => Err(refused("look-ahead")),
        Some('>') => Err(refused("an atomic group")),
        Some('|') => Err(refused("a branch reset")),
        Some('(') => Err(refused("a condition")),
        Some('R' | '&' | '+' | '0'..='9') => Err(refused("recursion")),
        Some('#') => {
            if input.by_ref().any(|next| next == ')') {
                Ok(())
            } else {
                Err(wrong("a comment does not end"))
            }
        }
        Some('<') => {
            input.next();
            if matches!(input.peek(), Some('=' | '!')) {
                return Err(refused("look-behind"));
            }
            out.push_str("(?P<");
            Ok(())
        }
        Some('\'') => {
            input.next();
            out.push_str("(?P<");
            for next in input.by_ref() {
                if next == '\'' {
                    out.push('>');
                    return Ok(());
                }
                out.push(next);
            }
            Err(wrong("the name of a group does not end"))
        }
        Some('P') => {
            input.next();
            match input.next() {
                Some('<') => {
                    out.push_str("(?P<");
                    Ok(())
                }
                Some('=') => Err(refused("a back-reference")),
                _ => Err(refused("recursion")),
            }
        }
        _ => flags(input, out, mode),
    }
}

/// `(?i)`, `(?i-m:` and `(?:`.
fn flags(input: &mut Peekable<Chars<'_>>, out: &mut String, mode: &mut Mode) -> Result<()> {
    out.push_str("(?");
    let mut on = true;
    for next in input.by_ref() {
        match next {
            '-' => on = false,
            'm' => mode.lines = on,
            'x' => mode.free_layout = on,
            'i' | 's' | 'U' => {}
            ':' | ')' => {
                out.push(next);
                return Ok(());
            }
            other => return Err(wrong(&format!("a group has no flag {other}"))),
        }
        out.push(next);
    }
    Err(wrong("a group does not end"))
}

fn escape(input: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<()> {
    let next = input.next().ok_or_else(|| wrong(r"a \ stands at the end"))?;
    match next {
        'b' => out.push_str(r"(?-u:\b)"),
        // The crate cannot look for an ASCII non-boundary, for it could lie inside a character.
        'B' => out.push_str(r"\B"),
        'h' => out.push_str(r"[\t \u{a0}\u{1680}\u{180e}\u{2000}-\u{200a}\u{202f}\u{205f}\u{3000}]"),
        'R' => out.push_str(r"(?:\r\n|[\n\x0B\x0C\r\u{85}\u{2028}\u{2029}])"),
        'N' => out.push_str(r"[^\n]"),
        'Z' => out.push_str(r"(?:\n?\z)"),
        '1'..='9' | 'g' | 'k' => return Err(refused("a back-reference")),
        'G' | 'K' | 'C' | 'X' => return Err(refused(&format!("\\{next}"))),
        'Q' => quoted(input, out),
        'E' => {}
        other => return shared_escape(other, input, out),
    }
    Ok(())
}

/// Everything up to `\E` stands for itself.
fn quoted(input: &mut Peekable<Chars<'_>>, out: &mut String) {
    while let Some(next) = input.next() {
        if next == '\\' && input.peek() == Some(&'E') {
            input.next();
            return;
        }
        literal(next, out);
    }
}

fn literal(character: char, out: &mut String) {
    if character.is_ascii_punctuation() || character == ' ' {
        out.push_str(&format!(r"\x{:02X}", u32::from(character)));
    } else {
        out.push(character);
    }
}

/// Escapes that mean the same inside and outside a class.
fn shared_escape(next: char, input: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<()> {
    match next {
        'd' => out.push_str("[0-9]"),
        'D' => out.push_str("[^0-9]"),
        'w' => out.push_str("[0-9A-Za-z_]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        's' => out.push_str(r"[\t\n\x0B\x0C\r ]"),
        'S' => out.push_str(r"[^\t\n\x0B\x0C\r ]"),
        'n' | 'r' | 't' | 'f' | 'a' | 'v' | 'A' | 'z' | 'x' | 'p' | 'P' => {
            out.push('\\');
            out.push(next);
        }
        'e' => out.push_str(r"\x1B"),
        '0' => {
            let mut code = 0;
            for _ in 0..2 {
                let Some(digit) = input.peek().and_then(|next| next.to_digit(8)) else { break };
                code = code * 8 + digit;
                input.next();
            }
            out.push_str(&format!(r"\x{code:02X}"));
        }
        'c' => {
            let control = input.next().filter(char::is_ascii).ok_or_else(|| wrong(r"\c needs a character"))?;
            out.push_str(&format!(r"\x{:02X}", u32::from(control.to_ascii_uppercase()) ^ 0x40));
        }
        other if other.is_ascii_alphanumeric() => return Err(wrong(&format!(r"\{other} is not known"))),
        other => literal(other, out),
    }
    Ok(())
}

/// A class in brackets. Inside, the `regex` crate knows nested classes and set operations that PCRE does not.
fn class(input: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<()> {
    out.push('[');
    if input.peek() == Some(&'^') {
        out.push('^');
        input.next();
    }
    let mut first = true;
    while let Some(next) = input.next() {
        match next {
            ']' if !first => {
                out.push(']');
                return Ok(());
            }
            '\\' => class_escape(input, out)?,
            '[' if matches!(input.peek(), Some(':')) => posix(input, out),
            '-' => {
                // A hyphen at an end or after a class stands for itself.
                if first || input.peek() == Some(&']') || out.ends_with(']') {
                    out.push_str(r"\-");
                } else {
                    out.push('-');
                }
            }
            '[' | ']' | '&' | '~' | '#' | '^' => literal(next, out),
            space if space.is_whitespace() => out.push_str(&format!(r"\x{{{:X}}}", u32::from(space))),
            plain => out.push(plain),
        }
        first = false;
    }
    Err(wrong("a class in brackets does not end"))
}

fn class_escape(input: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<()> {
    let next = input.next().ok_or_else(|| wrong(r"a \ stands at the end"))?;
    match next {
        'h' => out.push_str(r"[\t \u{a0}]"),
        'b' => out.push_str(r"\x08"),
        'Q' => quoted(input, out),
        'E' => {}
        'A' | 'z' => return Err(wrong(&format!(r"\{next} cannot stand in a class"))),
        other => return shared_escape(other, input, out),
    }
    Ok(())
}

/// `[:alpha:]` is written alike; any other `[:` is a literal bracket.
fn posix(input: &mut Peekable<Chars<'_>>, out: &mut String) {
    let mut ahead = input.clone();
    let mut name = String::from("[");
    for next in ahead.by_ref() {
        name.push(next);
        if next == ']' {
            break;
        }
    }
    if name.ends_with(":]") && name.len() > 4 {
        out.push_str(&name);
        *input = ahead;
    } else {
        literal('[', out);
    }
}
