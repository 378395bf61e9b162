use secrecy::ExposeSecret;

use super::*;

fn load(variables: &[(&str, &str)]) -> Result<Settings, String> {
    load_with(&Flags::default(), variables, "")
}

fn load_with(flags: &Flags, variables: &[(&str, &str)], file: &str) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    std::fs::write(&path, file).unwrap();
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::load(flags, variables, Some(&path))
        .map_err(|error| error.to_string().replace(&path.display().to_string(), FILE))
}

fn flags(given: &[(&'static str, &str)]) -> Flags {
    Flags(
        given
            .iter()
            .map(|(key, value)| (*key, (*value).to_owned()))
            .collect(),
    )
}

fn listens(settings: &Settings) -> Vec<String> {
    settings.listen.iter().map(Listen::to_string).collect()
}

#[test]
fn without_any_setting_the_documented_defaults_hold() {
    let settings = load(&[]).unwrap();
    assert_eq!(listens(&settings), ["http://127.0.0.1:8080"]);
    assert!(settings.tls.is_none());
    assert_eq!(settings.public_url(), "http://127.0.0.1:8080");
    assert!(!settings.secure_cookies());
    assert_eq!(settings.data_dir, Path::new("data"));
    assert!(settings.database_url.is_none());
    assert_eq!(settings.limits, Limits::default());
    assert_eq!(settings.log_format, LogFormat::Text);
}

#[test]
fn the_command_line_beats_the_environment_beats_the_file() {
    let file = "listen = '127.0.0.1:1'\ndata_dir = 'from-file'\nlog = 'warn'";
    let variables = [
        ("LATCHKEY_LISTEN", "127.0.0.1:2"),
        ("LATCHKEY_DATA_DIR", "from-env"),
    ];
    let settings = load_with(&flags(&[("listen", "127.0.0.1:3")]), &variables, file).unwrap();
    assert_eq!(listens(&settings), ["http://127.0.0.1:3"]);
    assert_eq!(settings.data_dir, Path::new("from-env"));
    assert_eq!(settings.log, "warn");
}

#[test]
fn a_wrong_setting_is_named_with_its_place_and_what_is_allowed() {
    for (flags, variables, file, message) in [
        (
            flags(&[("listen", "8080")]),
            vec![],
            "",
            r#"The setting `listen` (--listen on the command line) is "8080", but must be addresses with ports, separated by commas, such as 127.0.0.1:8080 or https://[::]:1556."#,
        ),
        (
            flags(&[]),
            vec![("LATCHKEY_SESSION_IDLE", "30")],
            "",
            r#"The setting `session_idle` (LATCHKEY_SESSION_IDLE in the environment) is "30", but must be a whole number from 1 and s, m, h or d, such as 30m, at most 365d."#,
        ),
        (
            flags(&[]),
            vec![],
            "lockout_failures = 0",
            r#"The setting `lockout_failures` (in latchkey.toml) is "0", but must be a whole number from 1 to 1000000."#,
        ),
        (
            flags(&[]),
            vec![("LATCHKEY_LOG_FORMAT", "")],
            "",
            r#"The setting `log_format` (LATCHKEY_LOG_FORMAT in the environment) is "", but must be text or json."#,
        ),
    ] {
        assert_eq!(load_with(&flags, &variables, file).unwrap_err(), message);
    }
}

#[test]
fn an_unknown_setting_stops_the_start() {
    let keys = SETTINGS.each_ref().map(|setting| setting.key).join(", ");
    assert_eq!(
        load(&[("LATCHKEY_LISTN", "127.0.0.1:1")]).unwrap_err(),
        format!(
            "There is no setting `listn` (LATCHKEY_LISTN in the environment). The settings are: {keys}."
        )
    );
    assert_eq!(
        load_with(&flags(&[]), &[], "[server]\nlisten = '127.0.0.1:1'").unwrap_err(),
        format!("There is no setting `server` (in latchkey.toml). The settings are: {keys}.")
    );
}

#[test]
fn variables_of_the_build_and_the_tests_are_no_settings() {
    let others = [
        ("LATCHKEY_BUILD", "x"),
        ("LATCHKEY_SITE", "x"),
        ("LATCHKEY_BIN", "x"),
        ("LATCHKEY_TEST_POSTGRES", "x"),
        ("HOME", "x"),
    ];
    assert!(load(&others).is_ok());
}

/// K14: neither a wrong value nor a file's broken line is repeated where it may hold a secret.
#[test]
fn a_secret_value_is_never_repeated() {
    for (variables, file) in [
        (vec![("LATCHKEY_DATABASE_URL", "mysql://u:hunter2@h/n")], ""),
        (vec![], "database_url = 'mysql://u:hunter2@h/n'"),
        (vec![], "database_url = 'postgres://u:hunter2@h/n"),
        (vec![], "database_url = { password = 'hunter2' }"),
    ] {
        let message = load_with(&flags(&[]), &variables, file).unwrap_err();
        assert!(!message.contains("hunter2"), "{message}");
    }
    let settings = load(&[("LATCHKEY_DATABASE_URL", "postgres://u:hunter2@h/n")]).unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
    let url = settings.database_url.unwrap();
    assert_eq!(url.expose_secret(), "postgres://u:hunter2@h/n");
}

#[test]
fn the_scheme_of_the_public_url_decides_about_cookies() {
    let settings = load(&[("LATCHKEY_PUBLIC_URL", "https://keys.example.org/")]).unwrap();
    assert_eq!(settings.public_url(), "https://keys.example.org");
    assert!(settings.secure_cookies());
    for wrong in [
        "keys.example.org",
        "ftp://keys.example.org",
        "https://keys.example.org/sub",
        "https://u:p@keys.example.org",
        "https://keys.example.org?x",
        "https://",
    ] {
        assert!(load(&[("LATCHKEY_PUBLIC_URL", wrong)]).is_err(), "{wrong}");
    }
}

#[test]
fn listening_everywhere_is_opened_as_localhost() {
    for (listen, url) in [
        ("0.0.0.0:80", "http://localhost:80"),
        ("[::]:80", "http://localhost:80"),
        ("[::1]:80", "http://[::1]:80"),
    ] {
        assert_eq!(
            load(&[("LATCHKEY_LISTEN", listen)]).unwrap().public_url(),
            url
        );
    }
}

#[test]
fn each_address_is_plain_or_has_tls() {
    let settings = load_with(
        &flags(&[("tls_self_signed", "true")]),
        &[("LATCHKEY_LISTEN", "127.0.0.1:8080, https://[::]:1556")],
        "",
    )
    .unwrap();
    assert_eq!(
        listens(&settings),
        ["http://127.0.0.1:8080", "https://[::]:1556"]
    );
    // People and cookies are meant for the address with TLS.
    assert_eq!(settings.public_url(), "https://localhost:1556");
    assert!(settings.secure_cookies());
    assert_eq!(
        settings.tls,
        Some(tls::Source::SelfSigned("data/tls-self-signed".into()))
    );

    let settings = load(&[("LATCHKEY_TLS_SELF_SIGNED", "true")]).unwrap();
    assert_eq!(listens(&settings), ["https://127.0.0.1:1556"]);
    let files = [
        ("LATCHKEY_TLS_CERTIFICATE_FILE", "/c"),
        ("LATCHKEY_TLS_KEY_FILE", "/k"),
    ];
    let settings = load(&files).unwrap();
    assert_eq!(
        settings.tls,
        Some(tls::Source::Files {
            certificate: "/c".into(),
            key: "/k".into()
        })
    );
}

#[test]
fn settings_of_tls_that_do_not_fit_each_other_are_named() {
    let given = |names: &[(&str, &str)]| load(names).unwrap_err();
    let certificate = ("LATCHKEY_TLS_CERTIFICATE_FILE", "/c");
    let key = ("LATCHKEY_TLS_KEY_FILE", "/k");
    let self_signed = ("LATCHKEY_TLS_SELF_SIGNED", "true");
    for (names, message) in [
        (
            &[certificate][..],
            "The setting `tls_key_file` must be given together with `tls_certificate_file`.",
        ),
        (
            &[key, self_signed],
            "The setting `tls_certificate_file` must be given together with `tls_key_file`.",
        ),
        (
            &[certificate, key, self_signed],
            "The setting `tls_self_signed` must not be given together with `tls_certificate_file`.",
        ),
        (
            &[("LATCHKEY_LISTEN", "https://127.0.0.1:1556")],
            "The setting `listen` has an address with https://, which needs `tls_certificate_file` and `tls_key_file`, or `tls_self_signed`.",
        ),
        (
            &[("LATCHKEY_LISTEN", "127.0.0.1:8080"), self_signed],
            "The setting `listen` has no address with https://, such as https://0.0.0.0:1556, for the certificate that is given.",
        ),
        (
            &[("LATCHKEY_TLS_SELF_SIGNED", "yes")],
            r#"The setting `tls_self_signed` (LATCHKEY_TLS_SELF_SIGNED in the environment) is "yes", but must be true or false."#,
        ),
    ] {
        assert_eq!(given(names), message);
    }
}

#[test]
fn lists_may_be_arrays_in_the_file() {
    let settings = load_with(&flags(&[]), &[], "trusted_proxies = ['10.0.0.0/8', '::1']").unwrap();
    assert!(settings.trusted_proxies.trusts("10.1.2.3".parse().unwrap()));
    assert!(settings.trusted_proxies.trusts("::1".parse().unwrap()));
    assert!(
        !settings
            .trusted_proxies
            .trusts("192.0.2.1".parse().unwrap())
    );
}

#[test]
fn durations_have_a_unit_and_bounds() {
    for (text, seconds) in [
        ("1s", 1),
        ("30m", 1800),
        ("12h", 43_200),
        ("365d", 31_536_000),
    ] {
        assert_eq!(parse::duration(text).unwrap().as_secs(), seconds);
    }
    for text in [
        "",
        "s",
        "0s",
        "-1s",
        "+1s",
        "1.5h",
        "366d",
        "99999999999d",
        "1 h",
        "1é",
        "１s",
    ] {
        assert!(parse::duration(text).is_err(), "{text}");
    }
}

#[test]
fn a_named_file_must_be_there() {
    let error =
        Settings::load(&Flags::default(), [], Some(Path::new("/nowhere.toml"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "--config: there is no file /nowhere.toml."
    );
}
