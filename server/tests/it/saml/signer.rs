//! A signer that knows what the library refuses to know: weak algorithms, transforms, digests of
//! something else. What it signs by SHA-256 is taken, so it is the rule that refuses the rest, and
//! not a mistake here.

use aws_lc_rs::{
    digest, hmac,
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bergshamra_c14n::{C14nMode, canonicalize};
use num_bigint::BigUint;

use super::{stage, xml};

const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// The two transforms that every provider uses, in canonical form.
pub(super) const USUAL: &str = "<ds:Transform \
     Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
     <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    fn of(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }

    const fn uri(self) -> &'static str {
        match self {
            Self::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
            Self::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
        }
    }

    /// What stands before a digest of this kind in a signature (RFC 8017, section 9.2).
    const fn info(self) -> &'static [u8] {
        match self {
            Self::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
            Self::Sha256 => {
                b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
            }
        }
    }
}

/// How an assertion is signed.
#[derive(Debug, Clone)]
pub(super) struct Manner<'a> {
    pub(super) method: Method<'a>,
    pub(super) digest: Hash,
    /// The transforms of the reference, in canonical form.
    pub(super) transforms: &'a str,
    /// What the digest is of. `None`: the canonical assertion.
    pub(super) digested: Option<&'a [u8]>,
    /// Whether it is a signature of nothing instead of `SignedInfo`.
    pub(super) void: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Method<'a> {
    Rsa(Hash),
    /// With that secret.
    Hmac(Hash, &'a [u8]),
}

impl Method<'_> {
    const fn uri(self) -> &'static str {
        match self {
            Self::Rsa(Hash::Sha1) => "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            Self::Rsa(Hash::Sha256) => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Self::Hmac(Hash::Sha1, _) => "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            Self::Hmac(Hash::Sha256, _) => "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        }
    }
}

impl Default for Manner<'_> {
    /// As an honest provider does.
    fn default() -> Self {
        Self {
            method: Method::Rsa(Hash::Sha256),
            digest: Hash::Sha256,
            transforms: USUAL,
            digested: None,
            void: false,
        }
    }
}

impl Manner<'_> {
    /// RSA and digest by SHA-1.
    pub(super) fn sha1() -> Self {
        Self {
            method: Method::Rsa(Hash::Sha1),
            digest: Hash::Sha1,
            ..Self::default()
        }
    }
}

/// Whoever holds a provider's key.
pub(super) struct Signer {
    modulus: BigUint,
    private: BigUint,
    /// The public key (PKCS #1, DER).
    pub(super) public: Vec<u8>,
    /// As PEM.
    pub(super) certificate: String,
}

impl Signer {
    /// With the key of the provider of that name.
    pub(super) fn of(name: &str) -> Self {
        let pem = stage::key(name);
        let (private, certificate) = pem.split_at(pem.find("-----BEGIN CERTIFICATE").unwrap());
        // PKCS #8 around PKCS #1: version, algorithm, and the key's own version, n, e, d.
        let pkcs8 = der_of(private);
        let key = children(children(children(&pkcs8)[0])[2]);
        let numbers = children(key[0]);
        Self {
            modulus: BigUint::from_bytes_be(numbers[1]),
            private: BigUint::from_bytes_be(numbers[3]),
            public: RsaKeyPair::from_pkcs8(&pkcs8)
                .unwrap()
                .public_key()
                .as_ref()
                .to_vec(),
            certificate: certificate.to_owned(),
        }
    }

    /// A signature by RSA (PKCS #1, version 1.5: RFC 8017, section 8.2).
    fn rsa(&self, hash: Hash, bytes: &[u8]) -> Vec<u8> {
        let length = usize::try_from(self.modulus.bits().div_ceil(8)).unwrap();
        let told = [hash.info(), &hash.of(bytes)].concat();
        let mut padded = vec![0xff; length - told.len()];
        let last = padded.len() - 1;
        (padded[0], padded[1], padded[last]) = (0, 1, 0);
        padded.extend(told);
        let number = BigUint::from_bytes_be(&padded).modpow(&self.private, &self.modulus);
        let bytes = number.to_bytes_be();
        [vec![0; length - bytes.len()], bytes].concat()
    }

    /// Signs the assertion of a message that has no signature yet.
    pub(super) fn sign(&self, message: &str, manner: &Manner<'_>) -> String {
        let canonical = canonical(xml::assertion(message));
        let digested = manner.digested.unwrap_or(&canonical);
        let reference = xml::part(xml::assertion(message), "ID=\"", "\" ");
        let reference = reference
            .trim_start_matches("ID=\"")
            .trim_end_matches("\" ");
        // In canonical form as it stands, wherever it stands.
        let info = format!(
            "<ds:SignedInfo xmlns:ds=\"{DSIG}\"><ds:CanonicalizationMethod \
             Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"{}\"></ds:SignatureMethod><ds:Reference \
             URI=\"#{reference}\"><ds:Transforms>{}</ds:Transforms><ds:DigestMethod \
             Algorithm=\"{}\"></ds:DigestMethod><ds:DigestValue>{}</ds:DigestValue>\
             </ds:Reference></ds:SignedInfo>",
            manner.method.uri(),
            manner.transforms,
            manner.digest.uri(),
            BASE64_STANDARD.encode(manner.digest.of(digested)),
        );
        let signed: &[u8] = if manner.void { b"" } else { info.as_bytes() };
        let value = match manner.method {
            Method::Rsa(hash) => self.rsa(hash, signed),
            Method::Hmac(hash, secret) => {
                let algorithm = match hash {
                    Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                    Hash::Sha256 => hmac::HMAC_SHA256,
                };
                let key = hmac::Key::new(algorithm, secret);
                hmac::sign(&key, signed).as_ref().to_vec()
            }
        };
        let signature = format!(
            "<ds:Signature xmlns:ds=\"{DSIG}\">{info}<ds:SignatureValue>{}</ds:SignatureValue>\
             <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>\
             </ds:KeyInfo></ds:Signature>",
            BASE64_STANDARD.encode(value),
            bare(&self.certificate),
        );
        let signed = format!("</saml:Issuer>{signature}");
        xml::within(message, "</saml:Issuer>", &signed)
    }
}

/// Whether a whole message is signed by the holder of that public key (PKCS #1, DER), by SHA-256.
pub(super) fn is_signed_by(public: &[u8], message: &str) -> bool {
    let signature = xml::signature(message);
    let inner = |name: &str| {
        let (open, close) = (format!("<ds:{name}>"), format!("</ds:{name}>"));
        let found = xml::part(signature, &open, &close);
        let bare = found.trim_start_matches(&open).trim_end_matches(&close);
        BASE64_STANDARD.decode(bare).unwrap()
    };
    let info = xml::part(signature, "<ds:SignedInfo", "</ds:SignedInfo>");
    let info = info.replacen("SignedInfo", &format!("SignedInfo xmlns:ds=\"{DSIG}\""), 1);
    let covered = canonical(&message.replacen(signature, "", 1));
    inner("DigestValue") == Hash::Sha256.of(&covered)
        && is_signature_of(public, &canonical(&info), &inner("SignatureValue"))
}

/// Whether that is the key's signature of those bytes, by SHA-256.
pub(super) fn is_signature_of(public: &[u8], bytes: &[u8], signature: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public);
    key.verify(bytes, signature).is_ok()
}

/// What a signature covers of an element that declares all its prefixes itself.
fn canonical(element: &str) -> Vec<u8> {
    canonicalize::<&str>(element, C14nMode::Exclusive, None, &[]).unwrap()
}

/// The base64 of a PEM.
pub(super) fn bare(pem: &str) -> String {
    pem.lines()
        .filter(|line| !line.starts_with("---"))
        .collect()
}

/// The bytes of a PEM.
pub(super) fn der_of(pem: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(bare(pem)).unwrap()
}

/// The contents of the elements that stand one after the other (X.690).
fn children(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let [_, first, rest @ ..] = bytes {
        let (length, rest) = match *first {
            short @ ..0x80 => (usize::from(short), rest),
            long => {
                let (length, rest) = rest.split_at(usize::from(long & 0x7f));
                let length = length
                    .iter()
                    .fold(0, |all, byte| (all << 8) | usize::from(*byte));
                (length, rest)
            }
        };
        let (content, rest) = rest.split_at(length);
        found.push(content);
        bytes = rest;
    }
    found
}
