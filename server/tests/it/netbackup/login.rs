use serde_json::{Value, json};
use service::{on_both_databases, testing::PASSWORD};

use crate::support::{App, KEYS, MEDIA_TYPE, error, local, login, unauthenticated};

const LOGIN: &str = "/netbackup/login";

/// A login with the members of `changes` instead.
fn changed(changes: Value) -> Value {
    let mut body = login("bob", PASSWORD);
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

on_both_databases! {
    async fn a_user_name_and_password_get_a_token_that_works(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let app = App::on(harness);
        let answer = app.anonymous().post(LOGIN, login("bob", PASSWORD)).await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.header("content-type"), MEDIA_TYPE);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("set-cookie"), "");
        let token = answer.json()["token"].clone();
        assert_eq!(answer.json(), json!({"token": token, "tokenType": "BEARER", "validity": 86_400}));
        let client = app.key(token.as_str().unwrap());
        assert_eq!(client.get(KEYS).await.status, 200);
        assert_eq!(app.trail().await, ["user.create done", "session.sign-in done"]);
    }

    async fn domain_types_are_read_in_any_case_and_empty_looks_in_all(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let app = App::on(harness);
        for (domain_type, name) in [
            (json!("UNIXPWD"), "bob"),
            (json!("UnixPwd"), "BOB"),
            (json!(""), "bob"),
            (json!(null), "bob"),
        ] {
            let body = changed(json!({"domainType": domain_type, "userName": name}));
            assert_eq!(app.anonymous().post(LOGIN, body).await.status, 201, "{domain_type}");
        }
        let body = json!({"userName": "bob", "password": PASSWORD});
        assert_eq!(app.anonymous().post(LOGIN, body).await.status, 201);
    }

    /// W12: nothing tells whether there is such a user.
    async fn every_wrong_login_is_refused_alike(harness: Harness) {
        harness.add_user("bob", &[]).await;
        harness.add_user("eve", &[]).await;
        let app = App::on(harness);
        let users = &app.harness.services.users;
        users.disable(&service::Actor::console(), &local("eve")).await.unwrap();
        let mut answers = Vec::new();
        for changes in [
            json!({"password": "wrong password"}),
            json!({"userName": "nobody"}),
            json!({"userName": "a:b/c"}),
            json!({"userName": "eve"}),
            json!({"domainType": "nt", "domainName": "CORP"}),
            json!({"domainType": "saml", "domainName": "idp"}),
            json!({"domainType": "NBSP"}),
            json!({"password": "x".repeat(1000)}),
        ] {
            answers.push(app.anonymous().post(LOGIN, changed(changes)).await);
        }
        assert_eq!(answers[0].status, 401);
        assert_eq!(answers[0].json(), unauthenticated());
        assert_eq!(answers[0].header("www-authenticate"), "Bearer realm=\"Latchkey\"");
        for answer in &answers {
            assert_eq!(answer, &answers[0]);
        }
    }

    async fn a_login_that_cannot_be_read_names_what_is_wrong(harness: Harness) {
        let app = App::on(harness);
        for (body, faults) in [
            (json!({}), json!({"userName": "A value is needed.", "password": "A value is needed."})),
            (
                changed(json!({"domainType": "kerberos"})),
                json!({"domainType": "Must be one of nt, unixpwd, vx, ldap, or empty."}),
            ),
            (changed(json!({"password": 12})), json!({"password": "Must be text."})),
            (changed(json!({"isAdmin": true})), json!({"isAdmin": "This field is not accepted here."})),
            (json!([]), json!({"body": "Must be a JSON object."})),
            (changed(json!({"userName": "a\u{0}"})), json!({"userName": "Must be text without NUL."})),
        ] {
            let answer = app.anonymous().post(LOGIN, body).await;
            assert_eq!(answer.faults(), (400, faults));
        }
        let twice = r#"{"userName":"bob","userName":"root","password":"x"}"#;
        let answer = app.anonymous().post_text(LOGIN, twice).await;
        assert_eq!(answer.faults(), (400, json!({"userName": "Must be there once only."})));
        assert!(app.trail().await.is_empty());
    }

    /// K10, W13: the limit is per name and address, and tells when to come back.
    async fn repeated_failures_are_refused_unread_for_a_while(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let app = App::on(harness);
        for _ in 0..10 {
            let answer = app.anonymous().post(LOGIN, changed(json!({"password": "wrong password"}))).await;
            assert_eq!(answer.status, 401);
        }
        let answer = app.anonymous().post(LOGIN, login("bob", PASSWORD)).await;
        assert_eq!(answer.status, 429);
        assert_eq!(answer.header("retry-after"), "900");
        assert_eq!(
            answer.json(),
            error(19_429, "Too many attempts. Try again in 15 minutes.", json!({}))
        );
        app.harness.clock.advance(chrono::TimeDelta::minutes(15));
        assert_eq!(app.anonymous().post(LOGIN, login("bob", PASSWORD)).await.status, 201);
    }

    /// The lockout stops passwords only: nobody stops a stranger's automation by guessing.
    async fn a_lockout_stops_neither_tokens_nor_keys(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (key, _) = bob.make_key().await;
        for _ in 0..11 {
            app.anonymous().post(LOGIN, changed(json!({"password": "wrong password"}))).await;
        }
        assert_eq!(bob.get(KEYS).await.status, 200);
        assert_eq!(app.key(&key).get(KEYS).await.status, 200);
    }

    async fn a_first_password_must_be_changed_before_anything_else(harness: Harness) {
        let app = App::on(harness);
        let users = &app.harness.services.users;
        let password = users.make_first_administrator().await.unwrap().unwrap();
        let password = secrecy::ExposeSecret::expose_secret(&password);
        let answer = app.anonymous().post(LOGIN, login("admin", password)).await;
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        let answer = app.key(&token).get(KEYS).await;
        assert_eq!(answer.status, 403);
        assert_eq!(answer.json(), error(19_403, "Choose your own password first.", json!({})));
    }
}
