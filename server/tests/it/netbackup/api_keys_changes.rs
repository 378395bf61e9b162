//! `/netbackup/security/api-keys/{tag}`: edit, reissue, revoke (calls 4, 6 and 7).

use http::Method;
use serde_json::{Value, json};
use service::on_both_databases;

use crate::support::{Answer, App, Client, KEYS, error, not_found};

fn envelope(kind: &str, attributes: Value) -> String {
    json!({"data": {"type": kind, "attributes": attributes}}).to_string()
}

async fn edit(client: &Client, tag: &str, headers: &[(&str, &str)], attributes: Value) -> Answer {
    let path = format!("{KEYS}/{tag}");
    let body = envelope("apiKeyUpdateRequest", attributes);
    client.send(Method::PATCH, &path, headers, body).await
}

async fn reissue(client: &Client, tag: &str, attributes: Value) -> Answer {
    let path = format!("{KEYS}/{tag}/reissue");
    let body = envelope("apiKeyReissueRequest", attributes);
    client.send(Method::POST, &path, &[], body.clone()).await
}

on_both_databases! {
    async fn an_edit_answers_nothing_and_shows_in_the_details(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (_, tag) = bob.make_key().await;
        let answer = edit(&bob, &tag, &[], json!({"expireAfterDays": "P60D", "description": "CD"})).await;
        assert_eq!((answer.status, answer.text()), (204, ""));
        let details = bob.get(&format!("{KEYS}/{tag}")).await;
        let attributes = &details.json()["data"]["attributes"];
        assert_eq!(attributes["description"], json!("CD"));
        assert_eq!(attributes["expiryDateTime"], json!("2027-01-21T08:28:30.294Z"));
        assert_eq!(details.header("etag"), "\"v2\"");
    }

    /// L13.
    async fn an_edit_of_another_version_is_412(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (_, tag) = bob.make_key().await;
        for (seen, status) in [("\"v9\"", 412), ("junk", 412), ("\"v1\"", 204), ("\"v1\"", 412), ("*", 204)] {
            let answer = edit(&bob, &tag, &[("if-match", seen)], json!({"description": "x"})).await;
            assert_eq!(answer.status, status, "{seen}");
        }
        let path = format!("{KEYS}/{tag}");
        let stale = bob.send(Method::DELETE, &path, &[("if-match", "\"v1\"")], "").await;
        assert_eq!(stale.status, 412);
        assert_eq!(
            stale.json(),
            error(19_412, "It was changed in the meantime. Look at the present state and decide again.", json!({}))
        );
        // The last edit changed nothing, and so made no version.
        assert_eq!(bob.send(Method::DELETE, &path, &[("if-match", "\"v2\"")], "").await.status, 204);
    }

    /// L6, L12: each fault is named, and nothing is changed.
    async fn a_wrong_edit_names_its_faults(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (_, tag) = bob.make_key().await;
        let before = bob.get(&format!("{KEYS}/{tag}")).await;
        for (attributes, field) in [
            (json!({"expireAfterDays": "P0D"}), "data.attributes.expireAfterDays"),
            (json!({"expireAfterDays": "P366D"}), "data.attributes.expireAfterDays"),
            (json!({"expireAfterDays": 30}), "data.attributes.expireAfterDays"),
            (json!({"description": "a".repeat(257)}), "data.attributes.description"),
            (json!({"userName": "eve"}), "data.attributes.userName"),
            (json!({"expires_at": 0, "description": ""}), "data.attributes.expires_at"),
            (json!({}), "data.attributes"),
        ] {
            let answer = edit(&bob, &tag, &[], attributes.clone()).await;
            assert_eq!(answer.status, 400, "{attributes}");
            let told = answer.json()["attributeErrors"].clone();
            assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), [field]);
        }
        let path = format!("{KEYS}/{tag}");
        let other = json!({"data": {"type": "apiKeyUpdateRequest", "id": "lky_AAAAAAA=",
            "attributes": {"description": "x"}}});
        let answer = bob.send(Method::PATCH, &path, &[], other.to_string()).await;
        assert_eq!(answer.json()["attributeErrors"], json!({"data.id": "Must be what the path names."}));
        assert_eq!(bob.get(&path).await, before);
    }

    /// L2, L4: the new key works, the old one does not, or goes on for the overlap.
    async fn a_reissue_answers_the_new_value_once(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (old_value, old) = bob.make_key().await;
        let (value, tag) = app.next_key(9);
        let answer = reissue(&bob, &old, json!({"expireAfterDays": "P10D"})).await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.header("location"), format!("{KEYS}/{tag}"));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.json()["data"]["type"], json!("apiKeyReissueResponse"));
        assert_eq!(answer.json()["data"]["attributes"]["apiKey"], json!(value));
        assert_eq!(app.key(&value).get(KEYS).await.status, 200);
        assert_eq!(app.key(&old_value).get(KEYS).await.status, 401);
        let gone = reissue(&bob, &old, json!({"expireAfterDays": "P10D"})).await;
        assert_eq!((gone.status, gone.json()), (404, not_found()));

        let overlapping = json!({"expireAfterDays": "P10D", "overlapHours": 1});
        assert_eq!(reissue(&bob, &tag, overlapping).await.status, 201);
        assert_eq!(app.key(&value).get(KEYS).await.status, 200);
        let listed = bob.get(KEYS).await.json();
        let states: Vec<_> = listed["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["attributes"]["state"].clone())
            .collect();
        assert_eq!(states, [json!("ACTIVE"), json!("RETIRING")]);
        let retiring = reissue(&bob, &tag, json!({"expireAfterDays": "P1D"})).await;
        assert_eq!(retiring.status, 409);
        let wrong = json!({"expireAfterDays": "P10D", "overlapHours": 25});
        let answer = reissue(&bob, listed["data"][0]["id"].as_str().unwrap(), wrong).await;
        assert_eq!(
            answer.json()["attributeErrors"],
            json!({"data.attributes.overlapHours": "A whole number from 0 to 24 is allowed."})
        );
    }

    async fn a_user_s_key_is_deleted_not_revoked(harness: Harness) {
        let app = App::on(harness);
        let (bob, eve) = (app.user("bob").await, app.user("eve").await);
        let (value, tag) = bob.make_key().await;
        let path = format!("{KEYS}/{tag}/revoke");
        let body = envelope("apiKeyRevokeRequest", json!({}));
        let answer = bob.send(Method::PATCH, &path, &[], body.clone()).await;
        assert_eq!(
            (answer.status, answer.json()),
            (403, error(19_403, "Only the keys of service principals can be revoked. Delete this key instead.", json!({})))
        );
        assert_eq!(eve.send(Method::PATCH, &path, &[], body.clone()).await.status, 404);
        assert_eq!(app.key(&value).get(KEYS).await.status, 200);
    }

    /// A1.
    async fn another_s_key_cannot_be_changed(harness: Harness) {
        let app = App::on(harness);
        let (bob, eve) = (app.user("bob").await, app.user("eve").await);
        let (value, tag) = bob.make_key().await;
        let edited = edit(&eve, &tag, &[], json!({"description": "x"})).await;
        let reissued = reissue(&eve, &tag, json!({"expireAfterDays": "P1D"})).await;
        for answer in [edited, reissued] {
            assert_eq!((answer.status, answer.json()), (404, not_found()));
        }
        assert_eq!(app.key(&value).get(KEYS).await.status, 200);
    }
}
