//! S14, S22: nothing in a message is fetched, expanded or run, and a signature of nothing signs
//! nothing.

use domain::saml::Cause;

use super::{
    Browser, Stage,
    signer::{Manner, Signer, USUAL},
    xml::{changed, within},
};

/// S14: no document type, no entity.
#[tokio::test]
async fn s14_a_document_type_is_refused_unread() {
    let stage = Stage::sqlite().await;
    let browser = stage.begin().await;
    let good = stage.good(&browser);
    let at = good.find("<samlp:Response").unwrap();
    let body = &good[at..];
    let laughs: String = (1..10)
        .map(|n| {
            let all = format!("&l{};", n - 1).repeat(10);
            format!("<!ENTITY l{n} \"{all}\">")
        })
        .collect();
    for dtd in [
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>".to_owned(),
        "<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x.dtd\">".to_owned(),
        format!("<!DOCTYPE x [<!ENTITY l0 \"ha\">{laughs}]>"),
        "<!DOCTYPE samlp:Response>".to_owned(),
    ] {
        let started = std::time::Instant::now();
        let xml = format!("{dtd}{}", body.replace(">anna<", ">&e;<"));
        let answer = stage.answer(&browser, &xml).await;
        assert!(started.elapsed().as_millis() < 500);
        stage.is_refused_for(&answer, &Cause::DocumentType).await;
    }
    // Nor an entity that nobody declared.
    let answer = stage
        .answer(&browser, &body.replace(">anna<", ">&e;<"))
        .await;
    stage.is_refused_for(&answer, &Cause::Unreadable).await;
    stage.takes(&browser, &good).await;
}

/// S14: no transform but the two, though the signature covers it and the digest is right: each of
/// these leaves the assertion as it is.
#[tokio::test]
async fn s14_no_other_transform_is_run() {
    let stage = Stage::sqlite().await;
    let idp = Signer::of("idp");
    let xslt = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\">\
         <xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\">\
         <xsl:template match=\"@*|node()\"><xsl:copy><xsl:apply-templates select=\"@*|node()\">\
         </xsl:apply-templates></xsl:copy></xsl:template></xsl:stylesheet></ds:Transform>";
    let xpath = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">\
         <ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath></ds:Transform>";
    let filter = "<ds:Transform Algorithm=\"http://www.w3.org/2002/06/xmldsig-filter2\">\
         <dsf:XPath xmlns:dsf=\"http://www.w3.org/2002/06/xmldsig-filter2\" Filter=\"union\">/\
         </dsf:XPath></ds:Transform>";
    let inclusive = "<ds:Transform \
         Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"></ds:Transform>";
    for transform in [xslt, xpath, filter, inclusive] {
        let (enveloped, canonical) = USUAL.split_at(USUAL.find("</ds:Transform>").unwrap() + 15);
        let manner = Manner {
            transforms: &format!("{enveloped}{transform}{canonical}"),
            ..Manner::default()
        };
        let make = |browser: &Browser| {
            let unsigned = stage.idp.unsigned(&stage.statement(&browser.asked));
            idp.sign(&unsigned, &manner)
        };
        let cause = Cause::Algorithm {
            used: String::new(),
        };
        stage.refuses(make, cause).await;
    }
    let browser = stage.begin().await;
    let unsigned = stage.idp.unsigned(&stage.statement(&browser.asked));
    stage
        .takes(&browser, &idp.sign(&unsigned, &Manner::default()))
        .await;
}

/// S22: a namespace that is a relative URI makes some canonicalisers fail, and whoever takes the
/// failure for an empty text finds its digest right (*The Fragile Lock*, 2025).
#[tokio::test]
async fn s22_a_void_canonical_form_signs_nothing() {
    let stage = Stage::sqlite().await;
    let idp = Signer::of("idp");
    let relative = "<saml:Subject><x:y xmlns:x=\"./z\"></x:y>";
    let empty = Manner {
        digested: Some(b""),
        ..Manner::default()
    };
    let void = Manner {
        void: true,
        ..Manner::default()
    };
    for (manner, spoilt) in [
        (&empty, true),
        (&empty, false),
        (&void, true),
        (&void, false),
    ] {
        let make = |browser: &Browser| {
            let mut xml = stage.idp.unsigned(&stage.statement(&browser.asked));
            if spoilt {
                xml = within(&xml, "<saml:Subject>", relative);
            }
            idp.sign(&xml, manner)
        };
        stage.refuses(make, Cause::WrongSignature).await;
    }
    // The signed part itself can be the one that fails.
    let make = |browser: &Browser| {
        let signed = idp.sign(&stage.idp.unsigned(&stage.statement(&browser.asked)), &void);
        changed(
            &signed,
            "<ds:SignedInfo ",
            "<ds:SignedInfo xmlns:x=\"./z\" ",
        )
    };
    stage.refuses(make, Cause::WrongSignature).await;
}
