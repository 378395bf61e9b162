//! Settings, arguments and exit codes.

use std::{fs, os::unix::fs::MetadataExt};

use super::{latchkey, run, told};

#[test]
fn a_wrong_or_unknown_setting_stops_the_start_and_is_named() {
    let data = tempfile::tempdir().unwrap();
    let output = run(data.path(), &["serve", "--listen", "8080"], "");
    assert_eq!(
        told(&output),
        (
            Some(2),
            "latchkey: The setting `listen` (--listen on the command line) is \"8080\", but must be addresses with ports, separated by commas, such as 127.0.0.1:8080 or https://[::]:1556.\n".to_owned()
        )
    );
    let output = latchkey(data.path())
        .env("LATCHKEY_LISTN", "x")
        .output()
        .unwrap();
    let (code, message) = told(&output);
    assert_eq!(code, Some(2));
    assert!(
        message.contains("There is no setting `listn` (LATCHKEY_LISTN in the environment)"),
        "{message}"
    );
    fs::write(data.path().join("latchkey.toml"), "lockout_time = 'soon'").unwrap();
    let (code, message) = told(&run(data.path(), &[], ""));
    assert_eq!(code, Some(2));
    assert!(
        message.contains("`lockout_time` (in latchkey.toml) is \"soon\""),
        "{message}"
    );
    // Nothing was made.
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
}

#[test]
fn an_unknown_argument_ends_with_2_and_help_with_0() {
    let data = tempfile::tempdir().unwrap();
    assert_eq!(run(data.path(), &["--nonsense"], "").status.code(), Some(2));
    assert_eq!(
        run(data.path(), &["user", "set-password", "bob"], "")
            .status
            .code(),
        Some(2)
    );
    assert_eq!(run(data.path(), &["--help"], "").status.code(), Some(0));
    let version = run(data.path(), &["--version"], "");
    assert_eq!(
        String::from_utf8(version.stdout).unwrap(),
        format!("latchkey {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn migrating_makes_the_database_and_its_secrets_for_their_owner_alone() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("new");
    let output = latchkey(data.path())
        .env("LATCHKEY_DATA_DIR", &folder)
        .arg("migrate")
        .output()
        .unwrap();
    assert_eq!(told(&output), (Some(0), String::new()));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "The database is up to date.\n"
    );
    assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
}
