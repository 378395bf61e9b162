//! `/netbackup/security/api-keys/{tag}`: details and delete.

use http::Method;
use serde_json::json;
use service::on_both_databases;

use crate::support::{App, KEYS, MEDIA_TYPE, not_found, unauthenticated};

on_both_databases! {
    async fn the_tag_may_be_literal_or_encoded(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (_, tag) = bob.make_key().await;
        let literal = bob.get(&format!("{KEYS}/{tag}")).await;
        assert_eq!(literal.status, 200);
        assert_eq!(literal.header("content-type"), MEDIA_TYPE);
        assert_eq!(literal.json()["data"]["id"], json!(tag));
        let encoded = bob.get(&format!("{KEYS}/{}", tag.replace('=', "%3D"))).await;
        assert_eq!(encoded, literal);
    }

    /// A1: somebody else's key does not exist.
    async fn another_s_key_is_as_absent_as_one_that_never_was(harness: Harness) {
        let app = App::on(harness);
        let (bob, eve) = (app.user("bob").await, app.user("eve").await);
        let (_, tag) = bob.make_key().await;
        for path in [format!("{KEYS}/{tag}"), format!("{KEYS}/lky_AAAAAAA=")] {
            for method in [Method::GET, Method::DELETE] {
                let answer = eve.send(method, &path, &[], "").await;
                assert_eq!((answer.status, answer.json()), (404, not_found()), "{path}");
            }
        }
        assert_eq!(bob.get(&format!("{KEYS}/{tag}")).await.status, 200);
    }

    async fn what_is_no_tag_names_nothing(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (value, tag) = bob.make_key().await;
        for text in [
            "x", "%00", "%FF", "..%2f", "%2e%2e", "null", &tag.to_lowercase(), &tag[..11], &value,
        ] {
            let answer = bob.get(&format!("{KEYS}/{text}")).await;
            assert_eq!((answer.status, answer.json()), (404, not_found()), "{text}");
            // Whoever is nobody does not learn even that.
            let answer = app.anonymous().get(&format!("{KEYS}/{text}")).await;
            assert_eq!((answer.status, answer.json()), (401, unauthenticated()), "{text}");
        }
    }

    async fn deleting_ends_a_key_at_once_and_for_ever(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (value, tag) = bob.make_key().await;
        let path = format!("{KEYS}/{tag}");
        assert_eq!(app.key(&value).get(&path).await.status, 200);
        let answer = bob.delete(&path).await;
        assert_eq!((answer.status, answer.text()), (204, ""));
        assert_eq!(answer.header("content-type"), "");
        // K13.
        let answer = app.key(&value).get(&path).await;
        assert_eq!((answer.status, answer.json()), (401, unauthenticated()));
        for answer in [bob.delete(&path).await, bob.get(&path).await] {
            assert_eq!((answer.status, answer.json()), (404, not_found()));
        }
        assert_eq!(app.trail().await[2..], ["key.create done", "key.delete done", "key.delete refused"]);
    }

    async fn an_administrator_sees_and_deletes_everybody_s_key(harness: Harness) {
        let app = App::on(harness);
        let (root, bob) = (app.administrator().await, app.user("bob").await);
        let (value, tag) = bob.make_key().await;
        let path = format!("{KEYS}/{tag}");
        assert_eq!(root.get(&path).await.status, 200);
        assert_eq!(root.delete(&path).await.status, 204);
        assert_eq!(app.key(&value).get(KEYS).await.status, 401);
    }

    async fn a_body_does_not_belong_here_but_null_does_no_harm(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (_, tag) = bob.make_key().await;
        let path = format!("{KEYS}/{tag}");
        let json = [("content-type", MEDIA_TYPE)];
        for method in [Method::GET, Method::DELETE] {
            for body in ["{}", "[]", "x", "nullnull"] {
                let answer = bob.send(method.clone(), &path, &json, body).await;
                assert_eq!(answer.faults(), (400, json!({"body": "This field is not accepted here."})));
            }
        }
        assert_eq!(bob.send(Method::GET, &path, &json, "null").await.status, 200);
        assert_eq!(bob.send(Method::GET, &path, &json, " ").await.status, 200);
        assert_eq!(bob.send(Method::DELETE, &path, &json, " null\n").await.status, 204);
    }
}
