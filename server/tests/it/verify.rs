//! `/verify`.

use axum::body::Body;
use chrono::TimeDelta;
use http::{HeaderMap, Method};
use serde_json::json;
use service::{Actor, on_both_databases};

use crate::support::{Answer, App, KEYS, local, wanted_with};

/// What `/verify` says of the key, without what every answer has. (The length goes on its way to
/// the wire: 204 has none.)
fn identity(answer: &Answer) -> HeaderMap {
    let mut headers = answer.headers.clone();
    for common in [
        "x-request-id",
        "x-content-type-options",
        "cache-control",
        "content-length",
    ] {
        headers.remove(common);
    }
    headers
}

on_both_databases! {
    async fn a_key_s_owner_stands_in_headers(harness: Harness) {
        let app = App::on(harness);
        let (key, tag) = app.administrator().await.make_key().await;
        for method in [Method::GET, Method::POST] {
            let answer = app.key(&key).send(method, "/verify", &[("accept", "image/png")], Body::empty()).await;
            assert_eq!((answer.status, answer.text()), (204, ""));
            assert_eq!(answer.header("cache-control"), "no-store");
            let expected: HeaderMap = [
                ("x-latchkey-user", "root"),
                ("x-latchkey-domain", ""),
                ("x-latchkey-domain-type", "unixpwd"),
                ("x-latchkey-key-tag", tag.as_str()),
                ("x-latchkey-roles", "Administrator,API%20Key%20Self-Service"),
                ("x-latchkey-key-expires", "2026-12-22T08:28:30.294Z"),
            ]
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .into_iter()
            .collect();
            assert_eq!(identity(&answer), expected);
        }
        let answer = app.with_header("x-api-key", &key).get("/verify").await;
        assert_eq!(answer.status, 204);
    }

    async fn names_are_percent_encoded_utf_8(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        app.harness.add_user("jürgen,x", &[]).await;
        let attributes = json!({
            "expireAfterDays": "P1D", "userName": "jürgen,x", "userDomain": "", "userDomainType": "unixpwd",
        });
        let made = root.post(KEYS, wanted_with(attributes)).await.json();
        let key = made["data"]["attributes"]["apiKey"].as_str().unwrap().to_owned();
        let answer = app.key(&key).get("/verify").await;
        assert_eq!(answer.header("x-latchkey-user"), "j%C3%BCrgen%2Cx");
    }

    /// K8: the same answer for every reason, and nothing in it.
    async fn every_refusal_is_the_same(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (key, tag) = bob.make_key().await;
        let users = &app.harness.services.users;
        let mut answers = vec![app.anonymous().get("/verify").await];
        // Keys only: a token is none.
        answers.push(bob.get("/verify").await);
        answers.push(app.key("junk").get("/verify").await);
        answers.push(app.key(&format!("{key}x")).get("/verify").await);
        let unknown = domain::key::write(&domain::key::assemble(&[9; 41]));
        answers.push(app.key(&unknown).get("/verify").await);
        answers.push(app.key(&key).get_as("/verify", &[("x-api-key", &unknown)]).await);
        users.disable(&Actor::console(), &local("bob")).await.unwrap();
        answers.push(app.key(&key).get("/verify").await);
        users.enable(&Actor::console(), &local("bob")).await.unwrap();
        app.harness.clock.advance(TimeDelta::days(30));
        answers.push(app.key(&key).get("/verify").await);
        app.harness.clock.advance(TimeDelta::days(-30));
        assert_eq!(app.key(&key).get("/verify").await.status, 204);
        app.key(&key).delete(&format!("{KEYS}/{tag}")).await;
        answers.push(app.key(&key).get("/verify").await);

        let expected: HeaderMap = [("www-authenticate", "Bearer realm=\"Latchkey\"")]
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .into_iter()
            .collect();
        assert_eq!((answers[0].status, answers[0].text()), (401, ""));
        assert_eq!(identity(&answers[0]), expected);
        for answer in &answers {
            assert_eq!(answer, &answers[0]);
        }
    }

    async fn roles_are_those_of_the_moment(harness: Harness) {
        let app = App::on(harness);
        let (key, _) = app.user("bob").await.make_key().await;
        let answer = app.key(&key).get("/verify").await;
        assert_eq!(answer.header("x-latchkey-roles"), "API%20Key%20Self-Service");
    }

    async fn other_methods_and_addresses_are_refused(harness: Harness) {
        let app = App::on(harness);
        let (key, _) = app.user("bob").await.make_key().await;
        let client = app.key(&key);
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let answer = client.send(method, "/verify", &[], Body::empty()).await;
            assert_eq!((answer.status, answer.header("allow")), (405, "GET,HEAD,POST"));
        }
        for path in ["/verify/", "//verify", "/VERIFY"] {
            assert_eq!(client.get(path).await.status, 404, "{path}");
        }
    }

    /// Envoy asks with the request's own method and appends its path and query.
    async fn envoy_is_answered_200_whatever_it_appends(harness: Harness) {
        let app = App::on(harness);
        let (key, tag) = app.user("bob").await.make_key().await;
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            for path in ["/verify/envoy", "/verify/envoy/", "/verify/envoy/a/b", "/verify/envoy//a/../b?permission=x&y=%00"] {
                let answer = app.key(&key).send(method.clone(), path, &[], Body::empty()).await;
                assert_eq!((answer.status, answer.text()), (200, ""), "{method} {path}");
                assert_eq!(answer.header("x-latchkey-key-tag"), tag);
                assert_eq!(app.key("junk").send(method.clone(), path, &[], Body::empty()).await.status, 401);
            }
        }
    }

    async fn a_permission_can_be_asked_for(harness: Harness) {
        let app = App::on(harness);
        let (bobs, _) = app.user("bob").await.make_key().await;
        let (roots, _) = app.administrator().await.make_key().await;
        let view = "%7COPERATIONS%7CVIEW%7C@%7CSECURITY%7CAUDIT-LOGS%7C";
        let reissue = "|OPERATIONS|SECURITY|USERS|API-KEYS|REISSUE|@|SECURITY|USERS|API-KEYS|".replace('|', "%7C");
        for query in [format!("permission={view}"), format!("permission={view}&permission={reissue}&x=y")] {
            let path = format!("/verify?{query}");
            assert_eq!(app.key(&roots).get(&path).await.status, 204, "{query}");
            let denied = app.key(&bobs).get(&path).await;
            assert_eq!((denied.status, denied.text()), (403, ""), "{query}");
            assert_eq!(denied.header("x-latchkey-user"), "");
            assert_eq!(app.key("junk").get(&path).await.status, 401);
        }
        for junk in ["", "x", "%7COPERATIONS%7CVIEW%7C", "%7COPERATIONS%7CFLY%7C@%7CSECURITY%7CUSERS%7C"] {
            assert_eq!(app.key(&roots).get(&format!("/verify?permission={junk}")).await.status, 400, "{junk}");
        }
    }

    /// What a gateway passes on is not read, however large.
    async fn the_body_is_not_read(harness: Harness) {
        let app = App::on(harness);
        let (key, _) = app.user("bob").await.make_key().await;
        let answer = app.key(&key).send(Method::POST, "/verify", &[("content-type", "text/plain")], "{".repeat(60_000)).await;
        assert_eq!(answer.status, 204);
    }

    async fn verifying_writes_nothing(harness: Harness) {
        let app = App::on(harness);
        let (key, _) = app.user("bob").await.make_key().await;
        let before = app.trail().await;
        for _ in 0..20 {
            assert_eq!(app.key(&key).get("/verify").await.status, 204);
        }
        assert_eq!(app.trail().await, before);
        assert_eq!(app.rows("api_key_use").await, 0);
    }
}
