//! Encryption hides an assertion from others; it vouches for nothing.

use domain::saml::Cause;

use super::{
    Browser, Stage,
    cipher::{Content, Transport, encrypted, sealed},
    xml::{assertion, changed, evil, signature},
};

async fn stage() -> Stage {
    let stage = Stage::sqlite().await;
    stage.decide(|settings| settings.encrypted = true).await;
    stage
}

fn gcm(xml: &str) -> String {
    encrypted(xml, Content::Gcm, Transport::Oaep)
}

/// S9, S10: anybody can encrypt for us, so an encrypted assertion must be signed all the same.
#[tokio::test]
async fn s9_s10_an_encrypted_assertion_must_be_signed_itself() {
    let stage = stage().await;
    let unsigned = |browser: &Browser| stage.idp.unsigned(&stage.statement(&browser.asked));
    let make = |browser: &Browser| gcm(&unsigned(browser));
    stage.refuses(make, Cause::NotSigned).await;
    // Signed around what is encrypted; and around the clear text, before it was encrypted.
    let make = |browser: &Browser| stage.idp.sign(&gcm(&unsigned(browser)), true).unwrap();
    stage.refuses(make, Cause::AssertionNotSigned).await;
    let make = |browser: &Browser| gcm(&stage.idp.sign(&unsigned(browser), true).unwrap());
    stage.refuses(make, Cause::AssertionNotSigned).await;
    // S11, within.
    let make = |browser: &Browser| {
        let mut attacker = super::provider("attacker");
        attacker.entity_id.clone_from(&stage.idp.entity_id);
        gcm(&attacker.respond(&stage.statement(&browser.asked)).unwrap())
    };
    stage.refuses(make, Cause::OtherCertificate).await;
    let browser = stage.begin().await;
    stage.takes(&browser, &gcm(&stage.good(&browser))).await;
}

/// S3–S8, within what is encrypted, and beside it.
#[tokio::test]
async fn s3_to_s8_what_is_wrapped_inside_is_refused() {
    let stage = stage().await;
    for (way, cause) in [
        Cause::WrongSignature,
        Cause::WrongSignature,
        // Two elements where there is place for one.
        Cause::Unreadable,
        Cause::Unreadable,
        Cause::WrongSignature,
        Cause::SeveralAssertions,
        Cause::SeveralAssertions,
    ]
    .into_iter()
    .enumerate()
    {
        let make = |browser: &Browser| {
            let good = stage.good(browser);
            let evil = evil(&good, true);
            let original = assertion(&good);
            let sign = signature(original);
            let bare = original.replace(sign, "");
            let object = format!("<ds:Object>{bare}</ds:Object></ds:Signature>");
            let stuffed = changed(&evil, "</ds:Signature>", &object);
            let nested = changed(
                &evil,
                "</saml:Assertion>",
                &format!("{original}</saml:Assertion>"),
            );
            let seal = |text: &str| sealed(text, Content::Gcm, Transport::Oaep);
            let instead = match way {
                0 => seal(&stuffed),
                1 => seal(&nested),
                2 => seal(&format!("{evil}{original}")),
                3 => seal(&format!("{original}{evil}")),
                4 => format!("{}{}", seal(&evil), seal(original)),
                5 => format!("{}{evil}", seal(original)),
                _ => format!("{evil}{}", seal(original)),
            };
            changed(&good, original, &instead)
        };
        stage.refuses(make, cause).await;
    }
    let browser = stage.begin().await;
    stage.takes(&browser, &gcm(&stage.good(&browser))).await;
}

/// CBC has no tag: whoever changes the cipher text may learn the clear one by our answers, unless
/// the provider vouches for the cipher text itself.
#[tokio::test]
async fn cbc_counts_only_where_the_response_is_signed() {
    let stage = stage().await;
    let cbc = |browser: &Browser| encrypted(&stage.good(browser), Content::Cbc, Transport::Oaep);
    stage.refuses(cbc, Cause::NotSigned).await;
    let make = |browser: &Browser| stage.idp.sign(&cbc(browser), true).unwrap();
    let changed = |browser: &Browser| {
        let signed = make(browser);
        let (head, tail) = signed.rsplit_once("<xenc:CipherValue>").unwrap();
        let (first, rest) = tail.split_at(4);
        let other = if first == "AAAA" { "BBBB" } else { "AAAA" };
        format!("{head}<xenc:CipherValue>{other}{rest}")
    };
    stage.refuses(changed, Cause::WrongSignature).await;
    let browser = stage.begin().await;
    stage.takes(&browser, &make(&browser)).await;
}
