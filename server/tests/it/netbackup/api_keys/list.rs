//! `GET /netbackup/security/api-keys`.

use chrono::TimeDelta;
use serde_json::{Value, json};
use service::{on_both_databases, testing::PASSWORD};

use super::{item, list};
use crate::support::{App, KEYS, login, wanted_with};

on_both_databases! {
    async fn a_list_shows_one_s_own_keys_and_with_the_permission_everybody_s(harness: Harness) {
        let app = App::on(harness);
        let (root, bob, eve) = (app.administrator().await, app.user("bob").await, app.user("eve").await);
        let (_, bobs) = bob.make_key().await;
        let (_, eves) = eve.make_key().await;
        // A1.
        assert_eq!(bob.get(KEYS).await.json(), list(&[item(&bobs, "bob", "bob", "CI")], ""));
        assert_eq!(eve.get(KEYS).await.json(), list(&[item(&eves, "eve", "eve", "CI")], ""));
        assert_eq!(
            root.get(&format!("{KEYS}?sort=userName")).await.json(),
            list(
                &[item(&bobs, "bob", "bob", "CI"), item(&eves, "eve", "eve", "CI")],
                "sort=userName&"
            )
        );
        assert_eq!(
            root.get(&format!("{KEYS}?filter=userName%20eq%20'eve'")).await.json(),
            list(&[item(&eves, "eve", "eve", "CI")], "filter=userName+eq+%27eve%27&")
        );
        // A7: a filter does not reach what one may not see.
        assert_eq!(
            bob.get(&format!("{KEYS}?filter=userName%20eq%20'eve'")).await.json(),
            list(&[], "filter=userName+eq+%27eve%27&")
        );
    }

    async fn a_list_is_read_page_by_page(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let mut tags = Vec::new();
        for name in ["ann", "ben", "cleo", "dora", "emil"] {
            app.harness.add_user(name, &[]).await;
            let attributes = json!({
                "expireAfterDays": "P30D",
                "userName": name, "userDomain": "", "userDomainType": "unixpwd",
            });
            let answer = root.post(KEYS, wanted_with(attributes)).await;
            tags.push(answer.json()["data"]["id"].clone());
        }
        let page = async |offset: u32| {
            let query = format!("{KEYS}?page[limit]=2&page[offset]={offset}&sort=userName");
            root.get(&query.replace('[', "%5B").replace(']', "%5D")).await.json()
        };
        let href = |offset: u32| {
            json!({"href": format!("{KEYS}?sort=userName&page%5Blimit%5D=2&page%5Boffset%5D={offset}")})
        };
        let ids = |document: &Value| -> Vec<Value> {
            document["data"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect()
        };
        let middle = page(2).await;
        assert_eq!(ids(&middle), tags[2..4]);
        assert_eq!(
            middle["meta"],
            json!({"pagination": {
                "count": 5, "pages": 3, "page": 1, "offset": 2, "limit": 2,
                "first": 0, "last": 4, "next": 4, "prev": 0,
            }})
        );
        assert_eq!(
            middle["links"],
            json!({"self": href(2), "first": href(0), "prev": href(0), "next": href(4), "last": href(4)})
        );
        assert_eq!(ids(&page(0).await), tags[..2]);
        assert_eq!(ids(&page(4).await), tags[4..]);
        assert_eq!(ids(&page(6).await), [] as [Value; 0]);
        // Brackets may stand as they are.
        let raw = root.get(&format!("{KEYS}?page[limit]=1&sort=-userName")).await;
        assert_eq!(ids(&raw.json()), tags[4..]);
    }

    /// W8, A7: what is no field or no filter is refused at its place.
    async fn a_wrong_filter_sort_or_page_is_named(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        for (query, parameter) in [
            ("filter=digest%20eq%20'x'", "filter"),
            ("filter=userName%20eq%20'x';drop%20table%20api_key", "filter"),
            ("filter=userName%20eq%20'a'%20or%201=1", "filter"),
            ("filter=userName%20eq%20'%00'", "filter"),
            ("filter=", "filter"),
            ("sort=digest", "sort"),
            ("sort=userName%20desc", "sort"),
            ("sort=-userName,(select%201)", "sort"),
            ("page[limit]=0", "page[limit]"),
            ("page[limit]=101", "page[limit]"),
            ("page%5Boffset%5D=-1", "page[offset]"),
        ] {
            let (status, faults) = bob.get(&format!("{KEYS}?{query}")).await.faults();
            let named: Vec<_> = faults.as_object().unwrap().keys().cloned().collect();
            assert_eq!((status, named), (400, vec![parameter.to_owned()]), "{query}");
        }
    }

    /// W8: text in a filter is text.
    async fn quotes_and_patterns_in_a_filter_match_only_themselves(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let description = r#"it's 100% "_" \ ; -- end"#;
        let attributes = json!({"expireAfterDays": "P30D", "description": description});
        assert_eq!(bob.post(KEYS, wanted_with(attributes)).await.status, 201);
        for (filter, found) in [
            (r#"description eq 'it''s 100% "_" \ ; -- end'"#, 1),
            ("contains(description,'0% \"_\" \\')", 1),
            ("startswith(description,'it''s')", 1),
            ("startswith(description,'%')", 0),
            ("contains(description,'100_')", 0),
            ("contains(description,'100%x')", 0),
            ("userName eq '' or userName eq ''''", 0),
        ] {
            let query: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
            let answer = bob.get(&format!("{KEYS}?filter={query}")).await;
            assert_eq!(answer.status, 200, "{filter}: {}", answer.text());
            assert_eq!(answer.json()["meta"]["pagination"]["count"], found, "{filter}");
        }
    }

    async fn deleted_keys_show_only_when_asked_for_and_expired_ones_stay(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (_, tag) = bob.make_key().await;
        bob.delete(&format!("{KEYS}/{tag}")).await;
        assert_eq!(bob.get(KEYS).await.json()["data"], json!([]));
        let deleted = bob.get(&format!("{KEYS}?filter=state%20eq%20'DELETED'")).await.json();
        assert_eq!(deleted["data"][0]["id"], json!(tag));
        assert_eq!(deleted["data"][0]["attributes"]["state"], "DELETED");

        let (_, tag) = bob.make_key().await;
        app.harness.clock.advance(TimeDelta::days(30));
        let bob = app.with_header("authorization", &token(&app, "bob").await);
        let answer = bob.get(&format!("{KEYS}/{tag}")).await.json();
        assert_eq!(answer["data"]["attributes"]["state"], "EXPIRED");
    }

    /// A4, A5: a key may do what its owner may at present.
    async fn a_key_acts_with_its_owner_s_present_rights(harness: Harness) {
        let app = App::on(harness);
        let (root, bob) = (app.administrator().await, app.user("bob").await);
        let (bobs, _) = bob.make_key().await;
        let (roots, root_tag) = root.make_key().await;
        let seen = async |key: &str| {
            let answer = app.key(key).get(KEYS).await;
            answer.json()["meta"]["pagination"]["count"].clone()
        };
        assert_eq!(seen(&roots).await, 2);
        assert_eq!(seen(&bobs).await, 1);
        assert_eq!(app.key(&bobs).delete(&format!("{KEYS}/{root_tag}")).await.status, 404);
    }
}

async fn token(app: &App, name: &str) -> String {
    let body = login(name, PASSWORD);
    let answer = app.anonymous().post("/netbackup/login", body).await;
    answer.json()["token"].as_str().unwrap().to_owned()
}
