//! Tokens: their keys, tokens that were got with an API key, and what ends them.

use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};
use service::{Actor, on_both_databases};

use crate::support::{App, KEYS, local, unauthenticated};

const LOGIN: &str = "/netbackup/login";

fn with_key(name: &str, key: &str) -> Value {
    json!({"domainType": "VX", "domainName": "vrts.apikey", "userName": name, "password": key})
}

async fn token_key(app: &App) -> String {
    app.anonymous()
        .get("/netbackup/tokenkey")
        .await
        .text()
        .to_owned()
}

on_both_databases! {
    async fn after_a_rotation_old_tokens_are_honoured_until_they_end(harness: Harness) {
        let app = App::on(harness);
        let old = app.user("bob").await;
        let (before, services) = (token_key(&app).await, app.harness.services.clone());
        services.rotate_token_key(&Actor::console(), false).await.unwrap();
        assert_eq!(app.latest_record("action").await.unwrap(), "token-key.rotate");
        let after = token_key(&app).await;
        assert!(after.starts_with("-----BEGIN PUBLIC KEY-----\n"));
        assert_ne!(after, before);
        let new = app.signed_in("bob").await;
        for client in [&old, &new] {
            assert_eq!(client.get(KEYS).await.status, 200);
        }
        // K15: the private key is not in the database as it is.
        let sealed = app.select("select 'x' from token_key where sealed is not null and length(sealed) > 32").await;
        assert_eq!(sealed.len(), 1);
        // Another start, and another server, sign with the new one too.
        let reopened = app.harness.reopened().await;
        assert_eq!(reopened.sessions.token_key_pem(), after);
        services.rotate_token_key(&Actor::console(), true).await.unwrap();
        for client in [&old, &new] {
            let answer = client.get(KEYS).await;
            assert_eq!((answer.status, answer.json()), (401, unauthenticated()));
        }
        assert_eq!(app.signed_in("bob").await.get(KEYS).await.status, 200);
        app.harness.clock.advance(TimeDelta::hours(25));
        services.maintain_once().await.unwrap();
        assert_eq!(app.rows("token_key").await, 1);
    }

    async fn another_server_honours_a_new_key_at_once(harness: Harness) {
        let app = App::on(harness);
        app.harness.add_user("bob", &[]).await;
        let (other, _folder) = app.harness.beside().await;
        other.rotate_token_key(&Actor::console(), false).await.unwrap();
        let credentials = service::testing::credentials("bob", service::testing::PASSWORD);
        let issued = other.sessions.login(credentials, service::testing::origin()).await.unwrap();
        let token = secrecy::ExposeSecret::expose_secret(&issued.token).to_owned();
        app.harness.clock.advance(TimeDelta::seconds(1));
        assert_eq!(app.key(&token).get(KEYS).await.status, 200);
        assert_eq!(token_key(&app).await, other.sessions.token_key_pem());
    }

    async fn only_the_console_rotates(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let refused = harness.services.rotate_token_key(&root, true).await;
        assert_eq!(refused.unwrap_err(), domain::error::Error::NotPermitted);
    }

    /// A4: the token counts as the key.
    async fn a_key_gets_a_token_that_lives_no_longer_than_it(harness: Harness) {
        let app = App::on(harness);
        let (key, tag) = app.user("Bob").await.make_key().await;
        let answer = app.anonymous().post(LOGIN, with_key("bob", &key)).await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.header("set-cookie"), "");
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        assert_eq!(answer.json(), json!({"token": token, "tokenType": "BEARER", "validity": 86_400}));
        assert_eq!(app.latest_record("via").await.unwrap(), format!("token of key {tag}"));
        let client = app.key(&token);
        let answer = client.get(KEYS).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-latchkey-key-expires"), "2026-11-23T08:28:30.294Z");
        let refused = client.send(Method::DELETE, "/netbackup/user-sessions", &[], "").await;
        assert_eq!(refused.status, 403);

        app.harness.clock.advance(TimeDelta::days(30) - TimeDelta::hours(1));
        let late = app.anonymous().post(LOGIN, with_key("bob", &key)).await.json();
        assert_eq!(late["validity"], json!(3600));
        let late = app.key(late["token"].as_str().unwrap());
        assert_eq!(late.get(KEYS).await.status, 200);
        // It ends with the key.
        assert_eq!(late.delete(&format!("{KEYS}/{tag}")).await.status, 204);
        assert_eq!(late.get(KEYS).await.status, 401);
    }

    /// K8, W12.
    async fn a_wrong_key_or_another_s_name_is_refused_alike(harness: Harness) {
        let app = App::on(harness);
        let (key, tag) = app.user("bob").await.make_key().await;
        let _eve = app.user("eve").await;
        let unknown = domain::key::write(&domain::key::assemble(&[9; 41]));
        for (name, key) in [("eve", &*key), ("nobody", &key), ("", &key), ("bob", &unknown), ("bob", "junk"), ("a:b", &key)] {
            let answer = app.anonymous().post(LOGIN, with_key(name, key)).await;
            assert_eq!((answer.status, answer.json()), (401, unauthenticated()), "{name}");
        }
        // A key is no password, and a password no key.
        let password = service::testing::PASSWORD;
        assert_eq!(app.anonymous().post(LOGIN, with_key("bob", password)).await.status, 401);
        assert_eq!(app.anonymous().post(LOGIN, crate::support::login("bob", &key)).await.status, 401);
        assert_eq!(app.rows("session").await, 2, "{tag}");
    }

    async fn disabling_the_owner_ends_a_key_s_token(harness: Harness) {
        let app = App::on(harness);
        let (key, _) = app.user("bob").await.make_key().await;
        let answer = app.anonymous().post(LOGIN, with_key("bob", &key)).await.json();
        let client = app.key(answer["token"].as_str().unwrap());
        let (users, console) = (&app.harness.services.users, Actor::console());
        users.disable(&console, &local("bob")).await.unwrap();
        assert_eq!(client.get(KEYS).await.status, 401);
        users.enable(&console, &local("bob")).await.unwrap();
        assert_eq!(client.get(KEYS).await.status, 401);
        assert_eq!(app.key(&key).get(KEYS).await.status, 200);
    }
}
