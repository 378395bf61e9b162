//! The trail by time, the newest first, narrowed: every page is a walk along an index.

use chrono::SecondsFormat;
use domain::Instant;

use super::{RecordRow, select_record};
use crate::{
    audit::{TrailFilter, What},
    fault::Fault,
    store::{
        Conn, Sql,
        filter::{fetch_all, fetch_count},
        run,
        sql::Arg,
    },
};

/// The newest records that fit and are older than the one of that number.
pub(crate) async fn trail(
    conn: &mut Conn<'_>,
    filter: &TrailFilter,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<RecordRow>, Fault> {
    let mut sql = Sql::new(select_record!("where true"));
    if let Some(number) = before {
        let Some(place) = time_of(conn, number).await? else {
            return Ok(Vec::new());
        };
        // The end of the stretch of time, unless the place comes first: the one bound says where
        // in the index to begin.
        let until = filter.until.filter(|until| text(*until) <= place);
        push_filter(
            &mut sql,
            &TrailFilter {
                until,
                ..filter.clone()
            },
        );
        if until.is_none() {
            sql.push(" and recorded_at <= ")
                .bind(Arg::Text(place.clone()));
        }
        sql.push(" and (recorded_at, number) < (");
        sql.bind(Arg::Text(place)).push(", ");
        sql.bind(Arg::Int(number)).push(")");
    } else {
        push_filter(&mut sql, filter);
    }
    sql.push(" order by recorded_at desc, number desc limit ");
    sql.bind(Arg::Int(limit.into()));
    fetch_all(conn, sql).await
}

/// When the record of that number was written, as it stands there.
async fn time_of(conn: &mut Conn<'_>, number: i64) -> Result<Option<String>, Fault> {
    Ok(run!(conn, sqlx::query_scalar(
        "select recorded_at from audit_record where number = $1",
    )
    .bind(number) => fetch_optional)?)
}

/// How many records fit, up to `most`.
pub(crate) async fn trail_count(
    conn: &mut Conn<'_>,
    filter: &TrailFilter,
    most: u64,
) -> Result<u64, Fault> {
    let mut sql = Sql::new("select count(*) from (select 1 as one from audit_record where true");
    push_filter(&mut sql, filter);
    sql.push(" limit ").bind(Arg::Int(most.cast_signed()));
    sql.push(") x");
    fetch_count(conn, sql).await
}

fn push_filter(sql: &mut Sql, filter: &TrailFilter) {
    let mut push_text = |condition, text: &str| {
        sql.push(condition).bind(Arg::Text(text.to_owned()));
    };
    if let Some(user) = &filter.user {
        push_text(" and actor_name = ", user);
    }
    if let Some(object) = &filter.object {
        push_text(" and object = ", object);
    }
    if let Some(address) = &filter.address {
        push_text(" and address = ", address);
    }
    match &filter.what {
        Some(What::Category(name)) => push_text(" and category = ", name),
        Some(What::Action(name)) => push_text(" and action = ", name),
        None => {}
    }
    if let Some(from) = filter.from {
        push_text(" and recorded_at >= ", &text(from));
    }
    if let Some(until) = filter.until {
        push_text(" and recorded_at < ", &text(until));
    }
    if filter.refused {
        sql.push(" and outcome = 'refused'");
    }
}

/// Records hold their time as text: the chain's hash covers it as such.
fn text(instant: Instant) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Micros, true)
}
