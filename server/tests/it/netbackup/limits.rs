//! How often: failed authentications, requests of an address and of a user (K9, K10).

use chrono::TimeDelta;
use service::{Limits, testing::Harness};

use crate::support::{App, KEYS, login};

const LOGIN: &str = "/netbackup/login";

async fn app(limits: Limits) -> App {
    App::on(Harness::sqlite_with(limits).await)
}

fn few_failures() -> Limits {
    Limits {
        failures_per_minute: 5,
        ..Limits::default()
    }
}

fn unknown(seed: u8) -> String {
    domain::key::write(&domain::key::assemble(&[seed; 41]))
}

/// K10: per address. A valid key is never refused by it.
#[tokio::test]
async fn wrong_keys_are_401_and_then_429_while_valid_ones_work() {
    let app = app(few_failures()).await;
    let (key, _) = app.user("bob").await.make_key().await;
    for path in ["/verify", KEYS] {
        for seed in 0..5 {
            assert_eq!(
                app.key(&unknown(seed)).get(path).await.status,
                401,
                "{path}"
            );
        }
        for seed in 5..8 {
            let answer = app.key(&unknown(seed)).get(path).await;
            assert_eq!(answer.status, 429, "{path}");
            assert_eq!(answer.header("retry-after"), "12");
        }
        assert_eq!(app.key("junk").get(path).await.status, 429);
        assert_eq!(app.key("a.b.c").get(KEYS).await.status, 429);
        let valid = app.key(&key).get(path).await.status;
        assert!(matches!(valid, 200 | 204), "{valid}");
        // Another client is not concerned.
        app.harness.clock.advance(TimeDelta::minutes(1));
    }
}

/// K10: per tag, from wherever.
#[tokio::test]
async fn guesses_at_one_key_from_many_addresses_are_429() {
    let harness = Harness::sqlite_with(few_failures()).await;
    let app = App::with(harness, &[("LATCHKEY_TRUSTED_PROXIES", "192.0.2.7")]);
    let (key, _) = app.user("bob").await.make_key().await;
    let bytes = domain::key::parse(key.as_bytes()).unwrap();
    let mut random = [7; 41];
    random[..5].copy_from_slice(&bytes[3..8]);
    let wrong = domain::key::write(&domain::key::assemble(&random));
    let mut statuses = Vec::new();
    for last in 1..9 {
        let from = format!("203.0.113.{last}");
        let headers = [("x-forwarded-for", &*from)];
        statuses.push(app.key(&wrong).get_as("/verify", &headers).await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    assert_eq!(app.key(&key).get("/verify").await.status, 204);
}

/// K10: passwords are costly, so there the limit comes first, also for a right one.
#[tokio::test]
async fn after_too_many_failures_no_password_is_looked_at() {
    let app = app(few_failures()).await;
    app.harness.add_user("bob", &[]).await;
    for number in 0..5 {
        let body = login(&format!("nobody{number}"), "wrong password");
        assert_eq!(app.anonymous().post(LOGIN, body).await.status, 401);
    }
    let right = || login("bob", service::testing::PASSWORD);
    let answer = app.anonymous().post(LOGIN, right()).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "12"));
    app.harness.clock.advance(TimeDelta::seconds(12));
    assert_eq!(app.anonymous().post(LOGIN, right()).await.status, 201);
}

#[tokio::test]
async fn too_many_requests_are_429_but_never_at_verify() {
    let limits = Limits {
        requests_per_second: 10,
        request_burst: 20,
        ..Limits::default()
    };
    let app = app(limits).await;
    let bob = app.user("bob").await;
    let (key, _) = bob.make_key().await;
    app.harness.clock.advance(TimeDelta::minutes(1));
    for _ in 0..20 {
        assert_eq!(app.anonymous().get("/netbackup/ping").await.status, 200);
    }
    let answer = app.anonymous().get("/netbackup/ping").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "1"));
    assert_eq!(answer.json()["errorCode"], 19_429);
    assert_eq!(app.anonymous().get("/sign-in").await.status, 429);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(app.anonymous().get(path).await.status, 200);
    }
    for _ in 0..40 {
        assert_eq!(app.key(&key).get("/verify").await.status, 204);
    }
    app.harness.clock.advance(TimeDelta::milliseconds(100));
    assert_eq!(app.anonymous().get("/netbackup/ping").await.status, 200);
}

/// Per principal, from wherever.
#[tokio::test]
async fn a_user_has_a_limit_across_addresses() {
    let limits = Limits {
        requests_per_second: 10,
        request_burst: 20,
        ..Limits::default()
    };
    let harness = Harness::sqlite_with(limits).await;
    let app = App::with(harness, &[("LATCHKEY_TRUSTED_PROXIES", "192.0.2.7")]);
    let bob = app.user("bob").await;
    let mut statuses = Vec::new();
    for last in 1..26 {
        let from = format!("203.0.113.{last}");
        statuses.push(bob.get_as(KEYS, &[("x-forwarded-for", &from)]).await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 20);
    assert_eq!(statuses[20..], [429; 5]);
}

/// K9, K10: ten thousand wrong keys from one address; others notice nothing.
#[tokio::test]
async fn ten_thousand_wrong_keys_harm_nobody_else() {
    let harness = Harness::sqlite_with(Limits::default()).await;
    let app = App::with(harness, &[("LATCHKEY_TRUSTED_PROXIES", "192.0.2.7")]);
    let (key, _) = app.user("bob").await.make_key().await;
    let other = [("x-forwarded-for", "203.0.113.9")];
    let mut told = [0_u32; 2];
    for number in 0..10_000_u32 {
        let mut random = [3; 41];
        random[..4].copy_from_slice(&number.to_be_bytes());
        let wrong = domain::key::write(&domain::key::assemble(&random));
        match app.key(&wrong).get("/verify").await.status {
            401 => told[0] += 1,
            429 => told[1] += 1,
            other => panic!("{other}"),
        }
        if number % 100 == 0 {
            assert_eq!(app.key(&key).get_as("/verify", &other).await.status, 204);
            assert_eq!(
                app.key("junk").get_as("/verify", &other).await.status,
                if number < 6000 { 401 } else { 429 }
            );
        }
    }
    assert_eq!(told, [60, 9_940]);
    app.harness.services.maintain_once().await.unwrap();
    let refused = app
        .trail()
        .await
        .iter()
        .filter(|record| *record == "key.refused refused")
        .count();
    assert!(refused < 1010, "{refused}");
}
