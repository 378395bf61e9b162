//! `latchkey audit …`.

use std::{fs, process::Command};

use super::{run, told};

/// R1: the whole way by hand; OpenSSL with the public key alone comes to the same end.
#[test]
fn an_export_is_signed_and_checked_also_without_latchkey() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    let change = "user domain-self-service --domain-type saml --domain idp off";
    let change: Vec<_> = change.split(' ').collect();
    run(path, &change, "");
    let signed = run(path, &["audit", "export", "--signed"], "");
    let text = String::from_utf8(signed.stdout).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    let file = path.join("trail.jsonl");
    let name = file.to_str().unwrap();
    let check = |text: &str| {
        fs::write(&file, text).unwrap();
        run(path, &["audit", "check-export", name], "")
    };
    let whole = check(&text);
    assert_eq!(whole.status.code(), Some(0));
    let said = String::from_utf8(whole.stdout).unwrap();
    assert!(said.starts_with("records: 2, exported: 20"), "{said}");
    assert!(
        said.ends_with(" UTC\nThe file is as it was exported.\n"),
        "{said}"
    );
    let changed = check(&text.replace("unixpwd", "ldap"));
    assert_eq!(
        told(&changed),
        (
            Some(1),
            format!(
                "latchkey: {name} proves nothing: the records are not those that were signed\n"
            )
        )
    );
    assert_eq!(
        told(&run(
            path,
            &["audit", "export", "--signed", "--format", "csv"],
            ""
        )),
        (
            Some(1),
            "latchkey: --signed: only JSON lines can be signed (--format jsonl)\n".to_owned()
        )
    );
    let other = tempfile::tempdir().unwrap();
    fs::write(&file, &text).unwrap();
    assert_eq!(
        told(&run(other.path(), &["audit", "check-export", name], "")),
        (
            Some(1),
            format!(
                "latchkey: {name} proves nothing: the signature is not one of this installation\n"
            )
        )
    );
    let key = run(path, &["audit", "public-key"], "").stdout;
    assert!(openssl_agrees(path, &key, &text));
    assert!(!openssl_agrees(path, &key, &text.replace("eyJ", "eyK")));
}

/// As docs/ARCHITECTURE.md says.
fn openssl_agrees(path: &std::path::Path, key: &[u8], text: &str) -> bool {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let (signed, signature) = last["signature"]
        .as_str()
        .unwrap()
        .rsplit_once('.')
        .unwrap();
    fs::write(path.join("key.pem"), key).unwrap();
    fs::write(path.join("signed"), signed).unwrap();
    fs::write(
        path.join("signature"),
        BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap(),
    )
    .unwrap();
    let arguments = [
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key.pem",
        "-rawin",
        "-in",
        "signed",
        "-sigfile",
        "signature",
    ];
    let openssl = Command::new("openssl")
        .args(arguments)
        .current_dir(path)
        .output();
    openssl.unwrap().status.success()
}
