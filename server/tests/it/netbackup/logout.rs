use http::Method;
use serde_json::json;
use service::on_both_databases;

use crate::support::{App, KEYS, unauthenticated};

const LOGOUT: &str = "/netbackup/logout";

on_both_databases! {
    async fn a_token_ends(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let answer = bob.send(Method::POST, LOGOUT, &form, "").await;
        assert_eq!((answer.status, answer.text()), (200, ""));
        let answer = bob.get(KEYS).await;
        assert_eq!((answer.status, answer.json()), (401, unauthenticated()));
        assert_eq!(app.trail().await.last().unwrap(), "session.sign-out done");
    }

    async fn a_key_lives_on(harness: Harness) {
        let app = App::on(harness);
        let (key, _) = app.user("bob").await.make_key().await;
        let before = app.trail().await;
        assert_eq!(app.key(&key).send(Method::POST, LOGOUT, &[], "null").await.status, 200);
        assert_eq!(app.key(&key).get(KEYS).await.status, 200);
        assert_eq!(app.trail().await, before);
    }

    async fn a_body_does_not_belong_here(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let answer = bob.post(LOGOUT, json!({})).await;
        assert_eq!(answer.faults(), (400, json!({"body": "This field is not accepted here."})));
        assert_eq!(bob.get(KEYS).await.status, 200);
        assert_eq!(app.anonymous().send(Method::POST, LOGOUT, &[], "").await.status, 401);
    }
}
