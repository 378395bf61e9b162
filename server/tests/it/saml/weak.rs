//! S16: weak algorithms, really signed and encrypted by them, and a public key passed off as a
//! shared secret.

use aws_lc_rs::signature::{self, UnparsedPublicKey};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use domain::saml::Cause;

use super::{
    Browser, Stage,
    cipher::{Content, Transport, encrypted},
    signer::{Hash, Manner, Method, Signer, der_of},
};

fn signed_with(used: &str) -> Cause {
    Cause::Algorithm {
        used: used.to_owned(),
    }
}

#[tokio::test]
async fn s16_only_rsa_with_sha_2_counts() {
    let stage = Stage::sqlite().await;
    let idp = Signer::of("idp");
    let unsigned = |browser: &Browser| stage.idp.unsigned(&stage.statement(&browser.asked));
    let (pem, der) = (idp.certificate.clone(), der_of(&idp.certificate));
    let trimmed = pem.trim_end().to_owned();
    for (method, digest, used) in [
        (Method::Rsa(Hash::Sha1), Hash::Sha1, "rsa-sha1"),
        (Method::Rsa(Hash::Sha1), Hash::Sha256, "rsa-sha1"),
        (Method::Rsa(Hash::Sha256), Hash::Sha1, "sha1"),
        (
            Method::Hmac(Hash::Sha256, &der),
            Hash::Sha256,
            "hmac-sha256",
        ),
        (
            Method::Hmac(Hash::Sha256, pem.as_bytes()),
            Hash::Sha256,
            "hmac-sha256",
        ),
        (
            Method::Hmac(Hash::Sha256, trimmed.as_bytes()),
            Hash::Sha256,
            "hmac-sha256",
        ),
        (Method::Hmac(Hash::Sha1, &der), Hash::Sha1, "hmac-sha1"),
        (
            Method::Hmac(Hash::Sha1, pem.as_bytes()),
            Hash::Sha1,
            "hmac-sha1",
        ),
    ] {
        let manner = Manner {
            method,
            digest,
            ..Manner::default()
        };
        let make = |browser: &Browser| idp.sign(&unsigned(browser), &manner);
        stage.refuses(make, signed_with(used)).await;
    }
    // The library itself knows this one, for whoever wants it.
    let pss = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
    let make = |browser: &Browser| stage.idp.sign_with(&unsigned(browser), false, pss).unwrap();
    stage.refuses(make, signed_with("sha256-rsa-MGF1")).await;

    // The same signer, honest.
    let browser = stage.begin().await;
    let honest = idp.sign(&unsigned(&browser), &Manner::default());
    stage.takes(&browser, &honest).await;
}

/// What the tests sign by SHA-1 would be believed by whoever believes in SHA-1.
#[tokio::test]
async fn the_weak_signatures_of_these_tests_are_good_ones() {
    let stage = Stage::sqlite().await;
    let idp = Signer::of("idp");
    let browser = stage.begin().await;
    let unsigned = stage.idp.unsigned(&stage.statement(&browser.asked));
    let signed = idp.sign(&unsigned, &Manner::sha1());
    let info = super::xml::part(&signed, "<ds:SignedInfo", "</ds:SignedInfo>");
    let value = super::xml::part(&signed, "<ds:SignatureValue>", "</ds:SignatureValue>");
    let value = value
        .trim_start_matches("<ds:SignatureValue>")
        .trim_end_matches("</ds:SignatureValue>");
    let value = BASE64_STANDARD.decode(value).unwrap();
    let sha1 = &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY;
    let public = UnparsedPublicKey::new(sha1, &idp.public);
    public.verify(info.as_bytes(), &value).unwrap();
}

/// S16: the content's key by `RSAES-PKCS1-v1_5`.
#[tokio::test]
async fn s16_a_key_is_carried_by_oaep_alone() {
    let stage = Stage::sqlite().await;
    stage.decide(|settings| settings.encrypted = true).await;
    let make = |browser: &Browser| encrypted(&stage.good(browser), Content::Gcm, Transport::Rsa15);
    stage.refuses(make, Cause::Undecipherable).await;
    let browser = stage.begin().await;
    let honest = encrypted(&stage.good(&browser), Content::Gcm, Transport::Oaep);
    stage.takes(&browser, &honest).await;
}
