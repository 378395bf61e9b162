//! Lists of sessions: filter, sort and part, as SQL.

use domain::{Instant, filter::Literal, key::Tag, principal::UserId};
use sqlx::FromRow;

use super::ListedSession;
use crate::{
    fault::Fault,
    list::Page,
    sessions::search::{SessionField, SessionQuery, UserSession},
    store::{
        Conn, Sql, Time,
        filter::{Columns, Ties, fetch_all, fetch_count, push_filter, push_part, push_place},
        sql::Arg,
        users::identity,
    },
};

/// Which sessions have not ended, and whose are meant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Live {
    pub(crate) now: Instant,
    /// A browser's session that was not used after this has ended.
    pub(crate) seen_after: Instant,
    /// `None`: everybody's.
    pub(crate) of: Option<UserId>,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    session: ListedSession,
    key_tag: Option<String>,
    user_id: i64,
    domain_type: String,
    domain: String,
    name: String,
}

impl Row {
    fn read(self, current: Option<&str>) -> Result<UserSession, Fault> {
        let tag = self.key_tag.as_deref().map(Tag::parse).transpose();
        Ok(UserSession {
            owner: identity(self.user_id, &self.domain_type, &self.domain, &self.name)?,
            key: tag.map_err(|_| Fault::Broken("a stored tag is no tag"))?,
            view: self.session.view(current),
        })
    }
}

const TIES: Ties = &["s.id"];

/// The sessions that match.
pub(crate) async fn page(
    conn: &mut Conn<'_>,
    live: Live,
    query: &SessionQuery,
    current: Option<&str>,
) -> Result<Page<UserSession>, Fault> {
    let mut sql = Sql::new(
        "select s.id, s.kind, s.key_tag, s.created_at, s.last_seen_at, s.expires_at, s.address, \
         s.user_agent, u.id as user_id, u.domain_type, u.domain, u.name \
         from session s join app_user u on u.id = s.user_id",
    );
    push_where(&mut sql, live, query);
    push_place(&mut sql, query, TIES, &SessionColumns);
    push_part(&mut sql, query, TIES, &SessionColumns);
    let rows: Vec<Row> = fetch_all(conn, sql).await?;
    let items = rows.into_iter().map(|row| row.read(current));
    let items = items.collect::<Result<_, Fault>>()?;
    if let Some(place) = &query.place {
        return Ok(Page::at(place, query.limit, items, |session| {
            key(session, query)
        }));
    }
    let mut sql = Sql::new("select count(*) from session s join app_user u on u.id = s.user_id");
    push_where(&mut sql, live, query);
    Ok(Page::of(items, fetch_count(conn, sql).await?))
}

fn push_where(sql: &mut Sql, live: Live, query: &SessionQuery) {
    sql.push(" where s.expires_at > ");
    sql.bind(Arg::Time(Time(live.now)));
    sql.push(" and (s.kind = 'token' or s.last_seen_at > ");
    sql.bind(Arg::Time(Time(live.seen_after)));
    sql.push(")");
    if let Some(user) = live.of {
        sql.push(" and s.user_id = ");
        sql.bind(Arg::Int(user.0));
    }
    if let Some(filter) = &query.filter {
        sql.push(" and (");
        push_filter(sql, filter, &SessionColumns);
        sql.push(")");
    }
}

/// What a session has of the order.
fn key(session: &UserSession, query: &SessionQuery) -> Vec<Literal> {
    let (view, owner) = (&session.view, &session.owner.principal);
    let value = |field| {
        Literal::Text(match field {
            SessionField::Id => view.id.clone(),
            SessionField::UserName => owner.name.clone(),
            SessionField::UserDomain => owner.domain.clone(),
            SessionField::UserDomainType => owner.domain_type.as_str().to_owned(),
            SessionField::Address => view.address.clone(),
            SessionField::Created => return Literal::Instant(view.created_at),
            SessionField::Expires => return Literal::Instant(view.expires_at),
            SessionField::LastSeen => return Literal::Instant(view.last_seen_at),
        })
    };
    let sorted = query.sort.iter().map(|key| value(key.field));
    sorted.chain([Literal::Text(view.id.clone())]).collect()
}

struct SessionColumns;

impl Columns for SessionColumns {
    type Field = SessionField;

    fn push(&self, sql: &mut Sql, field: SessionField) {
        sql.push(match field {
            SessionField::Id => "s.id",
            SessionField::UserName => "u.name",
            SessionField::UserDomain => "u.domain",
            SessionField::UserDomainType => "u.domain_type",
            SessionField::Created => "s.created_at",
            SessionField::Expires => "s.expires_at",
            SessionField::LastSeen => "s.last_seen_at",
            SessionField::Address => "s.address",
        });
    }
}
