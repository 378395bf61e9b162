//! The key pairs of tokens.

use domain::Instant;
use sqlx::FromRow;

use super::{Conn, Time, run};
use crate::fault::Fault;

/// A key pair.
#[derive(Debug, FromRow)]
pub(crate) struct TokenKeyRow {
    pub(crate) id: String,
    pub(crate) public_key: Vec<u8>,
    /// `None`: the private key is in its file, or signs no more.
    pub(crate) sealed: Option<Vec<u8>>,
    /// `None`: it signs.
    pub(crate) ends_at: Option<Time>,
}

/// Every key pair.
pub(crate) async fn all(conn: &mut Conn<'_>) -> Result<Vec<TokenKeyRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, TokenKeyRow>(
        "select id, public_key, sealed, ends_at from token_key order by created_at",
    ) => fetch_all)?)
}

/// Adds the first one, whose private key is in its file, to an empty table.
pub(crate) async fn begin_with(
    conn: &mut Conn<'_>,
    id: &str,
    public_key: &[u8],
    now: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into token_key (id, public_key, created_at) \
         select $1, $2, $3 where not exists (select 1 from token_key) on conflict do nothing",
    )
    .bind(id)
    .bind(public_key)
    .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// Lets the one that signs sign no more; its tokens have ended at `ends_at`.
pub(crate) async fn retire(conn: &mut Conn<'_>, ends_at: Instant) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "update token_key set ends_at = $1, sealed = null where ends_at is null or ends_at > $1",
    )
    .bind(Time(ends_at)) => rows_affected)?;
    Ok(())
}

/// Adds the one that signs from now on.
pub(crate) async fn add(
    conn: &mut Conn<'_>,
    id: &str,
    public_key: &[u8],
    sealed: &[u8],
    now: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into token_key (id, public_key, sealed, created_at) values ($1, $2, $3, $4)",
    )
    .bind(id)
    .bind(public_key)
    .bind(sealed)
    .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// Removes those whose tokens have ended.
pub(crate) async fn purge(conn: &mut Conn<'_>, now: Instant) -> Result<u64, Fault> {
    Ok(
        run!(conn, sqlx::query("delete from token_key where ends_at <= $1")
        .bind(Time(now)) => rows_affected)?,
    )
}
