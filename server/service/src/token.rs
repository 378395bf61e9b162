//! REST tokens: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037).
//!
//! The signing library is told how to do Ed25519 and nothing else, so no other algorithm can be
//! talked into it, and no RSA code is linked.

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
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    entropy::{EntropyError, SecretSource, random},
    fault::Fault,
};

/// Who issues the tokens, and for whom.
const ISSUER: &str = "latchkey";

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

/// The key pair that signs tokens.
pub(crate) struct TokenKeys {
    sign: EncodingKey,
    check: DecodingKey,
    public: VerifyingKey,
    public_pem: String,
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
        // A second call finds the first one's provider installed: the same.
        let _ = ED25519.install_default();
        let key = SigningKey::from_pkcs8_pem(pem).ok()?;
        let public = key.verifying_key();
        Some(Self {
            sign: EncodingKey::from_ed_der(key.to_pkcs8_der().ok()?.as_bytes()),
            check: DecodingKey::from_ed_der(public.as_bytes()),
            public,
            public_pem: public.to_public_key_pem(LineEnding::LF).ok()?,
        })
    }

    /// The public key as PEM (RFC 8410).
    pub(crate) fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// Tells key pairs apart.
    pub(crate) fn fingerprint(&self) -> String {
        domain::audit::hex(&self.public.as_bytes()[..8])
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
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.sign)
            .map_err(|_| Fault::Broken("a token could not be signed"))
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
        let claims = keys.check(&token, now()).unwrap();
        assert_eq!((&*claims.jti, &*claims.sub), ("s1", "1003"));
        assert!(
            keys.check(&token, now() + hour - TimeDelta::seconds(1))
                .is_some()
        );
        assert!(keys.check(&token, now() + hour).is_none());
    }

    #[test]
    fn other_keys_and_other_algorithms_are_refused() {
        let source = FakeEntropy::default();
        let (ours, theirs) = (keys(&source), keys(&source));
        let token = theirs
            .issue("s1", UserId(1003), now(), TimeDelta::hours(1))
            .unwrap();
        assert!(ours.check(&token, now()).is_none());
        let payload = token.split('.').nth(1).unwrap();
        for header in [
            "eyJhbGciOiJub25lIn0",  // {"alg":"none"}
            "eyJhbGciOiJIUzI1NiJ9", // {"alg":"HS256"}
            "eyJhbGciOiJFZERTQSJ9", // {"alg":"EdDSA"}
        ] {
            for signature in ["", "AAAA", &"A".repeat(86)] {
                assert!(
                    theirs
                        .check(&format!("{header}.{payload}.{signature}"), now())
                        .is_none()
                );
            }
        }
        for junk in ["", ".", "..", "a.b.c", "é"] {
            assert!(ours.check(junk, now()).is_none());
        }
    }

    #[test]
    fn the_public_key_is_pem() {
        let pem = keys(&FakeEntropy::default());
        assert!(pem.public_pem().starts_with("-----BEGIN PUBLIC KEY-----\n"));
    }
}
