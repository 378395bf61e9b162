//! The examples of the OpenAPI document: what was asked and answered here, by the whole router.

use std::{collections::BTreeMap, fs, path::Path};

use axum::body::Body;
use chrono::TimeDelta;
use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use server::netbackup::openapi;
use service::{
    Limits,
    testing::{Harness, PASSWORD, totp},
};

use crate::support::{App, Client, KEYS, MEDIA_TYPE, login};

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

/// What was asked and answered so far.
struct Story {
    /// The operations, as the document has them: method, address and name.
    known: Vec<(Method, String, String)>,
    operations: BTreeMap<String, Value>,
    errors: BTreeMap<u16, Value>,
}

impl Story {
    fn new() -> Self {
        let document = openapi();
        let paths = document["paths"].as_object().unwrap();
        let known = paths.iter().flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(|(method, operation)| {
                let method = method.to_uppercase().parse().unwrap();
                let id = operation["operationId"].as_str().unwrap();
                (method, path.clone(), id.to_owned())
            })
        });
        Self {
            known: known.collect(),
            operations: BTreeMap::new(),
            errors: BTreeMap::new(),
        }
    }

    /// Asks, and keeps question and answer. Returns the answer's document.
    async fn ask(&mut self, client: &Client, method: Method, at: &str, body: Value) -> Value {
        let text = match &body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let headers: &[_] = match &body {
            Value::Null => &[],
            _ => &[("content-type", MEDIA_TYPE)],
        };
        let answer = client
            .send(method.clone(), at, headers, Body::from(text))
            .await;
        assert!(answer.status < 300, "{method} {at}: {}", answer.text());
        let (id, parameters) = self.operation_of(&method, at);
        let told = self.operations.entry(id).or_insert_with(|| json!({}));
        if !parameters.is_empty() {
            told["parameters"] = parameters.into();
        }
        // The first question is the example.
        if !body.is_null() && told.get("request").is_none() {
            told["request"] = body;
        }
        let plain = answer.header("content-type").starts_with("text/plain");
        let document = match answer.text() {
            "" => Value::Null,
            text if plain => text.into(),
            _ => answer.json(),
        };
        if !document.is_null() {
            told["answers"][answer.status.to_string()] = document.clone();
        }
        document
    }

    async fn get(&mut self, client: &Client, at: &str) -> Value {
        self.ask(client, Method::GET, at, Value::Null).await
    }

    /// Asks what is refused, and keeps the error document.
    async fn refused(
        &mut self,
        client: &Client,
        (method, at): (Method, &str),
        headers: &[(&str, &str)],
        body: Value,
        status: u16,
    ) {
        let answer = client.send(method, at, headers, body.to_string()).await;
        assert_eq!(answer.status, status, "{at}: {}", answer.text());
        assert_eq!(self.errors.insert(status, answer.json()), None, "{status}");
    }

    /// The operation's name, and the parameters in the address.
    fn operation_of(&self, method: &Method, at: &str) -> (String, Map<String, Value>) {
        let (path, query) = at.split_once('?').unwrap_or((at, ""));
        let fits = |template: &str| -> Option<Map<String, Value>> {
            let (mut wanted, mut given) = (template.split('/'), path.split('/'));
            let mut parameters = Map::new();
            loop {
                match (wanted.next(), given.next()) {
                    (None, None) => return Some(parameters),
                    (Some(wanted), Some(given)) => {
                        let name = wanted
                            .strip_prefix('{')
                            .and_then(|name| name.strip_suffix('}'));
                        match name {
                            Some(name) => parameters.insert(name.to_owned(), value_of(given)),
                            None if wanted == given => None,
                            None => return None,
                        };
                    }
                    _ => return None,
                }
            }
        };
        let mut found = self.known.iter().filter_map(|(known, template, id)| {
            Some((id, fits(template)?)).filter(|_| known == method)
        });
        let (id, mut parameters) = found.next().unwrap_or_else(|| panic!("{method} {at}"));
        for (name, text) in query.split('&').filter_map(|part| part.split_once('=')) {
            parameters.insert(value_of(name).as_str().unwrap().to_owned(), value_of(text));
        }
        (id.clone(), parameters)
    }

    fn told(&self) -> Value {
        json!({ "errors": self.errors, "operations": self.operations })
    }

    /// Every body and every answer of the document was sent here once.
    fn assert_whole(&self) {
        let document = openapi();
        for (method, path, id) in &self.known {
            let operation = &document["paths"][path][method.as_str().to_lowercase()];
            let told = self.operations.get(id).cloned().unwrap_or_default();
            let asked = operation.get("requestBody").is_some();
            assert!(!asked || told.get("request").is_some(), "{id}: no request");
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let has_body = status.starts_with('2') && answer.get("content").is_some();
                assert!(
                    !has_body || told["answers"].get(status).is_some(),
                    "{id}: no answer {status}"
                );
            }
        }
        let responses = document["components"]["responses"].as_object().unwrap();
        for status in responses.keys().filter(|status| status.starts_with('4')) {
            let status = status.parse().unwrap();
            assert!(self.errors.contains_key(&status), "no error {status}");
        }
    }
}

/// A part of an address as the value that it stands for.
fn value_of(text: &str) -> Value {
    let text = percent_decode_str(text).decode_utf8().unwrap();
    text.parse::<u32>()
        .map_or_else(|_| json!(text), Value::from)
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
