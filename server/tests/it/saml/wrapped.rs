//! S1–S8, S12: what is signed stands in the message, and something else beside it.

use domain::saml::Cause;

use super::{
    Stage,
    xml::{assertion, changed, evil, part, signature},
};

/// A good answer, wrapped in one of the eight ways of the literature (Somorovsky et al., *On
/// Breaking SAML*, 2012). The forged assertion may keep a copy of the good signature, so that it
/// seems to be signed itself; in the ways 5, 6 and 8 it has to.
fn wrapped(good: &str, way: u8, keeps: bool) -> String {
    let evil = evil(good, keeps);
    let (original, sign) = (assertion(good), signature(assertion(good)));
    let bare = original.replace(sign, "");
    let instead = |forged: &str| changed(good, original, forged);
    // The forged assertion, whose copy of the good signature holds something.
    let around = |inner: &str| {
        let stuffed = changed(sign, "</ds:Signature>", &format!("{inner}</ds:Signature>"));
        changed(&evil, sign, &stuffed)
    };
    match way {
        // The signed response within the signature of a forged one; or beside it.
        1 | 2 => {
            let outer = signature(good);
            let signed = good.replacen(outer, "", 1);
            let signed = &signed[signed.find("<samlp:Response").unwrap()..];
            let id = part(good, "ID=\"", "\" ");
            let forged = changed(good, id, "ID=\"_evil_response\" ");
            let forged = changed(&forged, original, &evil);
            let stuffed = if way == 1 {
                changed(
                    outer,
                    "</ds:Signature>",
                    &format!("{signed}</ds:Signature>"),
                )
            } else {
                format!("{signed}{outer}")
            };
            changed(&forged, outer, &stuffed)
        }
        3 => instead(&format!("{evil}{original}")),
        4 => {
            let end = "</saml:Assertion>";
            instead(&changed(&evil, end, &format!("{original}{end}")))
        }
        5 => instead(&format!("{}{bare}", around(""))),
        6 => instead(&around(&bare)),
        7 => instead(&format!(
            "<samlp:Extensions>{evil}</samlp:Extensions>{original}"
        )),
        _ => instead(&around(&format!("<ds:Object>{bare}</ds:Object>"))),
    }
}

/// S1–S8.
#[tokio::test]
async fn s1_to_s8_wrapped_assertions_are_refused() {
    let stage = Stage::sqlite().await;
    for (way, keeps, cause) in [
        (1, false, Cause::WrongSignature),
        (1, true, Cause::WrongSignature),
        (2, false, Cause::Wrapped),
        (2, true, Cause::Wrapped),
        (3, false, Cause::Wrapped),
        (3, true, Cause::WrongSignature),
        (4, false, Cause::AssertionNotSigned),
        (4, true, Cause::WrongSignature),
        (5, true, Cause::WrongSignature),
        (6, true, Cause::WrongSignature),
        (7, true, Cause::WrongSignature),
        (8, true, Cause::WrongSignature),
    ] {
        let make = |browser: &super::Browser| {
            let unsigned = stage.idp.unsigned(&stage.statement(&browser.asked));
            let mut good = stage.idp.sign(&unsigned, false).unwrap();
            if way <= 2 {
                good = stage.idp.sign(&good, true).unwrap();
            }
            let xml = wrapped(&good, way, keeps);
            assert!(xml.contains(">root<") && xml.contains(">anna<"), "{way}");
            xml
        };
        stage.refuses(make, cause).await;
    }
    let browser = stage.begin().await;
    stage.takes(&browser, &stage.good(&browser)).await;
    // In an element that is ignored altogether, and that nobody signed, anything may stand: whoever
    // was signed is signed in.
    let browser = stage.begin().await;
    let seventh = wrapped(&stage.good(&browser), 7, false);
    let cookie = stage.takes(&browser, &seventh).await;
    let actor = stage.actor(&cookie).await.unwrap();
    assert_eq!(actor.identity().principal.name, "anna");
    let roots = "select 'x' from app_user where name = 'root'";
    assert!(stage.app.select(roots).await.is_empty());
}

/// S12: two elements of one ID, in either order, with one signature or a copy of it.
#[tokio::test]
async fn s12_an_id_stands_once() {
    let stage = Stage::sqlite().await;
    for (first, keeps) in [(true, false), (false, false), (true, true), (false, true)] {
        let make = |browser: &super::Browser| {
            let good = stage.good(browser);
            let original = assertion(&good);
            let mut twin = changed(original, ">anna<", ">root<");
            if !keeps {
                twin = twin.replace(signature(original), "");
            }
            let both = if first {
                format!("{twin}{original}")
            } else {
                format!("{original}{twin}")
            };
            changed(&good, original, &both)
        };
        stage.refuses(make, Cause::Wrapped).await;
    }
    // Also where the second is no assertion, and where it is the response itself.
    for place in ["<samlp:Status>", "<samlp:Response "] {
        let make = |browser: &super::Browser| {
            let good = stage.good(browser);
            let id = part(assertion(&good), "ID=\"", "\" ");
            if place.ends_with('>') {
                let doubled = format!("<samlp:Status {id}>");
                changed(&good, place, &doubled)
            } else {
                let own = part(&good, "ID=\"", "\" ");
                changed(&good, own, id)
            }
        };
        stage.refuses(make, Cause::Wrapped).await;
    }
    let browser = stage.begin().await;
    stage.takes(&browser, &stage.good(&browser)).await;
}
