//! Lists of sessions, one's own and everybody's, and ending them all.

use chrono::TimeDelta;
use domain::{
    audit::{Action, Event},
    error::Error,
    filter::{Field, Kind},
    key::Tag,
    principal::Identity,
};
use serde_json::json;

use super::{SessionView, Sessions};
use crate::{
    Actor,
    fault::Fault,
    list::{Page, Query},
    store::sessions::{self as store, query},
};

/// The fields of a session that lists are filtered and sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionField {
    /// Its number.
    Id,
    /// The user's name.
    UserName,
    /// The user's domain.
    UserDomain,
    /// The user's domain type.
    UserDomainType,
    /// When it began.
    Created,
    /// When it ends at the latest.
    Expires,
    /// When it was last used.
    LastSeen,
    /// From where it began.
    Address,
}

/// The names of the fields on the wire.
pub const SESSION_FIELDS: &[Field<SessionField>] = &[
    Field::new("id", SessionField::Id, Kind::Text),
    Field::new("userName", SessionField::UserName, Kind::Text),
    Field::new("userDomain", SessionField::UserDomain, Kind::Text),
    Field::new("userDomainType", SessionField::UserDomainType, Kind::Text),
    Field::new("createdDateTime", SessionField::Created, Kind::Instant),
    Field::new("expiryDateTime", SessionField::Expires, Kind::Instant),
    Field::new("lastUsedDateTime", SessionField::LastSeen, Kind::Instant),
    Field::new("address", SessionField::Address, Kind::Text),
];

/// Which sessions, in which order, which part of them. The number decides between equals.
pub type SessionQuery = Query<SessionField>;

/// Whose sessions are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhoseSessions {
    /// The caller's own.
    Own,
    /// Everybody's: for administrators.
    All,
}

/// Somebody's session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSession {
    /// The session.
    pub view: SessionView,
    /// Whose it is.
    pub owner: Identity,
    /// The key it was got with. `None`: not with a key.
    pub key: Option<Tag>,
}

impl Sessions {
    /// The sessions that match and have not ended.
    ///
    /// # Errors
    /// Everybody's are for administrators only.
    pub async fn search(
        &self,
        actor: &Actor,
        whose: WhoseSessions,
        wanted: &SessionQuery,
    ) -> Result<Page<UserSession>, Error> {
        let allowed = actor.settled().and_then(|()| may_mean(actor, whose));
        let core = &*self.core;
        core.recording_refusal(
            actor,
            allowed.map_err(Fault::from),
            Action::Read,
            "sessions",
        )
        .await?;
        let now = core.clock.now();
        let idle = TimeDelta::from_std(core.limits.session_idle).unwrap_or(TimeDelta::MAX);
        let live = query::Live {
            now,
            seen_after: now - idle,
            of: (whose == WhoseSessions::Own).then_some(actor.identity.id),
        };
        let mut reader = core.db.reader().await?;
        let current = actor.via.session_id();
        Ok(query::page(&mut reader.conn(), live, wanted, current).await?)
    }

    /// Ends all sessions, also the one that asks. Returns how many.
    ///
    /// # Errors
    /// Everybody's are for administrators only; not with a key.
    pub async fn end_all(&self, actor: &Actor, whose: WhoseSessions) -> Result<u64, Error> {
        let result = self.try_end_all(actor, whose).await;
        let object = object(actor, whose);
        self.core
            .recording_refusal(actor, result, Action::SessionEnded, &object)
            .await
    }

    async fn try_end_all(&self, actor: &Actor, whose: WhoseSessions) -> Result<u64, Fault> {
        actor.may_end_sessions()?;
        may_mean(actor, whose)?;
        let mut tx = self.core.db.begin().await?;
        let conn = &mut tx.conn();
        let ended = match whose {
            WhoseSessions::Own => store::end_all(conn, actor.identity.id, None).await?,
            WhoseSessions::All => store::end_everybody_s(conn).await?,
        };
        let event = Event::done(Action::SessionEnded, object(actor, whose))
            .after(json!({ "ended": ended }));
        self.core.commit(tx, actor, &event).await?;
        Ok(ended)
    }
}

fn may_mean(actor: &Actor, whose: WhoseSessions) -> Result<(), Error> {
    match whose {
        WhoseSessions::All if !actor.is_administrator() => Err(Error::NotPermitted),
        WhoseSessions::Own | WhoseSessions::All => Ok(()),
    }
}

fn object(actor: &Actor, whose: WhoseSessions) -> String {
    match whose {
        WhoseSessions::Own => actor.identity.to_string(),
        WhoseSessions::All => "everybody".to_owned(),
    }
}
