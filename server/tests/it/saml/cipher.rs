//! Encrypting an assertion for us, in ways that the provider's own library would not.

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{AES_128, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    iv::FixedLength,
    rsa::{
        OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey,
    },
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{signer::der_of, stage, xml::assertion};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Gcm,
    Cbc,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Oaep,
    /// `RSAES-PKCS1-v1_5`: what Bleichenbacher's oracle is about.
    Rsa15,
}

/// Encrypts the assertion of a message for us.
pub(super) fn encrypted(message: &str, content: Content, transport: Transport) -> String {
    let clear = assertion(message);
    message.replacen(clear, &sealed(clear, content, transport), 1)
}

/// Any text as an encrypted assertion for us.
pub(super) fn sealed(clear: &str, content: Content, transport: Transport) -> String {
    let key = [7_u8; 16];
    let (method, sealed) = match content {
        Content::Gcm => (
            "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            gcm(&key, clear.as_bytes()),
        ),
        Content::Cbc => (
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            cbc(&key, clear.as_bytes()),
        ),
    };
    let pem = stage::key("ours");
    let private = &pem[..pem.find("-----BEGIN CERTIFICATE").unwrap()];
    let public = PrivateDecryptingKey::from_pkcs8(&der_of(private))
        .unwrap()
        .public_key();
    let mut room = vec![0; public.key_size_bytes()];
    let (carried, wrapped) = match transport {
        Transport::Oaep => {
            let public = OaepPublicEncryptingKey::new(public).unwrap();
            let done = public.encrypt(&OAEP_SHA1_MGF1SHA1, &key, &mut room, None);
            ("rsa-oaep-mgf1p", done.unwrap().to_vec())
        }
        Transport::Rsa15 => {
            let public = Pkcs1PublicEncryptingKey::new(public).unwrap();
            ("rsa-1_5", public.encrypt(&key, &mut room).unwrap().to_vec())
        }
    };
    format!(
        "<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">\
         <xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" \
         Type=\"http://www.w3.org/2001/04/xmlenc#Element\"><xenc:EncryptionMethod \
         Algorithm=\"{method}\"/><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
         <xenc:EncryptedKey><xenc:EncryptionMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#{carried}\"/><xenc:CipherData>\
         <xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>\
         <xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData>\
         </xenc:EncryptedData></saml:EncryptedAssertion>",
        BASE64_STANDARD.encode(wrapped),
        BASE64_STANDARD.encode(sealed),
    )
}

/// Nonce, text and tag (XML Encryption 1.1, section 5.2.4).
fn gcm(key: &[u8], clear: &[u8]) -> Vec<u8> {
    let nonce = [9; 12];
    let sealing = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key).unwrap());
    let mut text = clear.to_vec();
    let nonce_used = Nonce::assume_unique_for_key(nonce);
    sealing
        .seal_in_place_append_tag(nonce_used, Aad::empty(), &mut text)
        .unwrap();
    [&nonce[..], &text].concat()
}

/// Initialisation vector and text. The padding of XML Encryption takes that of PKCS #7, too.
fn cbc(key: &[u8], clear: &[u8]) -> Vec<u8> {
    let vector = [5_u8; 16];
    let sealing = UnboundCipherKey::new(&AES_128, key).unwrap();
    let sealing = PaddedBlockEncryptingKey::cbc_pkcs7(sealing).unwrap();
    let mut text = clear.to_vec();
    let context = EncryptionContext::Iv128(FixedLength::from(vector));
    sealing.less_safe_encrypt(&mut text, context).unwrap();
    [&vector[..], &text].concat()
}
