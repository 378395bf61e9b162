//! What administrators are told of a provider that does something odd.

use chrono::TimeDelta;
use domain::{error::Error, saml::Cause};
use service::{
    Actor,
    saml::{ProviderChange, idp::Statement},
};

use super::{
    Stage,
    signer::{Manner, Signer},
    stage::{BASE, provider, settings},
};

impl Stage {
    /// Tries the provider out, and returns the report.
    async fn test(
        &self,
        actor: &Actor,
        make: impl FnOnce(&Statement) -> String,
    ) -> domain::saml::Report {
        let saml = &self.app.harness.services.saml;
        let begun = saml.begin_test(actor, BASE, self.id, None).await.unwrap();
        let service::saml::Dispatch::Redirect(address) = begun.dispatch else {
            panic!()
        };
        let (_, query) = address.split_once('?').unwrap();
        let incoming = service::saml::Incoming::Query(query.to_owned());
        let now = self.app.harness.services.now();
        let asked = self.idp.read(&self.ours, &incoming, now).unwrap();
        let xml = make(&self.statement(&asked));
        let landing = self.post(&xml, asked.relay_state.as_deref()).await;
        assert_eq!(landing.status, 303, "{}", landing.text());
        let (page, handle) = landing.header("location").split_once("?handle=").unwrap();
        assert_eq!(page, "/settings/sign-in/report");
        assert_eq!(self.app.rows("app_user").await, 1);
        let (id, report) = saml.report(actor, handle).await.unwrap();
        assert_eq!(id, self.id);
        // Nobody else's business.
        let other = saml.report(&Actor::console(), handle).await;
        assert_eq!(other.unwrap_err(), Error::NotFound);
        report
    }
}

#[tokio::test]
async fn a_test_tells_how_each_check_went_and_signs_nobody_in() {
    let stage = Stage::sqlite().await;
    let root = stage.app.harness.user("root", &["Administrator"]).await;
    let sessions = stage.app.rows("session").await;
    let good = stage
        .test(&root, |said| stage.idp.respond(said).unwrap())
        .await;
    assert_eq!(
        (good.cause, good.principal.as_deref()),
        (None, Some("anna"))
    );
    let shown = |name: &str| {
        good.said
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| &**value)
    };
    assert_eq!(shown("NameID"), Some("anna"));
    assert_eq!(shown("Attribute mail"), Some("anna@corp.example"));
    assert_eq!(shown("Signed by"), Some("rsa-sha256"));

    let unsigned = |said: &Statement| stage.idp.unsigned(said);
    let told = async |make: Box<dyn FnOnce(&Statement) -> String + '_>| {
        let report = stage.test(&root, make).await;
        report.cause.unwrap()
    };
    let cause = told(Box::new(|said| {
        Signer::of("idp").sign(&unsigned(said), &Manner::sha1())
    }))
    .await;
    assert_eq!(
        cause,
        Cause::Algorithm {
            used: "rsa-sha1".to_owned()
        }
    );
    assert!(cause.sentence().contains("Set the provider to SHA-256"));

    for (minutes, way) in [(10, "10 minutes ahead"), (-10, "10 minutes behind")] {
        let cause = told(Box::new(|said| {
            let now = said.now + TimeDelta::minutes(minutes);
            stage
                .idp
                .respond(&Statement {
                    now,
                    ..said.clone()
                })
                .unwrap()
        }))
        .await;
        assert!(cause.sentence().contains(way), "{}", cause.sentence());
    }

    let cause = told(Box::new(|said| {
        let xml = unsigned(said);
        let from = xml.find("<saml:NameID").unwrap();
        let to = xml.find("</saml:NameID>").unwrap() + "</saml:NameID>".len();
        stage
            .idp
            .sign(&xml.replace(&xml[from..to], ""), false)
            .unwrap()
    }))
    .await;
    assert_eq!(cause, Cause::NoNameId);

    let failed = told(Box::new(|said| {
        let xml = unsigned(said).replace(
            "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>",
            "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\">\
             <samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed\"/></samlp:StatusCode>",
        );
        stage.idp.sign(&xml, false).unwrap()
    }))
    .await;
    assert_eq!(
        failed,
        Cause::Status {
            codes: "Responder, AuthnFailed".to_owned()
        }
    );

    let many = |count: usize| {
        move |said: &Statement| {
            let groups = (0..count)
                .map(|n| format!("CN=group-{n},OU=Groups,DC=corp,DC=example"))
                .collect();
            let mut said = said.clone();
            said.attributes.push(("groups".to_owned(), groups));
            said
        }
    };
    let five_hundred = stage
        .test(&root, |said| stage.idp.respond(&many(500)(said)).unwrap())
        .await;
    assert_eq!(five_hundred.cause, None);
    let cause = told(Box::new(|said| {
        stage.idp.respond(&many(1001)(said)).unwrap()
    }))
    .await;
    assert_eq!(cause, Cause::TooManyGroups);
    assert_eq!(stage.app.rows("session").await, sessions);
}

/// What was encrypted is told once it is deciphered and holds.
#[tokio::test]
async fn a_test_shows_what_an_encrypted_assertion_says() {
    let stage = Stage::sqlite().await;
    stage.decide(|settings| settings.encrypted = true).await;
    let root = stage.app.harness.user("root", &["Administrator"]).await;
    let ours = super::stage::key("ours");
    let certificate = &ours[ours.find("-----BEGIN CERTIFICATE").unwrap()..];
    let encrypted = |said: &Statement| {
        let mut said = said.clone();
        said.session_end = Some(said.now + TimeDelta::hours(1));
        let signed = stage.idp.respond(&said).unwrap();
        stage.idp.encrypt(&signed, certificate).unwrap()
    };
    let report = stage.test(&root, encrypted).await;
    assert_eq!(report.cause, None);
    let shown = |name: &str| {
        let mut said = report.said.iter();
        said.find(|(known, _)| known == name)
            .map(|(_, value)| &**value)
    };
    assert_eq!(shown("NameID"), Some("anna"));
    assert_eq!(shown("NameID format"), Some("persistent"));
    assert_eq!(shown("Attribute mail"), Some("anna@corp.example"));
    assert!(shown("SessionNotOnOrAfter").is_some(), "{:?}", report.said);
}

/// Metadata that cannot be used is refused where it is pasted, in words.
#[tokio::test]
async fn metadata_that_cannot_be_used_says_what_is_missing() {
    let stage = Stage::sqlite().await;
    let saml = &stage.app.harness.services.saml;
    let good = provider("attacker").metadata().unwrap();
    let add = async |metadata: String| {
        let wanted = ProviderChange {
            settings: domain::saml::ProviderSettings {
                name: "new".to_owned(),
                ..settings()
            },
            metadata,
            version: None,
        };
        saml.add(&Actor::console(), wanted)
            .await
            .unwrap_err()
            .to_string()
    };
    for (metadata, told) in [
        (String::new(), "A value is needed"),
        ("<a/>".to_owned(), "one EntityDescriptor"),
        ("nothing".to_owned(), "an XML document"),
        (stage.ours.clone(), "IDPSSODescriptor"),
        (
            format!(
                "<!DOCTYPE x>{}",
                good.trim_start_matches("<?xml version=\"1.0\"?>")
            ),
            "without a DTD",
        ),
        (
            good.replace("SingleSignOnService", "Nothing"),
            "SingleSignOnService",
        ),
        (
            good.replace("https://attacker.example/sso", "javascript:alert(1)"),
            "SingleSignOnService",
        ),
        (
            good.replace("X509Certificate>MII", "X509Certificate>AAA"),
            "readable X.509",
        ),
        (
            stage.idp.metadata().unwrap(),
            "There is one of that name already",
        ),
        ("x".repeat(300_000), "256 kB"),
    ] {
        let error = add(metadata).await;
        assert!(error.contains(told), "{told}: {error}");
    }
}

/// Whoever changes providers holds everything; whoever sees settings sees them.
#[tokio::test]
async fn providers_are_changed_by_administrators_alone() {
    let stage = Stage::sqlite().await;
    let harness = &stage.app.harness;
    let saml = &harness.services.saml;
    let root = harness.user("root", &["Administrator"]).await;
    let security = harness
        .user("sec", &["Default Security Administrator"])
        .await;
    let bob = harness.user("bob", &[]).await;
    let change = || ProviderChange {
        settings: domain::saml::ProviderSettings {
            unsolicited: true,
            ..settings()
        },
        ..ProviderChange::default()
    };
    for actor in [&security, &bob] {
        assert!(saml.update(actor, stage.id, change()).await.is_err());
        assert!(saml.remove(actor, stage.id).await.is_err());
        assert!(saml.add(actor, change()).await.is_err());
    }
    assert_eq!(saml.providers(&bob).await.unwrap_err(), Error::NotPermitted);
    assert!(saml.begin_test(&bob, BASE, stage.id, None).await.is_err());
    saml.update(&root, stage.id, change()).await.unwrap();
    let stale = ProviderChange {
        version: Some(1),
        ..change()
    };
    assert!(matches!(
        saml.update(&root, stage.id, stale).await,
        Err(Error::Conflict(_))
    ));
    stage.sign_in(|_| ()).await;
    assert!(matches!(
        saml.remove(&root, stage.id).await,
        Err(Error::Conflict(_))
    ));
}

/// A refused answer is told to administrators, with what it says of itself and nobody's name.
#[tokio::test]
async fn the_trail_says_why_with_excerpts_that_name_nobody() {
    let stage = Stage::sqlite().await;
    let browser = stage.begin().await;
    let mut said = stage.statement(&browser.asked);
    said.audience = "https://other.example".to_owned();
    let answer = stage
        .answer(&browser, &stage.idp.respond(&said).unwrap())
        .await;
    stage.is_refused(&answer, "another audience").await;
    assert_eq!(
        stage.app.latest_record("request_id").await.as_deref(),
        Some(crate::support::REQUEST_ID)
    );
    let after = stage.app.latest_record("state_after").await.unwrap();
    assert!(
        after.contains("https://other.example") && after.contains(&browser.asked.id),
        "{after}"
    );
    assert!(!after.contains("anna"), "{after}");
    assert!(answer.text().contains(crate::support::REQUEST_ID));
    // A flood is counted, not recorded.
    for _ in 0..40 {
        stage.post("<a/>", None).await;
    }
    let refusals = stage
        .app
        .trail()
        .await
        .into_iter()
        .filter(|one| one == "session.sign-in refused")
        .count();
    assert_eq!(refusals, 30);
}
