//! `latchkey approval …`, beside a server with approval on.

use serde_json::{Value, json};

use super::{PASSWORD, done, run, serve::Server, told};

const KEYS: &str = "/netbackup/security/api-keys";
const CONFIGURATION: &str = "/netbackup/security/mpa-configurations/1";

fn send(server: &Server, name: &str, method: &str, path: &str, body: &Value) -> u16 {
    let (status, answer) = server.login(name, PASSWORD);
    assert_eq!(status, 201);
    let token = answer["token"].as_str().unwrap();
    let headers = format!("Authorization: {token}\r\nContent-Type: application/json\r\n");
    server.request(method, path, &headers, &body.to_string()).0
}

fn create(server: &Server, name: &str) -> u16 {
    let attributes = json!({ "expireAfterDays": "P30D" });
    let wanted = json!({ "data": { "type": "apiKeyCreationRequest", "attributes": attributes } });
    send(server, name, "POST", KEYS, &wanted)
}

/// M8: there is one way past approval, at the console, and the trail says so.
#[test]
fn the_console_shows_what_needs_approval_and_switches_it_off_for_a_reason() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    for name in ["sam", "eve", "pat", "bob", "ann"] {
        done(path, &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    let approver = "Default Multi-Person Authorization Approver";
    for (name, role) in [
        ("sam", "Default Security Administrator"),
        ("eve", approver),
        ("pat", approver),
    ] {
        done(path, &["user", "role", name, "--give", role], "");
    }
    let rest = "a ticket waits: 72 hours\na closed one is kept: 30 days\nruns on approval: false\n";
    let show = || done(path, &["approval", "show"], "");
    assert_eq!(show(), format!("needs approval: nothing\n{rest}"));

    let server = Server::start(path);
    let wanted = json!({"data": {"type": "mpaConfigurationUpdateRequest", "attributes": {
        "configuration": {"expirationPeriodInHours": 72, "purgePeriodInDays": 30},
        "operations": [{"operationId": "API_KEYS", "state": "ENABLED"}],
        "exemptedUsers": [{
            "userName": "sam", "userDomainType": "unixpwd", "operationId": "API_KEYS",
            "actionId": "API_KEY_CREATE", "reason": "sets up",
        }],
    }}});
    assert_eq!(send(&server, "sam", "PUT", CONFIGURATION, &wanted), 204);
    let shown = show();
    let on = "needs approval: API_KEY_CREATE API_KEY_UPDATE API_KEY_DELETE API_KEY_REISSUE\n";
    let exempt = ":sam:unixpwd:1000 API_KEY_CREATE until taken away (sets up)";
    assert_eq!(shown, format!("{on}{rest}exempt: {exempt}\n"));
    assert_eq!(create(&server, "bob"), 202);
    assert_eq!(create(&server, "sam"), 201);
    // The last two who can decide stay: `admin`, whom the server made, and one of these.
    done(path, &["user", "disable", "eve"], "");
    let refused = run(path, &["user", "disable", "pat"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(told(&refused).1.contains("At least two enabled users"));

    let without = run(path, &["approval", "override"], "");
    assert_eq!(without.status.code(), Some(2));
    assert_eq!(create(&server, "ann"), 202);
    let off = ["approval", "override", "--reason", "eve and pat have left"];
    let said = done(path, &off, "");
    assert_eq!(said, "Approval is switched off. The audit trail says so.\n");
    assert_eq!(done(path, &off, ""), "Approval was off already.\n");
    assert_eq!(create(&server, "pat"), 201);
    let trail = done(path, &["audit", "export"], "");
    assert!(trail.contains("approval.override") && trail.contains("eve and pat have left"));
}
