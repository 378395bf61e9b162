//! `/access-control/roles/{id}/relationships/user-principals`, `/access-control/user-principals`
//! and `/rbac/identities`.

use http::Method;
use serde_json::{Value, json};
use service::on_both_databases;

use super::{ROLES, last_records, make_viewer};
use crate::support::{Answer, App, Client, KEYS, error, list_at, not_found};

fn holders(role: i64) -> String {
    format!("{ROLES}/{role}/relationships/user-principals")
}

fn named(ids: &[&str]) -> Value {
    let users = ids
        .iter()
        .map(|id| json!({"type": "userPrincipal", "id": id}));
    json!({"data": users.collect::<Vec<_>>()})
}

fn user(kind: &str, id: &str, name: &str) -> Value {
    let parts: Vec<_> = id.split(':').collect();
    json!({
        "type": kind,
        "id": id,
        "attributes": {"userName": name, "userDomain": parts[0], "userDomainType": parts[parts.len() - 2]},
    })
}

async fn take(client: &Client, role: i64, ids: &[&str]) -> Answer {
    client
        .send(Method::DELETE, &holders(role), &[], named(ids).to_string())
        .await
}

on_both_databases! {
    async fn a_role_is_given_to_users_and_taken_from_them(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let viewer = make_viewer(&root).await;
        for name in ["bob", "eve"] {
            app.harness.add_user(name, &[]).await;
        }
        app.harness.add_saml_user("urn:sam:1").await;
        let path = holders(viewer);
        assert_eq!(root.get(&path).await.json(), list_at(&path, &[], ""));
        // With the number or without, and with the host's name that scripts write.
        let answer = root.post(&path, named(&[":bob:unixpwd:1001", "host.example:eve:unixpwd", "idp:urn:sam:1:saml"])).await;
        assert_eq!((answer.status, answer.text()), (204, ""));
        assert_eq!(
            root.get(&path).await.json(),
            list_at(&path, &[
                user("userPrincipal", ":bob:unixpwd:1001", "bob"),
                user("userPrincipal", ":eve:unixpwd:1002", "eve"),
                user("userPrincipal", "idp:urn:sam:1:saml:1003", "urn:sam:1"),
            ], "")
        );
        let filtered = root.get(&format!("{path}?filter=userDomainType%20eq%20'saml'&sort=-userName")).await;
        assert_eq!(filtered.ids(), ["idp:urn:sam:1:saml:1003"]);
        // A5.
        let bob = app.signed_in("bob").await;
        let (_, tag) = root.make_key().await;
        assert_eq!(bob.get(&format!("{KEYS}/{tag}")).await.status, 200);
        assert_eq!(take(&root, viewer, &[":bob:unixpwd:1001"]).await.status, 204);
        assert_eq!(bob.get(&format!("{KEYS}/{tag}")).await.status, 404);
        assert_eq!(root.get(&path).await.ids(), [":eve:unixpwd:1002", "idp:urn:sam:1:saml:1003"]);
        let trail = app.trail().await;
        assert_eq!(trail.iter().filter(|line| *line == "role.assign done").count(), 4);
    }

    /// All of them or none.
    async fn one_wrong_user_stops_all(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let viewer = make_viewer(&root).await;
        app.harness.add_user("bob", &[]).await;
        let path = holders(viewer);
        let records = app.trail().await.len();
        for (body, field) in [
            (named(&[":bob:unixpwd", ":nobody:unixpwd"]), "data.[1].id"),
            (named(&[":bob:unixpwd", ":bob:unixpwd:1000"]), "data.[1].id"),
            (named(&[":bob:unixpwd", "bob"]), "data.[1].id"),
            (named(&[":bob:unixpwd", ":b ob:unixpwd"]), "data.[1].id"),
            (named(&[":bob:unixpwd", ":bob:nis:1001"]), "data.[1].id"),
            (named(&[]), "data"),
            (json!({"data": [{"type": "groupPrincipal", "id": ":bob:unixpwd"}]}), "data.[0].type"),
            (json!({"data": [{"type": "userPrincipal"}]}), "data.[0].id"),
            (json!({"data": {"type": "userPrincipal", "id": ":bob:unixpwd"}}), "data"),
        ] {
            let (status, faults) = root.post(&path, body.clone()).await.faults();
            let named: Vec<_> = faults.as_object().unwrap().keys().cloned().collect();
            assert_eq!((status, named), (400, vec![field.to_owned()]), "{body}");
        }
        assert_eq!(app.trail().await.len(), records);
        assert_eq!(root.get(&path).await.ids(), [""; 0]);
        let nowhere = root.post(&holders(99_999), named(&[":bob:unixpwd"])).await;
        assert_eq!((nowhere.status, nowhere.json()), (404, not_found()));
        assert_eq!(root.get(&holders(99_999)).await.status, 404);
    }

    /// A6: the last administrator stays one; nobody changes their own roles or gives what they do
    /// not hold. A4: and nobody does so with a key.
    async fn giving_and_taking_keeps_the_rules(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        app.harness.add_user("sec", &["Default Security Administrator"]).await;
        app.harness.add_user("bob", &[]).await;
        let sec = app.signed_in("sec").await;
        let (roots, _) = root.make_key().await;
        let told = |status, code, text: &str| (status, error(code, text, json!({})));
        let exceeds = told(401, 8000, "You cannot give a permission that you do not hold.");
        let own = told(401, 8000, "You cannot change your own roles.");
        let by_key = told(403, 19_403, "This cannot be done with an API key. Sign in with your password.");
        let before = root.get(&holders(1)).await.json();
        let bob = named(&[":bob:unixpwd"]);
        let answers = [
            (sec.post(&holders(1), bob.clone()).await, &exceeds),
            (take(&sec, 1, &[":root:unixpwd"]).await, &exceeds),
            (sec.post(&holders(3), named(&[":sec:unixpwd:1001"])).await, &own),
            (take(&root, 1, &[":ROOT:unixpwd"]).await, &own),
            (app.key(&roots).post(&holders(2), bob.clone()).await, &by_key),
        ];
        for (answer, told) in answers {
            assert_eq!((answer.status, answer.json()), *told);
        }
        assert_eq!(last_records(&app, 5).await, ["role.assign refused"; 5]);
        assert_eq!(root.get(&holders(1)).await.json(), before);
        assert_eq!(sec.post(&holders(2), bob).await.status, 204);
    }

    async fn users_are_found_by_the_start_of_their_name(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        for name in ["bob", "bobby", "eve"] {
            app.harness.add_user(name, &[]).await;
        }
        for (path, kind) in [("/netbackup/rbac/identities", "identity"), ("/netbackup/access-control/user-principals", "userPrincipal")] {
            let found = root.get(&format!("{path}?filter=startswith(userName,'bob')&sort=-userName")).await;
            assert_eq!(
                found.json(),
                list_at(path, &[user(kind, ":bobby:unixpwd:1002", "bobby"), user(kind, ":bob:unixpwd:1001", "bob")],
                    "filter=startswith%28userName%2C%27bob%27%29&sort=-userName&")
            );
            let second = root.get(&format!("{path}?page[limit]=1&page[offset]=3")).await;
            assert_eq!(second.ids(), [":eve:unixpwd:1003"]);
            assert_eq!(second.json()["meta"]["pagination"]["count"], 4);
            // A7.
            let (status, faults) = root.get(&format!("{path}?filter=password_hash%20ne%20''")).await.faults();
            assert_eq!((status, faults.as_object().unwrap().len()), (400, 1));
        }
    }

    /// A2, A7: the field *Username* is for whoever may make keys for others, too.
    async fn users_are_found_by_who_makes_keys_for_them(harness: Harness) {
        let app = App::on(harness);
        app.harness.add_user("bob", &[]).await;
        app.harness.add_user("sec", &["Default Security Administrator"]).await;
        let path = "/netbackup/rbac/identities?filter=startswith(userName,'bob')";
        let (sec, bob) = (app.signed_in("sec").await, app.signed_in("bob").await);
        assert_eq!(sec.get(path).await.ids(), [":bob:unixpwd:1000"]);
        let everybody = "/netbackup/access-control/user-principals";
        for refused in [sec.get(everybody).await, bob.get(path).await, bob.get(everybody).await] {
            assert_eq!(refused.status, 401);
        }
        assert_eq!(last_records(&app, 3).await, ["read refused"; 3]);
    }
}
