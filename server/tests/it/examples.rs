//! The examples of the OpenAPI document: what was asked and answered here, by the whole router.

mod approval;
mod story;

use std::{fs, path::Path};

use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};
use service::{
    Limits,
    testing::{Harness, PASSWORD, totp},
};

use self::story::Story;
use crate::support::{App, KEYS, MEDIA_TYPE, login};

const ROLES: &str = "/netbackup/access-control/roles";
const KEYS_NAME: &str = "|SECURITY|USERS|API-KEYS|";

/// Where the generator reads them.
fn path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/netbackup/api/examples.json")
}

/// `LATCHKEY_TEST_WRITE=1` writes them anew; the OpenAPI document afterwards, once more so.
#[tokio::test]
async fn the_examples_are_what_the_router_answers() {
    let mut story = Story::new();
    keys(&mut story).await;
    limits(&mut story).await;
    roles(&mut story).await;
    server(&mut story).await;
    approval::approval(&mut story).await;
    approval::saml(&mut story).await;
    story.assert_whole();
    let text = format!("{:#}\n", story.told());
    if std::env::var_os("LATCHKEY_TEST_WRITE").is_some() {
        fs::write(path(), &text).unwrap();
    }
    assert!(
        fs::read_to_string(path()).unwrap_or_default() == text,
        "{} is not what the router answers: LATCHKEY_TEST_WRITE=1 writes it anew",
        path().display()
    );
}

fn body(kind: &str, attributes: Value) -> Value {
    json!({"data": {"type": kind, "attributes": attributes}})
}

/// Calls 1 to 7, and what goes wrong there.
async fn keys(story: &mut Story) {
    let app = App::on(Harness::sqlite().await);
    let (root, bob) = (app.administrator().await, app.user("bob").await);
    let (post, patch) = (Method::POST, Method::PATCH);
    let media_type = [("content-type", MEDIA_TYPE)];
    let anonymous = app.anonymous();
    let wanted = body(
        "apiKeyCreationRequest",
        json!({"expireAfterDays": "P30D", "description": "CI"}),
    );
    let (_, tag) = app.next_key(7);
    let one = format!("{KEYS}/{tag}");
    story.ask(&bob, post.clone(), KEYS, wanted.clone()).await;
    let here = || (Method::POST, KEYS);
    story
        .refused(&bob, here(), &media_type, wanted.clone(), 409)
        .await;
    let malformed = body(
        "apiKeyCreationRequest",
        json!({"expireAfterDays": "30", "description": "CI"}),
    );
    story
        .refused(&bob, here(), &media_type, malformed, 400)
        .await;
    story
        .refused(&anonymous, here(), &media_type, wanted.clone(), 401)
        .await;
    let xml = [("content-type", "application/xml")];
    story.refused(&bob, here(), &xml, wanted.clone(), 415).await;
    let large = json!("x".repeat(70_000));
    story.refused(&bob, here(), &media_type, large, 413).await;
    let html = [("accept", "text/html")];
    let list = (Method::GET, KEYS);
    story.refused(&bob, list, &html, Value::Null, 406).await;
    let nothing = format!("{KEYS}/lky_AAAAAAA=");
    let get = (Method::GET, &*nothing);
    story.refused(&bob, get, &[], Value::Null, 404).await;

    let sorted = "?filter=userName%20eq%20'bob'%20and%20state%20eq%20'ACTIVE'&sort=-expiryDateTime";
    story.get(&root, &format!("{KEYS}{sorted}")).await;
    story.get(&bob, &one).await;
    let change = body(
        "apiKeyUpdateRequest",
        json!({"expireAfterDays": "P60D", "description": "CI and CD"}),
    );
    let stale = [media_type[0], ("if-match", "\"v9\"")];
    let edit = (patch.clone(), &*one);
    story.refused(&bob, edit, &stale, change.clone(), 412).await;
    story.ask(&bob, patch.clone(), &one, change).await;
    let again = body(
        "apiKeyReissueRequest",
        json!({"expireAfterDays": "P90D", "overlapHours": 1}),
    );
    app.next_key(8);
    let next = story
        .ask(&bob, post.clone(), &format!("{one}/reissue"), again)
        .await;
    let next = format!("{KEYS}/{}", next["data"]["id"].as_str().unwrap());
    let revoke = body("apiKeyRevokeRequest", json!({}));
    let own = format!("{next}/revoke");
    let people_s = (patch.clone(), &*own);
    story
        .refused(&root, people_s, &media_type, revoke.clone(), 403)
        .await;
    story.ask(&bob, Method::DELETE, &next, Value::Null).await;

    // The same idempotency key for another request.
    let once = [media_type[0], ("idempotency-key", "one")];
    assert_eq!(
        bob.send(post.clone(), KEYS, &once, wanted.to_string())
            .await
            .status,
        201
    );
    let other = body("apiKeyCreationRequest", json!({"expireAfterDays": "P1D"}));
    story.refused(&bob, here(), &once, other, 422).await;

    let principals = "/netbackup/security/service-principal-configs";
    let wanted = json!({
        "servicePrincipalId": "backup", "servicePrincipalType": "BACKUP",
        "servicePrincipalApiKeyExpireAfterDays": "P30D",
        "accessDefinitions": [{"namespace": KEYS_NAME, "operations": ["|OPERATIONS|VIEW|"]}],
    });
    app.next_key(9);
    let wanted = body("servicePrincipalConfiguration", wanted);
    let made = story.ask(&root, post, principals, wanted).await;
    let tag = made["data"]["attributes"]["apiKeyTag"].as_str().unwrap();
    story.get(&root, principals).await;
    let one = format!("{principals}/backup");
    story.get(&root, &one).await;
    story
        .ask(&root, patch, &format!("{KEYS}/{tag}/revoke"), revoke)
        .await;
    story.ask(&root, Method::DELETE, &one, Value::Null).await;
}

/// Too many.
async fn limits(story: &mut Story) {
    let limits = Limits {
        failures_per_minute: 1,
        ..Limits::default()
    };
    let app = App::on(Harness::sqlite_with(limits).await);
    let key = app.key("lky_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(key.get(KEYS).await.status, 401);
    let list = (Method::GET, KEYS);
    story.refused(&key, list, &[], Value::Null, 429).await;
}

/// Roles, what they grant and who holds them.
async fn roles(story: &mut Story) {
    let app = App::on(Harness::sqlite().await);
    let root = app.administrator().await;
    app.harness.add_user("bob", &[]).await;
    let (get, post, put, delete) = (Method::GET, Method::POST, Method::PUT, Method::DELETE);
    let (view, add) = ("|OPERATIONS|VIEW|", "|OPERATIONS|ADD|");
    let definitions = json!([{"namespace": KEYS_NAME, "operations": [view]}]);
    let wanted = |name: &str| {
        let attributes = json!({
            "name": name, "description": "Looks at keys", "accessDefinitions": definitions,
        });
        body("accessControlRole", attributes)
    };
    let made = story
        .ask(&root, post.clone(), ROLES, wanted("Viewer"))
        .await;
    let id = made["data"]["id"].as_str().unwrap();
    let one = format!("{ROLES}/{id}");
    story
        .get(
            &root,
            &format!("{ROLES}?filter=isSystemDefined%20eq%20false&sort=name"),
        )
        .await;
    story
        .ask(&root, put.clone(), &one, wanted("Key viewer"))
        .await;
    story.get(&root, &one).await;

    let granted = format!("{one}/access-definitions");
    let more = json!({"namespace": "|SECURITY|AUDIT-LOGS|", "operations": [view]});
    story
        .ask(
            &root,
            post.clone(),
            &granted,
            body("accessDefinition", more),
        )
        .await;
    let there = format!("{granted}/%7CSECURITY%7CUSERS%7CAPI-KEYS%7C");
    let instead = json!({"operations": [view, add]});
    story
        .ask(&root, put, &there, body("accessDefinition", instead))
        .await;
    story.get(&root, &there).await;
    story.get(&root, &granted).await;
    story
        .get(
            &root,
            "/netbackup/access-control/operations?page%5Blimit%5D=3",
        )
        .await;
    let thing = "/netbackup/access-control/managed-objects/%7CSECURITY%7CUSERS%7CAPI-KEYS%7C/access-definitions";
    let grant = json!({"data": {
        "type": "accessDefinition",
        "attributes": {"propagation": "OBJECT_AND_CHILDREN"},
        "relationships": {
            "role": {"data": {"type": "accessControlRole", "id": id}},
            "operations": {"data": [{"type": "accessControlOperation", "id": "|OPERATIONS|UPDATE|"}]},
        },
    }});
    story.ask(&root, post.clone(), thing, grant).await;
    story.get(&root, thing).await;
    story.ask(&root, delete.clone(), &there, Value::Null).await;

    let holders = format!("{one}/relationships/user-principals");
    let bob = json!({"data": [{"type": "userPrincipal", "id": ":bob:unixpwd:1001"}]});
    story.ask(&root, post, &holders, bob.clone()).await;
    story.get(&root, &holders).await;
    let principals = "/netbackup/access-control/user-principals?filter=userName%20eq%20'bob'";
    story.ask(&root, get, principals, Value::Null).await;
    story
        .get(
            &root,
            "/netbackup/rbac/identities?filter=startswith(userName,'b')",
        )
        .await;
    story.ask(&root, delete.clone(), &holders, bob).await;
    story.ask(&root, delete, &one, Value::Null).await;
    story
        .get(
            &root,
            "/netbackup/security/auditlogs?sort=-id&page%5Blimit%5D=2",
        )
        .await;
    story.get(&root, "/netbackup/security/auditlogs/4").await;
}

/// The server, signing in and out, and the second factor.
async fn server(story: &mut Story) {
    let root = "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n";
    let app = App::trusted_by(Harness::sqlite().await, root);
    let anonymous = app.anonymous();
    let bob = app.user("bob").await;
    let (post, delete) = (Method::POST, Method::DELETE);
    story
        .ask(
            &anonymous,
            post.clone(),
            "/netbackup/login",
            login("bob", PASSWORD),
        )
        .await;
    for path in [
        "ping",
        "tokenkey",
        "security/ping",
        "security/serverinfo",
        "security/cacert",
        "security/servertime",
    ] {
        story.get(&anonymous, &format!("/netbackup/{path}")).await;
    }
    for path in [
        "authorization-context",
        "security/properties",
        "security/mfa-status",
        "admin/jobs",
        "admin/jobs/4",
    ] {
        story.get(&bob, &format!("/netbackup/{path}")).await;
    }

    let factor = "/netbackup/security/mfa/totp/configurations";
    let kind = "mfaTotpConfiguration";
    let begun = story
        .ask(&bob, post.clone(), factor, body(kind, json!({})))
        .await;
    let shown = &begun["data"]["attributes"];
    let code = totp(
        shown["secret"].as_str().unwrap(),
        app.harness.services.now(),
    );
    story
        .ask(
            &bob,
            post.clone(),
            factor,
            body(kind, json!({"code": code})),
        )
        .await;
    story.get(&bob, factor).await;
    app.harness.clock.advance(TimeDelta::seconds(30));
    let spare = json!({"code": shown["recoveryCodes"][0]});
    story
        .ask(&bob, delete.clone(), factor, body(kind, spare))
        .await;

    story.get(&bob, "/netbackup/user-sessions").await;
    story
        .ask(&bob, post, "/netbackup/logout", Value::Null)
        .await;
    let bob = app.signed_in("bob").await;
    story
        .ask(&bob, delete, "/netbackup/user-sessions", Value::Null)
        .await;
}
