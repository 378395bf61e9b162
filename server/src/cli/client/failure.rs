//! Why a client command fails, and the exit code that says so to scripts.

use std::{fmt, io, path::Path};

use http::StatusCode;
use serde_json::Value;

/// Why a client command fails. The number is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::cli) enum Kind {
    /// Refused by the server, or failed here.
    Failed = 1,
    /// Wrong arguments or variables.
    Usage = 2,
    /// No credential, or one that is not valid.
    Unauthenticated = 3,
    /// The server cannot be reached or cannot answer now. Trying again later may help.
    Unreachable = 4,
    /// There is no such key.
    NotFound = 5,
    /// Something stands against it, e.g. the owner has a key already.
    Conflict = 6,
    /// A second person has to approve it first.
    Approval = 7,
}

/// What the help of the client commands says about [`Kind`].
pub(in crate::cli) const EXIT_CODES: &str = "Exit codes: 0 done; 1 refused or failed; 2 wrong arguments; \
    3 not signed in, or the key is not valid; 4 the server was not reached or cannot answer now; \
    5 no such key; 6 conflict; 7 waits for approval.";

/// Why a client command fails, in words for whoever called it.
#[derive(Debug)]
pub(in crate::cli) struct Failure {
    pub(in crate::cli) kind: Kind,
    /// What the server answered, if it did.
    pub(super) status: Option<StatusCode>,
    message: String,
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Failure {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            status: None,
            message: message.into(),
        }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Something is wrong with a file.
    pub(super) fn file(what: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(
            Kind::Failed,
            format!("cannot {what} {}: {error}", path.display()),
        )
    }

    /// What the server's error document says.
    pub(super) fn told(status: StatusCode, document: &Value) -> Self {
        const NOT_PERMITTED: u64 = 8000;
        let kind = match status.as_u16() {
            401 if document["errorCode"].as_u64() != Some(NOT_PERMITTED) => Kind::Unauthenticated,
            404 => Kind::NotFound,
            409 | 412 => Kind::Conflict,
            429 | 500.. => Kind::Unreachable,
            _ => Kind::Failed,
        };
        let message = document["errorMessage"].as_str().map_or_else(
            || format!("the server answered {status}"),
            |text| super::output::plain(text).replace("data.attributes.", ""),
        );
        Self {
            kind,
            status: Some(status),
            message,
        }
    }
}
