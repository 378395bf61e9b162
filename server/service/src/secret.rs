//! Secrets as types that cannot print themselves. `reveal` is the one way out: it greps.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::{
    ChaCha20Poly1305, Nonce,
    aead::{Aead, Payload},
};
use domain::key::{self, KEY_BYTES, NotAKey, RANDOM_BYTES, Tag};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::entropy::{EntropyError, SecretSource, random};

/// The value of an API key.
pub struct KeyValue(Zeroizing<[u8; KEY_BYTES]>);

impl KeyValue {
    /// Draws a new key.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn generate(source: &dyn SecretSource) -> Result<Self, EntropyError> {
        let bytes = Zeroizing::new(random::<RANDOM_BYTES>(source)?);
        Ok(Self(Zeroizing::new(key::assemble(&bytes))))
    }

    /// Reads a key as a client sent it.
    ///
    /// # Errors
    /// When the text is no key.
    pub fn parse(text: &[u8]) -> Result<Self, NotAKey> {
        key::parse(text).map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The public part.
    pub fn tag(&self) -> Tag {
        Tag::of(&self.0)
    }

    /// What is stored instead of the value.
    pub fn digest(&self, pepper: &Pepper) -> KeyDigest {
        #[cfg(test)]
        work::note(|done| done.digests += 1);
        KeyDigest(pepper.mac(&*self.0))
    }

    /// The 64 characters. For the one answer that shows them.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(key::write(&self.0))
    }
}

/// Shows the tag only.
impl fmt::Debug for KeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyValue({}…)", self.tag())
    }
}

/// HMAC-SHA-256 of a key under a pepper. Compared in constant time, and only so.
#[derive(Clone)]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// For the store.
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    /// Compares with a stored digest in constant time (ASVS 5.0 11.2.4).
    pub fn matches(&self, stored: &[u8]) -> bool {
        #[cfg(test)]
        work::note(|done| done.compared_bytes += stored.len());
        self.0.as_slice().ct_eq(stored).into()
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(…)")
    }
}

const NONCE_BYTES: usize = 12;

/// A secret that the server mixes into every digest, so that the database alone is worth nothing.
#[derive(Clone)]
pub struct Pepper(Zeroizing<[u8; 32]>);

impl Pepper {
    /// A pepper of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// HMAC-SHA-256 (RFC 2104).
    pub(crate) fn mac(&self, message: &[u8]) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.0).expect("any length will do");
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    /// Tells peppers apart without giving them away: kept in the database, so that a server with
    /// the wrong secret files refuses to start.
    pub fn fingerprint(&self) -> String {
        domain::audit::hex(&self.mac(b"latchkey fingerprint")[..8])
    }
}

/// Sealing: what is kept in the database and must not be read there.
impl Pepper {
    /// Encrypts under a key derived for the purpose; `context` must be given again to open it.
    ///
    /// # Errors
    /// When the generator fails.
    pub(crate) fn seal(
        &self,
        purpose: &str,
        context: &str,
        secret: &[u8],
        source: &dyn SecretSource,
    ) -> Result<Vec<u8>, EntropyError> {
        let nonce: [u8; NONCE_BYTES] = random(source)?;
        let payload = Payload {
            msg: secret,
            aad: context.as_bytes(),
        };
        let sealed = self.cipher(purpose).encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| EntropyError)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Decrypts what [`Pepper::seal`] made. `None`: it was not made so.
    pub(crate) fn open(
        &self,
        purpose: &str,
        context: &str,
        sealed: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let payload = Payload {
            msg: ciphertext,
            aad: context.as_bytes(),
        };
        let opened = self.cipher(purpose).decrypt(&Nonce::from(nonce), payload);
        opened.ok().map(Zeroizing::new)
    }

    fn cipher(&self, purpose: &str) -> ChaCha20Poly1305 {
        let key = Zeroizing::new(self.mac(format!("latchkey seal {purpose}").as_bytes()));
        ChaCha20Poly1305::new((&*key).into())
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

/// A random 256-bit token: what a session cookie or a reveal cookie holds.
#[derive(Clone)]
pub struct RandomToken(Zeroizing<[u8; 32]>);

impl RandomToken {
    /// Draws a new token.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn generate(source: &dyn SecretSource) -> Result<Self, EntropyError> {
        random(source).map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// Reads a token from a cookie. `None`: it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// For the cookie.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// SHA-256: what the database keeps. 256 random bits need no stretching (ASVS 5.0 11.4).
    pub(crate) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_slice()).to_vec()
    }

    /// The bytes, as a cipher's key.
    pub(crate) fn as_key(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for RandomToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RandomToken(…)")
    }
}

/// Counts the costly steps of a verification on this thread, for the test of K7.
#[cfg(test)]
pub(crate) mod work {
    use std::cell::Cell;

    #[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Done {
        pub(crate) digests: usize,
        pub(crate) compared_bytes: usize,
    }

    thread_local! {
        static DONE: Cell<Done> = const { Cell::new(Done { digests: 0, compared_bytes: 0 }) };
    }

    pub(crate) fn note(step: impl FnOnce(&mut Done)) {
        let mut done = DONE.get();
        step(&mut done);
        DONE.set(done);
    }

    /// What was done since the last call.
    pub(crate) fn take() -> Done {
        DONE.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::FakeEntropy;

    fn a_key() -> KeyValue {
        KeyValue::generate(&FakeEntropy::default()).unwrap()
    }

    /// K14.
    #[test]
    fn no_secret_prints_itself() {
        let key = a_key();
        let pepper = Pepper::new([9; 32]);
        let token = RandomToken::generate(&FakeEntropy::default()).unwrap();
        let printed = format!("{key:?} {:?} {pepper:?} {token:?}", key.digest(&pepper));
        assert_eq!(
            printed,
            format!(
                "KeyValue({}…) KeyDigest(…) Pepper(…) RandomToken(…)",
                key.tag()
            )
        );
        assert!(!printed.contains(&key.reveal()[12..]));
    }

    /// K1, K2: the digest covers tag and secret alike.
    #[test]
    fn a_digest_matches_its_own_key_and_pepper_only() {
        let source = FakeEntropy::default();
        let one = KeyValue::generate(&source).unwrap();
        let two = KeyValue::generate(&source).unwrap();
        let pepper = Pepper::new([1; 32]);
        let stored = one.digest(&pepper).to_vec();
        assert!(one.digest(&pepper).matches(&stored));
        assert!(!two.digest(&pepper).matches(&stored));
        assert!(!one.digest(&Pepper::new([2; 32])).matches(&stored));
        assert!(!one.digest(&pepper).matches(&stored[..31]));
        assert!(!one.digest(&pepper).matches(&[]));
    }

    /// K15: what is sealed opens for its own purpose and place only.
    #[test]
    fn what_is_sealed_opens_where_it_belongs() {
        let source = FakeEntropy::default();
        let (pepper, other) = (Pepper::new([1; 32]), Pepper::new([2; 32]));
        let sealed = pepper.seal("x", "1000", b"secret", &source).unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(
            pepper.open("x", "1000", &sealed).unwrap().as_slice(),
            b"secret"
        );
        assert!(pepper.open("y", "1000", &sealed).is_none());
        assert!(pepper.open("x", "1001", &sealed).is_none());
        assert!(other.open("x", "1000", &sealed).is_none());
        assert!(pepper.open("x", "1000", &sealed[..11]).is_none());
    }

    #[test]
    fn a_token_reads_back_and_junk_does_not() {
        let token = RandomToken::generate(&FakeEntropy::default()).unwrap();
        let text = token.reveal();
        assert_eq!(RandomToken::parse(&text).unwrap().hash(), token.hash());
        for junk in ["", "x", &text[1..], &format!("{}A", *text)] {
            assert!(RandomToken::parse(junk).is_none());
        }
    }
}
