//! Requests that shall not be repeated.

use chrono::TimeDelta;
use domain::{Instant, key::Tag, principal::UserId};
use sqlx::FromRow;

use super::{Conn, Time, run};
use crate::fault::Fault;

/// How long a request is remembered.
pub(crate) const KEPT: TimeDelta = TimeDelta::hours(24);

/// A request that was carried out.
#[derive(Debug, FromRow)]
pub(crate) struct RequestRow {
    pub(crate) request: String,
    pub(crate) tag: String,
}

/// The request that a user gave that name.
pub(crate) async fn find(
    conn: &mut Conn<'_>,
    user: UserId,
    name: &str,
    now: Instant,
) -> Result<Option<RequestRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, RequestRow>(
        "select request, tag from idempotency_key \
         where user_id = $1 and name = $2 and created_at > $3",
    )
    .bind(user.0)
    .bind(name)
    .bind(Time(now - KEPT)) => fetch_optional)?)
}

/// Remembers a request, in the place of one that is past its time. `false`: one of that name was
/// carried out.
pub(crate) async fn remember(
    conn: &mut Conn<'_>,
    user: UserId,
    name: &str,
    request: &str,
    tag: &Tag,
    now: Instant,
) -> Result<bool, Fault> {
    let remembered = run!(conn, sqlx::query(
        "insert into idempotency_key (user_id, name, request, tag, created_at) \
         values ($1, $2, $3, $4, $5) on conflict (user_id, name) do update \
         set request = $3, tag = $4, created_at = $5 where idempotency_key.created_at <= $6",
    )
    .bind(user.0)
    .bind(name)
    .bind(request)
    .bind(tag.as_str())
    .bind(Time(now))
    .bind(Time(now - KEPT)) => rows_affected)?;
    Ok(remembered == 1)
}

/// Forgets requests that are past their time.
pub(crate) async fn purge(conn: &mut Conn<'_>, before: Instant) -> Result<u64, Fault> {
    Ok(
        run!(conn, sqlx::query("delete from idempotency_key where created_at <= $1")
        .bind(Time(before)) => rows_affected)?,
    )
}
