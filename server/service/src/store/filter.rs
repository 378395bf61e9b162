//! Filters, orders and parts of lists as SQL, whatever the list is of.

use domain::{
    Instant,
    filter::{Comparison, Expr, Literal, SortKey},
};
use sqlx::{FromRow, postgres::PgRow, sqlite::SqliteRow};

use super::{
    Conn, Sql, Time,
    sql::{Arg, bind_all},
};
use crate::{
    fault::Fault,
    list::{Place, Query},
};

/// Where a list's fields stand in the database.
pub(crate) trait Columns {
    /// The list's name for a field.
    type Field: Copy;

    /// Writes the column, or what it is computed by.
    fn push(&self, sql: &mut Sql, field: Self::Field);

    /// The same for a sort order. NULL sorts first on one database and last on the other, so
    /// columns that may be NULL need something in its place.
    fn push_sort(&self, sql: &mut Sql, field: Self::Field) {
        self.push(sql, field);
    }

    /// An instant as these columns hold it.
    fn instant(&self, instant: Instant) -> Arg {
        Arg::Time(Time(instant))
    }
}

/// Writes a filter as a condition.
pub(crate) fn push_filter<C: Columns>(sql: &mut Sql, filter: &Expr<C::Field>, columns: &C) {
    match filter {
        Expr::And(left, right) => push_pair(sql, left, " and ", right, columns),
        Expr::Or(left, right) => push_pair(sql, left, " or ", right, columns),
        Expr::Not(inner) => {
            sql.push("not (");
            push_filter(sql, inner, columns);
            sql.push(")");
        }
        Expr::Compare(field, comparison, literal) => {
            columns.push(sql, *field);
            sql.push(match comparison {
                Comparison::Eq => " = ",
                Comparison::Ne => " <> ",
                Comparison::Lt => " < ",
                Comparison::Le => " <= ",
                Comparison::Gt => " > ",
                Comparison::Ge => " >= ",
            });
            sql.bind(arg(literal, columns));
        }
        // LIKE minds case on one database and not on the other; these do on both.
        Expr::Contains(field, text) => {
            if text.is_empty() {
                sql.push("true");
                return;
            }
            sql.push("replace(");
            columns.push(sql, *field);
            sql.push(", ");
            sql.bind(Arg::Text(text.clone()));
            sql.push(", '') <> ");
            columns.push(sql, *field);
        }
        Expr::StartsWith(field, text) => {
            sql.push("substr(");
            columns.push(sql, *field);
            sql.push(", 1, ");
            let characters = i32::try_from(text.chars().count()).unwrap_or(i32::MAX);
            // PostgreSQL's substr takes a 32-bit length.
            sql.push("cast(");
            sql.bind(Arg::Int(characters.into()));
            sql.push(" as integer)) = ");
            sql.bind(Arg::Text(text.clone()));
        }
    }
}

fn push_pair<C: Columns>(
    sql: &mut Sql,
    left: &Expr<C::Field>,
    operator: &'static str,
    right: &Expr<C::Field>,
    columns: &C,
) {
    sql.push("(");
    push_filter(sql, left, columns);
    sql.push(operator);
    push_filter(sql, right, columns);
    sql.push(")");
}

fn arg<C: Columns>(literal: &Literal, columns: &C) -> Arg {
    match literal {
        Literal::Text(text) => Arg::Text(text.clone()),
        Literal::Instant(instant) => columns.instant(*instant),
        Literal::Bool(value) => Arg::Bool(*value),
        Literal::Number(number) => Arg::Int(*number),
    }
}

/// What makes an order total, ascending: columns that together are each item's own.
pub(crate) type Ties = &'static [&'static str];

/// Writes ` order by` and which part of the list is meant: by offset, or one item more than asked
/// from a place on, in the direction of walking.
pub(crate) fn push_part<C: Columns>(
    sql: &mut Sql,
    query: &Query<C::Field>,
    ties: Ties,
    columns: &C,
) {
    let back = query.place.as_ref().is_some_and(|place| !place.forward);
    for index in 0..query.sort.len() + ties.len() {
        sql.push(if index == 0 { " order by " } else { ", " });
        push_key(sql, &query.sort, ties, columns, index);
        if descends(&query.sort, index) != back {
            sql.push(" desc");
        }
    }
    sql.push(" limit ");
    if query.place.is_some() {
        sql.bind(Arg::Int(i64::from(query.limit) + 1));
    } else {
        sql.bind(Arg::Int(query.limit.into()));
        sql.push(" offset ");
        sql.bind(Arg::Int(query.offset.into()));
    }
}

/// Writes ` and (…)`: what comes after a place, in the direction of walking. `(a > x) or (a = x and
/// b > y) or …`, behind `a >= x`, by which an index is entered.
pub(crate) fn push_place<C: Columns>(
    sql: &mut Sql,
    query: &Query<C::Field>,
    ties: Ties,
    columns: &C,
) {
    let Some(Place {
        forward,
        at: Some(at),
    }) = &query.place
    else {
        return;
    };
    let sort = &query.sort;
    let compare = |sql: &mut Sql, index: usize, operator: &'static str| {
        push_key(sql, sort, ties, columns, index);
        sql.push(operator);
        if let Some(literal) = at.get(index) {
            sql.bind(arg(literal, columns));
        }
    };
    let beyond = |index: usize, upwards, downwards| {
        if descends(sort, index) == *forward {
            downwards
        } else {
            upwards
        }
    };
    sql.push(" and ");
    compare(sql, 0, beyond(0, " >= ", " <= "));
    sql.push(" and (");
    for index in 0..at.len() {
        sql.push(if index == 0 { "(" } else { " or (" });
        for equal in 0..index {
            compare(sql, equal, " = ");
            sql.push(" and ");
        }
        compare(sql, index, beyond(index, " > ", " < "));
        sql.push(")");
    }
    sql.push(")");
}

fn descends<F>(sort: &[SortKey<F>], index: usize) -> bool {
    sort.get(index).is_some_and(|key| key.descending)
}

fn push_key<C: Columns>(
    sql: &mut Sql,
    sort: &[SortKey<C::Field>],
    ties: Ties,
    columns: &C,
    index: usize,
) {
    match sort.get(index) {
        Some(key) => columns.push_sort(sql, key.field),
        None => {
            sql.push(ties.get(index - sort.len()).copied().unwrap_or("true"));
        }
    }
}

/// The rows of a statement.
pub(crate) async fn fetch_all<T>(conn: &mut Conn<'_>, sql: Sql) -> Result<Vec<T>, Fault>
where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let (text, args) = sql.into_parts();
    Ok(match conn {
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
    })
}

/// The one number that a statement counts.
pub(crate) async fn fetch_count(conn: &mut Conn<'_>, sql: Sql) -> Result<u64, Fault> {
    let counted: Vec<(i64,)> = fetch_all(conn, sql).await?;
    counted
        .first()
        .and_then(|(count,)| u64::try_from(*count).ok())
        .ok_or(Fault::Broken("a count that is none"))
}
