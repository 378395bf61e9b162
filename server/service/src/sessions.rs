//! Sign-in and sessions: browser sessions and REST tokens.

pub mod search;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use domain::{
    Instant,
    audit::{Action, Event, hex},
    error::Error,
    key::Tag,
    operation::{Operation, decide},
    permission::Whose,
    principal::{DomainType, UserId, fold},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Actor, Lifetime, Origin, Via,
    audit::Who,
    core::Core,
    entropy::random,
    fault::Fault,
    roles,
    second_factor::StepToken,
    secret::RandomToken,
    sign_in::Checked,
    store::{
        Conn, keys, second_factors,
        sessions::{self as store, ListedSession, SessionRow},
        users::{self, UserRow},
    },
    verify::Verifier,
};

pub use crate::token::ISSUER;

/// What somebody signs in with.
#[derive(Debug)]
pub struct Credentials {
    /// The kind of account. `None`: look in all local ones.
    pub domain_type: Option<DomainType>,
    /// The domain, as sent; ignored for `unixpwd`.
    pub domain: String,
    /// The user name, as sent.
    pub user_name: String,
    /// The password.
    pub password: SecretString,
}

/// A fresh browser session.
#[derive(Debug)]
pub struct SignedIn {
    /// For the cookie.
    pub token: RandomToken,
    /// Whoever signed in.
    pub actor: Actor,
}

/// A fresh REST token.
#[derive(Debug)]
pub struct IssuedToken {
    /// The signed JWT.
    pub token: SecretString,
    /// How long it is good for, in seconds.
    pub validity_seconds: u32,
    /// What it is good for.
    pub kind: TokenKind,
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// For requests.
    Bearer,
    /// For the second step of the login alone, together with a code.
    Step,
}

/// How far somebody came with a password.
#[derive(Debug)]
pub enum Entered {
    /// They are signed in.
    Done(Box<SignedIn>),
    /// A code is asked for, together with this.
    CodeNeeded(StepToken),
}

/// What people see of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// Its number: names it, is not the token.
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// A browser session, or a REST token.
    pub kind: SessionKind,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to the minute.
    pub last_seen_at: Instant,
    /// When it ends at the latest.
    pub expires_at: Instant,
    /// The address it began from.
    pub address: String,
    /// The browser's name for itself.
    pub user_agent: Option<String>,
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionKind {
    /// A browser.
    Browser,
    /// A token of the REST API.
    Token,
}

/// When a session ends unless somebody does something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionEnd {
    /// How long it still lasts.
    pub left: TimeDelta,
    /// Whether it ends because it is not used. Otherwise nothing makes it last longer.
    pub by_idleness: bool,
}

/// The use cases of sessions.
#[derive(Clone)]
pub struct Sessions {
    pub(crate) core: Arc<Core>,
}

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

impl Core {
    /// The signed token of a session that has just begun.
    pub(crate) fn issue(&self, actor: &Actor) -> Result<IssuedToken, Fault> {
        let id = actor.via.session_id().unwrap_or_default();
        // By the session's own times: a token lasts as long as it says, to the second.
        let (now, left) = actor.lifetime.map_or_else(
            || (self.clock.now(), TimeDelta::zero()),
            |life| (life.issued_at, life.ends_at - life.issued_at),
        );
        Ok(IssuedToken {
            kind: TokenKind::Bearer,
            token: self.ring.issue(id, actor.identity.id, now, left)?,
            // To the nearest second: the end was reckoned a moment before the session began.
            validity_seconds: u32::try_from((left + TimeDelta::milliseconds(500)).num_seconds())
                .unwrap_or(u32::MAX),
        })
    }
}

impl Sessions {
    /// Signs in to a browser session.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for every reason alike, after the same work;
    /// [`Error::TooMany`] after repeated failures from that address.
    pub async fn sign_in(
        &self,
        credentials: Credentials,
        origin: Origin,
    ) -> Result<SignedIn, Error> {
        match self.enter(credentials, origin).await? {
            Entered::Done(signed_in) => Ok(*signed_in),
            Entered::CodeNeeded(_) => Err(Error::Unauthenticated),
        }
    }

    /// Signs in to a browser session, or to the step before: where the account has a second
    /// factor, a code is asked for.
    ///
    /// # Errors
    /// As [`Sessions::sign_in`].
    pub async fn enter(&self, credentials: Credentials, origin: Origin) -> Result<Entered, Error> {
        let core = &*self.core;
        match core.check_credentials(credentials, &origin).await? {
            Checked::Done(user) => {
                let signed_in = self.begin_browser(&user, origin).await?;
                Ok(Entered::Done(Box::new(signed_in)))
            }
            Checked::CodeNeeded(user) => Ok(Entered::CodeNeeded(core.first_step(&user)?)),
        }
    }

    /// Signs in to a browser session by the code that [`Sessions::enter`] asked for.
    ///
    /// # Errors
    /// As [`Sessions::sign_in`].
    pub async fn enter_code(
        &self,
        step: &str,
        code: &SecretString,
        origin: Origin,
    ) -> Result<SignedIn, Error> {
        let user = self.core.second_step(step, code, &origin).await?;
        self.begin_browser(&user, origin).await
    }

    async fn begin_browser(&self, user: &UserRow, origin: Origin) -> Result<SignedIn, Error> {
        let core = &*self.core;
        let token = RandomToken::generate(&*core.entropy).map_err(Fault::from)?;
        let ends_at = core.clock.now() + duration(core.limits.session_max);
        let hash = Some(token.hash());
        let actor = self
            .begin(user, hash, ends_at, origin, Via::Session)
            .await?;
        core.first_sign_in_happened(user);
        Ok(SignedIn { token, actor })
    }

    /// Signs in to the REST API.
    ///
    /// # Errors
    /// As [`Sessions::sign_in`].
    pub async fn login(
        &self,
        credentials: Credentials,
        origin: Origin,
    ) -> Result<IssuedToken, Error> {
        let core = &*self.core;
        match core.check_credentials(credentials, &origin).await? {
            Checked::Done(user) => self.begin_token(&user, origin).await,
            Checked::CodeNeeded(user) => {
                let step = core.first_step(&user)?;
                Ok(IssuedToken {
                    token: step.token,
                    validity_seconds: step.validity_seconds,
                    kind: TokenKind::Step,
                })
            }
        }
    }

    /// Signs in to the REST API by the code that a step's token asked for.
    ///
    /// # Errors
    /// As [`Sessions::sign_in`].
    pub async fn login_with_code(
        &self,
        step: &str,
        code: &SecretString,
        origin: Origin,
    ) -> Result<IssuedToken, Error> {
        let user = self.core.second_step(step, code, &origin).await?;
        self.begin_token(&user, origin).await
    }

    async fn begin_token(&self, user: &UserRow, origin: Origin) -> Result<IssuedToken, Error> {
        let core = &*self.core;
        let ends_at = core.clock.now() + duration(core.limits.token_lifetime);
        let actor = self.begin(user, None, ends_at, origin, Via::Token).await?;
        core.first_sign_in_happened(user);
        Ok(self.core.issue(&actor)?)
    }

    /// Signs in to the REST API with an API key: the token counts as that key, ends with it, and
    /// lives no longer.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] also when the key is not that user's.
    pub async fn login_with_key(
        &self,
        user_name: &str,
        key: &SecretString,
        origin: Origin,
    ) -> Result<IssuedToken, Error> {
        let core = &*self.core;
        let key = key.expose_secret().as_bytes();
        let actor = self.by_key(key, origin.clone()).await?;
        let own = &actor.identity.principal;
        let folded = |name| fold(own.domain_type, name).ok();
        let (Via::Key(tag), Some(lifetime)) = (actor.via.clone(), actor.lifetime) else {
            return Err(Fault::Broken("a key that is none").into());
        };
        if folded(user_name) != folded(&own.name) {
            let why = "the key is another user's";
            let event = Event::refused(Action::SignedIn, tag.as_str(), why);
            core.record(Who::anonymous(&origin), &event).await?;
            return Err(Error::Unauthenticated);
        }
        let latest = core.clock.now() + duration(core.limits.token_lifetime);
        let ends_at = lifetime.ends_at.min(latest);
        let mut tx = core.db.begin().await.map_err(Error::from)?;
        // A key that was deleted since it was checked: no.
        if !core.authenticates(&mut tx.conn(), &tag).await? {
            return Err(Error::Unauthenticated);
        }
        let id = hex(&random::<16>(&*core.entropy).map_err(Fault::from)?);
        let session = store::NewSession {
            id: &id,
            token_hash: None,
            user: actor.identity.id,
            key_tag: Some(&tag),
            now: core.clock.now(),
            expires_at: ends_at,
            address: &origin.address,
            user_agent: origin.user_agent.as_deref(),
            saml: None,
            link: None,
        };
        store::insert(&mut tx.conn(), session).await?;
        let actor = Actor {
            via: Via::KeyToken(tag, id.clone()),
            lifetime: Some(Lifetime {
                issued_at: core.clock.now(),
                ends_at,
            }),
            ..actor
        };
        let event = Event::done(Action::SignedIn, id);
        core.commit(tx, &actor, &event).await?;
        Ok(self.core.issue(&actor)?)
    }

    /// Adds a session for a user whose credentials were checked, with its audit record.
    async fn begin(
        &self,
        user: &UserRow,
        token_hash: Option<Vec<u8>>,
        ends_at: Instant,
        origin: Origin,
        via: impl FnOnce(String) -> Via,
    ) -> Result<Actor, Fault> {
        let core = &*self.core;
        let id = hex(&random::<16>(&*core.entropy)?);
        let now = core.clock.now();
        let mut tx = core.db.begin().await?;
        let user_id = UserId(user.id);
        // A password that was changed, or an account that was disabled, since the check: no.
        let unchanged = users::by_id(&mut tx.conn(), user_id)
            .await?
            .is_some_and(|present| {
                present.disabled_at.is_none() && present.password_hash == user.password_hash
            });
        if !unchanged {
            return Err(Error::Unauthenticated.into());
        }
        let session = store::NewSession {
            id: &id,
            token_hash,
            user: user_id,
            key_tag: None,
            now,
            expires_at: ends_at,
            address: &origin.address,
            user_agent: origin.user_agent.as_deref(),
            saml: None,
            link: None,
        };
        store::insert(&mut tx.conn(), session).await?;
        let held = roles::held_by(&mut tx.conn(), user_id).await?;
        let event = Event::done(Action::SignedIn, id.clone());
        let actor = Actor {
            identity: user.identity()?,
            rights: held.rights,
            security_administrator: held.security_administrator,
            via: via(id),
            origin,
            password_change_needed: user.password_change_needed,
            factor_needed: second_factors::needed(&mut tx.conn(), user_id).await?,
            saml: None,
            lifetime: Some(Lifetime {
                issued_at: now,
                ends_at,
            }),
        };
        core.commit(tx, &actor, &event).await?;
        Ok(actor)
    }

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

    async fn by_key(&self, key: &[u8], origin: Origin) -> Result<Actor, Error> {
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

    /// Ends the session that asks. With an API key nothing ends: the key lives on.
    pub async fn sign_out(&self, actor: &Actor) -> Result<(), Error> {
        let Some(id) = actor.via.session_id() else {
            return Ok(());
        };
        let mut tx = self.core.db.begin().await?;
        store::end(&mut tx.conn(), actor.identity.id, id).await?;
        let event = Event::done(Action::SignedOut, id);
        Ok(self.core.commit(tx, actor, &event).await?)
    }

    /// The caller's sessions, the latest first.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<SessionView>, Error> {
        let settled = actor.settled().map_err(Fault::from);
        self.core
            .recording_refusal(actor, settled, Action::Read, "one's own sessions")
            .await?;
        let rows = {
            let mut reader = self.core.db.reader().await?;
            store::of_user(&mut reader.conn(), actor.identity.id).await?
        };
        let now = self.core.clock.now();
        let idle = duration(self.core.limits.session_idle);
        let views = rows.into_iter().map(|row| view(row, actor));
        Ok(views
            .filter(|view| view.expires_at > now)
            .filter(|view| view.kind == SessionKind::Token || now - view.last_seen_at < idle)
            .collect())
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the caller's, or has ended.
    pub async fn end(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        let result = self.try_end(actor, id).await;
        self.core
            // Not its number, which may be any text that the caller sent.
            .recording_refusal(actor, result, Action::SessionEnded, "a session")
            .await
    }

    async fn try_end(&self, actor: &Actor, id: &str) -> Result<(), Fault> {
        actor.may_end_sessions()?;
        let mut tx = self.core.db.begin().await?;
        if !store::end(&mut tx.conn(), actor.identity.id, id).await? {
            return Err(Error::NotFound.into());
        }
        let event = Event::done(Action::SessionEnded, id);
        self.core.commit(tx, actor, &event).await
    }

    /// Ends all of the caller's sessions but the one that asks. Returns how many.
    pub async fn end_others(&self, actor: &Actor) -> Result<u64, Error> {
        let result = self.try_end_others(actor).await;
        let object = actor.identity.to_string();
        self.core
            .recording_refusal(actor, result, Action::SessionEnded, &object)
            .await
    }

    async fn try_end_others(&self, actor: &Actor) -> Result<u64, Fault> {
        actor.may_end_sessions()?;
        let mut tx = self.core.db.begin().await?;
        let keep = actor.via.session_id();
        let ended = store::end_all(&mut tx.conn(), actor.identity.id, keep).await?;
        let event = Event::done(Action::SessionEnded, actor.identity.to_string())
            .after(json!({ "ended": ended }));
        self.core.commit(tx, actor, &event).await?;
        Ok(ended)
    }

    /// The public key that REST tokens are signed with, as PEM (RFC 8410).
    pub fn token_key_pem(&self) -> String {
        self.core.ring.public_pem()
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

impl Actor {
    /// Also while the first password stands: it may be the reason to end sessions.
    fn may_end_sessions(&self) -> Result<(), Error> {
        let means = self.via.means();
        decide(Operation::EndOwnSessions, Whose::Own, self.rights, means)
    }
}

fn view(row: ListedSession, actor: &Actor) -> SessionView {
    SessionView {
        current: actor.via.session_id() == Some(&*row.id),
        kind: match &*row.kind {
            "browser" => SessionKind::Browser,
            _ => SessionKind::Token,
        },
        id: row.id,
        created_at: row.created_at.0,
        last_seen_at: row.last_seen_at.0,
        expires_at: row.expires_at.0,
        address: row.address,
        user_agent: row.user_agent,
    }
}

/// A duration as the calendar counts it. Settings keep it far from any overflow.
pub(crate) fn duration(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
