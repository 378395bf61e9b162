//! REST tokens: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037).
//!
//! The signing library is told how to do Ed25519 and nothing else, so no other algorithm can be
//! talked into it, and no RSA code is linked.

mod ring;

use chrono::TimeDelta;
use domain::{Instant, principal::UserId};
use ed25519_dalek::{
    Signature, Signer, SigningKey, Verifier, VerifyingKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, spki::der::pem::LineEnding},
};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, new_error},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{
    entropy::{EntropyError, SecretSource, random},
    fault::Fault,
};

pub(crate) use self::ring::Ring;

/// Who issues the tokens, and for whom.
pub const ISSUER: &str = "latchkey";

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    /// The user's number.
    sub: String,
    /// The session's number.
    pub(crate) jti: String,
    iat: i64,
    exp: i64,
}

/// A key pair that signs tokens, or exports of the audit trail.
pub(crate) struct TokenKeys {
    sign: EncodingKey,
    seed: Zeroizing<[u8; 32]>,
    public: PublicKey,
}

/// The public half, which checks them.
#[derive(Clone)]
pub(crate) struct PublicKey {
    /// Names it in the header of a token.
    pub(crate) id: String,
    check: DecodingKey,
    pub(crate) bytes: [u8; 32],
}

impl PublicKey {
    /// Reads a public key. `None`: it is none.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; 32] = bytes.try_into().ok()?;
        VerifyingKey::from_bytes(&bytes).ok()?;
        Some(Self {
            id: domain::audit::hex(&bytes[..8]),
            check: DecodingKey::from_ed_der(&bytes),
            bytes,
        })
    }

    /// As PEM (RFC 8410).
    pub(crate) fn pem(&self) -> Option<String> {
        let key = VerifyingKey::from_bytes(&self.bytes).ok()?;
        key.to_public_key_pem(LineEnding::LF).ok()
    }

    /// Checks a token's signature, issuer, audience and end. `None`: it is not valid.
    pub(crate) fn check(&self, token: &str, now: Instant) -> Option<Claims> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        // Our clock decides, not the library's.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.check, &validation)
            .ok()?
            .claims;
        (now.timestamp() < claims.exp).then_some(claims)
    }

    /// Reads what [`TokenKeys::sign`] signed. `None`: it is of another kind, or not signed by this
    /// key.
    pub(crate) fn read<T: DeserializeOwned>(&self, kind: &str, text: &str) -> Option<T> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let read = jsonwebtoken::decode::<T>(text, &self.check, &validation).ok()?;
        (read.header.typ.as_deref() == Some(kind)).then_some(read.claims)
    }
}

/// Which key a token says that it was signed with.
pub(crate) fn key_of(token: &str) -> Option<String> {
    install();
    jsonwebtoken::decode_header(token).ok()?.kid
}

/// A second call finds the first one's provider installed: the same.
fn install() {
    let _ = ED25519.install_default();
}

impl TokenKeys {
    /// A new private key as PKCS#8 PEM (RFC 8410).
    pub(crate) fn generate(entropy: &dyn SecretSource) -> Result<Zeroizing<String>, EntropyError> {
        let seed = Zeroizing::new(random::<32>(entropy)?);
        SigningKey::from_bytes(&seed)
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|_| EntropyError)
    }

    /// Reads a private key. `None`: it is none.
    pub(crate) fn from_pem(pem: &str) -> Option<Self> {
        Self::of(&SigningKey::from_pkcs8_pem(pem).ok()?)
    }

    /// Reads a private key as [`TokenKeys::seed`] gave it.
    pub(crate) fn from_seed(seed: &[u8]) -> Option<Self> {
        let seed = Zeroizing::new(<[u8; 32]>::try_from(seed).ok()?);
        Self::of(&SigningKey::from_bytes(&seed))
    }

    fn of(key: &SigningKey) -> Option<Self> {
        install();
        Some(Self {
            sign: EncodingKey::from_ed_der(key.to_pkcs8_der().ok()?.as_bytes()),
            seed: Zeroizing::new(key.to_bytes()),
            public: PublicKey::from_bytes(key.verifying_key().as_bytes())?,
        })
    }

    /// The private key, to be sealed.
    pub(crate) fn seed(&self) -> &[u8] {
        &*self.seed
    }

    /// The public half.
    pub(crate) const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Tells key pairs apart.
    pub(crate) fn fingerprint(&self) -> String {
        self.public.id.clone()
    }

    /// Signs a token for a session.
    pub(crate) fn issue(
        &self,
        session: &str,
        user: UserId,
        now: Instant,
        lifetime: TimeDelta,
    ) -> Result<String, Fault> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: user.to_string(),
            jti: session.to_owned(),
            iat: now.timestamp(),
            exp: (now + lifetime).timestamp(),
        };
        self.sign("JWT", &claims)
    }

    /// Signs something (JWS, RFC 7515). Its kind keeps it from being taken for something else
    /// (RFC 8725, section 3.11).
    pub(crate) fn sign<T: Serialize>(&self, kind: &str, claims: &T) -> Result<String, Fault> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(kind.to_owned());
        header.kid = Some(self.public.id.clone());
        jsonwebtoken::encode(&header, claims, &self.sign)
            .map_err(|_| Fault::Broken("a token could not be signed"))
    }
}

static ED25519: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::EdDSA => SigningKey::from_pkcs8_der(key.as_bytes())
            .map(|key| Box::new(TokenSigner(key)) as Box<dyn JwtSigner>)
            .map_err(|_| new_error(ErrorKind::InvalidEddsaKey)),
        _ => Err(new_error(ErrorKind::InvalidAlgorithm)),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::EdDSA => key
            .try_get_as_bytes()?
            .try_into()
            .ok()
            .and_then(|bytes| VerifyingKey::from_bytes(bytes).ok())
            .map(|key| Box::new(TokenVerifier(key)) as Box<dyn JwtVerifier>)
            .ok_or_else(|| new_error(ErrorKind::InvalidEddsaKey)),
        _ => Err(new_error(ErrorKind::InvalidAlgorithm)),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct TokenSigner(SigningKey);

impl Signer<Vec<u8>> for TokenSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, ed25519_dalek::SignatureError> {
        self.0
            .try_sign(message)
            .map(|signature| signature.to_bytes().to_vec())
    }
}

impl JwtSigner for TokenSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct TokenVerifier(VerifyingKey);

impl Verifier<Vec<u8>> for TokenVerifier {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> Result<(), ed25519_dalek::SignatureError> {
        self.0
            .verify_strict(message, &Signature::from_slice(signature)?)
    }
}

impl JwtVerifier for TokenVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::FakeEntropy;

    fn keys(source: &FakeEntropy) -> TokenKeys {
        TokenKeys::from_pem(&TokenKeys::generate(source).unwrap()).unwrap()
    }

    fn now() -> Instant {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_token_names_its_session_until_its_end() {
        let keys = keys(&FakeEntropy::default());
        let hour = TimeDelta::hours(1);
        let token = keys.issue("s1", UserId(1003), now(), hour).unwrap();
        let claims = keys.public().check(&token, now()).unwrap();
        assert_eq!((&*claims.jti, &*claims.sub), ("s1", "1003"));
        assert!(
            keys.public()
                .check(&token, now() + hour - TimeDelta::seconds(1))
                .is_some()
        );
        assert!(keys.public().check(&token, now() + hour).is_none());
    }

    #[test]
    fn other_keys_and_other_algorithms_are_refused() {
        let source = FakeEntropy::default();
        let (ours, theirs) = (keys(&source), keys(&source));
        let token = theirs
            .issue("s1", UserId(1003), now(), TimeDelta::hours(1))
            .unwrap();
        assert!(ours.public().check(&token, now()).is_none());
        let payload = token.split('.').nth(1).unwrap();
        for header in [
            "eyJhbGciOiJub25lIn0",  // {"alg":"none"}
            "eyJhbGciOiJIUzI1NiJ9", // {"alg":"HS256"}
            "eyJhbGciOiJFZERTQSJ9", // {"alg":"EdDSA"}
        ] {
            for signature in ["", "AAAA", &"A".repeat(86)] {
                assert!(
                    theirs
                        .public()
                        .check(&format!("{header}.{payload}.{signature}"), now())
                        .is_none()
                );
            }
        }
        for junk in ["", ".", "..", "a.b.c", "é"] {
            assert!(ours.public().check(junk, now()).is_none());
        }
    }

    #[test]
    fn the_public_key_is_pem() {
        let pem = keys(&FakeEntropy::default());
        let pem = pem.public().pem().unwrap();
        assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"));
    }

    #[test]
    fn a_private_key_reads_back_and_its_tokens_name_it() {
        let keys = keys(&FakeEntropy::default());
        let again = TokenKeys::from_seed(keys.seed()).unwrap();
        let token = again.issue("s1", UserId(1003), now(), TimeDelta::hours(1));
        let token = token.unwrap();
        assert_eq!(key_of(&token), Some(keys.public().id.clone()));
        assert!(keys.public().check(&token, now()).is_some());
        assert_eq!(key_of("junk"), None);
    }
}
