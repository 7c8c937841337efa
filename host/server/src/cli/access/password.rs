//! Reads a new password: from a file, from standard input, or from a person, twice and unseen; never from an argument,
//! which every process of the machine can read.

use std::fs::File;
use std::io::{BufRead as _, IsTerminal as _, Read, stdin};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;
use zeroize::Zeroizing;

use crate::cli::CliError;

/// More than any password has.
const MOST_BYTES: u64 = 4_096;

#[derive(Debug, Args)]
pub(in crate::cli) struct Source {
    /// File with the password; a line break at its end is left out. Without it: standard input.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Source {
    /// # Errors
    /// [`CliError::Usage`].
    pub(super) fn read(&self, of: &str) -> Result<Zeroizing<String>, CliError> {
        match &self.password_file {
            Some(file) => {
                let opened = File::open(file);
                let failed = |error| CliError::Usage(format!("--password-file {}: {error}", file.display()));
                whole(opened.map_err(failed)?)
            }
            None if stdin().is_terminal() => ask(of),
            None => whole(stdin()),
        }
    }
}

fn whole(source: impl Read) -> Result<Zeroizing<String>, CliError> {
    let mut text = Zeroizing::new(String::new());
    source.take(MOST_BYTES).read_to_string(&mut text).map_err(|error| unread(&error))?;
    strip(&mut text);
    Ok(text)
}

fn ask(of: &str) -> Result<Zeroizing<String>, CliError> {
    let _hidden = Hidden::begin();
    let first = line(&format!("New password of {of}: "))?;
    let second = line("The same again: ")?;
    if first == second { Ok(first) } else { Err(CliError::Usage("these are two different passwords".into())) }
}

fn line(prompt: &str) -> Result<Zeroizing<String>, CliError> {
    eprint!("{prompt}");
    let mut text = Zeroizing::new(String::new());
    stdin().lock().take(MOST_BYTES).read_line(&mut text).map_err(|error| unread(&error))?;
    eprintln!();
    strip(&mut text);
    Ok(text)
}

fn unread(error: &std::io::Error) -> CliError {
    CliError::Usage(format!("the password cannot be read: {error}"))
}

fn strip(text: &mut String) {
    let length = text.strip_suffix('\n').map_or(text.len(), |rest| rest.strip_suffix('\r').unwrap_or(rest).len());
    text.truncate(length);
}

/// As long as it lives, the terminal does not show what is typed.
struct Hidden;

impl Hidden {
    fn begin() -> Self {
        if !stty("-echo") {
            eprintln!("(this terminal shows what you type)");
        }
        Self
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        stty("echo");
    }
}

/// Standard library and crate alike have no safe way to set a terminal; every Unix has this program.
fn stty(word: &str) -> bool {
    let status = Command::new("stty").arg(word).stdin(Stdio::inherit()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
