//! Sessions: of browsers, and of REST tokens.

pub(crate) mod query;

use domain::{
    Instant,
    expiry::SamlSession,
    key::Tag,
    principal::{Identity, UserId},
};
use sqlx::FromRow;

use super::{Conn, Time, run, second_factors::factor_needed, users};
use crate::{
    Origin,
    fault::Fault,
    sessions::{SessionKind, SessionView},
};

/// A new session.
pub(crate) struct NewSession<'a> {
    pub(crate) id: &'a str,
    /// `None`: a REST token.
    pub(crate) token_hash: Option<Vec<u8>>,
    pub(crate) user: UserId,
    /// The key it was got with. `None`: not with a key.
    pub(crate) key_tag: Option<&'a Tag>,
    pub(crate) now: Instant,
    pub(crate) expires_at: Instant,
    pub(crate) address: &'a str,
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) saml: Option<SamlSession>,
    /// `None`: not by SAML.
    pub(crate) link: Option<SamlLink<'a>>,
}

impl<'a> NewSession<'a> {
    /// One of the REST API, by a password.
    pub(crate) fn plain(
        id: &'a str,
        user: UserId,
        now: Instant,
        expires_at: Instant,
        origin: &'a Origin,
    ) -> Self {
        Self {
            id,
            token_hash: None,
            user,
            key_tag: None,
            now,
            expires_at,
            address: &origin.address,
            user_agent: origin.user_agent.as_deref(),
            saml: None,
            link: None,
        }
    }
}

/// The provider's session behind one of ours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SamlLink<'a> {
    pub(crate) provider: i64,
    pub(crate) name_id: &'a str,
    /// `None`: the provider numbers none.
    pub(crate) index: Option<&'a str>,
}

/// A live session with its user.
#[derive(Debug, FromRow)]
pub(crate) struct SessionRow {
    pub(crate) id: String,
    pub(crate) key_tag: Option<String>,
    pub(crate) created_at: Time,
    pub(crate) last_seen_at: Time,
    pub(crate) expires_at: Time,
    user_id: i64,
    domain_type: String,
    domain: String,
    name: String,
    pub(crate) password_change_needed: bool,
    pub(crate) factor_needed: bool,
    pub(crate) disabled_at: Option<Time>,
    saml_validated_at: Option<Time>,
    saml_not_on_or_after: Option<Time>,
}

impl SessionRow {
    /// The SAML session behind it.
    pub(crate) fn saml(&self) -> Option<SamlSession> {
        self.saml_validated_at.map(|at| SamlSession {
            validated_at: at.0,
            not_on_or_after: self.saml_not_on_or_after.map(Instant::from),
        })
    }

    /// Whose session it is.
    pub(crate) fn identity(&self) -> Result<Identity, Fault> {
        users::identity(self.user_id, &self.domain_type, &self.domain, &self.name)
    }
}

/// One line of a user's list of sessions.
#[derive(Debug, FromRow)]
pub(crate) struct ListedSession {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) created_at: Time,
    pub(crate) last_seen_at: Time,
    pub(crate) expires_at: Time,
    pub(crate) address: String,
    pub(crate) user_agent: Option<String>,
}

impl ListedSession {
    /// What people see of it; `current`: the session that asks.
    pub(crate) fn view(self, current: Option<&str>) -> SessionView {
        SessionView {
            current: current == Some(&*self.id),
            kind: match &*self.kind {
                "browser" => SessionKind::Browser,
                _ => SessionKind::Token,
            },
            id: self.id,
            created_at: self.created_at.0,
            last_seen_at: self.last_seen_at.0,
            expires_at: self.expires_at.0,
            address: self.address,
            user_agent: self.user_agent,
        }
    }
}

/// Adds a session.
pub(crate) async fn insert(conn: &mut Conn<'_>, session: NewSession<'_>) -> Result<(), Fault> {
    let kind = if session.token_hash.is_some() {
        "browser"
    } else {
        "token"
    };
    run!(conn, sqlx::query(
        "insert into session (id, kind, token_hash, user_id, created_at, last_seen_at, \
         expires_at, address, user_agent, saml_validated_at, saml_not_on_or_after, \
         saml_provider_id, saml_name_id, saml_index, key_tag) \
         values ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(session.id)
    .bind(kind)
    .bind(session.token_hash)
    .bind(session.user.0)
    .bind(Time(session.now))
    .bind(Time(session.expires_at))
    .bind(session.address)
    .bind(session.user_agent)
    .bind(session.saml.map(|saml| Time(saml.validated_at)))
    .bind(session.saml.and_then(|saml| saml.not_on_or_after).map(Time))
    .bind(session.link.map(|link| link.provider))
    .bind(session.link.map(|link| link.name_id))
    .bind(session.link.and_then(|link| link.index))
    .bind(session.key_tag.map(Tag::as_str)) => rows_affected)?;
    Ok(())
}

/// The session behind a cookie.
pub(crate) async fn by_token_hash(
    conn: &mut Conn<'_>,
    hash: &[u8],
) -> Result<Option<SessionRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, SessionRow>(concat!(
        "select s.id, s.key_tag, s.created_at, s.last_seen_at, s.expires_at, u.id as user_id, u.domain_type, \
         u.domain, u.name, u.password_change_needed, u.disabled_at, s.saml_validated_at, \
         s.saml_not_on_or_after, ", factor_needed!(), " as factor_needed \
         from session s join app_user u on u.id = s.user_id cross join policy o \
         where s.token_hash = $1",
    ))
    .bind(hash) => fetch_optional)?)
}

/// The session behind a REST token.
pub(crate) async fn by_token_id(
    conn: &mut Conn<'_>,
    id: &str,
) -> Result<Option<SessionRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, SessionRow>(concat!(
        "select s.id, s.key_tag, s.created_at, s.last_seen_at, s.expires_at, u.id as user_id, u.domain_type, \
         u.domain, u.name, u.password_change_needed, u.disabled_at, s.saml_validated_at, \
         s.saml_not_on_or_after, ", factor_needed!(), " as factor_needed \
         from session s join app_user u on u.id = s.user_id cross join policy o \
         where s.id = $1 and s.kind = 'token'",
    ))
    .bind(id) => fetch_optional)?)
}

/// Notes that a session was used.
pub(crate) async fn touch(conn: &mut Conn<'_>, id: &str, now: Instant) -> Result<(), Fault> {
    run!(conn, sqlx::query("update session set last_seen_at = $2 where id = $1")
        .bind(id)
        .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// A user's sessions, the latest used first.
pub(crate) async fn of_user(
    conn: &mut Conn<'_>,
    user: UserId,
) -> Result<Vec<ListedSession>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, ListedSession>(
        "select id, kind, created_at, last_seen_at, expires_at, address, user_agent \
         from session where user_id = $1 order by last_seen_at desc, id",
    )
    .bind(user.0) => fetch_all)?)
}

/// Ends one session of a user. `false`: there is none.
pub(crate) async fn end(conn: &mut Conn<'_>, user: UserId, id: &str) -> Result<bool, Fault> {
    let ended = run!(conn, sqlx::query("delete from session where user_id = $1 and id = $2")
        .bind(user.0)
        .bind(id) => rows_affected)?;
    Ok(ended == 1)
}

/// Ends all sessions of a user but `keep`. Returns how many.
pub(crate) async fn end_all(
    conn: &mut Conn<'_>,
    user: UserId,
    keep: Option<&str>,
) -> Result<u64, Fault> {
    Ok(
        run!(conn, sqlx::query("delete from session where user_id = $1 and id <> $2")
        .bind(user.0)
        .bind(keep.unwrap_or_default()) => rows_affected)?,
    )
}

/// Ends all sessions of everybody. Returns how many.
pub(crate) async fn end_everybody_s(conn: &mut Conn<'_>) -> Result<u64, Fault> {
    Ok(run!(conn, sqlx::query("delete from session") => rows_affected)?)
}

/// Removes sessions that have ended by themselves.
pub(crate) async fn purge(
    conn: &mut Conn<'_>,
    now: Instant,
    idle_since: Instant,
) -> Result<u64, Fault> {
    Ok(run!(conn, sqlx::query(
        "delete from session where expires_at <= $1 or (kind = 'browser' and last_seen_at <= $2)",
    )
    .bind(Time(now))
    .bind(Time(idle_since)) => rows_affected)?)
}

/// Whether a session is there, and that user's.
pub(crate) async fn is_of(conn: &mut Conn<'_>, id: &str, user: UserId) -> Result<bool, Fault> {
    Ok(run!(conn, sqlx::query_scalar::<_, bool>(
        "select exists (select 1 from session where id = $1 and user_id = $2)",
    )
    .bind(id)
    .bind(user.0) => fetch_one)?)
}
