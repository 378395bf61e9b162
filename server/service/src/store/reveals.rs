//! Encrypted values on their way to the reveal page.

use domain::{Instant, key::Tag};
use sqlx::FromRow;

use super::{Conn, Time, run};
use crate::fault::Fault;

/// A value that waits to be shown.
#[derive(Debug, FromRow)]
pub(crate) struct RevealRow {
    pub(crate) tag: String,
    pub(crate) nonce: Vec<u8>,
    pub(crate) ciphertext: Vec<u8>,
    pub(crate) expires_at: Time,
    pub(crate) key_expires_at: Time,
}

/// Keeps a value for a session; one that waited there is forgotten.
pub(crate) async fn put(
    conn: &mut Conn<'_>,
    session: &str,
    tag: &Tag,
    nonce: &[u8],
    ciphertext: &[u8],
    expires_at: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into reveal (session_id, tag, nonce, ciphertext, expires_at) \
         values ($1, $2, $3, $4, $5) on conflict (session_id) do update set \
         tag = excluded.tag, nonce = excluded.nonce, ciphertext = excluded.ciphertext, \
         expires_at = excluded.expires_at",
    )
    .bind(session)
    .bind(tag.as_str())
    .bind(nonce)
    .bind(ciphertext)
    .bind(Time(expires_at)) => rows_affected)?;
    Ok(())
}

/// Takes the value that waits for a session; it is gone with the transaction.
pub(crate) async fn take(conn: &mut Conn<'_>, session: &str) -> Result<Option<RevealRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, RevealRow>(
        "delete from reveal where session_id = $1 returning tag, nonce, ciphertext, expires_at, \
         (select k.expires_at from api_key k where k.tag = reveal.tag) as key_expires_at",
    )
    .bind(session) => fetch_optional)?)
}

/// Removes values that waited too long.
pub(crate) async fn purge(conn: &mut Conn<'_>, now: Instant) -> Result<u64, Fault> {
    Ok(
        run!(conn, sqlx::query("delete from reveal where expires_at <= $1")
        .bind(Time(now)) => rows_affected)?,
    )
}
