//! S1–S25: everything here is refused, and the one honest answer beside it is taken.

use chrono::TimeDelta;
use service::saml::idp::encode;

use super::{
    Browser, Stage,
    stage::{BASE, provider, session_of, settings},
};

/// The part of a text from `from` to the end of `to`.
fn part<'a>(xml: &'a str, from: &str, to: &str) -> &'a str {
    let begin = xml.find(from).unwrap();
    let end = begin + xml[begin..].find(to).unwrap() + to.len();
    &xml[begin..end]
}

fn assertion(xml: &str) -> &str {
    part(xml, "<saml:Assertion", "</saml:Assertion>")
}

fn signature(xml: &str) -> &str {
    part(xml, "<ds:Signature", "</ds:Signature>")
}

/// The assertion about root, unsigned, under another ID.
fn evil(xml: &str) -> String {
    let good = assertion(xml);
    let bare = good.replace(signature(good), "");
    let id = part(good, "ID=\"", "\" ").to_owned();
    bare.replacen(&id, "ID=\"_evil\" ", 1)
        .replace(">anna<", ">root<")
}

/// Takes the one honest answer: what is refused beside it is refused for its own fault.
async fn takes(stage: &Stage, browser: &Browser, xml: &str) {
    let landing = stage.answer(browser, xml).await;
    let arrived = stage.follow(&landing, &browser.cookie).await;
    assert_eq!(
        (arrived.status, arrived.header("location")),
        (303, "/profile/key")
    );
    session_of(&arrived);
}

/// S1–S8: signature wrapping, in the eight ways of the literature.
#[tokio::test]
async fn s1_to_s8_wrapped_assertions_are_refused() {
    let stage = Stage::sqlite().await;
    for way in 1..=8 {
        let browser = stage.begin().await;
        let statement = stage.statement(&browser.asked);
        let unsigned = stage.idp.unsigned(&statement);
        let good = match way {
            1 | 2 => {
                let inner = stage.idp.sign(&unsigned, false).unwrap();
                stage.idp.sign(&inner, true).unwrap()
            }
            _ => stage.idp.sign(&unsigned, false).unwrap(),
        };
        let evil = evil(&good);
        let (original, sign) = (assertion(&good).to_owned(), signature(&good).to_owned());
        let bare = original.replace(signature(&original), "");
        let with = |from: &str, to: &str| good.replacen(from, to, 1);
        let issuer_end = evil.find("</saml:Issuer>").unwrap() + "</saml:Issuer>".len();
        let (head, tail) = evil.split_at(issuer_end);
        let xml = match way {
            // The signed response within the signature of a forged one; or beside it.
            1 | 2 => {
                let declared = good.trim_start_matches(|c| c != '<');
                let signed = declared.replace(&sign, "");
                let id = statement.ids.0.clone();
                let forged = declared
                    .replacen(&id, "_evil_response", 1)
                    .replace(&original, &evil);
                if way == 1 {
                    let stuffed =
                        sign.replace("</ds:Signature>", &format!("{signed}</ds:Signature>"));
                    forged.replace(&sign, &stuffed)
                } else {
                    forged.replace(&sign, &format!("{signed}{sign}"))
                }
            }
            3 => with(&original, &format!("{evil}{original}")),
            4 => {
                let stuffed =
                    evil.replace("</saml:Assertion>", &format!("{original}</saml:Assertion>"));
                with(&original, &stuffed)
            }
            5 => with(&original, &format!("{head}{sign}{tail}{bare}")),
            6 => {
                let stuffed = sign.replace("</ds:Signature>", &format!("{bare}</ds:Signature>"));
                with(&original, &format!("{head}{stuffed}{tail}"))
            }
            7 => with(
                &original,
                &format!("<samlp:Extensions>{evil}</samlp:Extensions>{original}"),
            ),
            _ => {
                let object = format!("<ds:Object>{bare}</ds:Object></ds:Signature>");
                let stuffed = sign.replace("</ds:Signature>", &object);
                with(&original, &format!("{head}{stuffed}{tail}"))
            }
        };
        assert!(xml.contains(">root<") || way == 7, "{way}");
        let answer = stage.answer(&browser, &xml).await;
        if answer.status == 303 {
            // What was signed may be taken for what it is, never for what was forged.
            let arrived = stage.follow(&answer, &browser.cookie).await;
            let actor = stage.actor(&session_of(&arrived)).await.unwrap();
            assert_eq!(actor.identity().principal.name, "anna", "XSW{way}");
            assert_eq!(way, 7, "only what is ignored altogether may stand there");
        } else {
            assert_eq!(answer.status, 403, "XSW{way}");
        }
        let roots = "select 'x' from app_user where name = 'root'";
        assert!(stage.app.select(roots).await.is_empty(), "XSW{way}");
    }
    let browser = stage.begin().await;
    takes(&stage, &browser, &stage.good(&browser)).await;
}

/// S9, S10: nothing signed; only the response signed; only the assertion signed is enough.
#[tokio::test]
async fn s9_s10_an_assertion_must_be_signed_itself() {
    let stage = Stage::sqlite().await;
    let browser = stage.begin().await;
    let statement = stage.statement(&browser.asked);
    let unsigned = stage.idp.unsigned(&statement);
    let answer = stage.answer(&browser, &unsigned).await;
    stage.is_refused(&answer, "signed").await;
    let outside = stage.idp.sign(&unsigned, true).unwrap();
    let answer = stage.answer(&browser, &outside).await;
    stage
        .is_refused(&answer, "The assertion itself is not signed")
        .await;
    let both = stage
        .idp
        .sign(&stage.idp.sign(&unsigned, false).unwrap(), true)
        .unwrap();
    takes(&stage, &browser, &both).await;
}

/// S11: the certificate that a message brings counts for nothing. S23: nor does another
/// provider's, for that provider's users.
#[tokio::test]
async fn s11_s23_only_the_certificate_of_the_asked_provider_counts() {
    let stage = Stage::sqlite().await;
    let browser = stage.begin().await;
    let statement = stage.statement(&browser.asked);
    let mut attacker = provider("attacker");
    attacker.entity_id.clone_from(&stage.idp.entity_id);
    let forged = attacker.respond(&statement).unwrap();
    let answer = stage.answer(&browser, &forged).await;
    stage
        .is_refused(&answer, "not in the provider's metadata")
        .await;

    // The other one is known here too, and honest about who it is.
    let other = provider("attacker");
    let wanted = service::saml::ProviderChange {
        settings: domain::saml::ProviderSettings {
            name: "other".to_owned(),
            unsolicited: true,
            ..settings()
        },
        metadata: other.metadata().unwrap(),
        version: None,
    };
    let saml = &stage.app.harness.services.saml;
    saml.add(&service::Actor::console(), wanted).await.unwrap();
    let answer = stage
        .answer(&browser, &other.respond(&statement).unwrap())
        .await;
    assert_eq!(answer.status, 403);
    let told = stage.app.latest_record("cause").await.unwrap();
    assert!(
        told.contains("another issuer") || told.contains("not in the provider's metadata"),
        "{told}"
    );
    let answer = stage.answer(&browser, &forged).await;
    stage
        .is_refused(&answer, "not in the provider's metadata")
        .await;
    takes(&stage, &browser, &stage.idp.respond(&statement).unwrap()).await;
}

/// S12: two elements of one ID.
#[tokio::test]
async fn s12_an_id_stands_once() {
    let stage = Stage::sqlite().await;
    let browser = stage.begin().await;
    let good = stage.good(&browser);
    let original = assertion(&good);
    let twin = original
        .replace(signature(original), "")
        .replace(">anna<", ">root<");
    for xml in [
        good.replacen(original, &format!("{twin}{original}"), 1),
        good.replacen(original, &format!("{original}{twin}"), 1),
    ] {
        let answer = stage.answer(&browser, &xml).await;
        assert_eq!(answer.status, 403);
        assert_eq!(stage.app.rows("session").await, 0);
    }
    takes(&stage, &browser, &good).await;
}

/// S13: a comment neither cuts a name short nor lets it pass for another.
#[tokio::test]
async fn s13_a_comment_does_not_cut_a_name() {
    let stage = Stage::sqlite().await;
    let browser = stage.begin().await;
    let mut statement = stage.statement(&browser.asked);
    statement.name_id = "root.evil".to_owned();
    let signed = stage.idp.respond(&statement).unwrap();
    // Comments are left out of what is signed, so this signature still fits.
    let xml = signed.replacen(">root.evil<", ">root<!---->.evil<", 1);
    let answer = stage.answer(&browser, &xml).await;
    if answer.status == 303 {
        let arrived = stage.follow(&answer, &browser.cookie).await;
        let actor = stage.actor(&session_of(&arrived)).await.unwrap();
        assert_eq!(actor.identity().principal.name, "root.evil");
    }
    let roots = "select 'x' from app_user where name in ('root', '.evil', 'evil')";
    assert!(stage.app.select(roots).await.is_empty());
}

/// S14: no document type, no entity, no transform but the two.
#[tokio::test]
async fn s14_nothing_in_a_message_is_fetched_expanded_or_run() {
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
        let answer = stage
            .answer(
                &browser,
                &format!("{dtd}{}", body.replace(">anna<", ">&e;<")),
            )
            .await;
        assert!(started.elapsed().as_millis() < 500);
        stage.is_refused(&answer, "document type").await;
    }
    let plain = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    for transform in [
        "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><xsl:stylesheet \
         xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"/></ds:Transform>",
        "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">\
         <ds:XPath>self::node()</ds:XPath></ds:Transform>",
        "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#base64\"/>",
    ] {
        let xml = good.replace(plain, &format!("{transform}{plain}"));
        let answer = stage.answer(&browser, &xml).await;
        assert_eq!(answer.status, 403);
        assert_eq!(stage.app.rows("session").await, 0);
    }
    takes(&stage, &browser, &good).await;
}

/// S16: weak algorithms, and a public key passed off as a shared secret.
#[tokio::test]
async fn s16_only_rsa_with_sha_2_counts() {
    let stage = Stage::sqlite().await;
    let browser = stage.begin().await;
    let unsigned = stage.idp.unsigned(&stage.statement(&browser.asked));
    let good = stage.idp.sign(&unsigned, false).unwrap();
    let sha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    for (from, to) in [
        (sha256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        (sha256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
        (sha256, "http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
        (sha256, "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
        (
            "http://www.w3.org/2001/04/xmlenc#sha256",
            "http://www.w3.org/2000/09/xmldsig#sha1",
        ),
    ] {
        let answer = stage.answer(&browser, &good.replace(from, to)).await;
        stage.is_refused(&answer, "Only RSA with SHA-256").await;
    }
    takes(&stage, &browser, &good).await;
}

/// S17, S18, S20: for somebody else, at another place, at another time, to another question.
#[tokio::test]
async fn s17_s18_s20_an_answer_is_for_us_here_now_and_to_what_we_asked() {
    let stage = Stage::sqlite().await;
    let browser = stage.begin().await;
    let good = stage.statement(&browser.asked);
    let signed = |change: &dyn Fn(&mut service::saml::idp::Statement)| {
        let mut statement = stage.statement(&browser.asked);
        change(&mut statement);
        stage.idp.respond(&statement).unwrap()
    };
    let elsewhere = format!("{BASE}/elsewhere");
    let before = TimeDelta::minutes(20);
    for (xml, why) in [
        (
            signed(&|s| s.audience = "https://other.example".to_owned()),
            "audience",
        ),
        (signed(&|s| s.consumer.clone_from(&elsewhere)), "address"),
        (
            signed(&|s| s.in_response_to = Some("_foreign".to_owned())),
            "another request",
        ),
        (signed(&|s| s.in_response_to = None), "another request"),
        (signed(&|s| s.now = good.now - before), "minutes behind"),
        (signed(&|s| s.now = good.now + before), "minutes ahead"),
        (
            signed(&|s| s.session_end = Some(good.now - TimeDelta::hours(1))),
            "over",
        ),
        {
            let xml = stage.idp.unsigned(&stage.statement(&browser.asked));
            let xml = xml.replace("<saml:AudienceRestriction>", "<saml:OneTimeUse/><!--");
            let xml = xml.replace("</saml:AudienceRestriction>", "-->");
            (stage.idp.sign(&xml, false).unwrap(), "audience")
        },
        {
            let xml = stage.idp.unsigned(&stage.statement(&browser.asked));
            let xml = xml.replace(&stage.idp.entity_id, "https://evil.example");
            (stage.idp.sign(&xml, false).unwrap(), "issuer")
        },
    ] {
        let answer = stage.answer(&browser, &xml).await;
        stage.is_refused(&answer, why).await;
    }
    // Within the skew that is allowed: taken.
    let late = signed(&|s| s.now = good.now - TimeDelta::seconds(5 * 60 + 30));
    takes(&stage, &browser, &late).await;
}

/// S20: what nobody asked for; S21: where a relay state leads.
#[tokio::test]
async fn s20_s21_nobody_is_signed_in_unasked_nor_led_away() {
    let stage = Stage::sqlite().await;
    let unasked = stage.idp.respond(&stage.unasked()).unwrap();
    for relay in [
        None,
        Some("https://evil.example/"),
        Some("/profile/key"),
        Some(""),
    ] {
        let answer = stage.post(&unasked, relay).await;
        stage.is_refused(&answer, "Nobody asked for this").await;
        assert_eq!(answer.header("location"), "");
    }
    // Where to go on stands with us, and is a page of ours.
    for (next, page) in [
        ("/users", "/users"),
        ("https://evil.example", "/profile/key"),
        ("//evil.example", "/profile/key"),
    ] {
        let path = format!("/netbackup/sso/login?provider=idp&next={next}");
        let browser = stage.begin_at(&path).await;
        let landing = stage.answer(&browser, &stage.good(&browser)).await;
        let arrived = stage.follow(&landing, &browser.cookie).await;
        assert_eq!(arrived.header("location"), page);
    }
}

/// S22: what is said twice names nobody; other namespaces say nothing.
#[tokio::test]
async fn s22_polluted_attributes_name_nobody() {
    let stage = Stage::sqlite().await;
    stage
        .decide(|settings| settings.user_attribute = "uid".to_owned())
        .await;
    let browser = stage.begin().await;
    let said = |attributes: &[(&str, &[&str])]| {
        let mut statement = stage.statement(&browser.asked);
        statement.attributes = attributes
            .iter()
            .map(|(name, values)| {
                (
                    (*name).to_owned(),
                    values.iter().map(|value| (*value).to_owned()).collect(),
                )
            })
            .collect();
        stage.idp.respond(&statement).unwrap()
    };
    for (attributes, why) in [
        (&[("uid", &["anna", "root"][..])][..], "has several"),
        (&[("uid", &["anna"]), ("uid", &["root"])], "has several"),
        (&[("mail", &["a@b"])], "missing or empty"),
        (&[("UID", &["root"])], "missing or empty"),
    ] {
        let browser = stage.begin().await;
        let mut statement = stage.statement(&browser.asked);
        statement.attributes = attributes
            .iter()
            .map(|(name, values)| {
                (
                    (*name).to_owned(),
                    values.iter().map(|value| (*value).to_owned()).collect(),
                )
            })
            .collect();
        let answer = stage
            .answer(&browser, &stage.idp.respond(&statement).unwrap())
            .await;
        stage.is_refused(&answer, why).await;
    }
    takes(&stage, &browser, &said(&[("uid", &["anna"])])).await;
}

/// S24: the certificates of the metadata, each in its time.
#[tokio::test]
async fn s24_a_provider_changes_its_certificate_and_an_expired_one_ends() {
    let stage = Stage::sqlite().await;
    let new = {
        let mut new = provider("attacker");
        new.entity_id.clone_from(&stage.idp.entity_id);
        new
    };
    let browser = stage.begin().await;
    let answer = stage
        .answer(
            &browser,
            &new.respond(&stage.statement(&browser.asked)).unwrap(),
        )
        .await;
    stage
        .is_refused(&answer, "not in the provider's metadata")
        .await;

    // Both at once.
    let old = stage.idp.metadata().unwrap();
    let one = part(&old, "<KeyDescriptor use=\"signing\"", "</KeyDescriptor>");
    let (theirs, ours) = (bare(new.certificate()), bare(stage.idp.certificate()));
    let two = old.replacen(one, &format!("{one}{}", one.replace(&ours, &theirs)), 1);
    assert_ne!(old, two);
    let saml = &stage.app.harness.services.saml;
    let console = service::Actor::console();
    let known = saml.provider(&console, stage.id).await.unwrap();
    let wanted = service::saml::ProviderChange {
        settings: known.settings,
        metadata: two,
        version: None,
    };
    saml.update(&console, stage.id, wanted).await.unwrap();
    assert_eq!(
        saml.provider(&console, stage.id)
            .await
            .unwrap()
            .facts
            .certificates
            .len(),
        2
    );
    for idp in [&stage.idp, &new] {
        let browser = stage.begin().await;
        takes(
            &stage,
            &browser,
            &idp.respond(&stage.statement(&browser.asked)).unwrap(),
        )
        .await;
    }

    // Past their time: the certificates of these tests end in 2126.
    stage
        .app
        .harness
        .clock
        .set("2126-01-02T00:00:00Z".parse().unwrap());
    let browser = stage.begin().await;
    let answer = stage.answer(&browser, &stage.good(&browser)).await;
    assert_eq!(answer.status, 403);
    let told = stage.app.latest_record("cause").await.unwrap();
    assert!(told.contains("has expired"), "{told}");
}

/// The base64 of a PEM.
fn bare(pem: &str) -> String {
    pem.lines()
        .filter(|line| !line.starts_with("---"))
        .collect()
}

/// S25: the browser that began is the one that is signed in.
#[tokio::test]
async fn s25_an_answer_signs_in_the_browser_that_asked() {
    let stage = Stage::sqlite().await;
    let attacker = stage.begin().await;
    let victim = stage.begin().await;
    // The attacker's own good answer, handed to the victim.
    let landing = stage.answer(&attacker, &stage.good(&attacker)).await;
    for cookie in [
        victim.cookie.as_str(),
        "",
        "latchkey-saml=",
        "latchkey-saml=x",
    ] {
        let arrived = stage.follow(&landing, cookie).await;
        assert_eq!(arrived.status, 403);
        assert_eq!(arrived.header("set-cookie"), "");
        assert_eq!(stage.app.rows("session").await, 0);
        let told = stage.app.latest_record("cause").await.unwrap();
        assert!(told.contains("another browser"), "{told}");
    }
    // The one that began can still come; once. And its session is a new one, whatever it had.
    let cookie = format!(
        "{}; latchkey=fixed-by-somebody-else-fixed-by-somebody",
        attacker.cookie
    );
    let arrived = stage.follow(&landing, &cookie).await;
    assert!(!session_of(&arrived).contains("fixed"));
    assert_eq!(stage.follow(&landing, &attacker.cookie).await.status, 403);
    assert_eq!(stage.app.rows("session").await, 1);
}

service::on_both_databases! {
    /// S19: an answer counts once: on this server, after its restart, and on the next one.
    async fn s19_an_answer_is_used_once_on_every_server(harness: Harness) {
        let unsolicited = domain::saml::ProviderSettings { unsolicited: true, ..settings() };
        let stage = Stage::on(harness, unsolicited).await;
        let browser = stage.begin().await;
        let good = stage.good(&browser);
        takes(&stage, &browser, &good).await;
        let again = stage.answer(&browser, &good).await;
        assert_eq!(again.status, 403);
        // Nobody asked for this one, so only the memory of it stands in the way.
        let unasked = stage.idp.respond(&stage.unasked()).unwrap();
        assert_eq!(stage.post(&unasked, None).await.status, 303);
        let sessions = stage.app.rows("session").await;
        let again = stage.post(&unasked, None).await;
        assert_eq!(again.status, 403);
        let told = stage.app.latest_record("cause").await.unwrap();
        assert!(told.contains("used before"), "{told}");

        let harness = &stage.app.harness;
        let (beside, _folder) = harness.beside().await;
        for services in [harness.reopened().await, beside] {
            let incoming = service::saml::Incoming::Form(vec![("SAMLResponse".to_owned(), encode(&unasked))]);
            let origin = service::testing::origin();
            let landing = services.saml.consume(BASE, &incoming, &origin).await.unwrap();
            assert!(matches!(landing, service::saml::Landing::Refused));
            services.close().await;
        }
        assert_eq!(stage.app.rows("session").await, sessions);
        // The memory lasts as long as the answer would count.
        harness.clock.advance(TimeDelta::minutes(20));
        harness.services.maintain_once().await.unwrap();
        assert_eq!(stage.app.rows("saml_seen").await, 0);
        assert_eq!(stage.post(&unasked, None).await.status, 403);
    }
}
