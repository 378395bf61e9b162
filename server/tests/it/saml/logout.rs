//! Single logout, in both directions (L10).

use domain::{key::State, policy::Policy};
use service::{Actor, keys::NewKey, saml::Incoming};

use super::{Stage, stage::settings};

service::on_both_databases! {
    async fn the_provider_signs_somebody_out_and_the_key_waits_for_the_next_sign_in(harness: Harness) {
        let stage = Stage::today(harness, settings()).await;
        let cookie = stage.sign_in(|_| ()).await;
        let other = stage.sign_in(|statement| statement.name_id = "ben".to_owned()).await;
        let anna = stage.actor(&cookie).await.unwrap();
        let keys = &stage.app.harness.services.keys;
        let made = keys.create(&anna, NewKey::default()).await.unwrap().done();
        let value = made.value.reveal().to_string();
        let wish = stage.idp.ask_sign_out(&stage.ours, "anna", None).unwrap();

        // Not by anybody: neither changed, nor unsigned, nor signed by another.
        let unsigned = wish.split("&SigAlg").next().unwrap();
        let mut attacker = super::stage::provider("attacker");
        attacker.entity_id.clone_from(&stage.idp.entity_id);
        let forged = attacker.ask_sign_out(&stage.ours, "anna", None).unwrap();
        for hostile in [unsigned, &forged, &wish.replacen("Signature=", "Signature=A", 1)] {
            assert_eq!(stage.bring(hostile).await.status, 403);
            assert!(stage.actor(&cookie).await.is_some());
        }

        let answer = stage.bring(&wish).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert!(answer.header("location").starts_with("https://idp.example/slo?SAMLResponse="));
        assert!(answer.header("location").contains("Signature="));
        assert!(stage.actor(&cookie).await.is_none());
        assert!(stage.actor(&other).await.is_some());
        assert_eq!(stage.app.key(&value).get(crate::support::KEYS).await.status, 401);
        let trail = stage.app.trail().await;
        assert_eq!(trail[trail.len() - 2..], ["key.suspend done", "session.end done"]);
        // S19: no second time.
        assert_eq!(stage.bring(&wish).await.status, 403);

        let again = stage.sign_in(|_| ()).await;
        let anna = stage.actor(&again).await.unwrap();
        assert_eq!(keys.own(&anna).await.unwrap().unwrap().state, State::Active);
        assert_eq!(stage.app.key(&value).get(crate::support::KEYS).await.status, 200);
    }

    async fn by_policy_the_key_lives_on(harness: Harness) {
        let stage = Stage::today(harness, settings()).await;
        let services = stage.app.harness.services.clone();
        let policy = Policy { logout_disables_keys: false, ..Policy::default() };
        services.set_policy(&Actor::console(), &policy).await.unwrap();
        let cookie = stage.sign_in(|_| ()).await;
        let anna = stage.actor(&cookie).await.unwrap();
        let made = services.keys.create(&anna, NewKey::default()).await.unwrap().done();
        let wish = stage.idp.ask_sign_out(&stage.ours, "anna", None).unwrap();
        assert_eq!(stage.bring(&wish).await.status, 303);
        let value = made.value.reveal().to_string();
        assert!(stage.actor(&cookie).await.is_none());
        assert_eq!(stage.app.key(&value).get(crate::support::KEYS).await.status, 200);
    }

    async fn signing_out_here_signs_out_at_the_provider(harness: Harness) {
        let stage = Stage::today(harness, settings()).await;
        let cookie = stage.sign_in(|_| ()).await;
        let anna = stage.actor(&cookie).await.unwrap();
        let services = stage.app.harness.services.clone();
        let made = services.keys.create(&anna, NewKey::default()).await.unwrap().done();
        let page = stage.submit("/netbackup/sso/logout", &cookie, "").await;
        assert_eq!(page.status, 200, "{}", page.text());
        assert!(stage.actor(&cookie).await.is_none());
        let value = made.value.reveal().to_string();
        assert_eq!(stage.app.key(&value).get(crate::support::KEYS).await.status, 401);
        let text = page.text();
        let from = text.find("href=\"https://idp.example/slo?").unwrap() + "href=\"".len();
        let to = from + text[from..].find('"').unwrap();
        let address = text[from..to].replace("&amp;", "&");
        let (_, query) = address.split_once('?').unwrap();
        let incoming = Incoming::Query(query.to_owned());
        let (name, answer) = stage.idp.sign_out(&stage.ours, &incoming, services.now()).unwrap();
        assert_eq!(name, "anna");
        let service::saml::Dispatch::Redirect(back) = answer else { panic!("{answer:?}") };
        let done = stage.bring(&back).await;
        assert_eq!((done.status, done.header("location")), (303, "/sign-in?notice=signed-out"));
        // It answers a question once.
        assert_eq!(stage.bring(&back).await.status, 403);
    }
}

/// W1: another site signs nobody out.
#[tokio::test]
async fn another_site_signs_nobody_out() {
    let stage = Stage::sqlite().await;
    let cookie = stage.sign_in(|_| ()).await;
    let headers = [
        super::stage::FORM,
        ("cookie", &*cookie),
        ("sec-fetch-site", "cross-site"),
    ];
    for path in ["/netbackup/sso/logout", "/netbackup/sso/test"] {
        let answer = stage
            .app
            .anonymous()
            .send(http::Method::POST, path, &headers, "id=1")
            .await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert!(stage.actor(&cookie).await.is_some());
    assert_eq!(
        stage
            .app
            .anonymous()
            .get("/netbackup/sso/logout")
            .await
            .status,
        405
    );
}
