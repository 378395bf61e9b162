//! Messages about signing out that are refused, or that say that something failed.

use chrono::{SecondsFormat, TimeDelta};
use domain::{Instant, saml::Cause};
use service::{keys::NewKey, saml::idp::encode};

use super::{
    Stage,
    stage::{BASE, SLO, settings},
};

impl Stage {
    /// A signed message of the provider about signing out, as a form carries it.
    fn message(&self, kind: &str, more: &str, id: &str, issued: Instant, inner: &str) -> String {
        let (issuer, issued) = (
            &self.idp.entity_id,
            issued.to_rfc3339_opts(SecondsFormat::Millis, true),
        );
        let xml = format!(
            "<samlp:{kind} xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" Version=\"2.0\" \
             IssueInstant=\"{issued}\" Destination=\"{BASE}{SLO}\"{more}>\
             <saml:Issuer>{issuer}</saml:Issuer>{inner}</samlp:{kind}>"
        );
        encode(&self.idp.sign(&xml, true).unwrap())
    }

    /// The form of a wish, without an end, that anna be signed out.
    fn wish(&self, number: u32, issued: Instant) -> String {
        let (id, anna) = (format!("_wish{number}"), "<saml:NameID>anna</saml:NameID>");
        let message = self.message("LogoutRequest", "", &id, issued, anna);
        form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLRequest", &message)
            .finish()
    }
}

service::on_both_databases! {
    /// S19: a wish without an end that somebody kept does not stop a key days later, when its id is
    /// forgotten.
    async fn an_old_wish_signs_nobody_out(harness: Harness) {
        let stage = Stage::on(harness, settings()).await;
        let now = stage.app.harness.services.now();
        let cookie = stage.sign_in(|_| ()).await;
        let anna = stage.actor(&cookie).await.unwrap();
        let keys = &stage.app.harness.services.keys;
        let value = keys.create(&anna, NewKey::default()).await.unwrap().done().value.reveal().to_string();
        // Ten minutes, and the minute of the clock skew.
        for (number, seconds) in [(1, -662), (2, 62)] {
            let wish = stage.wish(number, now + TimeDelta::seconds(seconds));
            assert_eq!(stage.submit(SLO, "", &wish).await.status, 403, "{seconds}");
            let cause = stage.app.latest_record("cause").await.unwrap();
            assert!(cause.contains("out of its time"), "{cause}");
            assert_eq!(stage.app.latest_record("object").await.unwrap(), "identity provider idp");
        }
        assert!(stage.actor(&cookie).await.is_some());
        assert_eq!(stage.app.key(&value).get(crate::support::KEYS).await.status, 200);
        let young = stage.wish(3, now - TimeDelta::seconds(658));
        let answer = stage.submit(SLO, "", &young).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert!(stage.actor(&cookie).await.is_none());
        assert_eq!(stage.app.key(&value).get(crate::support::KEYS).await.status, 401);
    }

    /// Nobody fills the trail: further refusals of one address are recorded in sums.
    async fn refused_messages_beyond_thirty_are_recorded_in_sums(harness: Harness) {
        let stage = Stage::on(harness, settings()).await;
        let before = stage.app.trail().await.len();
        for _ in 0..20 {
            assert_eq!(stage.bring("https://idp.example/slo?SAMLRequest=AAAA").await.status, 403);
            stage.post("<a/>", None).await;
        }
        let trail = stage.app.trail().await.split_off(before);
        let (outs, ins) = (vec!["session.end refused"; 15], vec!["session.sign-in refused"; 15]);
        let mut each: Vec<_> = trail.iter().map(String::as_str).collect();
        each.sort_unstable();
        assert_eq!(each, [outs, ins].concat());
        stage.app.harness.services.maintain_once().await.unwrap();
        let trail = stage.app.trail().await.split_off(before);
        assert_eq!(trail.len(), 31, "{trail:?}");
        assert_eq!(stage.app.latest_record("state_after").await.unwrap(), r#"{"count":10}"#);
        assert_eq!(
            stage.app.latest_record("cause").await.unwrap(),
            "further SAML messages that were refused"
        );
    }

    /// A provider that could not sign out everywhere: the person is told, and the trail has it.
    async fn a_provider_that_could_not_sign_out_is_told_of(harness: Harness) {
        let stage = Stage::on(harness, settings()).await;
        let cookie = stage.sign_in(|_| ()).await;
        let page = stage.submit("/netbackup/sso/logout", &cookie, "").await;
        let text = page.text();
        let from = text.find("RelayState=").unwrap() + "RelayState=".len();
        let relay = text[from..].split('&').next().unwrap();
        let asked = stage.app.select("select message_id from saml_request").await;
        let id = asked.into_iter().flatten().collect::<String>();
        let inner = "<samlp:Status>\
             <samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\">\
             <samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:PartialLogout\"/>\
             </samlp:StatusCode></samlp:Status>";
        let now = stage.app.harness.services.now();
        let answer = stage.message("LogoutResponse", &format!(" InResponseTo=\"{id}\""), "_partly", now, inner);
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLResponse", &answer)
            .append_pair("RelayState", relay)
            .finish();
        let done = stage.submit(SLO, "", &form).await;
        assert_eq!((done.status, done.header("location")), (303, "/sign-in?notice=signed-out-here"));
        let cause = stage.app.latest_record("cause").await.unwrap();
        let status = Cause::Status { codes: "Responder, PartialLogout".to_owned() };
        assert_eq!(cause, status.sentence());
    }
}
