//! What the server says of itself, of whoever asks, and of its work.

use http::Method;
use serde_json::{Value, json};
use service::on_both_databases;

use crate::support::{App, KEYS, error, list_at, not_found};

const SESSIONS: &str = "/netbackup/user-sessions";

on_both_databases! {
    async fn the_server_tells_everyone_which_it_is(harness: Harness) {
        let app = App::with(harness, &[("LATCHKEY_PUBLIC_URL", "https://keys.example:8443")]);
        let info = app.anonymous().get("/netbackup/security/serverinfo").await;
        let id = info.json()["masterHostId"].as_str().unwrap().to_owned();
        assert_eq!(id.len(), 36);
        assert_eq!((info.status, info.json()), (200, json!({
            "serverName": "keys.example", "nbuVersion": env!("CARGO_PKG_VERSION"), "masterHostId": id,
            "ssoEnabled": false, "domainType": "unixpwd",
        })));
        let time = app.anonymous().get("/netbackup/security/servertime").await;
        assert_eq!(time.json(), json!({"serverTime": "2026-11-22T08:28:30.294Z"}));
        let ping = app.anonymous().get_as("/netbackup/security/ping", &[("accept", "text/html")]).await;
        assert_eq!(ping.text(), "1795336110294");
        // No TLS here, so there is no certificate.
        let none = app.anonymous().get("/netbackup/security/cacert").await;
        assert_eq!((none.status, none.json()), (404, not_found()));
        assert_eq!(app.anonymous().get("/netbackup/security/properties").await.status, 401);
        let properties = app.user("bob").await.get("/netbackup/security/properties").await.json();
        assert_eq!(properties["data"]["attributes"]["maxApiKeyLifetimeDays"], json!(365));
    }

    async fn a_certificate_is_there_for_everyone(harness: Harness) {
        let app = App::trusted_by(harness, "PEM");
        let answer = app.anonymous().get("/netbackup/security/cacert").await;
        assert_eq!((answer.status, answer.json()), (200, json!({"webRootCert": "PEM", "cacert": ["PEM"]})));
    }

    async fn whoever_asks_learns_who_they_are(harness: Harness) {
        let app = App::on(harness);
        let (bob, root) = (app.user("bob").await, app.administrator().await);
        let (key, _) = bob.make_key().await;
        let path = "/netbackup/authorization-context";
        let context = bob.get(path).await.json();
        let own = json!([{"namespace": "|SECURITY|USERS|API-KEYS|", "operations": [
            "|OPERATIONS|VIEW|", "|OPERATIONS|ADD|", "|OPERATIONS|UPDATE|", "|OPERATIONS|DELETE|",
            "|OPERATIONS|SECURITY|USERS|API-KEYS|REISSUE|",
        ]}]);
        assert_eq!(context, json!({"data": {"type": "authorizationContext", "id": ":bob:unixpwd:1000", "attributes": {
            "subject": ":bob:unixpwd:1000", "issuer": "latchkey",
            "issuedAt": "2026-11-22T08:28:30.294Z", "expireDate": "2026-11-23T08:28:30.294Z",
            "isAdmin": false, "isMachine": false, "permissions": [], "ownPermissions": own, "via": "token",
        }}}));
        let with_key = app.key(&key).get(path).await.json();
        assert_eq!(with_key["data"]["attributes"]["expireDate"], json!("2026-12-22T08:28:30.294Z"));
        assert_eq!(with_key["data"]["attributes"]["via"], json!("key"));
        assert_eq!(root.get(path).await.json()["data"]["attributes"]["isAdmin"], json!(true));
        assert_eq!(app.anonymous().get(path).await.status, 401);
    }

    async fn one_s_sessions_are_shown_and_ended(harness: Harness) {
        let app = App::on(harness);
        let (bob, eve) = (app.user("bob").await, app.user("eve").await);
        app.session_cookie("bob").await;
        let answer = bob.get(&format!("{SESSIONS}?sort=-id")).await.json();
        let kinds: Vec<_> = answer["data"].as_array().unwrap().iter()
            .map(|item| (item["attributes"]["userName"].clone(), item["attributes"]["isCurrent"].clone()))
            .collect();
        assert_eq!(kinds.len(), 2);
        assert!(kinds.contains(&(json!("bob"), json!(true))) && kinds.contains(&(json!("bob"), json!(false))));
        let filtered = bob.get(&format!("{SESSIONS}?filter=userName%20eq%20'eve'")).await.json();
        assert_eq!(filtered["data"], json!([]));
        let answer = bob.delete(SESSIONS).await;
        assert_eq!((answer.status, answer.text()), (204, ""));
        assert_eq!(bob.get(SESSIONS).await.status, 401);
        assert_eq!(eve.get(SESSIONS).await.status, 200);
        assert_eq!(app.rows("session").await, 1);
    }

    async fn everybody_s_sessions_are_for_administrators(harness: Harness) {
        let app = App::on(harness);
        let (root, bob) = (app.administrator().await, app.user("bob").await);
        let all = format!("{SESSIONS}?all=true");
        let denied = error(8000, "You do not have the permission for this.", json!({}));
        for method in [Method::GET, Method::DELETE] {
            let answer = bob.send(method, &all, &[], "").await;
            assert_eq!((answer.status, answer.json()), (401, denied.clone()));
        }
        let listed = root.get(&format!("{all}&sort=userName")).await.json();
        assert_eq!(listed["meta"]["pagination"]["count"], json!(2));
        assert!(listed["links"]["self"]["href"].as_str().unwrap().starts_with(&format!("{SESSIONS}?sort=userName&all=true")));
        for wrong in ["all=1", "all=", "all=true&all=false"] {
            assert_eq!(root.get(&format!("{SESSIONS}?{wrong}")).await.status, 400, "{wrong}");
        }
        let (key, _) = bob.make_key().await;
        assert_eq!(root.delete(&all).await.status, 204);
        for client in [&root, &bob] {
            assert_eq!(client.get(SESSIONS).await.status, 401);
        }
        assert_eq!(app.key(&key).get(KEYS).await.status, 200);
    }

    async fn the_background_work_is_never_empty(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let path = "/netbackup/admin/jobs";
        let item = |number: u32, kind: &str| json!({
            "links": {"self": {"href": format!("{path}/{number}")}}, "type": "job", "id": number.to_string(),
            "attributes": {"jobId": number, "jobType": kind, "state": "QUEUED", "status": 0,
                "startTime": null, "endTime": null, "percentComplete": 0},
        });
        let kinds = ["REFUSED_KEYS", "KEY_USES", "CLEANUP", "AUDIT_CHECKPOINT", "TOKEN_KEYS", "FIGURES", "TICKETS",
            "NOTICES", "DELIVERIES"];
        let items: Vec<_> = (1..).zip(kinds).map(|(number, kind)| item(number, kind)).collect();
        assert_eq!(bob.get(path).await.json(), list_at(path, &items, ""));
        assert_eq!(bob.get(&format!("{path}/3")).await.json(), json!({"data": items[2]}));
        let services = app.harness.services.clone();
        let work = tokio::spawn(async move { services.run_maintenance().await });
        let attributes = loop {
            let job = bob.get(&format!("{path}/4")).await.json();
            let attributes: Value = job["data"]["attributes"].clone();
            if attributes["state"] == "DONE" {
                break attributes;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        };
        work.abort();
        assert_eq!(attributes["status"], json!(0));
        assert_eq!(attributes["endTime"], json!("2026-11-22T08:28:30.294Z"));
        for missing in ["0", "99", "x", "03"] {
            let answer = bob.get(&format!("{path}/{missing}")).await;
            assert_eq!((answer.status, answer.json()), (404, not_found()), "{missing}");
        }
        assert_eq!(app.anonymous().get(path).await.status, 401);
    }

    async fn what_roles_grant_on_a_thing_is_shown_and_added_to(harness: Harness) {
        let app = App::on(harness);
        let (root, bob) = (app.administrator().await, app.user("bob").await);
        let role = json!({"data": {"type": "accessControlRole", "attributes": {"name": "CI"}}});
        let id = root.post("/netbackup/access-control/roles", role).await.json()["data"]["id"].clone();
        let path = "/netbackup/access-control/managed-objects/%7CSECURITY%7CUSERS%7CAPI-KEYS%7C/access-definitions";
        let body = |operation: &str| json!({"data": {"type": "accessDefinition", "relationships": {
            "role": {"data": {"type": "accessControlRole", "id": id}},
            "operations": {"data": [{"type": "accessControlOperation", "id": operation}]},
        }}});
        let answer = root.post(path, body("|OPERATIONS|VIEW|")).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.json()["data"]["attributes"]["operations"], json!(["|OPERATIONS|VIEW|"]));
        let answer = root.post(path, body("|OPERATIONS|ADD|")).await;
        assert_eq!(answer.json()["data"]["attributes"]["operations"], json!(["|OPERATIONS|VIEW|", "|OPERATIONS|ADD|"]));
        let listed = root.get(path).await.json();
        let roles: Vec<_> = listed["data"].as_array().unwrap().iter()
            .map(|item| item["relationships"]["role"]["data"]["id"].clone()).collect();
        assert_eq!(roles, [json!("1"), json!("2"), id.clone()]);
        let wrong = root.post(path, body("|OPERATIONS|FLY|")).await;
        assert_eq!(wrong.status, 400);
        assert!(wrong.json()["attributeErrors"]["data.relationships.operations.data.[0].id"].is_string());
        assert_eq!(bob.post(path, body("|OPERATIONS|VIEW|")).await.status, 401);
        assert_eq!(root.get("/netbackup/access-control/managed-objects/x/access-definitions").await.status, 404);
    }

    async fn a_key_s_end_stands_on_every_answer_to_it(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (key, tag) = bob.make_key().await;
        for path in [KEYS.to_owned(), format!("{KEYS}/{tag}"), format!("{KEYS}/lky_AAAAAAA="), "/netbackup/security/auditlogs".to_owned()] {
            let answer = app.key(&key).get(&path).await;
            assert_eq!(answer.header("x-latchkey-key-expires"), "2026-12-22T08:28:30.294Z", "{path}");
            assert_eq!(bob.get(&path).await.header("x-latchkey-key-expires"), "");
        }
        let reissue = json!({"data": {"type": "apiKeyReissueRequest", "attributes": {"expireAfterDays": "P60D", "overlapHours": 1}}});
        assert_eq!(bob.post(&format!("{KEYS}/{tag}/reissue"), reissue).await.status, 201);
        // The old one ends sooner now.
        let answer = app.key(&key).get(KEYS).await;
        assert_eq!(answer.header("x-latchkey-key-expires"), "2026-11-22T09:28:30.294Z");
    }
}
