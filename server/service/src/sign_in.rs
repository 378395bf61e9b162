//! Checking a user name and a password: equal answers, equal work, and a limit that comes first.

use chrono::TimeDelta;
use domain::{
    audit::{Action, Event, hex},
    error::Error,
    principal::{DomainType, UserId, fold},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{
    Origin,
    audit::Who,
    core::Core,
    fault::Fault,
    sessions::Credentials,
    store::{
        sign_in_failures,
        users::{self, UserRow},
    },
    users::FIRST_ADMINISTRATOR,
};

/// How far a password leads.
pub(crate) enum Checked {
    /// All the way.
    Done(UserRow),
    /// A code is missing.
    CodeNeeded(UserRow),
}

enum Judged {
    Right,
    CodeMissing,
    Wrong(&'static str),
}

#[derive(Debug, Clone, Copy)]
struct Matches {
    whole: bool,
    before_code: bool,
}

const WRONG_PASSWORD: &str = "wrong password";

/// The characters of a code.
const CODE_DIGITS: usize = 6;

/// A password and the six digits behind it, if there are such.
fn with_code(password: &SecretString) -> Option<(SecretString, SecretString)> {
    let text = password.expose_secret();
    let (before, code) = text.split_at_checked(text.len().checked_sub(CODE_DIGITS)?)?;
    let digits = code.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !before.is_empty()).then(|| (before.into(), code.into()))
}

impl Core {
    /// The account whose password this is, and whether a code is missing. A code may stand
    /// behind the password.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for an unknown, disabled or password-less account and a wrong
    /// password alike, after hashing the same; [`Error::TooMany`] without hashing.
    pub(crate) async fn check_credentials(
        &self,
        credentials: Credentials,
        origin: &Origin,
    ) -> Result<Checked, Error> {
        self.before_password(&origin.address)?;
        self.count_attempt(&credentials.user_name, origin).await?;
        let candidates = self.candidates(&credentials).await?;
        let appended = with_code(&credentials.password);
        if candidates.is_empty() {
            self.compare(&credentials.password, appended.as_ref(), None)
                .await?;
            return self
                .refuse_sign_in("an unknown user", "unknown", origin)
                .await;
        }
        let mut refusal = None;
        for user in candidates {
            let hash = user.password_hash.clone();
            let matches = self
                .compare(&credentials.password, appended.as_ref(), hash)
                .await?;
            let identity = user.identity()?;
            match self.judge(&user, matches, appended.as_ref()).await? {
                Judged::Right => {
                    self.forget_attempts(&credentials.user_name, origin).await?;
                    return Ok(Checked::Done(user));
                }
                // Not forgotten yet: codes are not to be guessed between right passwords.
                Judged::CodeMissing => return Ok(Checked::CodeNeeded(user)),
                Judged::Wrong(WRONG_PASSWORD) => {
                    refusal.get_or_insert((identity.to_string(), WRONG_PASSWORD));
                }
                Judged::Wrong(cause) => refusal = Some((identity.to_string(), cause)),
            }
        }
        let (object, cause) = refusal.unwrap_or_default();
        self.refuse_sign_in(&object, cause, origin).await
    }

    /// Whether the password is right as it stands, and without the code behind it. The work
    /// depends on what was typed, not on whose it is.
    async fn compare(
        &self,
        password: &SecretString,
        appended: Option<&(SecretString, SecretString)>,
        hash: Option<String>,
    ) -> Result<Matches, Fault> {
        let whole = self
            .passwords
            .matches(password.clone(), hash.clone())
            .await?;
        let before_code = match appended {
            Some((before, _)) => self.passwords.matches(before.clone(), hash).await?,
            None => false,
        };
        Ok(Matches { whole, before_code })
    }

    async fn judge(
        &self,
        user: &UserRow,
        matches: Matches,
        appended: Option<&(SecretString, SecretString)>,
    ) -> Result<Judged, Fault> {
        if !matches.whole && !matches.before_code {
            return Ok(Judged::Wrong(WRONG_PASSWORD));
        }
        if user.disabled_at.is_some() {
            return Ok(Judged::Wrong("disabled"));
        }
        let id = UserId(user.id);
        if !self.has_factor(id).await? {
            return Ok(if matches.whole {
                Judged::Right
            } else {
                Judged::Wrong(WRONG_PASSWORD)
            });
        }
        let Some((_, code)) = appended.filter(|_| matches.before_code) else {
            return Ok(Judged::CodeMissing);
        };
        let mut tx = self.db.begin().await?;
        if !self
            .use_code(&mut tx.conn(), id, code.expose_secret())
            .await?
        {
            return Ok(Judged::Wrong("wrong code"));
        }
        tx.commit_unrecorded().await?;
        Ok(Judged::Right)
    }

    async fn candidates(&self, credentials: &Credentials) -> Result<Vec<UserRow>, Fault> {
        let domain_type = credentials.domain_type.unwrap_or(DomainType::Unixpwd);
        // A name that cannot be one belongs to nobody.
        let Ok(folded) = fold(domain_type, &credentials.user_name) else {
            return Ok(Vec::new());
        };
        let mut reader = self.db.reader().await?;
        let conn = &mut reader.conn();
        match credentials.domain_type {
            None => users::find_local(conn, &folded).await,
            Some(domain_type) if !domain_type.is_local() => Ok(Vec::new()),
            Some(domain_type) => {
                let domain = match domain_type {
                    DomainType::Unixpwd => "",
                    _ => &credentials.domain,
                };
                let user = users::find(conn, domain_type, domain, &folded).await?;
                Ok(user.into_iter().collect())
            }
        }
    }

    async fn refuse_sign_in<T>(
        &self,
        object: &str,
        cause: &str,
        origin: &Origin,
    ) -> Result<T, Error> {
        let event = Event::refused(Action::SignedIn, object, cause);
        self.record(Who::anonymous(origin), &event).await?;
        Err(self.failed(&origin.address, None))
    }

    /// Counts an attempt to give a password, before it is looked at.
    ///
    /// # Errors
    /// [`Error::TooMany`] when there were too many for that name from that address.
    pub(crate) async fn count_attempt(&self, name: &str, origin: &Origin) -> Result<(), Fault> {
        let now = self.clock.now();
        let limit = self.limits.lockout_failures;
        let until = now + TimeDelta::from_std(self.limits.lockout_time).unwrap_or(TimeDelta::MAX);
        let subject = subject(name);
        let mut tx = self.db.begin().await?;
        let (attempts, until) =
            sign_in_failures::count(&mut tx.conn(), &subject, &origin.address, limit, now, until)
                .await?;
        tx.commit_unrecorded().await?;
        if attempts <= limit.into() {
            return Ok(());
        }
        // Recorded once for each lock: a flood must not fill the trail.
        if attempts == i64::from(limit) + 1 {
            let event = Event::refused(Action::SignedIn, "a user name", "too many failures");
            self.record(Who::anonymous(origin), &event).await?;
        }
        let seconds = (until - now).num_seconds().max(1);
        Err(Error::TooMany {
            retry_after_seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
        }
        .into())
    }

    /// Forgets the attempts after the right password.
    pub(crate) async fn forget_attempts(&self, name: &str, origin: &Origin) -> Result<(), Fault> {
        let mut tx = self.db.begin().await?;
        sign_in_failures::forget(&mut tx.conn(), &subject(name), &origin.address).await?;
        tx.commit_unrecorded().await
    }

    /// Removes the first administrator's password file once it has served.
    pub(crate) fn first_sign_in_happened(&self, user: &UserRow) {
        let is_first = user.password_change_needed
            && user
                .identity()
                .is_ok_and(|identity| identity.principal.name == FIRST_ADMINISTRATOR);
        if !is_first {
            return;
        }
        match std::fs::remove_file(&self.initial_password_file) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(%cause, "the first administrator's password file is still there");
            }
            _ => {}
        }
    }
}

/// What attempts are counted under: the name whatever its spelling, hashed, since people type
/// passwords into the wrong field.
fn subject(name: &str) -> String {
    let folded = fold(DomainType::Unixpwd, name).unwrap_or_else(|_| name.to_owned());
    hex(&Sha256::digest(folded))
}
