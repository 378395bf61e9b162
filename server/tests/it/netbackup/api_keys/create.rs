//! `POST /netbackup/security/api-keys`.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::key;
use http::Method;
use serde_json::{Value, json};
use service::on_both_databases;
use tokio::task::JoinSet;

use super::{item, list};
use crate::support::{App, KEYS, MEDIA_TYPE, error, wanted, wanted_with};

on_both_databases! {
    async fn creating_one_s_own_key_shows_its_value_this_once(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (value, tag) = app.next_key(7);
        let answer = bob.post(KEYS, wanted()).await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.header("location"), format!("{KEYS}/{tag}"));
        // W5.
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("content-type"), MEDIA_TYPE);
        assert_eq!(
            answer.json(),
            json!({"data": {
                "links": {"self": {"href": format!("{KEYS}/{tag}")}},
                "type": "apiKeyCreationResponse",
                "id": tag,
                "attributes": {
                    "apiKey": value,
                    "expiryDateTime": "2026-12-22T08:28:30.294Z",
                    "userName": "bob",
                    "issuer": {
                        "principalName": "bob",
                        "principalDomain": "",
                        "principalDomainType": "unixpwd",
                    },
                },
            }})
        );
        let answer = bob.get(KEYS).await;
        assert_eq!(answer.json(), list(&[item(&tag, "bob", "bob", "CI")], ""));
        assert!(!answer.text().contains(&value));
        assert_eq!(app.trail().await[2..], ["key.create done"]);
    }

    async fn a_key_has_the_documented_form(harness: Harness) {
        let app = App::on(harness);
        let (value, tag) = app.user("bob").await.make_key().await;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&value).unwrap();
        assert_eq!((value.len(), bytes.len()), (64, 48));
        assert!(value.starts_with("lky_"));
        assert_eq!(tag, base64::prelude::BASE64_URL_SAFE.encode(&bytes[..8]));
        assert_eq!(bytes[44..], crc32fast::hash(&bytes[..44]).to_be_bytes());
    }

    async fn a_second_key_is_refused_until_the_first_is_deleted(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (_, tag) = bob.make_key().await;
        let answer = bob.post(KEYS, wanted()).await;
        assert_eq!(answer.status, 409);
        assert_eq!(
            answer.json(),
            error(
                19_409,
                "There is an API key already. Delete or reissue it instead of adding another.",
                json!({})
            )
        );
        assert_eq!(bob.delete(&format!("{KEYS}/{tag}")).await.status, 204);
        bob.make_key().await;
        assert_eq!(
            app.trail().await[2..],
            ["key.create done", "key.create refused", "key.delete done", "key.create done"]
        );
    }

    /// L1.
    async fn two_hundred_parallel_creates_make_exactly_one_key(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let mut creates = JoinSet::new();
        for _ in 0..200 {
            let bob = bob.clone();
            creates.spawn(async move { bob.post(KEYS, wanted()).await.status });
        }
        let mut statuses = creates.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![201], vec![409; 199]].concat());
        let trail = app.trail().await;
        let made = trail.iter().filter(|record| *record == "key.create done");
        assert_eq!(made.count(), 1);
        assert_eq!(bob.get(KEYS).await.json()["meta"]["pagination"]["count"], 1);
        assert_eq!(app.rows("api_key").await, 1);
    }

    /// A tag is unique for ever: a generator that repeats itself is asked again.
    async fn two_tag_collisions_in_a_row_end_in_a_key(harness: Harness) {
        let app = App::on(harness);
        let (bob, eve) = (app.user("bob").await, app.user("eve").await);
        app.next_key(7);
        let (_, first) = bob.make_key().await;
        assert_eq!(bob.delete(&format!("{KEYS}/{first}")).await.status, 204);
        for seed in [7, 7, 8] {
            app.harness.entropy.script([seed; key::RANDOM_BYTES]);
        }
        let (value, tag) = eve.make_key().await;
        assert_ne!(tag, first);
        assert_eq!(value, key::write(&key::assemble(&[8; key::RANDOM_BYTES])));
    }

    /// A3: what one may do for oneself, one may not do for others.
    async fn creating_for_somebody_else_takes_the_permission(harness: Harness) {
        let app = App::on(harness);
        let (root, bob) = (app.administrator().await, app.user("bob").await);
        let for_user = |name: &str| {
            wanted_with(json!({
                "expireAfterDays": "P30D", "description": "for you",
                "userName": name, "userDomain": "any.host", "userDomainType": "UNIXPWD",
            }))
        };
        let answer = bob.post(KEYS, for_user("root")).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json(), error(8000, "You do not have the permission for this.", json!({})));

        let (_, tag) = app.next_key(7);
        assert_eq!(root.post(KEYS, for_user("bob")).await.status, 201);
        let seen = bob.get(&format!("{KEYS}/{tag}")).await.json();
        assert_eq!(seen, json!({"data": item(&tag, "bob", "root", "for you")}));

        let answer = root.post(KEYS, for_user("nobody")).await;
        assert_eq!(
            answer.faults(),
            (400, json!({"data.attributes.userName": "There is none of that name."}))
        );
        // One may name oneself.
        assert_eq!(root.post(KEYS, for_user("root")).await.status, 201);
    }

    /// The issue's list, L6, L12, W7: each fault names its field, and nothing changes.
    async fn bad_input_names_the_field_and_changes_nothing(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let before = app.trail().await;
        let form = "Must be P, a whole number of days from 1 without leading zeros, and D, such as P30D.";
        let late = "The latest date allowed is 2027-11-22T08:28:30Z.";
        let with = |name: &str, value: Value| {
            let mut attributes = json!({"expireAfterDays": "P30D", "description": "CI"});
            attributes[name] = value;
            wanted_with(attributes)
        };
        let days = "data.attributes.expireAfterDays";
        let one = |path: &str, problem: &str| json!({path: problem});
        for (body, faults) in [
            (with("expireAfterDays", json!("P0D")), one(days, form)),
            (with("expireAfterDays", json!("P-1D")), one(days, form)),
            (with("expireAfterDays", json!("P1.5D")), one(days, form)),
            (with("expireAfterDays", json!("soon")), one(days, form)),
            (with("expireAfterDays", json!("2027-01-01T00:00:00Z")), one(days, form)),
            (with("expireAfterDays", json!(30)), one(days, "Must be text.")),
            (with("expireAfterDays", json!(9_007_199_254_740_993_u64)), one(days, "Must be text.")),
            (with("expireAfterDays", json!(null)), one(days, "A value is needed.")),
            (with("expireAfterDays", json!(format!("P1{}D", "0".repeat(30)))), one(days, late)),
            (with("expireAfterDays", json!("P366D")), one(days, late)),
            (
                with("description", json!("x".repeat(257))),
                one("data.attributes.description", "At most 256 characters are allowed."),
            ),
            (
                with("description", json!("a\u{202e}b")),
                one(
                    "data.attributes.description",
                    "Must be text without control characters and direction marks.",
                ),
            ),
            (
                with("userName", json!("bob")),
                json!({
                    "data.attributes.userDomain": "A value is needed.",
                    "data.attributes.userDomainType": "A value is needed.",
                }),
            ),
            (
                wanted_with(json!({
                    "expireAfterDays": "P1D",
                    "userName": "bob", "userDomain": "", "userDomainType": "kerberos",
                })),
                one(
                    "data.attributes.userDomainType",
                    "Must be one of unixpwd, nt, vx, ldap, saml, nbsp.",
                ),
            ),
            (
                with("user_id", json!(1)),
                one("data.attributes.user_id", "This field is not accepted here."),
            ),
            (
                wanted_with(json!({
                    "expireAfterDays": "P1D", "hash": "x", "expires_at": "x", "created_by": "x", "is_saml": true,
                })),
                json!({
                    "data.attributes.hash": "This field is not accepted here.",
                    "data.attributes.expires_at": "This field is not accepted here.",
                    "data.attributes.created_by": "This field is not accepted here.",
                    "data.attributes.is_saml": "This field is not accepted here.",
                }),
            ),
            (
                json!({"data": {"type": "apiKeyDetails", "id": "x", "attributes": {"expireAfterDays": "P1D"}}}),
                json!({
                    "data.type": "Must be apiKeyCreationRequest.",
                    "data.id": "This field is not accepted here.",
                }),
            ),
            (json!([]), one("body", "Must be a JSON object.")),
            (json!({}), json!({"data": "A value is needed.", "data.type": "A value is needed.",
                "data.attributes": "A value is needed."})),
        ] {
            let answer = bob.post(KEYS, body.clone()).await;
            let (status, told) = answer.faults();
            assert_eq!(status, 400, "{body}");
            assert_eq!(told, faults, "{body}");
            assert_eq!(answer.json()["errorCode"], 8961);
        }
        for (text, path) in [
            ("{\"data\":", "body"),
            (&"[".repeat(30_000), "body"),
            (r#"{"data":{"type":"x","type":"y"}}"#, "data.type"),
        ] {
            let (status, told) = bob.post_text(KEYS, text).await.faults();
            assert_eq!((status, told.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>()), (400, vec![path]));
        }
        let answer = bob.get(KEYS).await;
        assert_eq!(answer.json(), list(&[], ""));
        let after = app.trail().await;
        assert!(after[before.len()..].iter().all(|record| record == "key.create refused"), "{after:?}");
    }

    /// W7: a large body is refused before and while it is read.
    async fn a_body_beyond_the_limit_is_refused(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let large = "x".repeat(64 * 1024 + 1);
        let told = error(19_413, "The body is larger than 65536 bytes.", json!({}));
        let body = wanted_with(json!({"expireAfterDays": "P1D", "description": large})).to_string();
        let json = ("content-type", MEDIA_TYPE);
        let announced = [json, ("content-length", "70000")];
        let answer = bob.send(Method::POST, KEYS, &announced, body.clone()).await;
        assert_eq!((answer.status, answer.json()), (413, told.clone()));
        let answer = bob.send(Method::POST, KEYS, &[json], body).await;
        assert_eq!((answer.status, answer.json()), (413, told));
        assert_eq!(bob.get(KEYS).await.json()["data"], json!([]));
    }
}
