//! `latchkey user …`.

use super::{PASSWORD, run, told};

#[test]
fn accounts_are_made_listed_disabled_and_enabled() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    let output = run(
        path,
        &[
            "user",
            "add",
            "bob",
            "--role",
            "Administrator",
            "--password-stdin",
        ],
        PASSWORD,
    );
    assert_eq!(told(&output), (Some(0), String::new()));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        ":bob:unixpwd:1000\n"
    );
    let nt = [
        "user",
        "add",
        "eve",
        "--domain-type",
        "NT",
        "--domain",
        "CORP",
        "--password-stdin",
    ];
    assert_eq!(
        run(path, &nt, &format!("{PASSWORD}\r\n")).status.code(),
        Some(0)
    );
    let eve = [
        "user",
        "disable",
        "eve",
        "--domain-type",
        "nt",
        "--domain",
        "CORP",
    ];
    assert_eq!(told(&run(path, &eve, "")), (Some(0), String::new()));
    let list = run(path, &["user", "list"], "").stdout;
    assert_eq!(
        String::from_utf8(list).unwrap(),
        ":bob:unixpwd:1000\tenabled\tAdministrator\nCORP:eve:nt:1001\tdisabled\t\n"
    );
}

#[test]
fn refused_accounts_are_told_in_the_words_of_the_command_line() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    let bob = [
        "user",
        "add",
        "bob",
        "--role",
        "Administrator",
        "--password-stdin",
    ];
    assert_eq!(run(path, &bob, PASSWORD).status.code(), Some(0));
    for (arguments, input, message) in [
        (
            &["user", "add", "bob", "--password-stdin"][..],
            PASSWORD,
            "NAME: There is one of that name already.",
        ),
        (
            &["user", "add", "a/b", "--password-stdin"],
            PASSWORD,
            "NAME: Must be a name of letters, digits and punctuation, without spaces, colons and slashes.",
        ),
        (
            &["user", "add", "ann", "--password-stdin"],
            "short",
            "the password: At least 12 characters are needed.",
        ),
        (
            &["user", "add", "ann", "--password-stdin"],
            "",
            "there is no password on standard input",
        ),
        (
            &[
                "user",
                "add",
                "ann",
                "--role",
                "Emperor",
                "--password-stdin",
            ],
            PASSWORD,
            "--role: There is none of that name.",
        ),
        (
            &["user", "disable", "nobody"],
            "",
            "NAME: There is none of that name.",
        ),
        (
            &["user", "disable", "bob"],
            "",
            "The last administrator cannot be disabled or removed.",
        ),
    ] {
        assert_eq!(
            told(&run(path, arguments, input)),
            (Some(1), format!("latchkey: {message}\n")),
            "{arguments:?}"
        );
    }
    assert_eq!(
        run(
            path,
            &[
                "user",
                "add",
                "x",
                "--domain-type",
                "nis",
                "--password-stdin"
            ],
            ""
        )
        .status
        .code(),
        Some(2)
    );
}

#[test]
fn self_service_is_withdrawn_from_a_domain_and_given_back() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    let set = |domain_type: &str, domain: &str, state: &str| {
        let type_and_name = ["--domain-type", domain_type, "--domain", domain, state];
        let arguments = [&["user", "domain-self-service"][..], &type_and_name].concat();
        told(&run(path, &arguments, ""))
    };
    for (domain_type, domain, state) in [
        ("saml", "idp", "off"),
        ("unixpwd", "", "off"),
        ("saml", "idp", "on"),
    ] {
        let done = set(domain_type, domain, state);
        assert_eq!(done, (Some(0), String::new()));
    }
    let records = run(path, &["audit", "export", "--format", "jsonl"], "").stdout;
    let records = String::from_utf8(records).unwrap();
    let objects = records.lines().map(|line| {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        record["object"].as_str().unwrap_or_default().to_owned()
    });
    let objects: Vec<_> = objects.filter(|object| object.contains(":*:")).collect();
    assert_eq!(objects, ["idp:*:saml", ":*:unixpwd", "idp:*:saml"]);
    assert_eq!(
        set("saml", "", "off"),
        (
            Some(1),
            "latchkey: --domain: A value is needed.\n".to_owned()
        )
    );
    assert_eq!(
        set("unixpwd", "host", "off"),
        (
            Some(1),
            "latchkey: --domain: Must be empty: unixpwd has no domains.\n".to_owned()
        )
    );
}
