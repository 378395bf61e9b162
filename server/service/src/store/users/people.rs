//! The list of users by name: every page is a short walk along the index.

use domain::principal::UserId;
use sqlx::FromRow;

use super::UserRow;
use crate::{
    fault::Fault,
    store::{
        Conn, Sql,
        filter::{fetch_all, fetch_count},
        run,
        sql::Arg,
    },
};

/// Names from one text up to, but without, another. `None`: to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from: String,
    pub(crate) to: Option<String>,
}

/// A user's place in the list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) id: i64,
}

/// A user and their place.
#[derive(Debug, FromRow)]
pub(crate) struct PlacedRow {
    #[sqlx(flatten)]
    pub(crate) row: UserRow,
    sought: String,
}

impl PlacedRow {
    pub(crate) fn place(&self) -> Place {
        Place {
            name: self.sought.clone(),
            id: self.row.id,
        }
    }
}

/// Which way from where.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way<'a> {
    Beginning,
    After(&'a Place),
    Before(&'a Place),
}

/// The users of a range, in the direction of the way.
pub(crate) async fn walk(
    conn: &mut Conn<'_>,
    range: &Range,
    way: Way<'_>,
    limit: u32,
) -> Result<Vec<PlacedRow>, Fault> {
    let mut sql = Sql::new(
        "select id, domain_type, domain, name, password_hash, password_change_needed, \
         self_service_withdrawn, disabled_at, created_at, lower(name_folded) as sought \
         from app_user where true",
    );
    // SQLite compares pairs row by row: the bounds say where in the index to begin.
    match way {
        Way::After(place) => {
            let from = range.from.clone().max(place.name.clone());
            let to = range.to.clone();
            push_range(&mut sql, &Range { from, to });
            push_place(&mut sql, " and (lower(name_folded), id) > (", place);
        }
        Way::Before(place) if range.to.as_ref().is_none_or(|to| place.name < *to) => {
            let (from, to) = (range.from.clone(), None);
            push_range(&mut sql, &Range { from, to });
            sql.push(" and lower(name_folded) <= ");
            sql.bind(Arg::Text(place.name.clone()));
            push_place(&mut sql, " and (lower(name_folded), id) < (", place);
        }
        // There is no place, or it is beyond the range.
        Way::Beginning | Way::Before(_) => push_range(&mut sql, range),
    }
    sql.push(match way {
        Way::Beginning | Way::After(_) => " order by lower(name_folded), id limit ",
        Way::Before(_) => " order by lower(name_folded) desc, id desc limit ",
    });
    sql.bind(Arg::Int(limit.into()));
    fetch_all(conn, sql).await
}

/// How many users a range has, up to `most`.
pub(crate) async fn count(conn: &mut Conn<'_>, range: &Range, most: u64) -> Result<u64, Fault> {
    let mut sql = Sql::new("select count(*) from (select 1 as one from app_user where true");
    push_range(&mut sql, range);
    sql.push(" limit ").bind(Arg::Int(most.cast_signed()));
    sql.push(") x");
    fetch_count(conn, sql).await
}

fn push_range(sql: &mut Sql, range: &Range) {
    if !range.from.is_empty() {
        sql.push(" and lower(name_folded) >= ");
        sql.bind(Arg::Text(range.from.clone()));
    }
    if let Some(to) = &range.to {
        sql.push(" and lower(name_folded) < ");
        sql.bind(Arg::Text(to.clone()));
    }
}

fn push_place(sql: &mut Sql, comparison: &'static str, place: &Place) {
    sql.push(comparison).bind(Arg::Text(place.name.clone()));
    sql.push(", ").bind(Arg::Int(place.id)).push(")");
}

/// Where a user stands in the list.
pub(crate) async fn place_of(conn: &mut Conn<'_>, id: UserId) -> Result<Option<Place>, Fault> {
    let found: Option<String> = run!(conn, sqlx::query_scalar(
        "select lower(name_folded) from app_user where id = $1",
    )
    .bind(id.0) => fetch_optional)?;
    Ok(found.map(|name| Place { name, id: id.0 }))
}

/// The roles of these users: user number, role number, role name.
pub(crate) async fn roles_of(
    conn: &mut Conn<'_>,
    users: &[i64],
) -> Result<Vec<(i64, i64, String)>, Fault> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(
        "select g.user_id, r.id, r.name from user_role g join role r on r.id = g.role_id \
         where g.user_id in ",
    );
    sql.bind_list(users.iter().copied().map(Arg::Int));
    sql.push(" order by g.user_id, r.id");
    fetch_all(conn, sql).await
}

/// The holders of a role after one of them, in the order of their numbers.
pub(crate) async fn holders(
    conn: &mut Conn<'_>,
    role: i64,
    after: i64,
    limit: u32,
) -> Result<Vec<UserRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, UserRow>(
        "select u.id, u.domain_type, u.domain, u.name, u.password_hash, \
         u.password_change_needed, u.self_service_withdrawn, u.disabled_at, u.created_at \
         from user_role g join app_user u on u.id = g.user_id \
         where g.role_id = $1 and g.user_id > $2 order by g.user_id limit $3",
    )
    .bind(role)
    .bind(after)
    .bind(i64::from(limit)) => fetch_all)?)
}

/// How many hold each role, up to `most`.
pub(crate) async fn holders_per_role(
    conn: &mut Conn<'_>,
    most: i64,
) -> Result<Vec<(i64, i64)>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, (i64, i64)>(
        "select r.id, (select count(*) from \
         (select 1 as one from user_role g where g.role_id = r.id limit $1) x) \
         from role r order by r.id",
    )
    .bind(most) => fetch_all)?)
}
