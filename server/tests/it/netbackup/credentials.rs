//! What authenticates a request, and what does not (K1–K8, A10).

use axum::body::Body;
use chrono::TimeDelta;
use http::Method;
use service::{Actor, on_both_databases};

use crate::support::{App, KEYS, Log, local, unauthenticated};

/// The key with one bit of its byte `index` changed.
fn flipped(key: &str, index: usize, checksum: bool) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(key).unwrap();
    bytes[index] ^= 1;
    if checksum {
        let sum = crc32fast::hash(&bytes[..44]).to_be_bytes();
        bytes[44..].copy_from_slice(&sum);
    }
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

on_both_databases! {
    async fn a_key_stands_raw_after_bearer_or_in_its_own_header(harness: Harness) {
        let app = App::on(harness);
        let (key, _) = app.user("bob").await.make_key().await;
        for (name, value) in [
            ("authorization", key.clone()),
            ("authorization", format!("Bearer {key}")),
            ("authorization", format!("bearer  {key}")),
            ("x-api-key", key.clone()),
        ] {
            assert_eq!(app.with_header(name, &value).get(KEYS).await.status, 200, "{name}");
        }
        let both = app.key(&key).get_as(KEYS, &[("x-api-key", &key)]).await;
        assert_eq!(both.status, 200);
    }

    /// K1 (wrong secret), K2 (other tag), K3 (checksum), K4 (form), K5 (several headers).
    async fn whatever_is_not_exactly_the_key_is_refused_alike(harness: Harness) {
        let app = App::on(harness);
        let (bob, eve) = (app.user("bob").await, app.user("eve").await);
        let (key, _) = bob.make_key().await;
        let (other, _) = eve.make_key().await;
        let wrong = [
            flipped(&key, 20, true),
            flipped(&key, 5, true),
            flipped(&key, 20, false),
            flipped(&key, 47, false),
            format!("{}{}", &key[..12], &other[12..]),
            key[..63].to_owned(),
            format!("{key}A"),
            format!("{} {}", &key[..32], &key[32..]),
            format!(" {key}"),
            format!("{key} "),
            format!("Bearer {key} "),
            key.to_uppercase(),
            key.to_lowercase(),
            format!("{key},{key}"),
            format!("{key}, {key}"),
            format!("{key} {key}"),
            format!("Basic {key}"),
            format!("Bearer Bearer {key}"),
            "é".repeat(32),
            "A".repeat(1 << 20),
            "eyJhbGciOiJub25lIn0.e30.".to_owned(),
            String::new(),
        ];
        for value in &wrong {
            for name in ["authorization", "x-api-key"] {
                let answer = app.with_header(name, value).get(KEYS).await;
                assert_eq!((answer.status, answer.json()), (401, unauthenticated()), "{name}: {value:.80}");
            }
        }
        // K5.
        for (name, value) in [("x-api-key", &other), ("authorization", &other), ("x-api-key", &String::new())] {
            let answer = app.key(&key).get_as(KEYS, &[(name, value)]).await;
            assert_eq!((answer.status, answer.json()), (401, unauthenticated()));
        }
        assert_eq!(app.key(&key).get(KEYS).await.status, 200);
    }

    /// K4: no header can hold these at all.
    async fn line_breaks_and_nul_do_not_get_into_a_header(harness: Harness) {
        let app = App::on(harness);
        let (key, _) = app.user("bob").await.make_key().await;
        for value in [format!("{key}\r\n"), format!("{key}\0"), format!("{key}\nX: y")] {
            assert!(http::HeaderValue::from_str(&value).is_err());
        }
    }

    /// K6: neither read nor logged.
    async fn a_key_in_the_address_or_the_body_is_not_read(harness: Harness) {
        let app = App::on(harness);
        let (key, tag) = app.user("bob").await.make_key().await;
        let anonymous = app.anonymous();
        for path in [
            format!("{KEYS}?apiKey={key}"),
            format!("{KEYS}?Authorization=Bearer%20{key}&x-api-key={key}"),
            format!("{KEYS}/{key}"),
            format!("/netbackup/{key}"),
            format!("/{key}"),
            format!("/verify?key={key}"),
            format!("/verify/{key}"),
        ] {
            let answer = anonymous.get(&path).await;
            assert!([401, 404].contains(&answer.status), "{path}: {}", answer.status);
            assert!(!answer.text().contains(&key));
        }
        let body = format!("{{\"apiKey\":\"{key}\"}}");
        let answer = anonymous.send(Method::POST, KEYS, &[("content-type", "application/json")], body.clone()).await;
        assert_eq!(answer.status, 401);
        let answer = anonymous.send(Method::POST, "/verify", &[("content-type", "application/json")], body).await;
        assert_eq!(answer.status, 401);
        assert_eq!(Log::lines_with(&key), [""; 0]);
        assert_eq!(app.key(&key).get(&format!("{KEYS}/{tag}")).await.status, 200);
    }

    /// K8: the reason is for the audit trail.
    async fn an_unknown_expired_disabled_and_deleted_key_get_the_same_answer(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (key, tag) = bob.make_key().await;
        let path = format!("{KEYS}/{tag}");
        let users = &app.harness.services.users;
        let console = Actor::console();

        let unknown = app.key(&domain::key::write(&domain::key::assemble(&[9; 41]))).get(&path).await;
        users.disable(&console, &local("bob")).await.unwrap();
        let disabled = app.key(&key).get(&path).await;
        users.enable(&console, &local("bob")).await.unwrap();
        assert_eq!(app.key(&key).get(&path).await.status, 200);
        app.harness.clock.advance(TimeDelta::days(30) - TimeDelta::milliseconds(1));
        assert_eq!(app.key(&key).get(&path).await.status, 200);
        app.harness.clock.advance(TimeDelta::milliseconds(1));
        let expired = app.key(&key).get(&path).await;
        app.harness.clock.advance(TimeDelta::days(-30));
        assert_eq!(app.key(&key).delete(&path).await.status, 204);
        let deleted = app.key(&key).get(&path).await;

        assert_eq!((unknown.status, unknown.json()), (401, unauthenticated()));
        assert_eq!(unknown.header("www-authenticate"), "Bearer realm=\"Latchkey\"");
        for answer in [disabled, expired, deleted] {
            assert_eq!(answer, unknown);
        }
    }

    /// A10: no answer to a header credential sets a cookie, and a cookie opens nothing here.
    async fn a_key_gets_no_cookie_and_a_cookie_is_no_credential(harness: Harness) {
        let app = App::on(harness);
        let (key, tag) = app.user("bob").await.make_key().await;
        let client = app.key(&key);
        for (method, path) in [
            (Method::GET, KEYS.to_owned()),
            (Method::GET, format!("{KEYS}/{tag}")),
            (Method::POST, KEYS.to_owned()),
            (Method::POST, "/netbackup/logout".to_owned()),
            (Method::POST, "/netbackup/login".to_owned()),
            (Method::GET, "/verify".to_owned()),
            (Method::GET, "/healthz".to_owned()),
            (Method::GET, "/".to_owned()),
            (Method::GET, "/sign-in".to_owned()),
            (Method::GET, "/profile/key".to_owned()),
        ] {
            let answer = client.send(method, &path, &[], Body::empty()).await;
            assert!(!answer.headers.contains_key("set-cookie"), "{path}");
        }
        let cookie = app.session_cookie("bob").await;
        for name in ["latchkey", "__Host-latchkey", "session", "latchkey_session", "__Host-session"] {
            let headers = [("cookie", format!("{name}={cookie}"))];
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = app.anonymous().get_as(KEYS, &headers).await;
            assert_eq!((answer.status, answer.json()), (401, unauthenticated()));
        }
        // The session's token is no credential in a header either.
        assert_eq!(app.key(&cookie).get(KEYS).await.status, 401);
    }
}
