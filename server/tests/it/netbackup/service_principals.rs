//! `/netbackup/security/service-principal-configs`.

use http::Method;
use serde_json::{Value, json};
use service::on_both_databases;

use crate::support::{Answer, App, Client, KEYS, error, not_found};

const PATH: &str = "/netbackup/security/service-principal-configs";

fn wanted(name: &str) -> Value {
    json!({
        "servicePrincipalId": name, "servicePrincipalType": "BACKUP",
        "servicePrincipalApiKeyExpireAfterDays": "P30D",
        "accessDefinitions": [{"namespace": "|SECURITY|USERS|API-KEYS|", "operations": ["|OPERATIONS|VIEW|"]}],
    })
}

async fn make(client: &Client, attributes: Value) -> Answer {
    let body = json!({"data": {"type": "servicePrincipalConfiguration", "attributes": attributes}});
    client.post(PATH, body).await
}

async fn revoke(client: &Client, tag: &str) -> Answer {
    let body = json!({"data": {"type": "apiKeyRevokeRequest", "id": tag, "attributes": {}}});
    let path = format!("{KEYS}/{tag}/revoke");
    client
        .send(Method::PATCH, &path, &[], body.to_string())
        .await
}

on_both_databases! {
    async fn principal_role_and_key_are_made_in_one_step(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let (value, tag) = app.next_key(7);
        let answer = make(&root, wanted("backup 1")).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.header("location"), format!("{PATH}/backup%201"));
        assert_eq!(answer.header("cache-control"), "no-store");
        let mut item = json!({
            "links": {"self": {"href": format!("{PATH}/backup%201")}},
            "type": "servicePrincipalConfiguration", "id": "backup 1",
            "attributes": {
                "servicePrincipalId": "backup 1", "servicePrincipalType": "BACKUP",
                "accessDefinitions": [{"namespace": "|SECURITY|USERS|API-KEYS|", "operations": ["|OPERATIONS|VIEW|"]}],
                "isSecurityAdmin": false, "createdDateTime": "2026-11-22T08:28:30.294Z",
                "apiKeyTag": tag, "expiryDateTime": "2026-12-22T08:28:30.294Z", "apiKey": value,
            },
        });
        assert_eq!(answer.json(), json!({"data": item}));
        item["attributes"].as_object_mut().unwrap().remove("apiKey");
        assert_eq!(root.get(&format!("{PATH}/backup%201")).await.json(), json!({"data": item}));
        assert_eq!(root.get(PATH).await.json()["data"], json!([item]));
        let machine = app.key(&value).get("/netbackup/authorization-context").await.json();
        assert_eq!(machine["data"]["attributes"]["isMachine"], json!(true));
        assert_eq!(app.key(&value).get(&format!("{KEYS}/{tag}")).await.status, 200);
        let verified = app.key(&value).get("/verify").await;
        assert_eq!(verified.header("x-latchkey-domain-type"), "nbsp");
        assert_eq!(app.trail().await[2..], ["user.create done", "role.create done", "key.create done"]);
    }

    async fn a_taken_name_makes_nothing(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        assert_eq!(make(&root, wanted("ci")).await.status, 201);
        let counts = async || (app.rows("app_user").await, app.rows("role").await, app.rows("api_key").await);
        let before = counts().await;
        let answer = make(&root, wanted("ci")).await;
        assert_eq!((answer.status, answer.json()), (409, error(19_409, "There is one of that name already.", json!({}))));
        // Nobody's role goes by the principal's mark.
        let role = json!({"data": {"type": "accessControlRole", "attributes": {"name": "~cd"}}});
        assert_eq!(root.post("/netbackup/access-control/roles", role).await.status, 201);
        assert_eq!(make(&root, wanted("cd")).await.status, 409);
        assert_eq!(counts().await, (before.0, before.1 + 1, before.2));
    }

    async fn each_fault_is_named(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        for (name, value, told) in [
            ("servicePrincipalId", json!("x".repeat(64)), "At most 63 characters are allowed."),
            ("servicePrincipalId", json!(null), "A value is needed."),
            ("servicePrincipalId", json!("a\u{202e}"), "Must be a name without control characters and direction marks."),
            ("servicePrincipalType", json!("x".repeat(64)), "At most 63 characters are allowed."),
            ("servicePrincipalApiKeyExpireAfterDays", json!("P366D"), "The latest date allowed is 2027-11-22T08:28:30Z."),
            ("servicePrincipalApiKeyExpireAfterDays", json!(null), "A value is needed."),
            ("isSecurityAdmin", json!("yes"), "Must be true or false."),
            ("userId", json!(1), "This field is not accepted here."),
        ] {
            let mut attributes = wanted("x");
            attributes[name] = value;
            let answer = make(&root, attributes).await;
            let field = format!("data.attributes.{name}");
            assert_eq!(answer.faults(), (400, json!({ field: told })), "{name}");
        }
        assert_eq!(root.get(PATH).await.json()["data"], json!([]));
    }

    /// A6: nobody makes somebody who may do more, and no key makes anybody.
    async fn making_one_takes_the_permissions_and_no_more_is_given(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let bob = app.user("bob").await;
        assert_eq!(make(&bob, wanted("x")).await.status, 401);
        let (key, _) = root.make_key().await;
        assert_eq!(make(&app.key(&key), wanted("x")).await.status, 403);
        for path in [PATH.to_owned(), format!("{PATH}/x")] {
            assert_eq!(bob.get(&path).await.status, 401);
        }
        let every = ["VIEW", "ADD", "UPDATE", "DELETE", "MANAGE-ACCESS"].map(|one| format!("|OPERATIONS|{one}|"));
        let on = |namespace: &str, operations: &[String]| json!({"namespace": namespace, "operations": operations});
        let maker = json!({"data": {"type": "accessControlRole", "attributes": {"name": "Maker", "accessDefinitions": [
            on("|SECURITY|USERS|", &every), on("|SECURITY|ACCESS-CONTROL|ROLES|", &every), on("|SECURITY|USERS|API-KEYS|", &every[..2]),
        ]}}});
        let id = root.post("/netbackup/access-control/roles", maker).await.json()["data"]["id"].as_str().unwrap().to_owned();
        let bobs = json!({"data": [{"type": "userPrincipal", "id": ":bob:unixpwd"}]});
        root.post(&format!("/netbackup/access-control/roles/{id}/relationships/user-principals"), bobs).await;
        assert_eq!(make(&bob, wanted("fine")).await.status, 201);
        let mut more = wanted("more");
        more["isSecurityAdmin"] = json!(true);
        assert_eq!(make(&bob, more.clone()).await.status, 401);
        assert_eq!(make(&root, more).await.status, 201);
        let shown = root.get(&format!("{PATH}/more")).await.json();
        assert_eq!(shown["data"]["attributes"]["isSecurityAdmin"], json!(true));
    }

    async fn its_key_is_revoked_once_and_works_no_more(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let (value, tag) = app.next_key(7);
        make(&root, wanted("ci")).await;
        assert_eq!(app.key(&value).get(KEYS).await.status, 200);
        let eve = app.user("eve").await;
        assert_eq!(revoke(&eve, &tag).await.status, 404);
        let answer = revoke(&root, &tag).await;
        assert_eq!((answer.status, answer.text()), (204, ""));
        assert_eq!(app.key(&value).get(KEYS).await.status, 401);
        let details = root.get(&format!("{KEYS}/{tag}")).await.json();
        assert_eq!(details["data"]["attributes"]["state"], json!("REVOKED"));
        let again = revoke(&root, &tag).await;
        assert_eq!((again.status, again.json()["errorCode"].clone()), (409, json!(19_409)));
        assert_eq!(app.trail().await.iter().filter(|record| record.starts_with("key.update")).count(), 3);
    }

    async fn deleting_removes_principal_role_and_key(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let (value, tag) = app.next_key(7);
        make(&root, wanted("ci")).await;
        let path = format!("{PATH}/ci");
        let bob = app.user("bob").await;
        assert_eq!(bob.delete(&path).await.status, 401);
        let answer = root.delete(&path).await;
        assert_eq!((answer.status, answer.text()), (204, ""));
        assert_eq!(app.key(&value).get(KEYS).await.status, 401);
        assert_eq!(root.get(&format!("{KEYS}/{tag}")).await.status, 404);
        for answer in [root.get(&path).await, root.delete(&path).await] {
            assert_eq!((answer.status, answer.json()), (404, not_found()));
        }
        assert_eq!(app.rows("role").await, 4);
        // The name is free again, and the number is not.
        assert_eq!(make(&root, wanted("ci")).await.status, 201);
        assert_eq!(root.delete(&path).await.status, 204);
        app.harness.clock.advance(chrono::TimeDelta::days(31));
        app.harness.services.maintain_once().await.unwrap();
        assert_eq!(app.select("select name from app_user where domain_type = 'nbsp'").await, [] as [Option<String>; 0]);
    }
}
