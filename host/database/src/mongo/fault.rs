//! Errors of the driver and of the server as what a caller can do about them. Only this file knows their codes; they are
//! those of the manual, <https://www.mongodb.com/docs/manual/reference/error-codes/>.

use mongodb::error::{Error as DriverError, ErrorKind, WriteFailure};

use super::duplicate;
use crate::Error;

const RETRYABLE: [&str; 4] =
    ["RetryableWriteError", "TransientTransactionError", "NoWritesPerformed", "RetryableError"];

pub(super) fn of(collection: &str, error: &DriverError) -> Error {
    if RETRYABLE.iter().any(|label| error.contains_label(label)) {
        return unavailable(error);
    }
    match error.kind.as_ref() {
        ErrorKind::Command(command) => {
            code(command.code, &command.message, || duplicate::of_command(collection, error, &command.message))
        }
        ErrorKind::Write(WriteFailure::WriteError(write)) => {
            code(write.code, &write.message, || duplicate::of_write(collection, error, &write.message))
        }
        ErrorKind::Write(WriteFailure::WriteConcernError(concern)) => not_durable(&concern.message),
        ErrorKind::InvalidArgument { message, .. } => Error::invalid(message),
        ErrorKind::IncompatibleServer { message, .. } => Error::unsupported(message),
        ErrorKind::Bson(error) => Error::Corrupted { message: format!("a document cannot be read: {error}") },
        ErrorKind::BsonDeserialization(error) => Error::Corrupted { message: error.to_string() },
        _ => unavailable(error),
    }
}

/// One write of several. `key` finds out which key was there already.
pub(super) fn code(code: i32, message: &str, key: impl FnOnce() -> Error) -> Error {
    match code {
        11000 | 11001 | 12582 => key(),
        // MaxTimeMSExpired, NetworkInterfaceExceededTimeLimit, ExceededTimeLimit.
        50 | 202 | 262 => Error::Timeout,
        // IndexNotFound, NamespaceNotFound.
        26 | 27 => Error::NotFound { what: message.to_owned() },
        // CommandNotFound, CommandNotSupported, an expression or stage that an older server lacks.
        59 | 115 | 40324 | 31325 | 168 if message.contains("nrecognized") || message.contains("nknown expression") => {
            Error::unsupported(format!("{message}: it"))
        }
        // BSONObjectTooLarge, and what the server says of documents that grew.
        10334 | 17419 | 17420 => too_large(),
        // A fault inside the server; a lock that was not had; a shard that moved; a primary that is gone or going, interrupted or
        // starting; write conflicts; a cursor that is gone; a full disk; a
        // user who may not, which somebody can mend while the call is repeated.
        1 | 6 | 7 | 13 | 18 | 24 | 63 | 150 | 175 | 13388 | 43 | 89 | 91 | 112 | 134 | 189 | 9001 | 10058 | 10107
        | 11600 | 11601 | 11602 | 13435 | 13436 | 14031 | 237 | 314 => {
            Error::Unavailable { message: message.to_owned() }
        }
        _ => Error::invalid(message),
    }
}

fn too_large() -> Error {
    let limit = u64::try_from(crate::query::allow::MAX_DOCUMENT_BYTES).unwrap_or(u64::MAX);
    Error::TooLarge { what: "a document".into(), size: limit.saturating_add(1), limit }
}

pub(super) fn not_durable(message: &str) -> Error {
    Error::Unavailable { message: format!("a write is not known to be on the journals of a majority: {message}") }
}

fn unavailable(error: &DriverError) -> Error {
    Error::Unavailable { message: error.kind.to_string() }
}

#[cfg(test)]
mod tests {
    use super::code;
    use crate::Error;

    fn of(number: i32, message: &str) -> Error {
        code(number, message, || Error::NotFound { what: "the key".into() })
    }

    #[test]
    fn a_caller_is_told_what_it_can_do() {
        assert_eq!(of(11000, "E11000"), Error::NotFound { what: "the key".into() });
        assert_eq!(of(50, "operation exceeded time limit"), Error::Timeout);
        for transient in [10107, 11602, 91, 112, 13, 24, 175] {
            assert!(of(transient, "x").is_transient(), "{transient}");
        }
        assert!(matches!(of(2, "bad value"), Error::Invalid { .. }));
        assert!(matches!(of(171, "parallel arrays"), Error::Invalid { .. }));
        let unknown = of(168, "Unrecognized expression '$sortArray'");
        assert!(matches!(&unknown, Error::Unsupported { .. }), "{unknown}");
        assert!(matches!(of(168, "$add takes numbers"), Error::Invalid { .. }));
    }
}
