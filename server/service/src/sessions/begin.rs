//! How sessions begin.

use chrono::TimeDelta;
use domain::{
    Instant,
    audit::{Action, Event, hex},
    error::Error,
    principal::{UserId, fold},
};
use secrecy::{ExposeSecret, SecretString};

use super::{Credentials, Entered, IssuedToken, Sessions, SignedIn, TokenKind, duration};
use crate::{
    Actor, Lifetime, Origin, Via,
    audit::Who,
    core::Core,
    entropy::random,
    fault::Fault,
    roles,
    secret::RandomToken,
    sign_in::Checked,
    store::{
        second_factors, sessions as store,
        users::{self, UserRow},
    },
};

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
        let now = core.clock.now();
        let session = store::NewSession {
            key_tag: Some(&tag),
            ..store::NewSession::plain(&id, actor.identity.id, now, ends_at, &origin)
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
            token_hash,
            ..store::NewSession::plain(&id, user_id, now, ends_at, &origin)
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
}
