//! Commands beside a running server take effect there within a second.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{PASSWORD, done, serve::Server};

const SOON: Duration = Duration::from_secs(1);
const KEYS: &str = "/netbackup/security/api-keys";

/// Carries out a command, and expects `status` within a second of its end.
fn takes_effect(data: &Path, command: &[&str], status: u16, request: impl Fn() -> u16) {
    assert_ne!(request(), status, "{command:?} would change nothing");
    done(data, command, "");
    let begun = Instant::now();
    while request() != status {
        assert!(begun.elapsed() < SOON, "{command:?} takes no effect");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The token of somebody who signs in.
fn token(server: &Server, name: &str) -> String {
    let (status, answer) = server.login(name, PASSWORD);
    assert_eq!(status, 201);
    answer["token"].as_str().unwrap().to_owned()
}

/// Asks for a key of that many days.
fn create(server: &Server, token: &str, days: u32) -> (u16, Value) {
    let attributes = json!({ "expireAfterDays": format!("P{days}D") });
    let wanted = json!({ "data": { "type": "apiKeyCreationRequest", "attributes": attributes } });
    let headers = format!("Authorization: {token}\r\nContent-Type: application/json\r\n");
    let (status, body) = server.request("POST", KEYS, &headers, &wanted.to_string());
    (status, serde_json::from_str(&body).unwrap())
}

#[test]
fn accounts_roles_and_the_policy_change_in_a_running_server_within_a_second() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    for name in ["root", "bob"] {
        done(path, &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    let server = Server::start(path);
    let (root, bob) = (token(&server, "root"), token(&server, "bob"));
    let (status, made) = create(&server, &root, 30);
    assert_eq!(status, 201);
    let made = &made["data"];
    let (key, tag) = (
        made["attributes"]["apiKey"].as_str().unwrap(),
        made["id"].as_str().unwrap(),
    );

    let verify = || {
        server
            .request("GET", "/verify", &format!("Authorization: {key}\r\n"), "")
            .0
    };
    assert_eq!(verify(), 204);
    takes_effect(path, &["user", "disable", "root"], 401, verify);
    takes_effect(path, &["user", "enable", "root"], 204, verify);

    let others = format!("{KEYS}/{tag}");
    let see = || {
        server
            .request("GET", &others, &format!("Authorization: {bob}\r\n"), "")
            .0
    };
    assert_eq!(see(), 404);
    takes_effect(
        path,
        &["user", "role", "bob", "--give", "Administrator"],
        200,
        see,
    );
    takes_effect(
        path,
        &["user", "role", "bob", "--take", "Administrator"],
        404,
        see,
    );
    done(path, &["role", "add", "Viewer"], "");
    done(path, &["user", "role", "bob", "--give", "Viewer"], "");
    takes_effect(
        path,
        &["role", "edit", "Viewer", "--grant", "api-keys:view"],
        200,
        see,
    );
    takes_effect(path, &["role", "edit", "Viewer", "--no-grants"], 404, see);

    let thirty_days = || create(&server, &bob, 30).0;
    let shorter = [
        "policy",
        "set",
        "max_lifetime_days=7",
        "default_lifetime_days=7",
    ];
    // A key of bob's would end the comparison: it is refused until the policy allows it again.
    done(path, &shorter, "");
    assert_eq!(thirty_days(), 400);
    takes_effect(
        path,
        &["policy", "set", "max_lifetime_days=30"],
        201,
        thirty_days,
    );
    server.kill();
}
