//! Showing a new key's value once, with and without JavaScript.

use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use chrono::TimeDelta;
use domain::{
    Instant,
    audit::Action,
    error::{Conflict, Error, Refusal},
    key::Tag,
};
use zeroize::Zeroizing;

use crate::{
    Actor, Via,
    entropy::random,
    fault::Fault,
    keys::{CreatedKey, Keys},
    secret::{KeyValue, RandomToken},
    store::{Tx, reveals},
};

/// How long a value waits to be shown, in seconds.
pub const REVEAL_SECONDS: i64 = 60;

/// What the browser's `HttpOnly` cookie holds: the key under which the value is encrypted in the
/// database. Neither alone can show it.
pub type RevealKey = RandomToken;

/// A value, shown this once.
#[derive(Debug)]
pub struct Revealed {
    /// The key's tag.
    pub tag: Tag,
    /// The value.
    pub value: KeyValue,
    /// When the key's validity ends.
    pub expires_at: Instant,
}

impl Keys {
    /// Shows the value that waits for this browser session, and forgets it in the same
    /// transaction.
    ///
    /// # Errors
    /// [`Conflict::RevealGone`] when it was shown, waited for too long, or was never there; the
    /// same for another session's or a wrong cookie.
    pub async fn take_reveal(&self, actor: &Actor, cookie: &RevealKey) -> Result<Revealed, Error> {
        let result = self.try_take_reveal(actor, cookie).await;
        self.core
            .recording_refusal(actor, result, Action::Read, "a new key's value")
            .await
    }

    async fn try_take_reveal(&self, actor: &Actor, cookie: &RevealKey) -> Result<Revealed, Fault> {
        let gone = || Fault::from(Error::Conflict(Conflict::RevealGone));
        let session = browser_session(actor)?;
        let mut tx = self.core.db.begin().await?;
        let row = reveals::take(&mut tx.conn(), session).await?;
        // Gone for good before it is shown: whatever happens next, nobody else can show it.
        tx.commit_unrecorded().await?;
        let row = row.ok_or_else(gone)?;
        if row.expires_at.0 <= self.core.clock.now() {
            return Err(gone());
        }
        let tag = Tag::parse(&row.tag).map_err(|_| Fault::Broken("a stored tag is no tag"))?;
        let value = decrypt(cookie, &row.nonce, &row.ciphertext, session, &tag).ok_or_else(gone)?;
        Ok(Revealed {
            tag,
            value,
            expires_at: row.key_expires_at.0,
        })
    }

    /// Keeps a new key's value for the browser session that made it.
    pub(crate) async fn keep(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        created: &CreatedKey,
    ) -> Result<RevealKey, Fault> {
        let core = &*self.core;
        let session = browser_session(actor)?;
        let reveal = RevealKey::generate(&*core.entropy)?;
        let nonce: [u8; 12] = random(&*core.entropy)?;
        let tag = &created.key.tag;
        let ciphertext = encrypt(&reveal, &nonce, &created.value, session, tag)?;
        let until = core.clock.now() + TimeDelta::seconds(REVEAL_SECONDS);
        reveals::put(&mut tx.conn(), session, tag, &nonce, &ciphertext, until).await?;
        Ok(reveal)
    }
}

/// The number of the browser session that asks.
pub(crate) fn browser_session(actor: &Actor) -> Result<&str, Error> {
    match &actor.via {
        Via::Session(id) => Ok(id),
        _ => Err(Error::Refused(Refusal::NotWithAKey)),
    }
}

/// Binds a ciphertext to its session and key: it opens for no other.
fn bound_to(session: &str, tag: &Tag) -> String {
    format!("{session} {tag}")
}

fn encrypt(
    key: &RevealKey,
    nonce: &[u8; 12],
    value: &KeyValue,
    session: &str,
    tag: &Tag,
) -> Result<Vec<u8>, Fault> {
    let (text, aad) = (value.reveal(), bound_to(session, tag));
    let payload = Payload {
        msg: text.as_bytes(),
        aad: aad.as_bytes(),
    };
    ChaCha20Poly1305::new(key.as_key().into())
        .encrypt(&Nonce::from(*nonce), payload)
        .map_err(|_| Fault::Broken("a value could not be encrypted"))
}

fn decrypt(
    key: &RevealKey,
    nonce: &[u8],
    ciphertext: &[u8],
    session: &str,
    tag: &Tag,
) -> Option<KeyValue> {
    let aad = bound_to(session, tag);
    let payload = Payload {
        msg: ciphertext,
        aad: aad.as_bytes(),
    };
    let nonce: [u8; 12] = nonce.try_into().ok()?;
    let text = ChaCha20Poly1305::new(key.as_key().into())
        .decrypt(&Nonce::from(nonce), payload)
        .ok()?;
    KeyValue::parse(&Zeroizing::new(text)).ok()
}
