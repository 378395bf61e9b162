//! The key pairs that tokens were and are signed with. The first is in its file; those made later
//! are in the database, sealed under the pepper, so that every replica has them at once.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::TimeDelta;
use domain::{
    Instant,
    audit::{Action, Event},
    error::Error,
};
use secrecy::SecretString;

use super::{Claims, PublicKey, TokenKeys, key_of};
use crate::{
    Actor, Services, Via,
    core::Core,
    fault::Fault,
    secrets::Secrets,
    store::{Conn, token_keys as store},
};

const PURPOSE: &str = "token key";

/// How often, at most, the database is asked about a key that a token names and nobody knows here.
const ASK_AGAIN_AFTER: TimeDelta = TimeDelta::seconds(1);

/// What signs and what checks tokens at present.
pub(crate) struct Ring(RwLock<State>);

struct State {
    keys: Arc<Keys>,
    loaded_at: Instant,
}

/// The key that signs, and all whose tokens are honoured.
pub(crate) struct Keys {
    signing: TokenKeys,
    honoured: Vec<(PublicKey, Option<Instant>)>,
}

impl Ring {
    /// Reads the keys; an empty table gets the one in the file.
    pub(crate) async fn open(
        conn: &mut Conn<'_>,
        secrets: &Secrets,
        now: Instant,
    ) -> Result<Self, Fault> {
        let first = secrets.token_keys.public();
        store::begin_with(conn, &first.id, &first.bytes, now).await?;
        let keys = Arc::new(read(conn, secrets).await?);
        Ok(Self(RwLock::new(State {
            keys,
            loaded_at: now,
        })))
    }

    fn keys(&self) -> Arc<Keys> {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        state.keys.clone()
    }

    fn loaded_at(&self) -> Instant {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        state.loaded_at
    }

    /// Signs a token for a session.
    pub(crate) fn issue(
        &self,
        session: &str,
        user: domain::principal::UserId,
        now: Instant,
        lifetime: TimeDelta,
    ) -> Result<SecretString, Fault> {
        let token = self.keys().signing.issue(session, user, now, lifetime)?;
        Ok(token.into())
    }

    /// The public key that signs at present, as PEM.
    pub(crate) fn public_pem(&self) -> String {
        self.keys().signing.public().pem().unwrap_or_default()
    }
}

impl Keys {
    fn named(&self, id: &str, now: Instant) -> Option<&PublicKey> {
        let mut keys = self.honoured.iter();
        let found = keys.find(|(key, ends_at)| key.id == id && ends_at.is_none_or(|end| now < end));
        found.map(|(key, _)| key)
    }
}

async fn read(conn: &mut Conn<'_>, secrets: &Secrets) -> Result<Keys, Fault> {
    let rows = store::all(conn).await?;
    let mut signing = None;
    let mut honoured = Vec::new();
    for row in rows {
        let public = PublicKey::from_bytes(&row.public_key)
            .ok_or(Fault::Broken("a stored token key is none"))?;
        if row.ends_at.is_none() {
            signing = match &row.sealed {
                None => TokenKeys::from_seed(secrets.token_keys.seed()),
                Some(sealed) => secrets
                    .pepper
                    .open(PURPOSE, &row.id, sealed)
                    .and_then(|seed| TokenKeys::from_seed(&seed)),
            }
            .filter(|keys| keys.public().id == row.id);
        }
        honoured.push((public, row.ends_at.map(Instant::from)));
    }
    Ok(Keys {
        signing: signing.ok_or(Fault::Broken("the token key cannot be opened"))?,
        honoured,
    })
}

impl Core {
    /// Reads the keys anew: another process may have rotated them.
    pub(crate) async fn reload_token_keys(&self) -> Result<(), Fault> {
        let keys = {
            let mut reader = self.db.reader().await?;
            read(&mut reader.conn(), &self.secrets).await?
        };
        let mut state = self.ring.0.write().unwrap_or_else(PoisonError::into_inner);
        *state = State {
            keys: Arc::new(keys),
            loaded_at: self.clock.now(),
        };
        Ok(())
    }

    /// What a token says, if it was signed by a key that is honoured and has not ended.
    pub(crate) async fn check_token(&self, token: &str) -> Result<Option<Claims>, Fault> {
        let Some(id) = key_of(token) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let age = now - self.ring.loaded_at();
        let known = self.ring.keys().named(&id, now).is_some();
        if !known && (age >= ASK_AGAIN_AFTER || age < TimeDelta::zero()) {
            self.reload_token_keys().await?;
        }
        let keys = self.ring.keys();
        Ok(keys.named(&id, now).and_then(|key| key.check(token, now)))
    }
}

impl Services {
    /// Signs tokens with a new key pair from now on. Those that were signed before are honoured
    /// until they end, unless `at_once`: then everybody signs in anew. Returns the new key's name.
    ///
    /// # Errors
    /// Only at the console.
    pub async fn rotate_token_key(&self, actor: &Actor, at_once: bool) -> Result<String, Error> {
        let result = self.try_rotate(actor, at_once).await;
        let id = self
            .core
            .recording_refusal(actor, result, Action::TokenKeyRotated, "token key")
            .await?;
        self.core.reload_token_keys().await?;
        Ok(id)
    }

    async fn try_rotate(&self, actor: &Actor, at_once: bool) -> Result<String, Fault> {
        if actor.via != Via::Console {
            return Err(Error::NotPermitted.into());
        }
        let core = &*self.core;
        let now = core.clock.now();
        let lifetime = TimeDelta::from_std(core.limits.token_lifetime).unwrap_or(TimeDelta::MAX);
        let pem = TokenKeys::generate(&*core.entropy)?;
        let new = TokenKeys::from_pem(&pem).ok_or(Fault::Broken("a new token key is none"))?;
        let id = new.public().id.clone();
        let pepper = &core.secrets.pepper;
        let sealed = pepper.seal(PURPOSE, &id, new.seed(), &*core.entropy)?;
        let mut tx = core.db.begin().await?;
        let ends_at = if at_once { now } else { now + lifetime };
        store::retire(&mut tx.conn(), ends_at).await?;
        store::add(&mut tx.conn(), &id, &new.public().bytes, &sealed, now).await?;
        let event = Event::done(Action::TokenKeyRotated, id.clone())
            .after(serde_json::json!({ "earlierTokensEnd": at_once }));
        core.commit(tx, actor, &event).await?;
        Ok(id)
    }
}
