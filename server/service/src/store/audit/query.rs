//! Lists of records: filter, sort and part, as SQL.

use chrono::SecondsFormat;
use domain::Instant;

use super::{RecordRow, select_record};
use crate::{
    audit::{RecordField, RecordQuery},
    fault::Fault,
    store::{
        Conn, Sql,
        filter::{Columns, Ties, fetch_all, fetch_count, push_filter, push_part, push_place},
        run,
        sql::Arg,
    },
};

/// How many records match.
pub(crate) async fn count(conn: &mut Conn<'_>, query: &RecordQuery) -> Result<u64, Fault> {
    let mut sql = Sql::new("select count(*) from audit_record ");
    push_where(&mut sql, query);
    fetch_count(conn, sql).await
}

/// The records that match, in order.
pub(crate) async fn list(
    conn: &mut Conn<'_>,
    query: &RecordQuery,
) -> Result<Vec<RecordRow>, Fault> {
    let mut sql = Sql::new(select_record!(""));
    push_where(&mut sql, query);
    push_place(&mut sql, query, TIES, &RecordColumns);
    push_part(&mut sql, query, TIES, &RecordColumns);
    fetch_all(conn, sql).await
}

const TIES: Ties = &["number"];

/// The record of that number.
pub(crate) async fn by_number(
    conn: &mut Conn<'_>,
    number: i64,
) -> Result<Option<RecordRow>, Fault> {
    Ok(
        run!(conn, sqlx::query_as::<_, RecordRow>(select_record!("where number = $1"))
        .bind(number) => fetch_optional)?,
    )
}

fn push_where(sql: &mut Sql, query: &RecordQuery) {
    sql.push("where true");
    if let Some(filter) = &query.filter {
        sql.push(" and (");
        push_filter(sql, filter, &RecordColumns);
        sql.push(")");
    }
}

/// Where the fields of a record stand. None of them is ever NULL.
struct RecordColumns;

impl Columns for RecordColumns {
    type Field = RecordField;

    fn push(&self, sql: &mut Sql, field: RecordField) {
        sql.push(match field {
            RecordField::Number => "number",
            RecordField::Category => "category",
            RecordField::Operation => "operation",
            RecordField::UserName => "actor_name",
            RecordField::DomainName => "actor_domain",
            RecordField::Time => "recorded_at",
        });
    }

    /// Records hold their time as text: the chain's hash covers it as such.
    fn instant(&self, instant: Instant) -> Arg {
        Arg::Text(instant.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}
