//! Local passwords: argon2id, off the async threads, a few at a time.

use std::{collections::HashSet, sync::LazyLock};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use domain::{
    error::{Error, Problem},
    password::check_length,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::{
    entropy::{SecretSource, random},
    fault::Fault,
};

/// Hashes at the same time: each takes 19 MiB and a core.
const AT_ONCE: usize = 2;
/// Hashes that may wait. Beyond that the answer is 429: a flood must not fill the memory.
const WAITING: usize = 64;

/// A well-formed hash that no password has: what an unknown user's password is checked against,
/// so that the answer takes the same work.
static NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm8gc3VjaCB1c2VyIGhlcmU$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Common passwords of at least 12 characters, lower case, one a line.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Hashes and checks passwords.
pub(crate) struct Passwords {
    running: Semaphore,
    waiting: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            running: Semaphore::new(AT_ONCE),
            waiting: Semaphore::new(AT_ONCE + WAITING),
        }
    }
}

impl Passwords {
    /// The PHC string of a password.
    pub(crate) async fn hash(
        &self,
        password: SecretString,
        entropy: &dyn SecretSource,
    ) -> Result<String, Fault> {
        let salt: [u8; 16] = random(entropy)?;
        self.run(move || {
            hasher()?
                .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(|_| Fault::Broken("a password could not be hashed"))
        })
        .await?
    }

    /// Whether the password is the one that was hashed. `None`: there is no hash; the answer is
    /// no, after the same work.
    pub(crate) async fn matches(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, Fault> {
        self.run(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let hash = PasswordHash::new(&hash)
                .map_err(|_| Fault::Broken("a stored password hash is malformed"))?;
            let matches = hasher()?
                .verify_password(password.expose_secret().as_bytes(), &hash)
                .is_ok();
            Ok(known && matches)
        })
        .await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let Ok(_place) = self.waiting.try_acquire() else {
            return Err(Error::TooMany {
                retry_after_seconds: 5,
            }
            .into());
        };
        let _turn = self
            .running
            .acquire()
            .await
            .map_err(|_| Fault::Broken("the password hasher is gone"))?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| Fault::Broken("hashing a password stopped"))
    }
}

/// Argon2id with 19 MiB, 2 passes, 1 lane: the OWASP password storage cheat sheet's first choice.
fn hasher() -> Result<Argon2<'static>, Fault> {
    let params = Params::new(19_456, 2, 1, None)
        .map_err(|_| Fault::Broken("the password hasher's parameters are wrong"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Checks a new password: 12–128 characters, not a common one (ASVS 5.0 6.2.1, 6.2.4, 6.2.9).
///
/// # Errors
/// What is wrong with it.
pub fn check_new(password: &SecretString, user_name: &str) -> Result<(), Problem> {
    let password = password.expose_secret();
    check_length(password)?;
    let lower = password.to_lowercase();
    let own_name = user_name.to_lowercase();
    let one_character = lower.chars().skip(1).all(|c| lower.starts_with(c));
    let repeats_name = !own_name.is_empty() && lower.replace(&own_name, "").chars().count() < 4;
    if COMMON.contains(&*lower) || one_character || repeats_name {
        return Err(Problem::CommonPassword);
    }
    Ok(())
}

/// A password to hand out: 20 characters, about 100 bits, without look-alikes.
pub(crate) fn draw(entropy: &dyn SecretSource) -> Result<SecretString, Fault> {
    // 32 characters, so that five bits choose one without bias.
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789-";
    let bytes: [u8; 20] = random(entropy)?;
    let text: String = bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect();
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::FakeEntropy;

    fn secret(text: &str) -> SecretString {
        text.to_owned().into()
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::default();
        let entropy = FakeEntropy::default();
        let hash = passwords
            .hash(secret("correct horse battery"), &entropy)
            .await
            .unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let matches = |text| passwords.matches(secret(text), Some(hash.clone()));
        assert!(matches("correct horse battery").await.unwrap());
        assert!(!matches("correct horse batterz").await.unwrap());
        assert!(!matches("").await.unwrap());
    }

    /// W12: the stand-in costs the same parameters, and nothing matches it.
    #[tokio::test]
    async fn nobody_has_a_password() {
        let hash = PasswordHash::new(NOBODY).unwrap();
        assert_eq!(Params::try_from(&hash).unwrap().m_cost(), 19_456);
        let passwords = Passwords::default();
        assert!(!passwords.matches(secret(""), None).await.unwrap());
        assert!(
            !passwords
                .matches(secret("correct horse battery"), None)
                .await
                .unwrap()
        );
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for common in [
            "password1234",
            "PASSWORD1234",
            "123456789012",
            "qwertyuiop12",
            "aaaaaaaaaaaa",
            "alicealice12",
        ] {
            assert_eq!(
                check_new(&secret(common), "alice"),
                Err(Problem::CommonPassword),
                "{common}"
            );
        }
        assert_eq!(check_new(&secret("correct horse battery"), "alice"), Ok(()));
        for line in COMMON.iter() {
            assert!(
                line.chars().count() >= 12 && *line == line.to_lowercase(),
                "{line}"
            );
        }
    }

    #[test]
    fn a_drawn_password_is_a_good_one() {
        let drawn = draw(&FakeEntropy::default()).unwrap();
        assert_eq!(drawn.expose_secret().len(), 20);
        assert_eq!(check_new(&drawn, "admin"), Ok(()));
    }
}
