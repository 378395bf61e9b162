//! Notices as the application shows them, what people want by mail, and how far ends were told.

use domain::{
    Instant,
    key::Tag,
    notice::{Choice, Notice},
    principal::UserId,
};
use sqlx::FromRow;

use super::{
    Conn, Time,
    keys::{KeyRow, select_key},
    run,
};
use crate::fault::Fault;

/// How many rows are removed at once.
const PURGED_AT_ONCE: i64 = 5000;

/// Where and whether somebody is told by mail.
#[derive(FromRow)]
struct AddresseeRow {
    chosen: Option<String>,
    from_sign_in: Option<String>,
    on_keys: Option<bool>,
    on_ends: Option<bool>,
    on_tickets: Option<bool>,
    disabled_at: Option<Time>,
}

/// Somebody who can be told something.
pub(crate) struct Addressee {
    /// What they chose.
    pub(crate) choice: Choice,
    /// The address that their sign-in gave. Empty: it gave none.
    pub(crate) from_sign_in: String,
    /// Whether the account is enabled.
    pub(crate) enabled: bool,
}

/// A notice for somebody.
#[derive(FromRow)]
pub(crate) struct NoticeRow {
    pub(crate) id: i64,
    notice: String,
    pub(crate) read_at: Option<Time>,
}

impl NoticeRow {
    /// What it says.
    pub(crate) fn notice(&self) -> Result<Notice, Fault> {
        read(&self.notice)
    }
}

/// A notice from how it is kept.
pub(crate) fn read(text: &str) -> Result<Notice, Fault> {
    serde_json::from_str(text).map_err(|_| Fault::Broken("a stored notice cannot be read"))
}

/// How a notice is kept.
pub(crate) fn write(notice: &Notice) -> Result<String, Fault> {
    serde_json::to_string(notice).map_err(|_| Fault::Broken("a notice cannot be written"))
}

/// Somebody as they are told things. `None`: no such account, or a service principal's, whom nobody
/// tells anything.
pub(crate) async fn addressee(
    conn: &mut Conn<'_>,
    user: UserId,
) -> Result<Option<Addressee>, Fault> {
    let row = run!(conn, sqlx::query_as::<_, AddresseeRow>(
        "select c.address as chosen, c.on_keys, c.on_ends, c.on_tickets, u.disabled_at, \
         (select max(s.mail) from saml_user s where s.user_id = u.id) as from_sign_in \
         from app_user u left join notice_choice c on c.user_id = u.id \
         where u.id = $1 and u.domain_type <> 'nbsp'",
    )
    .bind(user.0) => fetch_optional)?;
    let everything = Choice::default();
    Ok(row.map(|row| Addressee {
        choice: Choice {
            address: row.chosen.unwrap_or_default(),
            keys: row.on_keys.unwrap_or(everything.keys),
            ends: row.on_ends.unwrap_or(everything.ends),
            tickets: row.on_tickets.unwrap_or(everything.tickets),
        },
        from_sign_in: row.from_sign_in.unwrap_or_default(),
        enabled: row.disabled_at.is_none(),
    }))
}

/// Replaces what somebody wants by mail.
pub(crate) async fn choose(
    conn: &mut Conn<'_>,
    user: UserId,
    choice: &Choice,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into notice_choice (user_id, address, on_keys, on_ends, on_tickets) \
         values ($1, $2, $3, $4, $5) on conflict (user_id) do update set \
         address = excluded.address, on_keys = excluded.on_keys, on_ends = excluded.on_ends, \
         on_tickets = excluded.on_tickets",
    )
    .bind(user.0)
    .bind(&*choice.address)
    .bind(choice.keys)
    .bind(choice.ends)
    .bind(choice.tickets) => rows_affected)?;
    Ok(())
}

/// Adds a notice for somebody.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    user: UserId,
    notice: &str,
    now: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into notice (user_id, notice, created_at) values ($1, $2, $3)",
    )
    .bind(user.0)
    .bind(notice)
    .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// Somebody's notices before one of them, the latest first.
pub(crate) async fn of(
    conn: &mut Conn<'_>,
    user: UserId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<NoticeRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, NoticeRow>(
        "select id, notice, read_at from notice where user_id = $1 and id < $2 \
         order by id desc limit $3",
    )
    .bind(user.0)
    .bind(before.unwrap_or(i64::MAX))
    .bind(limit) => fetch_all)?)
}

/// How many notices somebody has not read; counting stops at `limit`.
pub(crate) async fn unread(conn: &mut Conn<'_>, user: UserId, limit: i64) -> Result<i64, Fault> {
    Ok(run!(conn, sqlx::query_scalar(
        "select count(*) from (select 1 from notice where user_id = $1 and read_at is null \
         limit $2) found",
    )
    .bind(user.0)
    .bind(limit) => fetch_one)?)
}

/// Notes that somebody has read one of their notices. `false`: it is not theirs.
pub(crate) async fn mark_read(
    conn: &mut Conn<'_>,
    user: UserId,
    id: i64,
    now: Instant,
) -> Result<bool, Fault> {
    let marked = run!(conn, sqlx::query(
        "update notice set read_at = coalesce(read_at, $3) where user_id = $1 and id = $2",
    )
    .bind(user.0)
    .bind(id)
    .bind(Time(now)) => rows_affected)?;
    Ok(marked == 1)
}

/// Notes that somebody has read their notices up to one of them.
pub(crate) async fn mark_all_read(
    conn: &mut Conn<'_>,
    user: UserId,
    up_to: i64,
    now: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "update notice set read_at = $3 where user_id = $1 and read_at is null and id <= $2",
    )
    .bind(user.0)
    .bind(up_to)
    .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// Removes notices from before an instant, so many at most.
pub(crate) async fn purge(conn: &mut Conn<'_>, before: Instant) -> Result<u64, Fault> {
    Ok(run!(conn, sqlx::query(
        "delete from notice where id in (select id from notice where created_at <= $1 \
         order by created_at limit $2)",
    )
    .bind(Time(before))
    .bind(PURGED_AT_ONCE) => rows_affected)?)
}

/// How far the ends of something were told: the end of the last one that was looked at, and which
/// it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) at: Instant,
    pub(crate) last: String,
}

#[derive(FromRow)]
struct MarkRow {
    at: Time,
    last: String,
}

/// The mark of that name, kept for this transaction alone; it is made at `begin` if there is none.
pub(crate) async fn lock_mark(
    conn: &mut Conn<'_>,
    name: &str,
    begin: Instant,
) -> Result<Mark, Fault> {
    // An update locks the row on PostgreSQL; SQLite holds the write lock already.
    let row = run!(conn, sqlx::query_as::<_, MarkRow>(
        "insert into notice_mark (name, at, last) values ($1, $2, '') \
         on conflict (name) do update set name = excluded.name returning at, last",
    )
    .bind(name)
    .bind(Time(begin)) => fetch_one)?;
    Ok(Mark {
        at: row.at.0,
        last: row.last,
    })
}

/// Moves a mark that is locked.
pub(crate) async fn move_mark(conn: &mut Conn<'_>, name: &str, to: &Mark) -> Result<(), Fault> {
    run!(conn, sqlx::query("update notice_mark set at = $2, last = $3 where name = $1")
        .bind(name)
        .bind(Time(to.at))
        .bind(&*to.last) => rows_affected)?;
    Ok(())
}

/// Keys that end after a mark and at `until` at the latest, in the order of their ends.
pub(crate) async fn keys_ending(
    conn: &mut Conn<'_>,
    after: &Mark,
    until: Instant,
    limit: i64,
) -> Result<Vec<KeyRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, KeyRow>(select_key!(
        "where k.deleted_at is null and (k.expires_at, k.tag) > ($1, $2) and k.expires_at <= $3 \
         order by k.expires_at, k.tag limit $4"
    ))
    .bind(Time(after.at))
    .bind(&*after.last)
    .bind(Time(until))
    .bind(limit) => fetch_all)?)
}

/// Tickets that wait, end after a mark and at `until` at the latest, in the order of their ends.
pub(crate) async fn tickets_ending(
    conn: &mut Conn<'_>,
    after: &Mark,
    until: Instant,
    limit: i64,
) -> Result<Vec<i64>, Fault> {
    let last = after.last.parse().unwrap_or(0_i64);
    Ok(run!(conn, sqlx::query_scalar(
        "select id from ticket where state in ('PENDING', 'APPROVED') \
         and (expires_at, id) > ($1, $2) and expires_at <= $3 order by expires_at, id limit $4",
    )
    .bind(Time(after.at))
    .bind(last)
    .bind(Time(until))
    .bind(limit) => fetch_all)?)
}

/// Keys that were replaced, still work, and were used since, and whose use was not told.
pub(crate) async fn old_keys_used(
    conn: &mut Conn<'_>,
    now: Instant,
    limit: i64,
) -> Result<Vec<KeyRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, KeyRow>(select_key!(
        "where k.deleted_at is null and k.retires_at is not null and k.retires_at > $1 \
         and exists (select 1 from api_key n where n.user_id = k.user_id \
             and n.deleted_at is null and n.retires_at is null and n.created_at < k.last_used_at) \
         and not exists (select 1 from old_key_told t where t.tag = k.tag) \
         order by k.retires_at, k.tag limit $2"
    ))
    .bind(Time(now))
    .bind(limit) => fetch_all)?)
}

/// Notes that the use of a key was told. `false`: it was told before.
pub(crate) async fn note_old_key(conn: &mut Conn<'_>, tag: &Tag) -> Result<bool, Fault> {
    let noted = run!(conn, sqlx::query(
        "insert into old_key_told (tag) values ($1) on conflict do nothing",
    )
    .bind(tag.as_str()) => rows_affected)?;
    Ok(noted == 1)
}
