//! Lists of keys: filter, sort and part, as SQL.

use domain::{
    Instant,
    filter::{Comparison, Expr, Literal},
    key::State,
    principal::UserId,
};
use sqlx::FromRow;

use super::{KeyRow, select_key};
use crate::{
    fault::Fault,
    keys::{KeyField, KeyQuery},
    store::{
        Conn, Sql, Time,
        sql::{Arg, bind_all},
    },
};

/// Which keys the caller may know of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Visible {
    /// Everybody's.
    All,
    /// One user's own.
    Own(UserId),
    /// None.
    Nothing,
}

#[derive(FromRow)]
struct Count {
    count: i64,
}

/// How many keys match.
pub(crate) async fn count(
    conn: &mut Conn<'_>,
    query: &KeyQuery,
    visible: Visible,
    now: Instant,
) -> Result<u64, Fault> {
    let mut sql =
        Sql::new("select count(*) as count from api_key k join app_user u on u.id = k.user_id ");
    push_where(&mut sql, query, visible, now);
    let (text, args) = sql.into_parts();
    let Count { count } = match conn {
        Conn::Sqlite(c) => {
            bind_all!(sqlx::query_as(text), args)
                .fetch_one(&mut **c)
                .await?
        }
        Conn::Postgres(c) => {
            bind_all!(sqlx::query_as(text), args)
                .fetch_one(&mut **c)
                .await?
        }
    };
    u64::try_from(count).map_err(|_| Fault::Broken("a negative count"))
}

/// The keys that match, in order.
pub(crate) async fn list(
    conn: &mut Conn<'_>,
    query: &KeyQuery,
    visible: Visible,
    now: Instant,
) -> Result<Vec<KeyRow>, Fault> {
    let mut sql = Sql::new(select_key!(""));
    push_where(&mut sql, query, visible, now);
    sql.push(" order by ");
    for key in &query.sort {
        push_sort_column(&mut sql, key.field, now);
        sql.push(if key.descending { " desc, " } else { ", " });
    }
    // A retiring key stands after the current one; the tag makes the order total.
    sql.push("u.id, k.retires_at is not null, k.tag limit ");
    sql.bind(Arg::Int(query.limit.into()));
    sql.push(" offset ");
    sql.bind(Arg::Int(query.offset.into()));
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

fn push_where(sql: &mut Sql, query: &KeyQuery, visible: Visible, now: Instant) {
    sql.push(match visible {
        Visible::Nothing => "where false",
        Visible::All | Visible::Own(_) => "where true",
    });
    if let Visible::Own(user) = visible {
        sql.push(" and k.user_id = ");
        sql.bind(Arg::Int(user.0));
    }
    if !query.filter.as_ref().is_some_and(asks_for_deleted) {
        sql.push(" and k.deleted_at is null and (k.retires_at is null or k.retires_at > ");
        sql.bind(Arg::Time(Time(now)));
        sql.push(")");
    }
    if let Some(filter) = &query.filter {
        sql.push(" and (");
        push_filter(sql, filter, now);
        sql.push(")");
    }
}

/// Whether a filter asks for `state eq 'DELETED'` anywhere: only then are tombstones listed.
fn asks_for_deleted(filter: &Expr<KeyField>) -> bool {
    match filter {
        Expr::And(left, right) | Expr::Or(left, right) => {
            asks_for_deleted(left) || asks_for_deleted(right)
        }
        Expr::Compare(KeyField::State, Comparison::Eq, Literal::Text(text)) => {
            text == State::Deleted.as_str()
        }
        Expr::Not(_) | Expr::Compare(..) | Expr::Contains(..) | Expr::StartsWith(..) => false,
    }
}

fn push_filter(sql: &mut Sql, filter: &Expr<KeyField>, now: Instant) {
    match filter {
        Expr::And(left, right) => push_pair(sql, left, " and ", right, now),
        Expr::Or(left, right) => push_pair(sql, left, " or ", right, now),
        Expr::Not(inner) => {
            sql.push("not (");
            push_filter(sql, inner, now);
            sql.push(")");
        }
        Expr::Compare(field, comparison, literal) => {
            push_column(sql, *field, now);
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
                Literal::Instant(instant) => Arg::Time(Time(*instant)),
                Literal::Bool(value) => Arg::Bool(*value),
            });
        }
        // LIKE minds case on one database and not on the other; these do on both.
        Expr::Contains(field, text) => {
            if text.is_empty() {
                sql.push("true");
                return;
            }
            sql.push("replace(");
            push_column(sql, *field, now);
            sql.push(", ");
            sql.bind(Arg::Text(text.clone()));
            sql.push(", '') <> ");
            push_column(sql, *field, now);
        }
        Expr::StartsWith(field, text) => {
            sql.push("substr(");
            push_column(sql, *field, now);
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

fn push_pair(
    sql: &mut Sql,
    left: &Expr<KeyField>,
    operator: &'static str,
    right: &Expr<KeyField>,
    now: Instant,
) {
    sql.push("(");
    push_filter(sql, left, now);
    sql.push(operator);
    push_filter(sql, right, now);
    sql.push(")");
}

fn push_column(sql: &mut Sql, field: KeyField, now: Instant) {
    sql.push(match field {
        KeyField::Tag => "k.tag",
        KeyField::UserName => "u.name",
        KeyField::UserDomain => "u.domain",
        KeyField::UserDomainType => "u.domain_type",
        KeyField::Created => "k.created_at",
        KeyField::Expires => "k.expires_at",
        KeyField::Modified => "k.modified_at",
        KeyField::Description => "k.description",
        KeyField::SamlValidated => "k.saml_validated",
        KeyField::IssuerName => "k.issuer_name",
        KeyField::IssuerDomain => "k.issuer_domain",
        KeyField::IssuerDomainType => "k.issuer_domain_type",
        KeyField::LastUsed => "k.last_used_at",
        KeyField::LastUsedAddress => "k.last_used_address",
        KeyField::State => return push_state(sql, now),
    });
}

/// NULL sorts first on one database and last on the other: never used sorts before all use.
fn push_sort_column(sql: &mut Sql, field: KeyField, now: Instant) {
    match field {
        KeyField::LastUsed => {
            sql.push("coalesce(k.last_used_at, 0)");
        }
        KeyField::LastUsedAddress => {
            sql.push("coalesce(k.last_used_address, '')");
        }
        field => push_column(sql, field, now),
    }
}

/// [`domain::key::Facts::state`] in SQL; a test holds the two together.
fn push_state(sql: &mut Sql, now: Instant) {
    let now = || Arg::Time(Time(now));
    sql.push("case when k.deleted_at is not null or k.retires_at <= ");
    sql.bind(now());
    sql.push(" then 'DELETED' when k.revoked_at is not null then 'REVOKED'");
    sql.push(" when u.disabled_at is not null then 'DISABLED' when k.expires_at <= ");
    sql.bind(now());
    sql.push(" then 'EXPIRED' when k.awaiting_sign_in then 'INACTIVE'");
    sql.push(" when k.retires_at is not null then 'RETIRING' else 'ACTIVE' end");
}
