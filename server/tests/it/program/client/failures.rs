//! What client commands say and how they end when something is wrong.

use std::fs;

use serde_json::json;

use super::{PASSWORD, Stage, told};

/// For scripts that go by the exit code.
#[test]
fn each_kind_of_failure_has_its_exit_code() {
    let stage = Stage::new();
    let server = ("LATCHKEY_SERVER", stage.url());
    let trust = ("LATCHKEY_CACERT", "root.pem");
    let nobody_s = "lky_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (variables, arguments, code, message) in [
        (
            &[][..],
            &["whoami"][..],
            2,
            "which server? Name it with --server or in LATCHKEY_SERVER",
        ),
        (
            &[("LATCHKEY_SERVER", "keys.example.org")],
            &["whoami"],
            2,
            "--server: Must be an address such as https://",
        ),
        (
            &[server, ("LATCHKEY_CACERT", "none.pem")],
            &["whoami"],
            2,
            "--cacert: there is no certificate in none.pem",
        ),
        (
            &[server, trust, ("LATCHKEY_API_KEY", nobody_s)],
            &["verify"],
            2,
            "LATCHKEY_API_KEY: Must be KEY,",
        ),
        (
            &[server, trust],
            &["login"],
            2,
            "NAME: A user name is needed.",
        ),
        (
            &[server, trust],
            &["verify"],
            2,
            "which key? Set LATCHKEY_API_KEY, or use --key-stdin",
        ),
        (&[server, trust], &["key", "list"], 3, "not signed in to "),
        (&[server, trust], &["logout"], 3, "not signed in to "),
        (
            &[("LATCHKEY_SERVER", "http://127.0.0.1:9")],
            &["login", "bob"],
            2,
            "there is no password on standard input",
        ),
    ] {
        let (found, told) = stage.fails(variables, arguments);
        assert_eq!(found, code, "{arguments:?}: {told}");
        assert!(told.starts_with(&format!("latchkey: {message}")), "{told}");
    }
    let unreachable = ["login", "bob", "--server", "http://127.0.0.1:9"];
    assert_eq!(
        stage.run(&[], &unreachable, PASSWORD).status.code(),
        Some(4)
    );
    // Not trusted is not reached, and the password did not get there.
    let (code, message) = told(&stage.run(&[server], &["login", "bob"], PASSWORD));
    assert_eq!(code, Some(4));
    assert!(
        message.contains("UnknownIssuer; if you trust it, give its root with --cacert"),
        "{message}"
    );
    let wrong = stage.run(&[server, trust], &["login", "bob"], "wrong wrong wrong");
    assert_eq!(
        told(&wrong),
        (
            Some(3),
            "latchkey: Authentication failed. Send a valid API key or token.\n".to_owned()
        )
    );
    stage.server.kill();
}

#[test]
fn so_has_each_refusal_of_what_somebody_signed_in_asks() {
    let stage = Stage::new();
    stage.sign_in();
    for (arguments, code, message) in [
        (&["key", "show", "lky_AAAAAAA="][..], 5, "latchkey: "),
        (&["key", "delete", "lky_AAAAAAA="], 5, "latchkey: "),
        (
            &["key", "create", "--days", "366"],
            1,
            "latchkey: expireAfterDays: ",
        ),
        (
            &["key", "create", "--days", "1", "--user", "root"],
            1,
            "latchkey: ",
        ),
        (&["key", "delete"], 2, "error: "),
        (&["key", "edit"], 2, "error: "),
        (&["key", "show", "x"], 2, "error: invalid value 'x'"),
        (
            &["whoami", "--data-dir", "x"],
            2,
            "error: --data-dir is for the commands that go by the settings",
        ),
        (&["completions", "tcsh"], 2, "error: "),
    ] {
        let (found, told) = stage.fails(&[], arguments);
        assert_eq!(found, code, "{arguments:?}: {told}");
        assert!(told.starts_with(message), "{told}");
    }
    // The settings' file is nothing to a client.
    fs::write(stage.home.path().join("latchkey.toml"), "nonsense = 1").unwrap();
    assert_eq!(stage.json(&[], &["key", "list"], ""), json!([]));
    stage.server.kill();
}
