//! `Idempotency-Key` on calls 1 and 6 (L4, L14).

use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};
use service::on_both_databases;

use crate::support::{Answer, App, Client, KEYS, error, wanted, wanted_with};

async fn create(client: &Client, key: &str, body: Value) -> Answer {
    let headers = [("idempotency-key", key)];
    client
        .send(Method::POST, KEYS, &headers, body.to_string())
        .await
}

fn repeated(tag: &str) -> Value {
    let told = format!(
        "This request was carried out already and made the API key {tag}. Its value cannot be shown again; reissue the key if the value was lost."
    );
    error(19_409, &told, json!({}))
}

on_both_databases! {
    /// L4, L14.
    async fn a_request_that_is_sent_again_is_not_carried_out_again(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let made = create(&bob, "job-1", wanted()).await;
        assert_eq!(made.status, 201);
        let tag = made.json()["data"]["id"].as_str().unwrap().to_owned();
        let (trail, keys) = (app.trail().await, app.rows("api_key").await);
        let again = create(&bob, "job-1", wanted()).await;
        assert_eq!((again.status, again.json()), (409, repeated(&tag)));
        let other = create(&bob, "job-1", wanted_with(json!({"expireAfterDays": "P1D"}))).await;
        assert_eq!(
            (other.status, other.json()),
            (422, error(19_422, "Idempotency-Key: Another request had this key. Send a new one.", json!({})))
        );
        assert_eq!((app.trail().await, app.rows("api_key").await), (trail, keys));
        // Another name is another request, and so is another user's.
        assert_eq!(create(&bob, "job-2", wanted()).await.json()["errorMessage"], json!("There is an API key already. Delete or reissue it instead of adding another."));
        assert_eq!(create(&app.user("eve").await, "job-1", wanted()).await.status, 201);
        // Neither the key nor the body is kept as it is.
        let kept = app.select("select name || request from idempotency_key").await;
        assert!(kept.iter().flatten().all(|text| text.len() == 128 && !text.contains("job")));
    }

    async fn a_request_that_failed_may_be_sent_again(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let wrong = wanted_with(json!({"expireAfterDays": "P999D"}));
        assert_eq!(create(&bob, "job-1", wrong).await.status, 400);
        assert_eq!(create(&bob, "job-1", wanted()).await.status, 201);
    }

    async fn after_a_day_it_is_a_new_request(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let made = create(&bob, "job-1", wanted()).await.json();
        let tag = made["data"]["id"].as_str().unwrap();
        assert_eq!(bob.delete(&format!("{KEYS}/{tag}")).await.status, 204);
        assert_eq!(create(&bob, "job-1", wanted()).await.json(), repeated(tag));
        app.harness.clock.advance(TimeDelta::hours(24));
        let bob = app.signed_in("bob").await;
        assert_eq!(create(&bob, "job-1", wanted()).await.status, 201);
        app.harness.clock.advance(TimeDelta::hours(24));
        app.harness.services.maintain_once().await.unwrap();
        assert_eq!(app.rows("idempotency_key").await, 0);
    }

    async fn a_reissue_is_not_repeated_either(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (_, old) = bob.make_key().await;
        let path = format!("{KEYS}/{old}/reissue");
        let body = json!({"data": {"type": "apiKeyReissueRequest", "attributes": {"expireAfterDays": "P10D"}}});
        let send = async || bob.send(Method::POST, &path, &[("idempotency-key", "r")], body.to_string()).await;
        let made = send().await;
        assert_eq!(made.status, 201);
        let tag = made.json()["data"]["id"].as_str().unwrap().to_owned();
        let again = send().await;
        assert_eq!((again.status, again.json()), (409, repeated(&tag)));
        assert_eq!(app.rows("api_key").await, 2);
    }

    /// L1.
    async fn the_same_request_twice_at_once_makes_one_key(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (one, two) = tokio::join!(create(&bob, "job-1", wanted()), create(&bob, "job-1", wanted()));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        assert_eq!(app.rows("api_key").await, 1);
    }

    async fn a_key_that_is_none_is_refused(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        for key in ["", &"x".repeat(256)] {
            let answer = create(&bob, key, wanted()).await;
            assert_eq!(answer.faults(), (400, json!({"Idempotency-Key": "Must be there once, with 1 to 255 characters."})));
        }
        let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
        assert_eq!(bob.send(Method::POST, KEYS, &twice, wanted().to_string()).await.status, 400);
    }
}
