//! Who stands behind a request.

use chrono::TimeDelta;
use domain::{error::Error, key::Tag};

use super::{SessionEnd, Sessions, duration};
use crate::{
    Actor, Lifetime, Origin, Via,
    core::Core,
    fault::Fault,
    roles,
    secret::RandomToken,
    store::{
        Conn, keys,
        sessions::{self as store, SessionRow},
    },
    verify::Verifier,
};

/// How long after its last noted use a session's next use is noted: uses write once a minute.
const NOTE_USE_AFTER: TimeDelta = TimeDelta::minutes(1);

/// Whether somebody stands behind a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Somebody asked for something.
    Asked,
    /// A page asked by itself.
    Unasked,
}

impl Sessions {
    /// The actor behind a browser session's cookie.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when it has ended.
    pub async fn by_cookie(&self, token: &str, origin: Origin) -> Result<Actor, Error> {
        self.by_token(token, origin, Use::Asked).await
    }

    /// As [`Sessions::by_cookie`], for what a page asks by itself: nobody uses the session, which
    /// ends as if nothing had been asked.
    ///
    /// # Errors
    /// As [`Sessions::by_cookie`].
    pub async fn by_cookie_unasked(&self, token: &str, origin: Origin) -> Result<Actor, Error> {
        self.by_token(token, origin, Use::Unasked).await
    }

    async fn by_token(&self, token: &str, origin: Origin, by: Use) -> Result<Actor, Error> {
        let token = RandomToken::parse(token).ok_or(Error::Unauthenticated)?;
        let row = {
            let mut reader = self.core.db.reader().await?;
            store::by_token_hash(&mut reader.conn(), &token.hash()).await?
        };
        let idle = duration(self.core.limits.session_idle);
        self.resume(row, Some(idle), by, origin, Via::Session).await
    }

    /// The actor behind what stood in a request's `Authorization` or `X-API-Key` header: a REST
    /// token or an API key, told apart by their form.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for every reason alike.
    pub async fn by_header(&self, credential: &[u8], origin: Origin) -> Result<Actor, Error> {
        let Ok(text) = str::from_utf8(credential) else {
            return Err(self.core.failed(&origin.address, None));
        };
        if !text.contains('.') {
            return self.by_key(credential, origin).await;
        }
        let Some(claims) = self.core.check_token(text).await? else {
            return Err(self.core.failed(&origin.address, None));
        };
        let id = claims.jti;
        let row = {
            let mut reader = self.core.db.reader().await?;
            store::by_token_id(&mut reader.conn(), &id).await?
        };
        self.resume(row, None, Use::Asked, origin, Via::Token).await
    }

    pub(super) async fn by_key(&self, key: &[u8], origin: Origin) -> Result<Actor, Error> {
        let verifier = Verifier {
            core: self.core.clone(),
        };
        let found = verifier.verify(key, &origin).await?;
        Ok(Actor {
            identity: found.owner,
            rights: found.rights,
            security_administrator: found.security_administrator,
            via: Via::Key(found.tag),
            origin,
            // Concerns whoever knows the password, not the owner's automation.
            password_change_needed: false,
            factor_needed: false,
            saml: None,
            lifetime: Some(Lifetime {
                issued_at: found.created_at,
                ends_at: found.expires_at,
            }),
        })
    }

    /// The actor of a stored session, if it is alive.
    async fn resume(
        &self,
        row: Option<SessionRow>,
        idle: Option<TimeDelta>,
        by: Use,
        origin: Origin,
        via: impl FnOnce(String) -> Via,
    ) -> Result<Actor, Error> {
        let core = &*self.core;
        let now = core.clock.now();
        let row = row
            .filter(|row| row.expires_at.0 > now && row.disabled_at.is_none())
            .filter(|row| idle.is_none_or(|idle| now - row.last_seen_at.0 < idle))
            .ok_or(Error::Unauthenticated)?;
        let identity = row.identity()?;
        let tag = row.key_tag.as_deref().map(Tag::parse).transpose();
        let tag = tag.map_err(|_| Fault::Broken("a stored tag is no tag"))?;
        let held = {
            let mut reader = core.db.reader().await?;
            let conn = &mut reader.conn();
            // A token that was got with a key ends with it.
            if let Some(tag) = &tag
                && !core.authenticates(conn, tag).await?
            {
                return Err(Error::Unauthenticated);
            }
            roles::held_by(conn, identity.id).await?
        };
        if by == Use::Asked && now - row.last_seen_at.0 >= NOTE_USE_AFTER {
            let mut tx = core.db.begin().await?;
            store::touch(&mut tx.conn(), &row.id, now).await?;
            tx.commit_unrecorded().await?;
        }
        let saml = row.saml();
        let lifetime = Lifetime {
            issued_at: row.created_at.0,
            ends_at: row.expires_at.0,
        };
        // The first password concerns whoever knows it, not the owner's automation.
        let password_change_needed = row.password_change_needed && tag.is_none();
        let factor_needed = row.factor_needed && tag.is_none();
        let via = match tag {
            Some(tag) => Via::KeyToken(tag, row.id),
            None => via(row.id),
        };
        Ok(Actor {
            identity,
            rights: held.rights,
            security_administrator: held.security_administrator,
            via,
            origin,
            password_change_needed,
            factor_needed,
            saml,
            lifetime: Some(lifetime),
        })
    }

    /// When the session that asks ends. `None`: it is no browser session, or has ended.
    pub async fn end_of(&self, actor: &Actor) -> Result<Option<SessionEnd>, Error> {
        let Via::Session(id) = &actor.via else {
            return Ok(None);
        };
        let rows = {
            let mut reader = self.core.db.reader().await?;
            store::of_user(&mut reader.conn(), actor.identity.id).await?
        };
        let limits = &self.core.limits;
        let now = self.core.clock.now();
        let row = rows.into_iter().find(|row| row.id == *id);
        Ok(row.map(|row| {
            let at_the_latest = row.expires_at.0 - now;
            let unused = row.last_seen_at.0 + duration(limits.session_idle) - now;
            SessionEnd {
                left: at_the_latest.min(unused).max(TimeDelta::zero()),
                by_idleness: unused < at_the_latest,
            }
        }))
    }

    /// Notes at once that the session that asks is used. When it ends now.
    pub async fn stay(&self, actor: &Actor) -> Result<Option<SessionEnd>, Error> {
        if let Via::Session(id) = &actor.via {
            let mut tx = self.core.db.begin().await?;
            store::touch(&mut tx.conn(), id, self.core.clock.now()).await?;
            tx.commit_unrecorded().await?;
        }
        self.end_of(actor).await
    }
}

impl Core {
    /// Whether the key of that tag authenticates at present.
    pub(crate) async fn authenticates(
        &self,
        conn: &mut Conn<'_>,
        tag: &Tag,
    ) -> Result<bool, Fault> {
        let row = keys::by_tag(conn, tag).await?;
        let key = row.map(|row| row.into_key(self.clock.now())).transpose()?;
        Ok(key.is_some_and(|key| key.state.authenticates()))
    }
}
