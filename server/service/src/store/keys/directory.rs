//! The directory: every page is a short walk along an index, from a place in one of two directions.

#[cfg(test)]
mod plans;
mod search;
mod slices;
mod tally;

use domain::{
    Instant,
    directory::{Order, Slice},
};
use sqlx::FromRow;

use self::slices::{ACTIVE_MEASURE, Bound, Branch, Part, branches, ending_until, filter, tallied};
pub(crate) use self::{
    search::{Search, search_count, search_walk},
    tally::fold as fold_tally,
};
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
    sql.push_number(walk.limit);
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
            Part::InDays(days) => sql.bind(Arg::Time(Time(Bound::InDays(*days).at(now)))),
            Part::DaysAgo(days) => sql.bind(Arg::Time(Time(Bound::DaysAgo(*days).at(now)))),
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

/// How many keys each of the slices has; and whether these are all, or counting stopped at
/// [`domain::directory::MAX_COUNT`] within an hour that has very many.
pub(crate) async fn slice_counts(
    conn: &mut Conn<'_>,
    slices: &[Slice],
    visible: Visible,
    now: Instant,
) -> Result<Vec<(u64, bool)>, Fault> {
    let sql = match visible {
        Visible::Nothing => return Ok(vec![(0, true); slices.len()]),
        Visible::All => {
            let figures: Vec<_> = slices.iter().copied().map(tallied).collect();
            tally::totals_sql(&figures, now)
        }
        // One's own are few: the filters are asked.
        Visible::Own(_) => {
            let mut sql = Sql::new("");
            for (figure, slice) in (0..).zip(slices) {
                tally::push_part(&mut sql, figure);
                sql.push("false as edge, count(*) as keys from api_key k where ");
                push_parts(&mut sql, filter(*slice), now);
                push_visible(&mut sql, visible);
            }
            sql
        }
    };
    tally::add_up(conn, sql, slices.len()).await
}

#[derive(FromRow)]
struct EndRow {
    expires_at: Time,
}

/// How many active keys end on each of `days` days, the first from `now` to its end, which is counted
/// up to [`domain::directory::MAX_COUNT`].
pub(crate) async fn ends_per_day(
    conn: &mut Conn<'_>,
    visible: Visible,
    now: Instant,
    days: u32,
) -> Result<Vec<u64>, Fault> {
    let mut ends = vec![0; days as usize];
    let today = tally::day(now);
    let found = match visible {
        Visible::Nothing => Vec::new(),
        Visible::All => {
            let rest_of_today = vec![ending_until(Bound::At(tally::last_of(today)))];
            let keys = tally::add_up(conn, tally::totals_sql(&[rest_of_today], now), 1).await?;
            let later = i64::from(days) - 1;
            let mut found = tally::per_day(conn, ACTIVE_MEASURE, today + 1, later).await?;
            found.extend(keys.into_iter().map(|(keys, _)| (today, keys)));
            found
        }
        Visible::Own(_) => {
            let mut sql = Sql::new("select k.expires_at from api_key k where ");
            push_parts(&mut sql, filter(Slice::Active), now);
            push_visible(&mut sql, visible);
            let rows: Vec<EndRow> = fetch_all!(conn, sql);
            let day = |row: EndRow| (tally::day(row.expires_at.0), 1);
            rows.into_iter().map(day).collect()
        }
    };
    for (day, keys) in found {
        let place = usize::try_from(day - today).ok();
        if let Some(place) = place.and_then(|place| ends.get_mut(place)) {
            *place += keys;
        }
    }
    Ok(ends)
}
