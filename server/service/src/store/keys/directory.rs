//! The directory: every page is a short walk along an index, from a place in one of two directions.

#[cfg(test)]
mod plans;
mod search;
mod slices;

use domain::{
    Instant,
    directory::{MAX_COUNT, Order, Slice},
};
use sqlx::FromRow;

pub(crate) use self::search::{Search, search_count, search_walk};
use self::slices::{Branch, Part, branches, counted};
use super::{KeyRow, Visible, key_columns};
use crate::{
    fault::Fault,
    store::{
        Conn, Sql, Time,
        sql::{Arg, bind_all},
    },
};

/// What a list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Number(i64),
    Text(String),
}

/// A key's place in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Searches list by one thing first, then by another.
    pub(crate) section: usize,
    pub(crate) value: Value,
    pub(crate) tag: String,
}

/// A key and its place.
pub(crate) struct Found {
    pub(crate) place: Place,
    pub(crate) row: KeyRow,
}

/// A part of a list, in the direction of the walk.
#[derive(Default)]
pub(crate) struct Stretch {
    pub(crate) found: Vec<Found>,
    /// Where a search gave up looking. `None`: it did not.
    pub(crate) cut: Option<Place>,
}

/// Which way, from where, how far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk<'a> {
    pub(crate) visible: Visible,
    pub(crate) now: Instant,
    pub(crate) descending: bool,
    /// Not included. `None`: from the end.
    pub(crate) from: Option<&'a Place>,
    pub(crate) limit: u32,
}

impl Walk<'_> {
    /// The walk's part in a section. `None`: it begins beyond it.
    fn within(self, section: usize) -> Option<Self> {
        let Some(from) = self.from else {
            return Some(self);
        };
        let passed = if self.descending {
            section > from.section
        } else {
            section < from.section
        };
        let from = (from.section == section).then_some(from);
        (!passed).then_some(Self { from, ..self })
    }
}

#[derive(FromRow)]
struct FoundRow {
    #[sqlx(flatten)]
    row: KeyRow,
    place: String,
}

#[derive(FromRow)]
struct CountRow {
    count: i64,
}

/// Runs a statement that was put together, whatever rows it answers.
macro_rules! fetch_all {
    ($conn:expr, $sql:expr) => {{
        let (text, args) = $sql.into_parts();
        match $conn {
            Conn::Sqlite(c) => {
                bind_all!(sqlx::query_as(text), args)
                    .fetch_all(&mut **c)
                    .await?
            }
            Conn::Postgres(c) => {
                bind_all!(sqlx::query_as(text), args)
                    .fetch_all(&mut **c)
                    .await?
            }
        }
    }};
}
use fetch_all;

/// Walks along a slice.
pub(crate) async fn walk(
    conn: &mut Conn<'_>,
    slice: Slice,
    order: Order,
    walk: Walk<'_>,
) -> Result<Stretch, Fault> {
    let mut found = Vec::new();
    if matches!(walk.visible, Visible::Nothing) {
        return Ok(Stretch::default());
    }
    let branches = branches(slice, order);
    for branch in &branches {
        let Some(walk) = walk.within(branch.section) else {
            continue;
        };
        let rows: Vec<FoundRow> = fetch_all!(conn, branch_sql(branch, walk));
        for row in rows {
            found.push(row.found(branch.section, branch.is_text())?);
        }
    }
    if branches.len() > 1 {
        found.sort_by(|one: &Found, other| one.place.cmp(&other.place));
        if walk.descending {
            found.reverse();
        }
        found.truncate(walk.limit as usize);
    }
    Ok(Stretch { found, cut: None })
}

fn branch_sql(branch: &Branch, walk: Walk<'_>) -> Sql {
    let key = branch.key;
    let mut sql = Sql::new(concat!("select ", key_columns!(), ", cast("));
    sql.push(key).push(" as text) as place from api_key k ");
    // The cross join keeps the order of the tables on SQLite; to PostgreSQL it is as any.
    sql.push("cross join app_user u where u.id = k.user_id and ");
    // Of two bounds on a column SQLite takes the first: the place must come before the slice's.
    if let Some(place) = walk.from {
        sql.push("(").push(key).push(", k.tag) ");
        sql.push(if walk.descending { "< (" } else { "> (" });
        push_place(&mut sql, place);
        sql.push(") and ");
    }
    push_parts(&mut sql, branch.condition, walk.now);
    push_visible(&mut sql, walk.visible);
    push_order(&mut sql, key, "k.tag", walk);
    sql
}

fn push_place(sql: &mut Sql, place: &Place) {
    sql.bind(match &place.value {
        Value::Number(number) => Arg::Int(*number),
        Value::Text(text) => Arg::Text(text.clone()),
    });
    sql.push(", ");
    sql.bind(Arg::Text(place.tag.clone()));
}

fn push_order(sql: &mut Sql, key: &'static str, tag: &'static str, walk: Walk<'_>) {
    let direction = if walk.descending { " desc" } else { "" };
    sql.push(" order by ").push(key).push(direction).push(", ");
    sql.push(tag).push(direction).push(" limit ");
    sql.bind(Arg::Int(walk.limit.into()));
}

fn push_visible(sql: &mut Sql, visible: Visible) {
    match visible {
        Visible::All => {}
        Visible::Own(user) => {
            sql.push(" and k.user_id = ").bind(Arg::Int(user.0));
        }
        Visible::Nothing => {
            sql.push(" and false");
        }
    }
}

fn push_parts(sql: &mut Sql, parts: &[Part], now: Instant) {
    for part in parts {
        match part {
            Part::Sql(text) => sql.push(text),
            Part::Now => sql.bind(Arg::Time(Time(now))),
            Part::InDays(days) => {
                let then = now + chrono::TimeDelta::days(*days);
                sql.bind(Arg::Time(Time(then)))
            }
        };
    }
}

impl FoundRow {
    fn found(self, section: usize, text: bool) -> Result<Found, Fault> {
        let Self { row, place } = self;
        let value = if text {
            Value::Text(place)
        } else {
            let number = place.parse();
            Value::Number(number.map_err(|_| Fault::Broken("a stored time is no number"))?)
        };
        let tag = row.tag.clone();
        let place = Place {
            section,
            value,
            tag,
        };
        Ok(Found { place, row })
    }
}

/// How many keys a slice has, up to one more than [`MAX_COUNT`].
pub(crate) async fn slice_count(
    conn: &mut Conn<'_>,
    slice: Slice,
    visible: Visible,
    now: Instant,
) -> Result<u64, Fault> {
    if matches!(visible, Visible::Nothing) {
        return Ok(0);
    }
    let enough = i64::try_from(MAX_COUNT).unwrap_or(i64::MAX) + 1;
    let mut total = 0;
    for condition in counted(slice) {
        let sql = count_sql(condition, visible, now, enough - total);
        let rows: Vec<CountRow> = fetch_all!(conn, sql);
        total += rows.first().map_or(0, |row| row.count);
        if total >= enough {
            break;
        }
    }
    u64::try_from(total).map_err(|_| Fault::Broken("a negative count"))
}

fn count_sql(condition: &[Part], visible: Visible, now: Instant, limit: i64) -> Sql {
    let mut sql = Sql::new("select count(*) as count from (select 1 as one from api_key k where ");
    push_parts(&mut sql, condition, now);
    push_visible(&mut sql, visible);
    sql.push(" limit ").bind(Arg::Int(limit)).push(") x");
    sql
}

#[derive(FromRow)]
struct DayRow {
    day: i64,
    ends: i64,
}

/// How many active keys end on each of `days` days, the first from `now` to its end; each is
/// counted up to [`MAX_COUNT`].
pub(crate) async fn ends_per_day(
    conn: &mut Conn<'_>,
    visible: Visible,
    now: Instant,
    days: u32,
) -> Result<Vec<(u32, u64)>, Fault> {
    const DAY: i64 = 86_400_000_000;
    let start = now.timestamp_micros().div_euclid(DAY) * DAY;
    let mut sql = Sql::new("with recursive days (day) as (select cast(0 as bigint) union all ");
    sql.push("select day + 1 from days where day + 1 < ");
    sql.bind(Arg::Int(days.into()));
    sql.push(") select day, (select count(*) from (select 1 as one from api_key k where ");
    // The day's bounds before the slice's: see `branch_sql`.
    for (bound, first) in [("k.expires_at >= ", 0), ("k.expires_at < ", DAY)] {
        sql.push(bound).bind(Arg::Int(start + first));
        sql.push(" + days.day * 86400000000 and ");
    }
    push_parts(&mut sql, slices::filter(Slice::Active), now);
    push_visible(&mut sql, visible);
    sql.push(" limit ").bind(Arg::Int(MAX_COUNT.cast_signed()));
    sql.push(") x) as ends from days order by day");
    let rows: Vec<DayRow> = fetch_all!(conn, sql);
    let number = |row: &DayRow| Some((u32::try_from(row.day).ok()?, u64::try_from(row.ends).ok()?));
    let numbers = rows.iter().map(number).collect::<Option<_>>();
    numbers.ok_or(Fault::Broken("a negative count"))
}
