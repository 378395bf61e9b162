//! Lists of users: filter, sort and part, as SQL.

use domain::{filter::Literal, principal::Identity};
use sqlx::FromRow;

use super::identity;
use crate::{
    fault::Fault,
    list::Page,
    store::{
        Conn, Sql,
        filter::{Columns, Ties, fetch_all, fetch_count, push_filter, push_part, push_place},
        sql::Arg,
    },
    users::{UserField, UserQuery},
};

#[derive(FromRow)]
struct NameRow {
    id: i64,
    domain_type: String,
    domain: String,
    name: String,
}

/// The users that match, and hold `role` if there is one.
pub(crate) async fn page(
    conn: &mut Conn<'_>,
    role: Option<i64>,
    query: &UserQuery,
) -> Result<Page<Identity>, Fault> {
    let mut sql = Sql::new("select u.id, u.domain_type, u.domain, u.name from app_user u");
    push_where(&mut sql, role, query);
    push_place(&mut sql, query, TIES, &UserColumns);
    push_part(&mut sql, query, TIES, &UserColumns);
    let rows: Vec<NameRow> = fetch_all(conn, sql).await?;
    let items = rows
        .iter()
        .map(|row| identity(row.id, &row.domain_type, &row.domain, &row.name))
        .collect::<Result<_, Fault>>()?;
    if let Some(place) = &query.place {
        return Ok(Page::at(place, query.limit, items, |user| key(user, query)));
    }
    let mut sql = Sql::new("select count(*) from app_user u");
    push_where(&mut sql, role, query);
    Ok(Page::of(items, fetch_count(conn, sql).await?))
}

const TIES: Ties = &["u.id"];

/// What a user has of the order.
fn key(user: &Identity, query: &UserQuery) -> Vec<Literal> {
    let value = |field| {
        Literal::Text(match field {
            UserField::Name => user.principal.name.clone(),
            UserField::Domain => user.principal.domain.clone(),
            UserField::DomainType => user.principal.domain_type.as_str().to_owned(),
        })
    };
    let sorted = query.sort.iter().map(|key| value(key.field));
    sorted.chain([Literal::Number(user.id.0)]).collect()
}

fn push_where(sql: &mut Sql, role: Option<i64>, query: &UserQuery) {
    sql.push(" where true");
    if let Some(role) = role {
        sql.push(" and exists (select 1 from user_role g where g.user_id = u.id and g.role_id = ");
        sql.bind(Arg::Int(role)).push(")");
    }
    if let Some(filter) = &query.filter {
        sql.push(" and (");
        push_filter(sql, filter, &UserColumns);
        sql.push(")");
    }
}

struct UserColumns;

impl Columns for UserColumns {
    type Field = UserField;

    fn push(&self, sql: &mut Sql, field: UserField) {
        sql.push(match field {
            UserField::Name => "u.name",
            UserField::Domain => "u.domain",
            UserField::DomainType => "u.domain_type",
        });
    }
}
