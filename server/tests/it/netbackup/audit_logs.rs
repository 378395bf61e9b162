//! `/netbackup/security/auditlogs`.

use http::Method;
use serde_json::{Value, json};
use service::on_both_databases;

use crate::support::{Answer, App, Client, KEYS, MEDIA_TYPE, error, list_at, not_found, wanted};

const LOGS: &str = "/netbackup/security/auditlogs";
const NOW: &str = "2026-11-22T08:28:30.294Z";

async fn filtered(client: &Client, filter: &str, more: &str) -> Answer {
    let filter: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    client.get(&format!("{LOGS}?filter={filter}{more}")).await
}

fn count(answer: &Answer) -> Value {
    answer.json()["meta"]["pagination"]["count"].clone()
}

fn who(name: &str) -> Value {
    json!([{"userName": name, "domainName": "", "domainType": "unixpwd"}])
}

fn record(id: u32, attributes: Value) -> Value {
    json!({
        "links": {"self": {"href": format!("{LOGS}/{id}")}},
        "type": "audit",
        "id": id.to_string(),
        "attributes": attributes,
    })
}

fn not_permitted() -> Value {
    error(8000, "You do not have the permission for this.", json!({}))
}

on_both_databases! {
    async fn a_record_says_who_did_what_and_what_changed(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let headers = [("content-type", MEDIA_TYPE), ("x-netbackup-audit-reason", "a%20new%20job"), ("x-client-id", "ansible")];
        let made = root.send(Method::POST, KEYS, &headers, wanted().to_string()).await;
        let tag = made.json()["data"]["id"].as_str().unwrap().to_owned();
        let created = record(3, json!({
            "messageId": 1001,
            "category": "APIKEY",
            "operation": "CREATE",
            "message": format!("API key {tag} was created."),
            "reason": "a new job",
            "auditDateTime": NOW,
            "auditKeyList": [tag],
            "auditRecordAttributeList": [
                {"attributeName": "created", "oldValue": null, "newValue": "2026-11-22T08:28:30.294000Z"},
                {"attributeName": "description", "oldValue": null, "newValue": "CI"},
                {"attributeName": "expires", "oldValue": null, "newValue": "2026-12-22T08:28:30.294000Z"},
                {"attributeName": "issuer", "oldValue": null, "newValue": ":root:unixpwd:1000"},
                {"attributeName": "owner", "oldValue": null, "newValue": ":root:unixpwd:1000"},
                {"attributeName": "state", "oldValue": null, "newValue": "ACTIVE"},
            ],
            "auditUserIdentity": who("root"),
            "action": "key.create",
            "outcome": "done",
            "cause": null,
            "via": "token",
            "address": "192.0.2.7",
            "clientId": "ansible",
            "requestId": "request-1",
        }));
        let answer = root.get(&format!("{LOGS}/3")).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"data": created})));
        assert_eq!(answer.header("content-type"), MEDIA_TYPE);
        assert!(!answer.text().contains(made.json()["data"]["attributes"]["apiKey"].as_str().unwrap()));

        // Reading is recorded, before anything is read.
        let read = record(4, json!({
            "messageId": 1019,
            "category": "AUDIT",
            "operation": "ACCESS",
            "message": "The audit trail was read: record 3.",
            "reason": null,
            "auditDateTime": NOW,
            "auditKeyList": ["record 3"],
            "auditRecordAttributeList": [],
            "auditUserIdentity": who("root"),
            "action": "audit.read",
            "outcome": "done",
            "cause": null,
            "via": "token",
            "address": "192.0.2.7",
            "clientId": null,
            "requestId": "request-1",
        }));
        let listed = filtered(&root, "id ge 3 and id le 4", "").await;
        assert_eq!(listed.status, 200);
        assert_eq!(listed.json(), list_at(LOGS, &[created, read], "filter=id+ge+3+and+id+le+4&"));
    }

    async fn a_change_has_both_sides_and_a_refusal_its_cause(harness: Harness) {
        let app = App::on(harness);
        let (root, bob) = (app.administrator().await, app.user("bob").await);
        let (_, tag) = bob.make_key().await;
        let path = format!("{KEYS}/{tag}");
        let edit = json!({"data": {"type": "apiKeyUpdateRequest", "attributes": {"description": "CD"}}});
        assert_eq!(bob.send(Method::PATCH, &path, &[], edit.to_string()).await.status, 204);
        assert_eq!(app.user("eve").await.delete(&path).await.status, 404);
        let changed = filtered(&root, "category eq 'APIKEY' and operation eq 'MODIFY'", "").await.json();
        assert_eq!(
            changed["data"][0]["attributes"]["auditRecordAttributeList"],
            json!([{"attributeName": "description", "oldValue": "CI", "newValue": "CD"}])
        );
        let refused = filtered(&root, "userName eq 'eve' and operation eq 'DELETE'", "").await.json();
        let attributes = &refused["data"][0]["attributes"];
        assert_eq!(
            (&attributes["message"], &attributes["messageId"], &attributes["outcome"], &attributes["cause"]),
            (
                &json!(format!("Deleting API key {tag} was refused.")),
                &json!(2004),
                &json!("refused"),
                &json!("Nothing was found under that name."),
            )
        );
    }

    /// The collectors' way: on from the last number, in order, until nothing is new.
    async fn a_collector_reads_each_record_once(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        for _ in 0..5 {
            root.get(&format!("{LOGS}/1")).await;
        }
        // 2 records of the administrator, 5 reads; each page adds one more.
        let (mut last, mut seen) = (0, Vec::new());
        for expected in [(8, 3), (6, 3), (4, 3), (2, 2), (1, 1)] {
            let page = filtered(&root, &format!("id gt {last}"), "&sort=id&page[limit]=3").await;
            let found = page.ids();
            assert_eq!((count(&page), found.len()), (json!(expected.0), expected.1));
            last = found.last().unwrap().parse().unwrap();
            seen.extend(found);
        }
        assert_eq!(seen, (1..=12).map(|id| id.to_string()).collect::<Vec<_>>());
    }

    async fn pages_do_not_move_while_they_are_read(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        for (offset, expected) in [(0, ["1", "2"]), (2, ["3", "4"]), (4, ["5", "6"])] {
            for _ in 0..u8::from(offset > 0) {
                root.get(&format!("{LOGS}/1")).await;
            }
            let page = root.get(&format!("{LOGS}?page[limit]=2&page[offset]={offset}")).await;
            assert_eq!(page.ids(), expected);
        }
        let latest = root.get(&format!("{LOGS}?sort=-id&page[limit]=1")).await;
        assert_eq!(latest.ids(), ["8"]);
    }

    async fn records_are_found_and_sorted_by_each_field(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        app.harness.add_saml_user("urn:eve:1").await;
        let later = chrono::TimeDelta::seconds(1);
        app.harness.clock.advance(later);
        app.user("bob").await.make_key().await;
        // 1 user.create (console), 2 sign-in (root), 3 user.create (console), then, a second
        // later, 4 user.create (console), 5 sign-in (bob), 6 key.create (bob).
        for (filter, found) in [
            ("category eq 'SESSION'", &["2", "5"][..]),
            ("startswith(category,'SESS') and id gt 2", &["5"]),
            ("operation eq 'CREATE' and userName eq 'console'", &["1", "3", "4"]),
            ("operation eq 'CREATE' and not userName eq 'console'", &["6"]),
            ("userName eq 'bob'", &["5", "6"]),
            ("domainName eq '' and id eq 5", &["5"]),
            ("domainName eq 'idp'", &[]),
            ("id lt 7 and auditDateTime gt 2026-11-22T08:28:30.294Z", &["4", "5", "6"]),
            ("auditDateTime le 2026-11-22T08:28:30.294Z", &["1", "2", "3"]),
            ("userName eq '' or userName eq ''''", &[]),
        ] {
            let answer = filtered(&root, filter, "").await;
            assert_eq!(answer.status, 200, "{filter}: {}", answer.text());
            assert_eq!(answer.ids(), found, "{filter}");
            assert_eq!(count(&answer), found.len(), "{filter}");
        }
        for (sort, found) in [
            ("category,-id", ["6", "5", "2", "4", "3", "1"]),
            ("-operation", ["2", "5", "1", "3", "4", "6"]),
            ("userName,id", ["5", "6", "1", "3", "4", "2"]),
            ("-auditDateTime,domainName", ["4", "5", "6", "1", "2", "3"]),
        ] {
            let answer = filtered(&root, "id lt 7", &format!("&sort={sort}")).await;
            assert_eq!(answer.ids(), found, "{sort}");
        }
    }

    /// A failed sign-in has nobody; a SAML user's name may hold colons.
    async fn whoever_acted_is_named_in_parts(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        app.anonymous().post("/netbackup/login", crate::support::login("nobody", "x")).await;
        let nobody = filtered(&root, "operation eq 'LOGIN' and userName eq ''", "").await.json();
        assert_eq!(nobody["data"][0]["attributes"]["auditUserIdentity"], json!([]));
        let eve = app.harness.add_saml_user("urn:eve:1").await;
        let (_, actor) = app.harness.saml_session(&eve, None).await;
        app.harness.services.sessions.sign_out(&actor).await.unwrap();
        let found = filtered(&root, "userName eq 'urn:eve:1' and domainName eq 'idp'", "").await.json();
        assert_eq!(
            found["data"][0]["attributes"]["auditUserIdentity"],
            json!([{"userName": "urn:eve:1", "domainName": "idp", "domainType": "saml"}])
        );
    }

    /// A2, A7: without the permission nothing is read, and that it was tried is recorded.
    async fn whoever_may_not_read_the_trail_learns_nothing(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let before = app.trail().await.len();
        for path in [LOGS.to_owned(), format!("{LOGS}?filter=id%20gt%200"), format!("{LOGS}/1"), format!("{LOGS}/99999")] {
            let answer = bob.get(&path).await;
            assert_eq!((answer.status, answer.json()), (401, not_permitted()), "{path}");
        }
        assert_eq!(app.trail().await[before..], ["audit.read refused"; 4]);
        assert_eq!(app.anonymous().get(LOGS).await.status, 401);
        assert_eq!(app.trail().await.len(), before + 4);
    }

    async fn what_names_no_record_is_not_found(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        for text in ["0", "99999", "-1", "+1", "01", "1.0", "x", "%00", "9223372036854775808", "1000000000001"] {
            let answer = root.get(&format!("{LOGS}/{text}")).await;
            assert_eq!((answer.status, answer.json()), (404, not_found()), "{text}");
        }
    }

    /// W8.
    async fn a_wrong_filter_sort_or_page_is_named(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let before = app.trail().await.len();
        for (query, parameter) in [
            ("filter=message%20eq%20'x'", "filter"),
            ("filter=id%20gt%20'x'", "filter"),
            ("filter=id%20gt%20-1", "filter"),
            ("filter=contains(id,'1')", "filter"),
            ("filter=auditDateTime%20gt%20yesterday", "filter"),
            ("sort=hash", "sort"),
            ("page[limit]=101", "page[limit]"),
        ] {
            let (status, faults) = root.get(&format!("{LOGS}?{query}")).await.faults();
            let named: Vec<_> = faults.as_object().unwrap().keys().cloned().collect();
            assert_eq!((status, named), (400, vec![parameter.to_owned()]), "{query}");
        }
        assert_eq!(app.trail().await.len(), before);
    }

    async fn the_trail_is_read_only(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            for path in [LOGS.to_owned(), format!("{LOGS}/1")] {
                let answer = root.send(method.clone(), &path, &[], "").await;
                assert_eq!((answer.status, answer.header("allow")), (405, "GET,HEAD"), "{path}");
            }
        }
    }
}
