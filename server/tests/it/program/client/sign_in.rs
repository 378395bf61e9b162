//! `latchkey login` in its ways, `whoami --verify`, and `verify --permission`.

use std::fs;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use service::{
    clock::{Clock, SystemClock},
    testing::totp,
};

use super::{PASSWORD, Stage, told};

const FACTOR: &str = "/netbackup/security/mfa/totp/configurations";
const SESSIONS: &str = ".local/state/latchkey/sessions.json";

/// As whoever is signed in, without the program.
fn post(stage: &Stage, path: &str, body: &Value) -> (u16, Value) {
    let sessions: Value = serde_json::from_str(&stage.read(SESSIONS)).unwrap();
    let token = sessions[stage.url()]["token"].as_str().unwrap().to_owned();
    let headers = format!("Content-Type: application/json\r\nAuthorization: {token}\r\n");
    let (status, answer) = stage
        .server
        .request("POST", path, &headers, &body.to_string());
    (status, serde_json::from_str(&answer).unwrap())
}

/// Gives bob a second factor; returns its secret and recovery codes. The present code is still good.
fn set_up(stage: &Stage) -> (String, Vec<String>) {
    let wanted = |attributes: Value| json!({"data": {"type": "mfaTotpConfiguration", "attributes": attributes}});
    let (status, begun) = post(stage, FACTOR, &wanted(json!({})));
    assert_eq!(status, 201, "{begun}");
    let shown = &begun["data"]["attributes"];
    let secret = shown["secret"].as_str().unwrap().to_owned();
    let codes = serde_json::from_value(shown["recoveryCodes"].clone()).unwrap();
    let code = totp(&secret, SystemClock.now() - TimeDelta::seconds(30));
    let (status, done) = post(stage, FACTOR, &wanted(json!({"code": code})));
    assert_eq!(status, 200, "{done}");
    (secret, codes)
}

#[test]
fn a_second_factor_is_asked_for_after_the_password() {
    let stage = Stage::new();
    stage.sign_in();
    let (secret, codes) = set_up(&stage);
    let server = ("LATCHKEY_SERVER", stage.url());
    let trust = ("LATCHKEY_CACERT", "root.pem");
    let login = |arguments: &[&str], input: &str| {
        let arguments = [&["login", "bob"], arguments].concat();
        told(&stage.run(&[server, trust], &arguments, input))
    };
    fs::remove_file(stage.home.path().join(SESSIONS)).unwrap();

    let (code, message) = login(&[], PASSWORD);
    assert_eq!(
        (code, &*message),
        (Some(2), "latchkey: there is no code on standard input\n")
    );
    let refused = "latchkey: Authentication failed. Send a valid API key or token.\n";
    assert_eq!(
        login(&["--code", "abcdef"], PASSWORD),
        (Some(3), refused.to_owned())
    );
    assert!(!stage.home.path().join(SESSIONS).exists());

    let both = format!("{PASSWORD}\n{}\n", totp(&secret, SystemClock.now()));
    assert_eq!(login(&[], &both), (Some(0), String::new()));
    let whoami = stage.json(&[], &["whoami", "--verify"], "");
    assert_eq!(
        (&whoami["userName"], &whoami["verified"]),
        (&json!("bob"), &json!(true))
    );
    assert_eq!(
        login(&["--code", &codes[0]], PASSWORD),
        (Some(0), String::new())
    );
    // Once.
    assert_eq!(login(&["--code", &codes[0]], PASSWORD).0, Some(3));
    stage.server.kill();
}

/// A session that a key opened is the owner's, and ends with the key.
#[test]
fn a_key_opens_a_session_that_ends_with_it() {
    let stage = Stage::new();
    stage.sign_in();
    let made = stage.json(&[], &["key", "create", "--days", "1"], "");
    let key = made["apiKey"].as_str().unwrap();
    fs::remove_dir_all(stage.home.path().join(".local")).unwrap();
    let server = ("LATCHKEY_SERVER", stage.url());
    let trust = ("LATCHKEY_CACERT", "root.pem");
    let login = ["login", "--login-type", "apikey"];

    let (code, message) = told(&stage.run(&[server, trust], &login, "junk"));
    assert_eq!(
        (code, &*message),
        (Some(3), "latchkey: that is not an API key\n")
    );
    // From standard input, and from the environment.
    let who = stage.json(&[server, trust], &login, key);
    assert_eq!(
        (&who["userName"], &who["userDomainType"]),
        (&json!("bob"), &json!("unixpwd"))
    );
    let end = |document: &Value| -> DateTime<Utc> {
        let text = document["expiryDateTime"].as_str().unwrap();
        text.parse().unwrap()
    };
    // To the second, and by the client's clock.
    assert!((end(&who) - end(&made)).num_milliseconds().abs() < 2000);
    let again = stage.json(&[server, trust, ("LATCHKEY_API_KEY", key)], &login, "");
    assert_eq!(again["userName"], "bob");
    assert!(!stage.read(SESSIONS).contains(key));

    let whoami = stage.json(&[], &["whoami", "--verify"], "");
    assert_eq!(whoami["verified"], json!(true));
    let root = ["user", "disable", "bob"];
    super::done(stage.data.path(), &root, "");
    // Without --verify nobody is asked.
    assert_eq!(stage.json(&[], &["whoami"], "")["userName"], "bob");
    let refused = "latchkey: Authentication failed. Send a valid API key or token.\n";
    assert_eq!(
        stage.fails(&[], &["whoami", "--verify"]),
        (3, refused.to_owned())
    );
    let (code, message) = stage.fails(&[server, trust, ("LATCHKEY_API_KEY", key)], &login);
    assert_eq!(code, 3, "{message}");
    stage.server.kill();
}

#[test]
fn verifying_can_ask_for_a_permission() {
    let stage = Stage::new();
    stage.sign_in();
    let made = stage.json(&[], &["key", "create", "--days", "1"], "");
    let (key, tag) = (made["apiKey"].as_str().unwrap(), super::tag(&made));
    let (view, delete) = (
        "|OPERATIONS|VIEW|@|SECURITY|USERS|API-KEYS|",
        "|OPERATIONS|DELETE|@|SECURITY|USERS|API-KEYS|",
    );
    let variables = [("LATCHKEY_API_KEY", key)];
    let lacks = format!("latchkey: the owner of the key {tag} lacks the permission\n");
    let ask = ["verify", "--permission", view];
    assert_eq!(stage.fails(&variables, &ask), (1, lacks.clone()));

    let data = stage.data.path();
    super::done(
        data,
        &["role", "add", "Viewer", "--grant", "api-keys:view"],
        "",
    );
    super::done(data, &["user", "role", "bob", "--give", "Viewer"], "");
    let found = stage.json(&variables, &ask, "");
    assert_eq!(found["userName"], "bob");
    let both = ["verify", "--permission", view, "--permission", delete];
    assert_eq!(stage.fails(&variables, &both), (1, lacks));
    let (code, message) = stage.fails(&variables, &["verify", "--permission", "view"]);
    assert_eq!(
        (code, &*message),
        (
            2,
            "latchkey: --permission: Must be an operation, @ and a namespace, as roles name them.\n"
        )
    );
    let other = "lky_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let unknown = domain::key::write(&domain::key::assemble(&[9; domain::key::RANDOM_BYTES]));
    let verify = ["verify", "--key-stdin"];
    for (input, message) in [
        (other, "latchkey: that is not an API key\n".to_owned()),
        (
            "",
            "latchkey: there is no key on standard input\n".to_owned(),
        ),
        (&*unknown, "latchkey: the key ".to_owned()),
    ] {
        let (code, told) = told(&stage.run(&[], &verify, input));
        assert_eq!(code, Some(if input.is_empty() { 2 } else { 3 }), "{told}");
        assert!(told.starts_with(&message), "{told}");
    }
    stage.server.kill();
}
