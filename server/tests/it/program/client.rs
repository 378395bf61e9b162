//! Commands that ask a server: signing in, keys, rotation, exit codes.

mod failures;
mod rotation;
mod sign_in;

use std::{
    fs,
    os::unix::fs::MetadataExt,
    process::{Command, Output},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{PASSWORD, done, latchkey, run_command, serve::Server, told};

/// A server with TLS, an account `bob`, and a folder of bob's own.
struct Stage {
    server: Server,
    data: TempDir,
    home: TempDir,
}

impl Stage {
    fn new() -> Self {
        let (data, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        done(
            data.path(),
            &["user", "add", "bob", "--password-stdin"],
            PASSWORD,
        );
        let listen = [
            "--tls-self-signed",
            "--listen",
            "127.0.0.1:0, https://127.0.0.1:0",
        ];
        let server = Server::start_with(data.path(), &listen);
        fs::write(
            home.path().join("root.pem"),
            done(data.path(), &["cacert"], ""),
        )
        .unwrap();
        Self { server, data, home }
    }

    fn url(&self) -> &str {
        &self.server.urls[1]
    }

    /// Carries out a command in bob's folder, with further variables.
    fn run(&self, variables: &[(&str, &str)], arguments: &[&str], input: &str) -> Output {
        run_command(&mut self.command(variables, arguments), input)
    }

    fn command(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
        let mut command = latchkey(self.home.path());
        command
            .env_remove("LATCHKEY_DATA_DIR")
            .env_remove("XDG_STATE_HOME")
            .env("HOME", self.home.path())
            .envs(variables.iter().copied())
            .args(arguments);
        command
    }

    /// Carries out a command that succeeds, and reads what it writes as JSON.
    fn json(&self, variables: &[(&str, &str)], arguments: &[&str], input: &str) -> Value {
        let arguments = [arguments, &["--output", "json"]].concat();
        let output = self.run(variables, &arguments, input);
        assert_eq!(told(&output), (Some(0), String::new()), "{arguments:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn sign_in(&self) {
        let arguments = [
            "login",
            "bob",
            "--server",
            self.url(),
            "--cacert",
            "root.pem",
        ];
        self.json(&[], &arguments, PASSWORD);
    }

    /// Exit code and message of a command that fails and writes nothing.
    fn fails(&self, variables: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
        let output = self.run(variables, arguments, "");
        assert!(output.stdout.is_empty(), "{output:?}");
        let (code, message) = told(&output);
        (code.unwrap(), message)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.home.path().join(file)).unwrap()
    }

    fn verifies(&self, key: &str) -> bool {
        let headers = format!("Authorization: {}\r\n", key.trim());
        self.server.request("GET", "/verify", &headers, "").0 == 204
    }
}

fn tag(document: &Value) -> &str {
    document["apiKeyTag"].as_str().unwrap()
}

#[test]
fn somebody_signs_in_looks_after_their_key_and_signs_out() {
    let stage = Stage::new();
    let arguments = [
        "login",
        "bob",
        "--server",
        stage.url(),
        "--cacert",
        "root.pem",
    ];
    let who = stage.json(&[], &arguments, PASSWORD);
    assert_eq!(who["server"], stage.url());
    assert_eq!(who["userName"], "bob");
    let file = stage
        .home
        .path()
        .join(".local/state/latchkey/sessions.json");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    assert_eq!(
        fs::metadata(file.parent().unwrap()).unwrap().mode() & 0o777,
        0o700
    );
    // From here on server and root are known.
    assert_eq!(stage.json(&[], &["whoami"], ""), who);

    assert_eq!(
        stage.fails(&[], &["key", "show"]),
        (5, "latchkey: bob has no API key\n".to_owned())
    );
    let create = ["key", "create", "--days", "30", "--description", "a\tb"];
    let made = stage.json(&[], &create, "");
    let (first, value) = (tag(&made), made["apiKey"].as_str().unwrap());
    assert!(stage.verifies(value));
    assert_eq!(stage.fails(&[], &create).0, 6);
    let shown = stage.json(&[], &["key", "show"], "");
    assert_eq!(
        (tag(&shown), &shown["state"], &shown["description"]),
        (first, &json!("ACTIVE"), &json!("a\tb"))
    );
    let edited = stage.json(&[], &["key", "edit", first, "--description", ""], "");
    assert_eq!((tag(&edited), &edited["description"]), (first, &json!("")));

    let reissue = [
        "key",
        "reissue",
        "--days",
        "7",
        "--description",
        "next",
        "--overlap",
        "1",
    ];
    let next = stage.json(&[], &reissue, "");
    assert!(stage.verifies(next["apiKey"].as_str().unwrap()) && stage.verifies(value));
    let all = stage.json(&[], &["key", "list"], "");
    let states: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (tag(key), &key["state"]))
        .collect();
    assert_eq!(
        states,
        [(tag(&next), &json!("ACTIVE")), (first, &json!("RETIRING"))]
    );
    let table = stage.run(
        &[],
        &[
            "key",
            "list",
            "--filter",
            "state eq 'ACTIVE'",
            "--limit",
            "5",
        ],
        "",
    );
    let expected = format!(
        "{}\tbob\tACTIVE\t{}\tnext\n",
        tag(&next),
        next["expiryDateTime"].as_str().unwrap()
    );
    assert_eq!(String::from_utf8(table.stdout).unwrap(), expected);

    assert_eq!(
        told(&stage.run(&[], &["key", "delete", tag(&next)], "")),
        (Some(0), String::new())
    );
    assert_eq!(stage.json(&[], &["key", "list"], ""), json!([]));
    assert!(!stage.verifies(value));
    stage.server.kill();
}

#[test]
fn signing_out_ends_the_session_on_the_server_too() {
    let stage = Stage::new();
    stage.sign_in();
    let file = stage
        .home
        .path()
        .join(".local/state/latchkey/sessions.json");
    let token = stage.read(".local/state/latchkey/sessions.json");
    assert_eq!(
        told(&stage.run(&[], &["logout"], "")),
        (Some(0), String::new())
    );
    let (code, message) = stage.fails(&[("LATCHKEY_SERVER", stage.url())], &["key", "list"]);
    assert!(
        code == 3 && message.starts_with("latchkey: not signed in to "),
        "{message}"
    );
    fs::write(&file, token).unwrap();
    assert_eq!(stage.fails(&[], &["key", "list"]).0, 3);
    // Which is no reason to keep it.
    assert_eq!(
        told(&stage.run(&[], &["logout"], "")),
        (Some(0), String::new())
    );
    assert_eq!(stage.read(".local/state/latchkey/sessions.json"), "{}");
    stage.server.kill();
}

#[test]
fn a_key_in_the_environment_needs_no_sign_in() {
    let stage = Stage::new();
    stage.sign_in();
    let made = stage.json(&[], &["key", "create", "--days", "1"], "");
    let key = made["apiKey"].as_str().unwrap();
    fs::remove_dir_all(stage.home.path().join(".local")).unwrap();
    fs::write(stage.home.path().join("key"), format!("{key}\n")).unwrap();

    let authority = stage.url().trim_start_matches("https://");
    let trust = ("LATCHKEY_CACERT", "root.pem");
    let server = ("LATCHKEY_SERVER", stage.url());
    let named = format!("{authority}:{key}");
    for variables in [
        &[trust, server, ("LATCHKEY_API_KEY", key)][..],
        &[trust, server, ("LATCHKEY_API_KEY", "@key")],
        &[
            trust,
            server,
            ("LATCHKEY_API_KEY", &format!("other:{key},127.0.0.1:{key}")),
        ],
        // The only entry names the server as well.
        &[trust, ("LATCHKEY_API_KEY", &named)],
    ] {
        let found = stage.json(variables, &["verify"], "");
        assert_eq!(
            found,
            json!({
                "userName": "bob", "userDomain": "", "userDomainType": "unixpwd",
                "apiKeyTag": made["apiKeyTag"], "roles": ["API Key Self-Service"],
                "expiryDateTime": made["expiryDateTime"],
            })
        );
        assert_eq!(
            tag(&stage.json(variables, &["key", "show"], "")),
            tag(&made)
        );
        assert_eq!(tag(&stage.json(variables, &["whoami"], "")), tag(&made));
    }
    let whoami = stage.json(
        &[trust, server, ("LATCHKEY_API_KEY", key)],
        &["whoami", "--verify"],
        "",
    );
    assert_eq!(
        (&whoami["userName"], &whoami["verified"]),
        (&json!("bob"), &json!(true))
    );

    let other = ("LATCHKEY_API_KEY", &*format!("other:{key}"));
    let (code, message) = stage.fails(&[trust, server, other], &["verify"]);
    assert_eq!(
        (code, message),
        (
            3,
            format!("latchkey: LATCHKEY_API_KEY has no key for {authority}\n")
        )
    );
    stage.server.kill();
}

#[test]
fn the_help_keeps_both_families_apart() {
    let data = tempfile::tempdir().unwrap();
    let help = done(data.path(), &["--help"], "");
    let here = help.find("Where the server's data is:").unwrap();
    let there = help.find("Against a server anywhere").unwrap();
    for (command, place) in [
        ("  serve ", here..there),
        ("  user ", here..there),
        ("  login ", there..help.len()),
        ("  key ", there..help.len()),
    ] {
        assert!(
            place.contains(&help.find(command).unwrap()),
            "{command}: {help}"
        );
    }
    let login = done(data.path(), &["login", "--help"], "");
    assert!(
        login.contains("Exit codes: 0 done;") && !login.contains("--data-dir"),
        "{login}"
    );
    let reissue = done(data.path(), &["key", "reissue", "--help"], "");
    assert!(
        reissue.contains("--to-file") && !reissue.contains("--data-dir"),
        "{reissue}"
    );
    assert!(done(data.path(), &["user", "add", "--help"], "").contains("--data-dir"));
}

#[test]
fn every_shell_gets_completions() {
    let data = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = done(data.path(), &["completions", shell], "");
        for word in [
            "reissue",
            "tls-self-signed",
            "login-type",
            "code",
            "permission",
        ] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}
