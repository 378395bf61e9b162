//! `/access-control/roles`.

use http::Method;
use serde_json::{Value, json};
use service::on_both_databases;

use super::{KEYS_NAME, ROLES, last_records, make_viewer, role, wanted_role};
use crate::support::{Answer, App, Client, KEYS, error, list_at, not_found};

async fn put(client: &Client, id: i64, attributes: Value) -> Answer {
    let body = wanted_role(attributes).to_string();
    client
        .send(Method::PUT, &format!("{ROLES}/{id}"), &[], body)
        .await
}

on_both_databases! {
    async fn a_role_is_made_shown_changed_and_deleted(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let definitions = json!([{"namespace": KEYS_NAME, "operations": ["|OPERATIONS|VIEW|", "|OPERATIONS|ADD|"]}]);
        let wanted = wanted_role(json!({"name": "CI", "description": "builds", "accessDefinitions": definitions}));
        let answer = root.post(ROLES, wanted).await;
        let made = role(1000, "CI", "builds", definitions.clone());
        assert_eq!((answer.status, answer.json()), (201, json!({"data": made})));
        assert_eq!(answer.header("location"), format!("{ROLES}/1000"));
        let path = format!("{ROLES}/1000");
        assert_eq!(root.get(&path).await.json(), answer.json());
        // Without definitions they stay.
        let answer = put(&root, 1000, json!({"name": "Builds"})).await;
        let renamed = role(1000, "Builds", "", definitions);
        assert_eq!((answer.status, answer.json()), (200, json!({"data": renamed})));
        let others = json!([{"namespace": "|SECURITY|AUDIT-LOGS|", "operations": ["|OPERATIONS|VIEW|"]}]);
        let answer = put(&root, 1000, json!({"name": "Builds", "accessDefinitions": others})).await;
        assert_eq!(answer.json()["data"], role(1000, "Builds", "", others));
        assert_eq!(root.get(&path).await.json(), answer.json());
        let answer = root.delete(&path).await;
        assert_eq!((answer.status, answer.text()), (204, ""));
        for answer in [root.get(&path).await, root.delete(&path).await, put(&root, 1000, json!({"name": "x"})).await] {
            assert_eq!((answer.status, answer.json()), (404, not_found()));
        }
        assert_eq!(
            last_records(&app, 6).await,
            ["role.create done", "role.update done", "role.update done", "role.delete done", "role.delete refused", "role.update refused"]
        );
    }

    async fn roles_are_listed_filtered_and_sorted(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        make_viewer(&root).await;
        let names = async |query: &str| -> Vec<String> {
            let answer = root.get(&format!("{ROLES}{query}")).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let document = answer.json();
            let items = document["data"].as_array().unwrap();
            items.iter().map(|item| item["attributes"]["name"].as_str().unwrap().to_owned()).collect()
        };
        let (admin, security) = ("Administrator", "Default Security Administrator");
        let (approver, own) = ("Default Multi-Person Authorization Approver", "API Key Self-Service");
        for (query, expected) in [
            ("", &[admin, security, approver, own, "Viewer"][..]),
            ("?sort=-name&page[limit]=2", &["Viewer", security]),
            ("?sort=-name&page[limit]=2&page[offset]=2", &[approver, admin]),
            ("?filter=isSystemDefined%20eq%20false", &["Viewer"]),
            ("?filter=startswith(name,'Default')&sort=name", &[approver, security]),
            ("?filter=id%20gt%203%20and%20not%20name%20eq%20'x'", &[own, "Viewer"]),
        ] {
            assert_eq!(names(query).await, expected, "{query}");
        }
        let viewer = role(1000, "Viewer", "", json!([{"namespace": KEYS_NAME, "operations": ["|OPERATIONS|VIEW|"]}]));
        assert_eq!(
            root.get(&format!("{ROLES}?filter=name%20eq%20'Viewer'")).await.json(),
            list_at(ROLES, &[viewer], "filter=name+eq+%27Viewer%27&")
        );
        let (status, faults) = root.get(&format!("{ROLES}?filter=grants%20eq%201&sort=x")).await.faults();
        assert_eq!((status, faults.as_object().unwrap().len()), (400, 2));
    }

    /// L12: each fault is named by its path, and nothing is made.
    async fn a_wrong_role_names_its_faults(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let viewer = make_viewer(&root).await;
        let before = root.get(ROLES).await.json();
        let at = "data.attributes.";
        let operations = format!("{at}accessDefinitions.[0].operations");
        for (attributes, field) in [
            (json!({}), format!("{at}name")),
            (json!({"name": " "}), format!("{at}name")),
            (json!({"name": "Administrator"}), format!("{at}name")),
            (json!({"name": "a".repeat(65)}), format!("{at}name")),
            (json!({"name": "x", "description": "a".repeat(257)}), format!("{at}description")),
            (json!({"name": "x", "built_in": true}), format!("{at}built_in")),
            (json!({"name": "x", "accessDefinitions": {}}), format!("{at}accessDefinitions")),
            (json!({"name": "x", "accessDefinitions": []}), format!("{at}accessDefinitions")),
            (json!({"name": "x", "accessDefinitions": [1]}), format!("{at}accessDefinitions.[0]")),
            (
                json!({"name": "x", "accessDefinitions": [{"namespace": "|X|", "operations": ["|OPERATIONS|VIEW|"]}]}),
                format!("{at}accessDefinitions.[0].namespace"),
            ),
            (json!({"name": "x", "accessDefinitions": [{"namespace": KEYS_NAME}]}), operations.clone()),
            (
                json!({"name": "x", "accessDefinitions": [{"namespace": KEYS_NAME, "operations": [true]}]}),
                format!("{operations}.[0]"),
            ),
            (
                json!({"name": "x", "accessDefinitions": [{"namespace": "|SECURITY|USERS|",
                    "operations": ["|OPERATIONS|VIEW|", "|OPERATIONS|SECURITY|USERS|API-KEYS|REISSUE|"]}]}),
                format!("{operations}.[1]"),
            ),
        ] {
            let made = root.post(ROLES, wanted_role(attributes.clone())).await;
            for answer in [made, put(&root, viewer, attributes.clone()).await] {
                let (status, faults) = answer.faults();
                let named: Vec<_> = faults.as_object().unwrap().keys().cloned().collect();
                assert_eq!((status, named), (400, vec![field.clone()]), "{attributes}");
            }
        }
        assert_eq!(root.get(ROLES).await.json(), before);
    }

    async fn built_in_roles_stay_as_they_are(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let before = root.get(ROLES).await.json();
        let told = error(19_403, "This is system-defined and cannot be changed.", json!({}));
        for id in 1..=4 {
            let deleted = root.delete(&format!("{ROLES}/{id}")).await;
            for answer in [deleted, put(&root, id, json!({"name": "x"})).await] {
                assert_eq!((answer.status, answer.json()), (403, told.clone()));
            }
        }
        assert_eq!(root.get(ROLES).await.json(), before);
    }

    /// A6: nobody raises their own rights, makes a role of what they do not hold, or changes one
    /// that they hold.
    async fn nobody_grants_what_they_do_not_hold(harness: Harness) {
        let app = App::on(harness);
        app.administrator().await;
        app.harness.add_user("sec", &["Default Security Administrator"]).await;
        let sec = app.signed_in("sec").await;
        let own = make_viewer(&sec).await;
        let exceeds = error(8000, "You cannot give a permission that you do not hold.", json!({}));
        let users = json!([{"namespace": "|SECURITY|USERS|", "operations": ["|OPERATIONS|VIEW|"]}]);
        let more = json!({"name": "More", "accessDefinitions": users});
        let added = sec.post(ROLES, wanted_role(more.clone())).await;
        for answer in [added, put(&sec, own, more).await] {
            assert_eq!((answer.status, answer.json()), (401, exceeds.clone()));
        }
        // As a definition of its own.
        let definition = json!({"data": {"type": "accessDefinition", "attributes": users[0]}});
        let answer = sec.post(&format!("{ROLES}/{own}/access-definitions"), definition).await;
        assert_eq!((answer.status, answer.json()), (401, exceeds));
        assert_eq!(sec.get(&format!("{ROLES}?filter=name%20eq%20'More'")).await.json()["data"], json!([]));
        assert_eq!(last_records(&app, 3).await, ["role.create refused", "role.update refused", "role.update refused"]);
    }

    async fn a_role_in_use_is_not_deleted(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let viewer = make_viewer(&root).await;
        app.harness.add_user("bob", &["Viewer"]).await;
        let answer = root.delete(&format!("{ROLES}/{viewer}")).await;
        let told = error(19_409, "The role is still given to somebody. Take it away first.", json!({}));
        assert_eq!((answer.status, answer.json()), (409, told));
        // A5.
        let bob = app.signed_in("bob").await;
        let (_, tag) = root.make_key().await;
        assert_eq!(bob.get(&format!("{KEYS}/{tag}")).await.status, 200);
        let nothing = json!([{"namespace": "|SECURITY|AUDIT-LOGS|", "operations": ["|OPERATIONS|VIEW|"]}]);
        put(&root, viewer, json!({"name": "Viewer", "accessDefinitions": nothing})).await;
        assert_eq!(bob.get(&format!("{KEYS}/{tag}")).await.status, 404);
    }
}
