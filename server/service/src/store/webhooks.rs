//! Webhooks.

use std::collections::BTreeSet;

use domain::{Instant, notice::Kind};
use sqlx::FromRow;

use super::{Conn, Time, run};
use crate::fault::Fault;

/// A webhook as it is stored.
#[derive(FromRow)]
pub(crate) struct WebhookRow {
    pub(crate) id: i64,
    pub(crate) url: String,
    pub(crate) sealed: Vec<u8>,
    events: String,
    pub(crate) enabled: bool,
    pub(crate) created_at: Time,
    pub(crate) shown_until: Option<Time>,
}

impl WebhookRow {
    /// What it is told.
    pub(crate) fn events(&self) -> Result<BTreeSet<Kind>, Fault> {
        let names: Vec<String> = serde_json::from_str(&self.events)
            .map_err(|_| Fault::Broken("a stored webhook cannot be read"))?;
        // A kind that is no more is told to nobody.
        Ok(names
            .iter()
            .filter_map(|name| Kind::from_name(name))
            .collect())
    }
}

/// Adds a webhook that is on, and returns its number. Its secret is sealed for that number.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    url: &str,
    events: &BTreeSet<Kind>,
    now: Instant,
    shown_until: Instant,
) -> Result<i64, Fault> {
    let names: Vec<_> = events.iter().copied().map(Kind::as_str).collect();
    let names = serde_json::to_string(&names)
        .map_err(|_| Fault::Broken("a webhook's events cannot be written"))?;
    Ok(run!(conn, sqlx::query_scalar(
        "insert into webhook (url, sealed, events, enabled, created_at, shown_until) \
         values ($1, $2, $3, true, $4, $5) returning id",
    )
    .bind(url)
    .bind(&[0_u8; 0][..])
    .bind(&*names)
    .bind(Time(now))
    .bind(Time(shown_until)) => fetch_one)?)
}

/// Keeps a webhook's secret.
pub(crate) async fn keep(conn: &mut Conn<'_>, id: i64, sealed: &[u8]) -> Result<(), Fault> {
    run!(conn, sqlx::query("update webhook set sealed = $2 where id = $1")
        .bind(id)
        .bind(sealed) => rows_affected)?;
    Ok(())
}

/// Every webhook, the oldest first.
pub(crate) async fn all(conn: &mut Conn<'_>) -> Result<Vec<WebhookRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, WebhookRow>(
        "select id, url, sealed, events, enabled, created_at, shown_until from webhook order by id",
    ) => fetch_all)?)
}

/// The webhook with that number.
pub(crate) async fn by_id(conn: &mut Conn<'_>, id: i64) -> Result<Option<WebhookRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, WebhookRow>(
        "select id, url, sealed, events, enabled, created_at, shown_until from webhook \
         where id = $1",
    )
    .bind(id) => fetch_optional)?)
}

/// Switches a webhook on or off. `false`: it was so already, or there is none.
pub(crate) async fn set_enabled(
    conn: &mut Conn<'_>,
    id: i64,
    enabled: bool,
) -> Result<bool, Fault> {
    let changed = run!(conn, sqlx::query(
        "update webhook set enabled = $2 where id = $1 and enabled <> $2",
    )
    .bind(id)
    .bind(enabled) => rows_affected)?;
    Ok(changed == 1)
}

/// Shows a webhook's secret no more.
pub(crate) async fn put_away(conn: &mut Conn<'_>, id: i64) -> Result<(), Fault> {
    run!(conn, sqlx::query("update webhook set shown_until = null where id = $1")
        .bind(id) => rows_affected)?;
    Ok(())
}

/// Removes a webhook, with what was sent to it. `false`: there is none.
pub(crate) async fn delete(conn: &mut Conn<'_>, id: i64) -> Result<bool, Fault> {
    let deleted = run!(conn, sqlx::query("delete from webhook where id = $1")
        .bind(id) => rows_affected)?;
    Ok(deleted == 1)
}
