//! The second factor of accounts with a password: a time-based code, or a recovery code.

mod step;
pub(crate) mod totp;

use std::sync::Arc;

use domain::{
    audit::{Action, Event},
    error::{Conflict, Error, FieldError, Problem, Refusal},
    operation::{Operation, decide},
    permission::Whose,
    principal::{Principal, UserId},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

pub use self::step::StepToken;
use crate::{
    Actor,
    core::Core,
    entropy::random,
    fault::Fault,
    roles,
    store::{Conn, policy, second_factors as store, sessions},
    users::find,
};

const PURPOSE: &str = "second factor";
const CODES: usize = 10;

/// What somebody sees of their second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorStatus {
    /// Whether the account can have one: it has a password here.
    pub possible: bool,
    /// Whether it is asked for at sign-in.
    pub set_up: bool,
    /// Whether the policy asks everybody for one.
    pub required: bool,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
}

/// A secret to set an authenticator application up with.
#[derive(Debug)]
pub struct Enrolment {
    /// In base 32, to be typed.
    pub secret: SecretString,
    /// `otpauth://…`, to be scanned.
    pub uri: SecretString,
    /// To be kept elsewhere: each signs in once in a code's place.
    pub recovery_codes: Vec<SecretString>,
}

/// The use cases of second factors.
#[derive(Clone)]
pub struct SecondFactors {
    pub(crate) core: Arc<Core>,
}

impl SecondFactors {
    /// The caller's own.
    pub async fn status(&self, actor: &Actor) -> Result<FactorStatus, Error> {
        let mut reader = self.core.db.reader().await?;
        let conn = &mut reader.conn();
        let factor = store::of_user(conn, actor.identity.id).await?;
        let codes = store::codes_left(conn, actor.identity.id).await?;
        Ok(FactorStatus {
            possible: actor.identity.principal.domain_type.is_local(),
            set_up: factor.is_some_and(|factor| factor.confirmed_at.is_some()),
            required: policy::get(conn).await?.second_factor_required,
            recovery_codes: u32::try_from(codes).unwrap_or(u32::MAX),
        })
    }

    /// Draws a new secret. It is asked for once a code of it was given to
    /// [`SecondFactors::confirm`].
    ///
    /// # Errors
    /// Not for SAML users and with keys; [`Conflict::FactorSetUp`].
    pub async fn begin(&self, actor: &Actor) -> Result<Enrolment, Error> {
        let result = self.try_begin(actor).await;
        self.recording(actor, result).await
    }

    async fn try_begin(&self, actor: &Actor) -> Result<Enrolment, Fault> {
        may_change(actor)?;
        let core = &*self.core;
        let user = actor.identity.id;
        let secret: [u8; totp::SECRET_BYTES] = random(&*core.entropy)?;
        let codes: Vec<_> = (0..CODES)
            .map(|_| draw_code(core))
            .collect::<Result<_, _>>()?;
        let begun = Begun { secret, codes };
        let sealed = core.seal_factor(user, &begun.written())?;
        let mut tx = core.db.begin().await?;
        if !store::begin(&mut tx.conn(), user, &sealed, core.clock.now()).await? {
            return Err(Error::Conflict(Conflict::FactorSetUp).into());
        }
        let event = changed(&actor.identity.to_string(), "begun");
        core.commit(tx, actor, &event).await?;
        Ok(begun.enrolment(&actor.identity.principal.name))
    }

    /// What was begun and is not confirmed yet.
    ///
    /// # Errors
    /// As [`SecondFactors::begin`].
    pub async fn pending(&self, actor: &Actor) -> Result<Option<Enrolment>, Error> {
        if may_change(actor).is_err() {
            return Ok(None);
        }
        let user = actor.identity.id;
        let factor = {
            let mut reader = self.core.db.reader().await?;
            store::of_user(&mut reader.conn(), user).await?
        };
        let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_none()) else {
            return Ok(None);
        };
        let begun = self.core.open_factor(user, &factor.sealed)?;
        Ok(Some(begun.enrolment(&actor.identity.principal.name)))
    }

    /// Confirms the secret by a code; from now on codes are asked for at sign-in.
    ///
    /// # Errors
    /// `code` is wrong; [`Error::NotFound`] when none was begun.
    pub async fn confirm(&self, actor: &Actor, code: &str) -> Result<(), Error> {
        let result = self.try_confirm(actor, code).await;
        self.recording(actor, result).await
    }

    async fn try_confirm(&self, actor: &Actor, given: &str) -> Result<(), Fault> {
        may_change(actor)?;
        let core = &*self.core;
        let (user, now) = (actor.identity.id, core.clock.now());
        let name = &actor.identity.principal.name;
        core.count_attempt(name, &actor.origin).await?;
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        let factor = store::of_user(conn, user).await?.ok_or(Error::NotFound)?;
        if factor.confirmed_at.is_some() {
            return Err(Error::Conflict(Conflict::FactorSetUp).into());
        }
        let begun = core.open_factor(user, &factor.sealed)?;
        let step = totp::step_of(&begun.secret, given.trim(), now, factor.last_step)
            .ok_or_else(wrong_code)?;
        let sealed = core.seal_factor(user, &begun.secret)?;
        if !store::confirm(conn, user, &sealed, step, now).await? {
            return Err(Error::NotFound.into());
        }
        for spare in &begun.codes {
            store::add_code(conn, user, &core.code_digest(spare.expose_secret())).await?;
        }
        let event = changed(&actor.identity.to_string(), "set up");
        core.commit(tx, actor, &event).await?;
        core.forget_attempts(name, &actor.origin).await
    }

    /// Removes the caller's own, by a code of it or a recovery code.
    ///
    /// # Errors
    /// `code` is wrong; [`Error::NotFound`] when there is none.
    pub async fn remove(&self, actor: &Actor, code: &str) -> Result<(), Error> {
        let result = self.try_remove(actor, code).await;
        self.recording(actor, result).await
    }

    async fn try_remove(&self, actor: &Actor, given: &str) -> Result<(), Fault> {
        may_change(actor)?;
        let core = &*self.core;
        let user = actor.identity.id;
        let name = &actor.identity.principal.name;
        core.count_attempt(name, &actor.origin).await?;
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        store::of_user(conn, user).await?.ok_or(Error::NotFound)?;
        if !core.use_code(conn, user, given).await? {
            return Err(wrong_code().into());
        }
        store::remove(conn, user).await?;
        let event = changed(&actor.identity.to_string(), "removed");
        core.commit(tx, actor, &event).await?;
        core.forget_attempts(name, &actor.origin).await
    }

    /// Removes somebody else's who lost it; their sessions end. One's own takes a code.
    ///
    /// # Errors
    /// No permission; the account may do more than the caller; [`Error::NotFound`] when it has
    /// none.
    pub async fn reset(&self, actor: &Actor, principal: &Principal) -> Result<(), Error> {
        let result = self.try_reset(actor, principal).await;
        self.core
            .recording_refusal(actor, result, Action::SecondFactorChanged, &principal.name)
            .await
    }

    async fn try_reset(&self, actor: &Actor, principal: &Principal) -> Result<(), Fault> {
        actor.may(Operation::SetPassword)?;
        let core = &*self.core;
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        let user = find(conn, principal).await?;
        let id = UserId(user.id);
        if id == actor.identity.id {
            return Err(Error::NotPermitted.into());
        }
        // Whoever can take a factor away is closer to being the account.
        if !actor.rights.covers(roles::held_by(conn, id).await?.rights) {
            return Err(Error::Refused(Refusal::OwnerMayDoMore).into());
        }
        if !store::remove(conn, id).await? {
            return Err(Error::NotFound.into());
        }
        sessions::end_all(conn, id, None).await?;
        let event = changed(&user.identity()?.to_string(), "reset");
        core.commit(tx, actor, &event).await
    }

    async fn recording<T>(&self, actor: &Actor, result: Result<T, Fault>) -> Result<T, Error> {
        let object = actor.identity.to_string();
        self.core
            .recording_refusal(actor, result, Action::SecondFactorChanged, &object)
            .await
    }
}

impl Core {
    fn seal_factor(&self, user: UserId, payload: &[u8]) -> Result<Vec<u8>, Fault> {
        let pepper = &self.secrets.pepper;
        Ok(pepper.seal(PURPOSE, &user.to_string(), payload, &*self.entropy)?)
    }

    fn open_factor(&self, user: UserId, sealed: &[u8]) -> Result<Begun, Fault> {
        let opened = self.secrets.pepper.open(PURPOSE, &user.to_string(), sealed);
        opened
            .and_then(|payload| Begun::read(&payload))
            .ok_or(Fault::Broken("a second factor cannot be opened"))
    }

    fn code_digest(&self, code: &str) -> [u8; 32] {
        let plain: String = code
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        self.secrets
            .pepper
            .mac(format!("recovery code {plain}").as_bytes())
    }

    /// Whether the account has a factor that is asked for.
    pub(crate) async fn has_factor(&self, user: UserId) -> Result<bool, Fault> {
        let mut reader = self.db.reader().await?;
        let factor = store::of_user(&mut reader.conn(), user).await?;
        Ok(factor.is_some_and(|factor| factor.confirmed_at.is_some()))
    }

    /// Uses a code up. `false`: it is wrong, or was used.
    pub(crate) async fn use_code(
        &self,
        conn: &mut Conn<'_>,
        user: UserId,
        code: &str,
    ) -> Result<bool, Fault> {
        let code = code.trim();
        let Some(factor) = store::of_user(conn, user).await? else {
            return Ok(false);
        };
        if code.len() != totp::DIGITS {
            return store::use_code(conn, user, &self.code_digest(code)).await;
        }
        let secret = self.open_factor(user, &factor.sealed)?.secret;
        match totp::step_of(&secret, code, self.clock.now(), factor.last_step) {
            Some(step) => store::use_step(conn, user, step).await,
            None => Ok(false),
        }
    }
}

/// A secret, and until it is confirmed the recovery codes to come.
struct Begun {
    secret: [u8; totp::SECRET_BYTES],
    codes: Vec<SecretString>,
}

impl Begun {
    /// The secret, then the codes with a space before each.
    fn written(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(self.secret.to_vec());
        for code in &self.codes {
            bytes.push(b' ');
            bytes.extend_from_slice(code.expose_secret().as_bytes());
        }
        bytes
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let (secret, codes) = payload.split_at_checked(totp::SECRET_BYTES)?;
        let codes = str::from_utf8(codes).ok()?.split_whitespace();
        Some(Self {
            secret: secret.try_into().ok()?,
            codes: codes.map(SecretString::from).collect(),
        })
    }

    fn enrolment(&self, name: &str) -> Enrolment {
        let secret = totp::base32(&self.secret);
        let label = totp::label(name);
        let uri = format!("otpauth://totp/Latchkey:{label}?secret={secret}&issuer=Latchkey");
        Enrolment {
            secret: secret.into(),
            uri: uri.into(),
            recovery_codes: self.codes.clone(),
        }
    }
}

/// Also while the first password or a missing factor stands in the way of all else.
fn may_change(actor: &Actor) -> Result<(), Error> {
    let (rights, means) = (actor.rights, actor.via.means());
    decide(Operation::ChangeOwnPassword, Whose::Own, rights, means)?;
    if actor.identity.principal.domain_type.is_local() {
        Ok(())
    } else {
        Err(Error::NotPermitted)
    }
}

fn wrong_code() -> FieldError {
    FieldError::new(
        "code",
        Problem::malformed("a code that is valid now and was not used"),
    )
}

fn changed(object: &str, how: &str) -> Event {
    Event::done(Action::SecondFactorChanged, object).after(json!({ "secondFactor": how }))
}

/// Ten characters of 32, about 50 bits, without look-alikes.
fn draw_code(core: &Core) -> Result<SecretString, Fault> {
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567890";
    let bytes: [u8; 10] = random(&*core.entropy)?;
    let mut text: String = bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect();
    text.insert(5, '-');
    Ok(text.into())
}
