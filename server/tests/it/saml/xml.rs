//! Cutting messages apart, as attackers do.

use super::Browser;

/// The part of a text from `from` to the end of `to`.
pub(super) fn part<'a>(xml: &'a str, from: &str, to: &str) -> &'a str {
    let begin = xml.find(from).unwrap();
    let end = begin + xml[begin..].find(to).unwrap() + to.len();
    &xml[begin..end]
}

/// The first assertion of a message.
pub(super) fn assertion(xml: &str) -> &str {
    part(xml, "<saml:Assertion", "</saml:Assertion>")
}

/// The first signature of a message.
pub(super) fn signature(xml: &str) -> &str {
    part(xml, "<ds:Signature", "</ds:Signature>")
}

/// Changes a text that must be there.
pub(super) fn changed(xml: &str, from: &str, to: &str) -> String {
    assert!(xml.contains(from), "no {from} in {xml}");
    xml.replacen(from, to, 1)
}

/// Changes the assertion alone.
pub(super) fn within(xml: &str, from: &str, to: &str) -> String {
    let inner = assertion(xml);
    xml.replacen(inner, &changed(inner, from, to), 1)
}

/// The assertion of a good answer about somebody else, under an ID of its own; with the signature
/// of the good one, or without any.
pub(super) fn evil(xml: &str, keeps_signature: bool) -> String {
    let good = assertion(xml);
    let sign = signature(good);
    let id = part(good, "ID=\"", "\" ").to_owned();
    let bare = good.replace(sign, "");
    let forged = changed(&bare, &id, "ID=\"_evil\" ");
    let forged = changed(&forged, ">anna<", ">root<");
    if keeps_signature {
        changed(&forged, "</saml:Issuer>", &format!("</saml:Issuer>{sign}"))
    } else {
        forged
    }
}

/// The `InResponseTo` of an answer to that browser.
pub(super) fn answers(browser: &Browser) -> String {
    format!("InResponseTo=\"{}\"", browser.asked.id)
}
