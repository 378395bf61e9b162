//! Lists of keys: filter, sort and part, as SQL.

use domain::{
    Instant,
    filter::{Comparison, Expr, Literal},
    key::{ApiKey, State},
    principal::UserId,
};

use super::{KeyRow, select_key};
use crate::{
    fault::Fault,
    keys::{KeyField, KeyQuery},
    store::{
        Conn, Sql, Time,
        filter::{Columns, Ties, fetch_all, fetch_count, push_filter, push_part, push_place},
        sql::Arg,
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
    fetch_count(conn, sql).await
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
    let columns = KeyColumns { now };
    push_place(&mut sql, query, TIES, &columns);
    push_part(&mut sql, query, TIES, &columns);
    fetch_all(conn, sql).await
}

/// A retiring key stands after the current one; the tag makes the order total.
const TIES: Ties = &["u.id", "(k.retires_at is not null)", "k.tag"];

/// What a key has of the order, as it is stored: of its uses what is written.
pub(crate) fn key(key: &ApiKey, query: &KeyQuery) -> Vec<Literal> {
    let sorted = query.sort.iter().map(|by| value(key, by.field));
    let ties = [
        Literal::Number(key.owner.id.0),
        Literal::Bool(key.retires_at.is_some()),
        Literal::Text(key.tag.to_string()),
    ];
    sorted.chain(ties).collect()
}

fn value(key: &ApiKey, field: KeyField) -> Literal {
    let (owner, issuer) = (&key.owner.principal, &key.issuer.principal);
    let used = key.last_used.as_ref();
    let text = match field {
        KeyField::Created => return Literal::Instant(key.created_at),
        KeyField::Expires => return Literal::Instant(key.expires_at),
        KeyField::Modified => return Literal::Instant(key.modified_at),
        KeyField::SamlValidated => return Literal::Bool(key.saml_validated),
        KeyField::LastUsed => {
            return Literal::Instant(used.map_or(Instant::UNIX_EPOCH, |used| used.at));
        }
        KeyField::Tag => key.tag.as_str(),
        KeyField::UserName => &owner.name,
        KeyField::UserDomain => &owner.domain,
        KeyField::UserDomainType => owner.domain_type.as_str(),
        KeyField::Description => &key.description,
        KeyField::IssuerName => &issuer.name,
        KeyField::IssuerDomain => &issuer.domain,
        KeyField::IssuerDomainType => issuer.domain_type.as_str(),
        KeyField::LastUsedAddress => used.map_or("", |used| &used.address),
        KeyField::State => key.state.as_str(),
    };
    Literal::Text(text.to_owned())
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
        push_filter(sql, filter, &KeyColumns { now });
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

/// The columns of keys, states as they are `now`.
struct KeyColumns {
    now: Instant,
}

impl Columns for KeyColumns {
    type Field = KeyField;

    fn push(&self, sql: &mut Sql, field: KeyField) {
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
            KeyField::State => return push_state(sql, self.now),
        });
    }

    /// Never used sorts before all use.
    fn push_sort(&self, sql: &mut Sql, field: KeyField) {
        match field {
            KeyField::LastUsed => {
                sql.push("coalesce(k.last_used_at, 0)");
            }
            KeyField::LastUsedAddress => {
                sql.push("coalesce(k.last_used_address, '')");
            }
            field => self.push(sql, field),
        }
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
