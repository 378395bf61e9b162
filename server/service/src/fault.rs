//! What can go wrong inside, and what of it the outside learns: nothing.

use domain::error::{Error, FieldError};

use crate::entropy::EntropyError;

/// Why a use case stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// Something the caller may know.
    #[error(transparent)]
    Told(#[from] Error),
    /// The database.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The random generator.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// A value in the database, or a library's answer, that cannot be.
    #[error("{0}")]
    Broken(&'static str),
}

impl From<FieldError> for Fault {
    fn from(error: FieldError) -> Self {
        Self::Told(error.into())
    }
}

/// Logs the cause, once, and tells the caller what to do.
impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Told(error) => error,
            Fault::Database(cause) => told_of(&cause),
            fault @ (Fault::Entropy(_) | Fault::Broken(_)) => {
                tracing::error!(cause = %fault, "a request failed");
                Self::Internal
            }
        }
    }
}

fn told_of(cause: &sqlx::Error) -> Error {
    // A server's own message can quote the row; its code cannot.
    match cause {
        sqlx::Error::Database(answer) => {
            let code = answer.code().unwrap_or_default();
            let constraint = answer.constraint().unwrap_or_default();
            tracing::error!(%code, constraint, "the database refused a statement");
            if is_temporary(&code) {
                Error::Unavailable
            } else {
                Error::Internal
            }
        }
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
            tracing::error!(%cause, "the database does not answer");
            Error::Unavailable
        }
        cause => {
            tracing::error!(%cause, "the database failed");
            Error::Internal
        }
    }
}

/// Busy, locked, read-only, full or I/O errors of SQLite (result codes 5, 6, 8, 10, 13 with their
/// extensions); connection, rollback (deadlock), resource and intervention classes of PostgreSQL
/// (appendix A: 08, 40, 53, 57).
fn is_temporary(code: &str) -> bool {
    // PostgreSQL's codes have five characters, SQLite's at most four digits.
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6 | 8 | 10 | 13),
        _ => ["08", "40", "53", "57"]
            .iter()
            .any(|class| code.starts_with(class)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inside_fault_says_nothing_outside() {
        for fault in [
            Fault::Entropy(EntropyError),
            Fault::Broken("a row of table x is odd"),
            Fault::Database(sqlx::Error::Protocol("secret".into())),
        ] {
            assert_eq!(Error::from(fault), Error::Internal);
        }
        assert_eq!(
            Error::from(Fault::Database(sqlx::Error::PoolTimedOut)),
            Error::Unavailable
        );
    }

    #[test]
    fn temporary_codes_are_told_from_lasting_ones() {
        for code in [
            "5", "261", "517", "8", "13", "08006", "40P01", "53300", "57P01",
        ] {
            assert!(is_temporary(code), "{code}");
        }
        for code in ["1", "19", "2067", "23505", "42P01", ""] {
            assert!(!is_temporary(code), "{code}");
        }
    }
}
