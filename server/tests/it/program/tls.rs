//! TLS: certificates, several addresses, and what goes wrong with them.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::Value;

use super::{
    PASSWORD, done, latchkey, run,
    serve::{Server, exchange},
    told,
};

const SELF_SIGNED: [&str; 3] = [
    "--tls-self-signed",
    "--listen",
    "127.0.0.1:0, https://127.0.0.1:0",
];

/// Opens a connection as a client that trusts `root` (PEM) and wants to reach `name`.
fn connect(
    url: &str,
    root: &str,
    name: &str,
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(root.as_bytes()).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = TcpStream::connect(url.trim_start_matches("https://")).unwrap();
    client.complete_io(&mut socket)?;
    Ok(StreamOwned::new(client, socket))
}

/// A certificate of its own, as files.
fn make_certificate(data: &Path, name: &str) -> String {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    // One after the other, as renewal tools do it: for a moment they do not fit.
    fs::write(data.join("key.pem"), key.serialize_pem()).unwrap();
    fs::write(data.join("certificate.pem"), &certificate).unwrap();
    certificate
}

#[test]
fn a_self_signed_certificate_serves_whoever_trusts_the_root_that_is_printed() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    let server = Server::start_with(path, &SELF_SIGNED);
    let root = done(path, &["cacert"], "");
    let [plain, tls] = &*server.urls else {
        panic!("{:?}", server.urls)
    };
    assert!(plain.starts_with("http://") && tls.starts_with("https://"));
    for name in ["localhost", "127.0.0.1", "::1"] {
        let stream = connect(tls, &root, name).unwrap();
        let answer = exchange(stream, "GET", "/netbackup/security/cacert", "", "");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(
            body,
            serde_json::json!({ "webRootCert": root, "cacert": [root] })
        );
    }
    let stranger = connect(tls, &root, "keys.example.org").unwrap_err();
    assert!(stranger.to_string().contains("certificate"), "{stranger}");
    // The plain address beside it is served as before.
    assert_eq!(server.request("GET", "/healthz", "", "").0, 200);
    server.kill();

    // The root stays, so clients need not trust anew.
    let server = Server::start_with(path, &SELF_SIGNED);
    assert_eq!(done(path, &["cacert"], ""), root);
    connect(&server.urls[1], &root, "localhost").unwrap();
    server.kill();
}

#[test]
fn without_tls_there_is_no_root() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let (status, body) = server.request("GET", "/netbackup/security/cacert", "", "");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["errorCode"]), (404, &227.into()));
    server.kill();
    let (code, message) = told(&run(data.path(), &["cacert"], ""));
    assert_eq!(code, Some(1));
    assert!(
        message.contains("when the server starts with --tls-self-signed"),
        "{message}"
    );
}

#[test]
fn cookies_are_secure_where_people_come_by_tls() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    done(path, &["user", "add", "bob", "--password-stdin"], PASSWORD);
    let server = Server::start_with(path, &SELF_SIGNED);
    let root = done(path, &["cacert"], "");
    let stream = connect(&server.urls[1], &root, "127.0.0.1").unwrap();
    let form = format!(
        "user_name=bob&password={}&next=",
        PASSWORD.replace(' ', "+")
    );
    let headers = format!(
        "Origin: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
        server.urls[1],
        form.len()
    );
    let answer = exchange(stream, "POST", "/api/sign_in", &headers, &form);
    let head = answer.to_lowercase();
    let cookie = head
        .lines()
        .find(|line| line.starts_with("set-cookie: "))
        .unwrap();
    assert!(cookie.starts_with("set-cookie: __host-latchkey="), "{head}");
    assert!(cookie.contains("; secure"), "{head}");
    server.kill();
}

/// A renewed certificate holds from the next connection on; one that cannot be used changes nothing.
#[test]
fn own_certificates_are_read_anew_when_they_change() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    let first = make_certificate(path, "first.example.org");
    let arguments = [
        "--listen",
        "https://127.0.0.1:0",
        "--tls-certificate-file",
        "certificate.pem",
        "--tls-key-file",
        "key.pem",
    ];
    let server = Server::start_with(path, &arguments);
    let url = server.urls[0].clone();
    let mut open = connect(&url, &first, "first.example.org").unwrap();
    assert_eq!(
        done(path, &[&["cacert"], &arguments[2..]].concat(), ""),
        first
    );

    fs::write(path.join("certificate.pem"), "half a certif").unwrap();
    thread::sleep(Duration::from_secs(3));
    connect(&url, &first, "first.example.org").unwrap();

    let second = make_certificate(path, "second.example.org");
    let begun = Instant::now();
    while connect(&url, &second, "second.example.org").is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10));
        thread::sleep(Duration::from_millis(100));
    }
    // Connections that were there go on.
    open.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    open.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    server.kill();
    let log = fs::read_to_string(path.join("log")).unwrap();
    let warnings = log.matches("the certificate before stays in use").count();
    // Once for the half; once more if the server looked between the two files.
    assert!((1..=2).contains(&warnings), "{log}");
}

#[test]
fn certificates_that_cannot_be_used_stop_the_start_and_are_named() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    make_certificate(path, "localhost");
    let other = KeyPair::generate().unwrap().serialize_pem();
    fs::write(path.join("other.pem"), other).unwrap();
    fs::write(path.join("empty.pem"), "").unwrap();
    for (certificate, key, message) in [
        (
            "none.pem",
            "key.pem",
            "The setting `tls_certificate_file`: cannot read none.pem: No such file or directory (os error 2).",
        ),
        (
            "empty.pem",
            "key.pem",
            "The setting `tls_certificate_file`: empty.pem must hold a certificate in PEM.",
        ),
        (
            "certificate.pem",
            "certificate.pem",
            "The setting `tls_key_file`: certificate.pem must hold a private key in PEM, without a passphrase.",
        ),
        (
            "certificate.pem",
            "other.pem",
            "The setting `tls_key_file`: other.pem does not belong to the certificate in `tls_certificate_file`.",
        ),
    ] {
        let output = latchkey(path)
            .args(["--log", "off", "--listen", "https://127.0.0.1:0"])
            .args(["--tls-certificate-file", certificate, "--tls-key-file", key])
            .output()
            .unwrap();
        assert_eq!(told(&output), (Some(2), format!("latchkey: {message}\n")));
    }
    let (code, message) = told(&run(path, &["--listen", "https://127.0.0.1:0"], ""));
    assert_eq!(code, Some(2));
    assert!(
        message.contains("which needs `tls_certificate_file`"),
        "{message}"
    );
}

/// Browsers try http first when somebody types an address.
#[test]
fn whoever_speaks_plainly_at_an_address_with_tls_is_told() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_with(data.path(), &SELF_SIGNED);
    let address = server.urls[1].trim_start_matches("https://");
    let stream = TcpStream::connect(address).unwrap();
    let answer = exchange(stream, "GET", "/", "", "");
    assert!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{answer}"
    );
    assert!(
        answer.ends_with("This port speaks TLS: open it with https://\n"),
        "{answer}"
    );
    server.kill();
}
