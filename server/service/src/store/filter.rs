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
use crate::fault::Fault;

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
            sql.bind(match literal {
                Literal::Text(text) => Arg::Text(text.clone()),
                Literal::Instant(instant) => columns.instant(*instant),
                Literal::Bool(value) => Arg::Bool(*value),
                Literal::Number(number) => Arg::Int(*number),
            });
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

/// Writes ` order by` with the keys asked for; what makes the order total goes behind it.
pub(crate) fn push_order<C: Columns>(sql: &mut Sql, sort: &[SortKey<C::Field>], columns: &C) {
    sql.push(" order by ");
    for key in sort {
        columns.push_sort(sql, key.field);
        sql.push(if key.descending { " desc, " } else { ", " });
    }
}

/// Writes which part of the list is meant.
pub(crate) fn push_part(sql: &mut Sql, limit: u32, offset: u32) {
    sql.push(" limit ");
    sql.bind(Arg::Int(limit.into()));
    sql.push(" offset ");
    sql.bind(Arg::Int(offset.into()));
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
