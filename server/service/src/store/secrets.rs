//! The fingerprints of the secrets that this database was used with.

use super::{Conn, run};
use crate::fault::Fault;

/// Every name and fingerprint.
pub(crate) async fn all(conn: &mut Conn<'_>) -> Result<Vec<(String, String)>, Fault> {
    Ok(
        run!(conn, sqlx::query_as("select name, fingerprint from secret_fingerprint order by name") => fetch_all)?,
    )
}

/// Remembers a secret's fingerprint, if none is known.
pub(crate) async fn remember(
    conn: &mut Conn<'_>,
    name: &str,
    fingerprint: &str,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into secret_fingerprint (name, fingerprint) values ($1, $2) on conflict do nothing",
    )
    .bind(name)
    .bind(fingerprint) => rows_affected)?;
    Ok(())
}
