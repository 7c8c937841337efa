//! What an object store refuses, in words that a template may see: the label and the name, never an address or a key.

use std::error::Error as StdError;

use object_store::Error;
use object_store::client::HttpError;

use super::super::fault::not_found;
use crate::capabilities::{ErrorKind, GateError};

/// The code in the answer of the store, such as `NoSuchBucket`
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>).
pub(super) fn code(error: &Error) -> Option<String> {
    let text = error.to_string();
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    (code.len() < 100 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| code.to_owned())
}

/// The cause of a kind, at any depth.
fn cause<'a, T: StdError + 'static>(error: &'a Error) -> Option<&'a T> {
    let mut source: Option<&'a (dyn StdError + 'static)> = Some(error);
    while let Some(at) = source {
        if let Some(found) = at.downcast_ref() {
            return Some(found);
        }
        source = at.source();
    }
    None
}

/// A refusal as the contract's error. What an operator has to see goes to the log, without the body of the answer: it may
/// hold the id of a key.
pub(super) fn fault(label: &str, doing: &'static str, error: &Error) -> GateError {
    if let Some(own) = cause::<GateError>(error) {
        tracing::warn!(folder = label, doing, error = %own, "a folder cannot be used");
        return own.clone();
    }
    let unavailable = |reason, what: &str, seen: &str| {
        tracing::warn!(folder = label, doing, seen, "the store of a folder does not do what it should");
        GateError::new(ErrorKind::Unavailable, reason, format!("folder {label}: {what} ({doing})"))
    };
    if let Some(transport) = cause::<HttpError>(error) {
        return unavailable("no-connection", "its store cannot be reached", &transport.to_string());
    }
    let code = code(error);
    let seen = code.as_deref();
    match (seen, error) {
        (Some("NoSuchBucket"), _) => {
            unavailable("no-folder", "its bucket is not there; an operator has to make it", "NoSuchBucket")
        }
        (Some(code @ ("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "ExpiredToken")), _) => {
            let what =
                format!("its store refuses the key of this server (folders.{label}.access_key_id and its secret)");
            unavailable("bad-key", &what, code)
        }
        (Some("RequestTimeTooSkewed"), _) => {
            unavailable("clock", "its store refuses the time of this server's clock", "RequestTimeTooSkewed")
        }
        (
            Some(code @ ("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException")),
            _,
        ) => {
            let what = format!("its bucket is in another region (folders.{label}.region)");
            unavailable("wrong-region", &what, code)
        }
        (Some("EntityTooLarge"), _) => {
            GateError::limit("file-bytes", format!("folder {label}: its store takes no file so large"))
        }
        (Some(code @ ("QuotaExceeded" | "XMinioStorageFull" | "InsufficientStorage")), _) => {
            tracing::warn!(folder = label, doing, code, "a folder is full");
            GateError::limit("no-space", format!("folder {label}: no space left"))
        }
        (Some("NoSuchUpload"), _) => unavailable("upload-lost", "its store has forgotten the upload", "NoSuchUpload"),
        (_, Error::PermissionDenied { .. } | Error::Unauthenticated { .. }) => {
            unavailable("no-permission", "the server may not do this there", seen.unwrap_or("403"))
        }
        (Some(code @ ("SlowDown" | "ServiceUnavailable")), _) => unavailable("folder-busy", "its store is busy", code),
        (_, Error::NotFound { .. }) => unavailable("no-folder", "its store does not know it", seen.unwrap_or("404")),
        _ => unavailable("folder-failed", "its store failed", seen.unwrap_or("no code")),
    }
}

/// As [`fault`], where a missing object is a missing file.
pub(super) fn of_file(label: &str, name: &str, doing: &'static str, error: &Error) -> GateError {
    match error {
        Error::NotFound { .. } if code(error).as_deref() != Some("NoSuchBucket") => not_found(label, name),
        other => fault(label, doing, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Error {
        let source = format!("Server returned non-2xx status code: 400: {body}").into();
        Error::Generic { store: "S3", source }
    }

    #[test]
    fn each_refusal_has_its_reason_and_shows_neither_address_nor_key() {
        let cases = [
            ("NoSuchBucket", "no-folder"),
            ("InvalidAccessKeyId", "bad-key"),
            ("SignatureDoesNotMatch", "bad-key"),
            ("PermanentRedirect", "wrong-region"),
            ("SlowDown", "folder-busy"),
            ("QuotaExceeded", "no-space"),
            ("EntityTooLarge", "file-bytes"),
            ("Else", "folder-failed"),
        ];
        for (code, reason) in cases {
            let body = format!("<Error><Code>{code}</Code><AWSAccessKeyId>AKIA1</AWSAccessKeyId></Error>");
            let error = fault("archive", "reading a file", &answer(&body));
            assert_eq!(error.reason, reason);
            assert!(error.message.contains("archive") && !error.message.contains("AKIA1"), "{error}");
        }
        let own = GateError::new(ErrorKind::Unavailable, "no-key", "the key is not there");
        let error = Error::Generic { store: "S3", source: Box::new(own.clone()) };
        assert_eq!(fault("archive", "reading a file", &error), own);
    }
}
