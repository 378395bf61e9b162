//! Between password and code: a sealed note of whose password was right. Nothing is stored.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta};
use domain::{
    Instant,
    audit::{Action, Event, hex},
    error::Error,
    principal::UserId,
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{
    Origin,
    audit::Who,
    core::Core,
    fault::Fault,
    store::users::{self, UserRow},
};

const PURPOSE: &str = "second step";

/// How long a code may be waited for.
pub(crate) const GOOD_FOR: TimeDelta = TimeDelta::seconds(180);

/// That somebody's password was right, and a code is asked for.
#[derive(Debug)]
pub struct StepToken {
    /// To be given back with the code.
    pub token: SecretString,
    /// How long it is good for, in seconds.
    pub validity_seconds: u32,
}

impl Core {
    /// Notes whose password was right.
    pub(crate) fn first_step(&self, user: &UserRow) -> Result<StepToken, Fault> {
        let until = (self.clock.now() + GOOD_FOR).timestamp_micros();
        let note = format!("{} {until} {}", user.id, password_mark(user));
        let pepper = &self.secrets.pepper;
        let sealed = pepper.seal(PURPOSE, "", note.as_bytes(), &*self.entropy)?;
        Ok(StepToken {
            token: BASE64_URL_SAFE_NO_PAD.encode(sealed).into(),
            validity_seconds: 180,
        })
    }

    /// The account whose password was right, if the code is right as well.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for every reason alike; [`Error::TooMany`].
    pub(crate) async fn second_step(
        &self,
        token: &str,
        code: &SecretString,
        origin: &Origin,
    ) -> Result<UserRow, Error> {
        self.before_password(&origin.address)?;
        let Some(user) = self.noted(token).await? else {
            return Err(self.failed(&origin.address, None));
        };
        let identity = user.identity()?;
        let name = &identity.principal.name;
        self.count_attempt(name, origin).await?;
        let mut tx = self.db.begin().await?;
        let id = UserId(user.id);
        if !self
            .use_code(&mut tx.conn(), id, code.expose_secret())
            .await?
        {
            drop(tx);
            let event = Event::refused(Action::SignedIn, identity.to_string(), "wrong code");
            self.record(Who::anonymous(origin), &event).await?;
            return Err(self.failed(&origin.address, None));
        }
        tx.commit_unrecorded().await?;
        self.forget_attempts(name, origin).await?;
        Ok(user)
    }

    /// Whose password was right, unless the note is too old, or the account changed since.
    async fn noted(&self, token: &str) -> Result<Option<UserRow>, Fault> {
        let opened = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
        let opened = opened.and_then(|sealed| self.secrets.pepper.open(PURPOSE, "", &sealed));
        let Some((id, until, mark)) = opened.as_deref().and_then(|note| read(note)) else {
            return Ok(None);
        };
        if self.clock.now() >= until {
            return Ok(None);
        }
        let mut reader = self.db.reader().await?;
        let user = users::by_id(&mut reader.conn(), id).await?;
        Ok(user.filter(|user| user.disabled_at.is_none() && password_mark(user) == mark))
    }
}

fn read(note: &[u8]) -> Option<(UserId, Instant, String)> {
    let mut parts = str::from_utf8(note).ok()?.split(' ');
    let id = parts.next()?.parse().ok()?;
    let until = DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?;
    Some((UserId(id), until, parts.next()?.to_owned()))
}

/// Tells a password from the next one.
fn password_mark(user: &UserRow) -> String {
    let hash = user.password_hash.as_deref().unwrap_or_default();
    hex(&Sha256::digest(hash)[..8])
}
