//! The second factor: set up, asked for at login, removed, required.

use chrono::TimeDelta;
use domain::{
    error::{Error, Refusal},
    permission::{Grants, Namespace, Permission},
};
use http::Method;
use serde_json::{Value, json};
use service::{
    Actor, on_both_databases,
    roles::RoleChange,
    testing::{PASSWORD, totp},
};

use crate::support::{Answer, App, Client, KEYS, error, local, login, unauthenticated};

const PATH: &str = "/netbackup/security/mfa/totp/configurations";
const LOGIN: &str = "/netbackup/login";

fn body(attributes: Value) -> Value {
    json!({"data": {"type": "mfaTotpConfiguration", "attributes": attributes}})
}

async fn remove(client: &Client, code: &str) -> Answer {
    let headers = [("content-type", "application/json")];
    let body = body(json!({"code": code})).to_string();
    client.send(Method::DELETE, PATH, &headers, body).await
}

fn now_code(app: &App, secret: &str) -> String {
    totp(secret, app.harness.services.now())
}

/// Sets a factor up; returns its secret and recovery codes. Its first code is used up by then.
async fn set_up(app: &App, client: &Client) -> (String, Vec<String>) {
    let begun = client.post(PATH, body(json!({}))).await;
    assert_eq!(begun.status, 201, "{}", begun.text());
    let attributes = begun.json()["data"]["attributes"].clone();
    let secret = attributes["secret"].as_str().unwrap().to_owned();
    let codes = attributes["recoveryCodes"].as_array().unwrap();
    let codes = codes
        .iter()
        .map(|code| code.as_str().unwrap().to_owned())
        .collect();
    let code = now_code(app, &secret);
    let confirmed = client.post(PATH, body(json!({"code": code}))).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text());
    app.harness.clock.advance(TimeDelta::seconds(30));
    (secret, codes)
}

/// The token of a first step.
async fn first_step(app: &App) -> String {
    let answer = app.anonymous().post(LOGIN, login("bob", PASSWORD)).await;
    assert_eq!(answer.status, 201);
    let document = answer.json();
    assert_eq!(
        (&document["tokenType"], &document["validity"]),
        (&json!("MFA"), &json!(180))
    );
    document["token"].as_str().unwrap().to_owned()
}

async fn second_step(app: &App, step: &str, code: &str) -> Answer {
    let body = json!({"domainType": "vx", "domainName": "vrts.mfa.totp", "userName": step, "password": code});
    app.anonymous().post(LOGIN, body).await
}

on_both_databases! {
    async fn a_code_is_asked_for_once_it_is_confirmed(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let status = async || bob.get(PATH).await.json()["data"]["attributes"].clone();
        assert_eq!(status().await, json!({"configured": false, "required": false, "recoveryCodesLeft": 0}));
        let begun = bob.post(PATH, body(json!({}))).await.json();
        let uri = begun["data"]["attributes"]["otpauthUri"].as_str().unwrap().to_owned();
        assert!(uri.starts_with("otpauth://totp/Latchkey:bob?secret="), "{uri}");
        // Not yet.
        assert_eq!(app.anonymous().post(LOGIN, login("bob", PASSWORD)).await.json()["tokenType"], json!("BEARER"));
        let wrong = bob.post(PATH, body(json!({"code": "000000"}))).await;
        assert_eq!(wrong.faults(), (400, json!({"data.attributes.code": "Must be a code that is valid now and was not used."})));
        set_up(&app, &bob).await;
        assert_eq!(status().await, json!({"configured": true, "required": false, "recoveryCodesLeft": 10}));
        let mfa = bob.get("/netbackup/security/mfa-status").await.json();
        assert_eq!(mfa["data"]["attributes"], json!({"mfaConfigured": true, "mfaEnforced": false}));
        first_step(&app).await;
        let again = bob.post(PATH, body(json!({}))).await;
        assert_eq!((again.status, again.json()["errorMessage"].clone()), (409, json!("A second factor is set up already. Remove it first.")));
        // K15: the secret is not in the database as it is.
        let sealed = app.select("select 'x' from second_factor where length(sealed) < 40").await;
        assert_eq!(sealed, [] as [Option<String>; 0]);
        assert!(app.trail().await.contains(&"user.second-factor done".to_owned()));
    }

    async fn the_login_goes_on_with_the_code(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (secret, codes) = set_up(&app, &bob).await;
        let step = first_step(&app).await;
        // The token of a step opens nothing else.
        assert_eq!(app.key(&step).get(KEYS).await.status, 401);
        let wrong = second_step(&app, &step, "000000").await;
        assert_eq!((wrong.status, wrong.json()), (401, unauthenticated()));
        let code = now_code(&app, &secret);
        let done = second_step(&app, &step, &code).await;
        assert_eq!((done.status, done.json()["tokenType"].clone()), (201, json!("BEARER")));
        let token = done.json()["token"].as_str().unwrap().to_owned();
        assert_eq!(app.key(&token).get(KEYS).await.status, 200);
        // Neither a code nor a recovery code is good twice.
        assert_eq!(second_step(&app, &step, &code).await.status, 401);
        let spoken = codes[0].to_uppercase().replace('-', " ");
        assert_eq!(second_step(&app, &step, &spoken).await.status, 201);
        assert_eq!(second_step(&app, &step, &codes[0]).await.status, 401);
        app.harness.clock.advance(TimeDelta::seconds(180));
        let late = now_code(&app, &secret);
        assert_eq!(second_step(&app, &step, &late).await.status, 401);
        for junk in ["", "x", "a.b.c"] {
            assert_eq!(second_step(&app, junk, &late).await.status, 401);
        }
    }

    async fn the_code_may_stand_behind_the_password(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (secret, _) = set_up(&app, &bob).await;
        let code = now_code(&app, &secret);
        let appended = || login("bob", &format!("{PASSWORD}{code}"));
        let answer = app.anonymous().post(LOGIN, appended()).await;
        assert_eq!((answer.status, answer.json()["tokenType"].clone()), (201, json!("BEARER")));
        for wrong in [appended(), login("bob", &format!("{PASSWORD}000000")), login("bob", &format!("x{code}")), login("nobody", &format!("x{code}"))] {
            let answer = app.anonymous().post(LOGIN, wrong).await;
            assert_eq!((answer.status, answer.json()), (401, unauthenticated()));
        }
        // Without a factor digits are just part of the password.
        app.harness.add_user("eve", &[]).await;
        let eve = login("eve", &format!("{PASSWORD}{code}"));
        assert_eq!(app.anonymous().post(LOGIN, eve).await.status, 401);
    }

    /// K10, W13: whoever knows the password does not guess codes without end.
    async fn codes_are_not_to_be_guessed(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (secret, _) = set_up(&app, &bob).await;
        let mut statuses = Vec::new();
        for _ in 0..6 {
            let answer = app.anonymous().post(LOGIN, login("bob", PASSWORD)).await;
            statuses.push(answer.status);
            if answer.status == 201 {
                let step = answer.json()["token"].as_str().unwrap().to_owned();
                statuses.push(second_step(&app, &step, "000000").await.status);
            }
        }
        assert_eq!(statuses[..10], [201, 401, 201, 401, 201, 401, 201, 401, 201, 401]);
        assert_eq!(statuses[10], 429);
        app.harness.clock.advance(TimeDelta::minutes(15));
        let step = first_step(&app).await;
        assert_eq!(second_step(&app, &step, &now_code(&app, &secret)).await.status, 201);
    }

    async fn it_is_removed_by_a_code_of_it(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        assert_eq!(remove(&bob, "123456").await.status, 404);
        let (_, codes) = set_up(&app, &bob).await;
        assert_eq!(remove(&bob, "000000").await.status, 400);
        assert_eq!(remove(&bob, &codes[3]).await.status, 204);
        assert_eq!(app.anonymous().post(LOGIN, login("bob", PASSWORD)).await.json()["tokenType"], json!("BEARER"));
        assert_eq!(app.rows("recovery_code").await, 0);
    }

    /// A4: a key does not change it, and does not need it.
    async fn keys_are_not_concerned(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (key, _) = bob.make_key().await;
        let client = app.key(&key);
        assert_eq!(client.post(PATH, body(json!({}))).await.status, 403);
        assert_eq!(remove(&client, "123456").await.status, 403);
        set_up(&app, &bob).await;
        assert_eq!(client.get(KEYS).await.status, 200);
        let with_key = json!({"domainType": "vx", "domainName": "vrts.apikey", "userName": "bob", "password": key});
        assert_eq!(app.anonymous().post(LOGIN, with_key).await.json()["tokenType"], json!("BEARER"));
    }

    async fn an_administrator_resets_it_unless_the_account_may_do_more(harness: Harness) {
        let app = App::on(harness);
        let (bob, factors) = (app.user("bob").await, app.harness.services.second_factors.clone());
        set_up(&app, &bob).await;
        let root = app.harness.user("root", &["Administrator"]).await;
        let eve = app.harness.user("eve", &[]).await;
        let refused = factors.reset(&eve, &local("bob")).await.unwrap_err();
        assert_eq!(refused, Error::NotPermitted);
        factors.reset(&root, &local("bob")).await.unwrap();
        assert_eq!(bob.get(KEYS).await.status, 401);
        assert_eq!(factors.reset(&root, &local("bob")).await.unwrap_err(), Error::NotFound);
        assert_eq!(app.signed_in("bob").await.get(KEYS).await.status, 200);
        // Whoever sets passwords does not get at an account that may do more.
        let helper = RoleChange {
            name: "Helper".to_owned(),
            description: String::new(),
            grants: Grants::one(Namespace::Users, Permission::View)
                .and(Grants::one(Namespace::Users, Permission::Update)),
        };
        app.harness.services.roles.add(&Actor::console(), helper).await.unwrap();
        let helper = app.harness.user("helper", &["Helper"]).await;
        let refused = factors.reset(&helper, &local("root")).await.unwrap_err();
        assert_eq!(refused, Error::Refused(Refusal::OwnerMayDoMore));
        // One's own takes a code, whatever one may.
        let (_, codes) = set_up(&app, &app.signed_in("root").await).await;
        assert_eq!(factors.reset(&root, &local("root")).await.unwrap_err(), Error::NotPermitted);
        assert_eq!(remove(&app.signed_in("root").await, &codes[0]).await.status, 401);
        factors.reset(&Actor::console(), &local("root")).await.unwrap();
    }

    async fn the_page_of_a_user_offers_it_where_there_is_one(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let root = app.harness.user("root", &["Administrator"]).await;
        let offered = async |who: &Actor, whose: &Actor| {
            let users = &app.harness.services.users;
            users.person(who, whose.identity().id).await.unwrap().may_reset_factor
        };
        let bob_s = app.harness.sign_in("bob").await;
        assert!(!offered(&root, &bob_s).await);
        // What is not confirmed is not asked for.
        bob.post(PATH, body(json!({}))).await;
        assert!(!offered(&root, &bob_s).await);
        set_up(&app, &bob).await;
        assert!(offered(&root, &bob_s).await);
        set_up(&app, &app.signed_in("root").await).await;
        assert!(!offered(&root, &root).await);
    }

    async fn a_policy_asks_everybody_with_a_password_for_one(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (key, _) = bob.make_key().await;
        let services = &app.harness.services;
        let mut policy = services.policy().await.unwrap();
        policy.second_factor_required = true;
        services.set_policy(&Actor::console(), &policy).await.unwrap();
        let answer = bob.get(KEYS).await;
        assert_eq!((answer.status, answer.json()), (403, error(19_403, "Set up a second factor first.", json!({}))));
        let mfa = bob.get("/netbackup/security/mfa-status").await.json();
        assert_eq!(mfa["data"]["attributes"], json!({"mfaConfigured": false, "mfaEnforced": true}));
        assert_eq!(app.key(&key).get(KEYS).await.status, 200);
        set_up(&app, &bob).await;
        assert_eq!(bob.get(KEYS).await.status, 200);
    }
}
