//! What a file system refuses, in words that a template may see: labels and names, never a path of the machine.

use std::io;

use rustix::io::Errno;

use crate::capabilities::{ErrorKind, GateError};

/// A refusal of the system as the contract's error. What an operator has to see goes to the log.
pub(super) fn io_fault(label: &str, doing: &str, error: &io::Error) -> GateError {
    let unavailable = |reason, what: &str| {
        tracing::warn!(folder = label, doing, %error, "a folder does not do what it should");
        GateError::new(ErrorKind::Unavailable, reason, format!("folder {label}: {what} ({doing})"))
    };
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOSPC | Errno::DQUOT) => {
            tracing::warn!(folder = label, doing, %error, "a folder is full");
            GateError::limit("no-space", format!("folder {label}: no space left"))
        }
        Some(Errno::FBIG) => {
            GateError::limit("file-bytes", format!("folder {label}: its file system takes no file so large"))
        }
        Some(Errno::ROFS) => unavailable("read-only", "it can only be read"),
        Some(Errno::ACCESS | Errno::PERM) => unavailable("no-permission", "the server may not do this there"),
        Some(Errno::NAMETOOLONG) => {
            GateError::invalid("file-name", format!("folder {label}: the name is too long for it"))
        }
        Some(Errno::MFILE | Errno::NFILE) => unavailable("too-many-files", "the server has too many files open"),
        _ => unavailable("folder-failed", "its file system failed"),
    }
}

/// The error of a system call.
pub(super) fn fault(label: &str, doing: &str, error: Errno) -> GateError {
    io_fault(label, doing, &error.into())
}

pub(super) fn not_found(label: &str, name: &str) -> GateError {
    GateError::new(ErrorKind::NotFound, "unknown-file", format!("there is no file {name} in {label}"))
}

pub(super) fn exists(label: &str, name: &str) -> GateError {
    GateError::new(ErrorKind::Conflict, "file-exists", format!("there is a file {name} in {label} already"))
}

/// A part of the name is something else than the name needs.
pub(super) fn in_the_way(label: &str, name: &str, what: &str) -> GateError {
    GateError::new(ErrorKind::Conflict, "name-taken", format!("{name} cannot stand in {label}: {what}"))
}

pub(super) fn leads_over_a_link(label: &str, name: &str) -> GateError {
    GateError::denied("link", format!("{name} leads over a link in {label}, and links are never followed"))
}
