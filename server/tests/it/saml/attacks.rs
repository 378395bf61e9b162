//! S9–S11, S19–S21, S23–S25: who signed, who asked, and how often; everything here is refused, and
//! the one honest answer beside it is taken.

use chrono::TimeDelta;
use domain::saml::{Cause, ProviderSettings};
use service::{
    Actor,
    keys::NewKey,
    saml::{
        ProviderChange,
        idp::{Provider, encode},
    },
};

use super::{
    Browser, Stage,
    signer::{Manner, Signer, bare},
    stage::{BASE, provider, session_of, settings},
    xml::{changed, part},
};

/// S9, S10: nothing signed; only the response signed; only the assertion signed is enough.
#[tokio::test]
async fn s9_s10_an_assertion_must_be_signed_itself() {
    let stage = Stage::sqlite().await;
    let unsigned = |browser: &Browser| stage.idp.unsigned(&stage.statement(&browser.asked));
    stage.refuses(unsigned, Cause::NotSigned).await;
    let outside = |browser: &Browser| stage.idp.sign(&unsigned(browser), true).unwrap();
    stage.refuses(outside, Cause::AssertionNotSigned).await;
    let browser = stage.begin().await;
    let both = stage.idp.sign(&stage.good(&browser), true).unwrap();
    stage.takes(&browser, &both).await;
}

/// S11: the certificate that a message brings counts for nothing: neither the attacker's, nor the
/// right one beside the attacker's signature, nor none.
#[tokio::test]
async fn s11_only_the_certificates_of_the_metadata_count() {
    let stage = Stage::sqlite().await;
    let attacker = Signer::of("attacker");
    let mut dressed = Signer::of("attacker");
    stage.idp.certificate().clone_into(&mut dressed.certificate);
    let unsigned = |browser: &Browser| stage.idp.unsigned(&stage.statement(&browser.asked));
    let naked = |xml: &str| xml.replace(part(xml, "<ds:KeyInfo>", "</ds:KeyInfo>"), "");
    let sign = |browser: &Browser| attacker.sign(&unsigned(browser), &Manner::default());
    stage.refuses(sign, Cause::OtherCertificate).await;
    let bare = |browser: &Browser| naked(&sign(browser));
    stage.refuses(bare, Cause::WrongSignature).await;
    let sign = |browser: &Browser| dressed.sign(&unsigned(browser), &Manner::default());
    stage.refuses(sign, Cause::WrongSignature).await;
    // Of the provider itself, it need not bring any.
    let browser = stage.begin().await;
    stage.takes(&browser, &naked(&stage.good(&browser))).await;
}

/// Makes the attacker's own provider known, as `other`.
async fn another(stage: &Stage) -> Provider {
    let other = provider("attacker");
    let wanted = ProviderChange {
        settings: ProviderSettings {
            name: "other".to_owned(),
            unsolicited: true,
            ..settings()
        },
        metadata: other.metadata().unwrap(),
        version: None,
    };
    let saml = &stage.app.harness.services.saml;
    saml.add(&Actor::console(), wanted).await.unwrap();
    other
}

/// S23: another provider that is known here speaks for its own people alone.
#[tokio::test]
async fn s23_another_provider_answers_no_question_of_this_one() {
    let stage = Stage::sqlite().await;
    let other = another(&stage).await;
    // Honest about who it is; in the name of the asked one; and half of each.
    let honest = |browser: &Browser| other.respond(&stage.statement(&browser.asked)).unwrap();
    stage.refuses(honest, Cause::OtherCertificate).await;
    let mut false_name = provider("attacker");
    false_name.entity_id.clone_from(&stage.idp.entity_id);
    let named = |browser: &Browser| {
        false_name
            .respond(&stage.statement(&browser.asked))
            .unwrap()
    };
    stage.refuses(named, Cause::OtherCertificate).await;
    let half = |browser: &Browser| {
        let issuer = |idp: &Provider| format!("<saml:Issuer>{}</saml:Issuer>", idp.entity_id);
        changed(&honest(browser), &issuer(&other), &issuer(&stage.idp))
    };
    stage.refuses(half, Cause::OtherCertificate).await;
    // Unasked, in the name of the one that may not begin, and of one that may.
    let unasked = false_name.respond(&stage.unasked()).unwrap();
    let answer = stage.post(&unasked, None).await;
    stage.is_refused_for(&answer, &Cause::NotAsked).await;
    stage.decide(|settings| settings.unsolicited = true).await;
    let answer = stage.post(&unasked, None).await;
    stage
        .is_refused_for(&answer, &Cause::OtherCertificate)
        .await;
    let browser = stage.begin().await;
    stage.takes(&browser, &stage.good(&browser)).await;
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
        stage.is_refused_for(&answer, &Cause::NotAsked).await;
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

/// S24: the certificates of the metadata, each in its time.
#[tokio::test]
async fn s24_a_provider_changes_its_certificate_and_an_expired_one_ends() {
    let stage = Stage::sqlite().await;
    let new = {
        let mut new = provider("attacker");
        new.entity_id.clone_from(&stage.idp.entity_id);
        new
    };
    let of_new = |browser: &Browser| new.respond(&stage.statement(&browser.asked)).unwrap();
    stage.refuses(of_new, Cause::OtherCertificate).await;

    // Both at once.
    let old = stage.idp.metadata().unwrap();
    let one = part(&old, "<KeyDescriptor use=\"signing\"", "</KeyDescriptor>");
    let (theirs, ours) = (bare(new.certificate()), bare(stage.idp.certificate()));
    let two = old.replacen(one, &format!("{one}{}", one.replace(&ours, &theirs)), 1);
    assert_ne!(old, two);
    let saml = &stage.app.harness.services.saml;
    let console = Actor::console();
    let known = saml.provider(&console, stage.id).await.unwrap();
    let wanted = ProviderChange {
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
        let good = idp.respond(&stage.statement(&browser.asked)).unwrap();
        stage.takes(&browser, &good).await;
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
    assert_eq!(told, Cause::CertificateExpired.sentence());
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
        assert_eq!(told, Cause::OtherBrowser.sentence());
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
    /// L11, S23: two real providers that assert the same subject and the same name.
    async fn l11_s23_one_name_at_two_providers_is_two_people(harness: Harness) {
        let stage = Stage::today(harness, settings()).await;
        let other = another(&stage).await;
        let services = stage.app.harness.services.clone();
        let first = stage.sign_in(|_| ()).await;
        let anna = stage.actor(&first).await.unwrap();
        let made = services.keys.create(&anna, NewKey::default()).await.unwrap().done();
        let value = made.value.reveal().to_string();

        // The other one's anna comes unasked, and then by a question to her own provider.
        let landing = stage.post(&other.respond(&stage.unasked()).unwrap(), None).await;
        let cookie = landing.header("set-cookie").split(';').next().unwrap().to_owned();
        let (_, handle) = landing.header("location").split_once("handle=").unwrap();
        let arrived = stage.submit("/netbackup/sso/finish", &cookie, &format!("handle={handle}")).await;
        let second = session_of(&arrived);
        let twin = stage.actor(&second).await.unwrap();
        assert_eq!(twin.identity().principal.domain, "other");
        assert_eq!(twin.identity().principal.name, anna.identity().principal.name);
        assert_ne!(twin.identity().id, anna.identity().id);
        assert!(services.keys.own(&twin).await.unwrap().is_none());
        let browser = stage.begin_with(&other, "/netbackup/sso/login?provider=other").await;
        let landing = stage.answer(&browser, &other.respond(&stage.statement(&browser.asked)).unwrap()).await;
        let third = session_of(&stage.follow(&landing, &browser.cookie).await);
        assert_eq!(stage.actor(&third).await.unwrap().identity().id, twin.identity().id);

        // Its wish signs out its own anna.
        let wish = other.ask_sign_out(&stage.ours, "anna", None).unwrap();
        assert_eq!(stage.bring(&wish).await.status, 303);
        for (cookie, remains) in [(&first, true), (&second, false), (&third, false)] {
            assert_eq!(stage.actor(cookie).await.is_some(), remains);
        }
        assert_eq!(stage.app.key(&value).get(crate::support::KEYS).await.status, 200);
        // And it cannot wish in the name of the first.
        let mut false_name = provider("attacker");
        false_name.entity_id.clone_from(&stage.idp.entity_id);
        let wish = false_name.ask_sign_out(&stage.ours, "anna", None).unwrap();
        assert_eq!(stage.bring(&wish).await.status, 403);
        assert!(stage.actor(&first).await.is_some());
        assert_eq!(stage.app.key(&value).get(crate::support::KEYS).await.status, 200);
    }

    /// S19: of one answer that comes several times at once, one counts.
    async fn s19_of_one_answer_at_the_same_moment_one_counts(harness: Harness) {
        let unsolicited = ProviderSettings { unsolicited: true, ..settings() };
        let stage = Stage::on(harness, unsolicited).await;
        let browser = stage.begin().await;
        let (good, relay) = (stage.good(&browser), browser.asked.relay_state.as_deref());
        let unasked = stage.idp.respond(&stage.unasked()).unwrap();
        for (xml, relay) in [(&good, relay), (&unasked, None)] {
            let (a, b, c) = tokio::join!(stage.post(xml, relay), stage.post(xml, relay), stage.post(xml, relay));
            let mut statuses = [a.status, b.status, c.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [303, 403, 403]);
        }
        assert_eq!(stage.app.rows("saml_result").await, 2);
    }

    /// S19: an answer counts once: on this server, after its restart, and on the next one.
    async fn s19_an_answer_is_used_once_on_every_server(harness: Harness) {
        let unsolicited = ProviderSettings { unsolicited: true, ..settings() };
        let stage = Stage::on(harness, unsolicited).await;
        let browser = stage.begin().await;
        let good = stage.good(&browser);
        stage.takes(&browser, &good).await;
        let again = stage.answer(&browser, &good).await;
        assert_eq!((again.status, stage.app.rows("saml_result").await), (403, 0));
        let told = stage.app.latest_record("cause").await.unwrap();
        assert_eq!(told, Cause::OtherRequest.sentence());
        // Nobody asked for this one, so only the memory of it stands in the way.
        let unasked = stage.idp.respond(&stage.unasked()).unwrap();
        assert_eq!(stage.post(&unasked, None).await.status, 303);
        let sessions = stage.app.rows("session").await;
        let again = stage.post(&unasked, None).await;
        assert_eq!(again.status, 403);
        let told = stage.app.latest_record("cause").await.unwrap();
        assert_eq!(told, Cause::Replayed.sentence());

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
        assert_eq!(stage.app.rows("session").await, sessions);
    }
}
