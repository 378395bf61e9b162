//! A token of the REST API for whoever signed in by SAML.

use chrono::TimeDelta;
use domain::expiry::Validity;
use http::Method;
use serde_json::json;
use service::{Actor, keys::NewKey};

use super::{Stage, stage::settings};
use crate::support::{Answer, KEYS, MEDIA_TYPE, unauthenticated};

const EXCHANGE: &str = "/netbackup/sso/loginwithtoken";

async fn exchange(stage: &Stage, handle: &str, cookie: Option<&str>) -> Answer {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(cookie.map(|cookie| ("cookie", cookie)));
    let body = json!({ "token": handle }).to_string();
    let client = stage.app.anonymous();
    client.send(Method::POST, EXCHANGE, &headers, body).await
}

fn refused(answer: &Answer) {
    assert_eq!(answer.status, 401, "{}", answer.text());
    assert_eq!(answer.json(), unauthenticated());
}

service::on_both_databases! {
    /// S25: only for the client that began. S19: once. L9: the provider's session ends it.
    async fn a_handle_becomes_a_token_once_and_for_the_client_that_began(harness: Harness) {
        let stage = Stage::on(harness, settings()).await;
        let began = stage.begin().await;
        let mut statement = stage.statement(&began.asked);
        statement.session_end = Some(statement.now + TimeDelta::hours(2));
        let response = stage.idp.respond(&statement).unwrap();
        let landing = stage.answer(&began, &response).await;
        let (_, handle) = landing.header("location").split_once("handle=").unwrap();
        let other = stage.begin().await;
        for cookie in [None, Some(other.cookie.as_str())] {
            refused(&exchange(&stage, handle, cookie).await);
        }
        refused(&exchange(&stage, "no handle", Some(&began.cookie)).await);
        assert_eq!(stage.app.rows("session").await, 0);
        assert_eq!(stage.app.rows("app_user").await, 0);

        let answer = exchange(&stage, handle, Some(&began.cookie)).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.header("content-type"), MEDIA_TYPE);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("set-cookie"), "");
        let token = answer.json()["token"].clone();
        let whole = json!({ "token": token, "tokenType": "BEARER", "validity": 7200 });
        assert_eq!(answer.json(), whole);
        refused(&exchange(&stage, handle, Some(&began.cookie)).await);
        assert_eq!(stage.app.rows("session").await, 1);

        // It is a session by SAML: a key needs no date and gets the provider's.
        let client = stage.app.key(token.as_str().unwrap());
        let body = json!({ "data": { "type": "apiKeyCreationRequest", "attributes": { "description": "by token" } } });
        let made = client.post(KEYS, body).await;
        assert_eq!(made.status, 201, "{}", made.text());
        stage.app.harness.clock.advance(TimeDelta::hours(2));
        refused(&client.get(KEYS).await);
        assert_eq!(
            stage.app.trail().await,
            [
                "provider.create done",
                "session.sign-in refused",
                "session.sign-in refused",
                "session.sign-in refused",
                "user.create done",
                "session.sign-in done",
                "session.sign-in refused",
                "key.create done",
            ]
        );
    }

    /// L8: the key that an administrator made waits for a sign-in to the web UI; a token is none.
    async fn a_token_does_not_let_a_waiting_key_work(harness: Harness) {
        let stage = Stage::on(harness, settings()).await;
        let anna = super::flow::add(&stage, "anna").await;
        let keys = &stage.app.harness.services.keys;
        let validity = Validity::days(30).ok();
        let wanted = NewKey { owner: Some(anna), validity, ..NewKey::default() };
        let made = keys.create(&Actor::console(), wanted).await.unwrap().done();
        let value = made.value.reveal().to_string();
        let began = stage.begin().await;
        let landing = stage.answer(&began, &stage.good(&began)).await;
        let (_, handle) = landing.header("location").split_once("handle=").unwrap();
        assert_eq!(exchange(&stage, handle, Some(&began.cookie)).await.status, 201);
        refused(&stage.app.key(&value).get(KEYS).await);
        stage.sign_in(|_| ()).await;
        assert_eq!(stage.app.key(&value).get(KEYS).await.status, 200);
    }
}
