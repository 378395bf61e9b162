//! S17, S18, S20: for somebody else, at another place, at another time, to another question; each
//! said in one place alone, by an honest signer.

use chrono::{SecondsFormat, TimeDelta};
use domain::{
    Instant,
    saml::{Cause, ProviderSettings},
};

use super::{
    Browser, Stage,
    stage::{BASE, CONSUMER, session_of},
    xml::{answers, assertion, changed, within},
};

/// Where in an answer something is changed.
enum At {
    /// In the assertion, before it is signed.
    Assertion,
    /// Around it, after it was signed: nobody vouches for that.
    Response,
}

/// Answers `browser` with that one change.
fn answer(stage: &Stage, browser: &Browser, at: &At, from: &str, to: &str) -> String {
    let unsigned = stage.idp.unsigned(&stage.statement(&browser.asked));
    match at {
        At::Assertion => stage.idp.sign(&within(&unsigned, from, to), false).unwrap(),
        At::Response => {
            let signed = stage.idp.sign(&unsigned, false).unwrap();
            let xml = changed(&signed, from, to);
            assert_eq!(
                assertion(&xml),
                assertion(&signed),
                "{from} in the assertion"
            );
            xml
        }
    }
}

#[tokio::test]
async fn s17_s20_an_answer_is_for_us_here_and_to_what_we_asked() {
    let stage = Stage::sqlite().await;
    let issuer = format!("<saml:Issuer>{}</saml:Issuer>", stage.idp.entity_id);
    let other_issuer = "<saml:Issuer>https://evil.example</saml:Issuer>";
    let us = format!("{BASE}/netbackup/sso/saml2/metadata");
    let recipient = format!("Recipient=\"{BASE}{CONSUMER}\"");
    let destination = format!("Destination=\"{BASE}{CONSUMER}\"");
    let audience = format!("<saml:Audience>{us}</saml:Audience>");
    let restriction = format!("<saml:AudienceRestriction>{audience}</saml:AudienceRestriction>");
    for (at, from, to, cause) in [
        (
            At::Assertion,
            &*recipient,
            "Recipient=\"https://us.example/acs\"",
            Cause::NotConfirmed,
        ),
        (At::Assertion, &recipient, "", Cause::NotConfirmed),
        (At::Assertion, &issuer, other_issuer, Cause::OtherIssuer),
        (
            At::Assertion,
            &us,
            "https://other.example",
            Cause::OtherAudience,
        ),
        (At::Assertion, &us, &format!("{us}/"), Cause::OtherAudience),
        (At::Assertion, &audience, "", Cause::OtherAudience),
        (At::Assertion, &restriction, "", Cause::OtherAudience),
        (
            At::Assertion,
            "cm:bearer",
            "cm:sender-vouches",
            Cause::NotConfirmed,
        ),
        (
            At::Response,
            &destination,
            "Destination=\"https://us.example/acs\"",
            Cause::OtherDestination,
        ),
        (At::Response, &issuer, other_issuer, Cause::OtherIssuer),
    ] {
        let make = |browser: &Browser| answer(&stage, browser, &at, from, to);
        stage.refuses(make, cause).await;
    }
    for (at, to, cause) in [
        (
            At::Assertion,
            "InResponseTo=\"_foreign\"",
            Cause::OtherRequest,
        ),
        (At::Assertion, "", Cause::OtherRequest),
        (
            At::Response,
            "InResponseTo=\"_foreign\"",
            Cause::OtherRequest,
        ),
        (At::Response, "", Cause::OtherRequest),
    ] {
        let make = |browser: &Browser| answer(&stage, browser, &at, &answers(browser), to);
        stage.refuses(make, cause).await;
    }
    // The honest answer to another browser's question: each question has its own.
    let other = stage.begin().await;
    stage
        .refuses(|_| stage.good(&other), Cause::OtherRequest)
        .await;
    let browser = stage.begin().await;
    stage.takes(&browser, &stage.good(&browser)).await;
}

/// Which instant of an assertion is moved.
#[derive(Debug, Clone, Copy)]
enum Instants {
    Before,
    After,
    Confirmed,
    Session,
}

/// An answer with that instant so many seconds from now, everything else as it should be.
fn timed(stage: &Stage, browser: &Browser, which: Instants, seconds: i64) -> String {
    let now = stage.app.harness.services.now();
    let text = |at: Instant| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let moved = text(now + TimeDelta::seconds(seconds));
    let mut statement = stage.statement(&browser.asked);
    // No instant but the moved one is near an edge, with the largest skew either.
    statement.lifetime = TimeDelta::hours(2);
    let begins = text(now - TimeDelta::seconds(1));
    let ends = text(now + statement.lifetime);
    if matches!(which, Instants::Session) {
        statement.session_end = Some(now + TimeDelta::seconds(seconds));
    }
    let unsigned = stage.idp.unsigned(&statement);
    let conditions = |text: &str| format!("<saml:Conditions {text}>");
    let (from, to) = match which {
        Instants::Before => (
            conditions(&format!("NotBefore=\"{begins}\" NotOnOrAfter=\"{ends}\"")),
            conditions(&format!("NotBefore=\"{moved}\" NotOnOrAfter=\"{ends}\"")),
        ),
        Instants::After => (
            conditions(&format!("NotBefore=\"{begins}\" NotOnOrAfter=\"{ends}\"")),
            conditions(&format!("NotOnOrAfter=\"{moved}\"")),
        ),
        Instants::Confirmed => (
            format!("<saml:SubjectConfirmationData NotOnOrAfter=\"{ends}\""),
            format!("<saml:SubjectConfirmationData NotOnOrAfter=\"{moved}\""),
        ),
        Instants::Session => (String::new(), String::new()),
    };
    stage
        .idp
        .sign(&within(&unsigned, &from, &to), false)
        .unwrap()
}

/// S18: each instant by itself, at both sides of its edge.
#[tokio::test]
async fn s18_an_answer_counts_in_its_time_and_for_as_much_longer_as_is_allowed() {
    let stage = Stage::sqlite().await;
    let time = || Cause::Time {
        ahead_seconds: None,
    };
    let allow = async |seconds: u32| {
        let change = |settings: &mut ProviderSettings| {
            settings.clock_skew_seconds = seconds;
        };
        stage.decide(change).await;
    };
    // The one of a new provider, the least and the most.
    let skews = [ProviderSettings::default().clock_skew_seconds, 0, 600];
    assert_eq!(skews[0], 60);
    for skew in skews {
        allow(skew).await;
        let skew = i64::from(skew);
        for (which, seconds, cause) in [
            (Instants::Before, skew + 1, time()),
            (Instants::After, -skew - 1, time()),
            (Instants::After, -skew, time()),
            (Instants::Confirmed, -skew - 1, time()),
            (Instants::Confirmed, -skew, time()),
            (Instants::Session, -skew - 1, Cause::SessionOver),
        ] {
            let make = |browser: &Browser| timed(&stage, browser, which, seconds);
            stage.refuses(make, cause).await;
        }
    }
    for skew in skews {
        allow(skew).await;
        let skew = i64::from(skew);
        for (which, seconds) in [
            (Instants::Before, skew),
            (Instants::After, 1 - skew),
            (Instants::Confirmed, 1 - skew),
        ] {
            let browser = stage.begin().await;
            stage
                .takes(&browser, &timed(&stage, &browser, which, seconds))
                .await;
        }
    }
}

/// S18: a clock that is off is told with its direction.
#[tokio::test]
async fn s18_a_clock_that_is_off_is_told() {
    let stage = Stage::sqlite().await;
    for (minutes, cause) in [
        (
            20,
            Cause::Time {
                ahead_seconds: Some(1200),
            },
        ),
        (
            -20,
            Cause::Time {
                ahead_seconds: Some(-1200),
            },
        ),
    ] {
        let make = |browser: &Browser| {
            let mut statement = stage.statement(&browser.asked);
            statement.now += TimeDelta::minutes(minutes);
            stage.idp.respond(&statement).unwrap()
        };
        stage.refuses(make, cause).await;
    }
}

/// S20: where sign-ins that begin at the provider are allowed, an answer to a question is none.
#[tokio::test]
async fn s20_an_answer_without_its_relay_state_is_not_taken_for_an_unasked_one() {
    let stage = Stage::sqlite().await;
    stage.decide(|settings| settings.unsolicited = true).await;
    let browser = stage.begin().await;
    let good = stage.good(&browser);
    for relay in [None, Some(""), Some("another")] {
        let answer = stage.post(&good, relay).await;
        stage.is_refused_for(&answer, &Cause::OtherRequest).await;
    }
    // Nor one that answers in the assertion alone, or around it alone.
    let signed = |xml: &str| stage.idp.sign(xml, false).unwrap();
    let asked = answers(&browser);
    let unsigned = stage.idp.unsigned(&stage.statement(&browser.asked));
    for half in [
        signed(&changed(&unsigned, &asked, "")),
        signed(&within(&unsigned, &asked, "")),
    ] {
        let answer = stage.post(&half, None).await;
        stage.is_refused_for(&answer, &Cause::OtherRequest).await;
    }
    // An unasked one with the relay state of a question answers nothing, either.
    let unasked = stage.idp.respond(&stage.unasked()).unwrap();
    let answer = stage.answer(&browser, &unasked).await;
    stage.is_refused_for(&answer, &Cause::OtherRequest).await;
    let landing = stage.answer(&browser, &good).await;
    session_of(&stage.follow(&landing, &browser.cookie).await);
}
