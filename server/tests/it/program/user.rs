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
