//! Mail, to a real mail server (`end2end/mail/server.py`).

use std::{
    io::{BufRead, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use domain::notice::Trouble;
use serde_json::Value;
use service::notices::{Courier, Way};

use super::{parcel, post, post_within};

/// Names the Python that has `aiosmtpd`; `cargo xtask test` sets it.
const PYTHON: &str = "LATCHKEY_TEST_PYTHON";

/// A mail server that ends when it is dropped.
struct MailServer {
    process: Child,
    _open: ChildStdin,
    told: Lines<BufReader<ChildStdout>>,
    port: String,
    folder: tempfile::TempDir,
}

impl MailServer {
    fn start(mode: &str) -> Self {
        let python = std::env::var(PYTHON).unwrap_or_else(|_| {
            unreachable!("{PYTHON} is not set: run the tests by `cargo xtask test`")
        });
        let folder = tempfile::tempdir().unwrap();
        let names = vec!["localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("certificate.pem"), made.cert.pem()).unwrap();
        std::fs::write(file("key.pem"), made.signing_key.serialize_pem()).unwrap();
        std::fs::write(file("password"), "s3cret\n").unwrap();
        std::fs::write(file("wrong"), "guess\n").unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end/mail/server.py");
        let mut process = Command::new(python)
            .arg(script)
            .arg(mode)
            .args([file("certificate.pem"), file("key.pem")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let open = process.stdin.take().unwrap();
        let mut told = BufReader::new(process.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&told.next().unwrap().unwrap()).unwrap();
        let port = first["port"].to_string();
        Self {
            process,
            _open: open,
            told,
            port,
            folder,
        }
    }

    /// The next message that it took.
    fn taken(&mut self) -> Value {
        serde_json::from_str(&self.told.next().unwrap().unwrap()).unwrap()
    }

    /// Sends a notice with these settings besides the server's.
    async fn send(&self, to: &str, more: &[(&str, &str)]) -> Result<(), Trouble> {
        let address = format!("localhost:{}", self.port);
        let mut variables = vec![
            ("LATCHKEY_SMTP_ADDRESS", &*address),
            ("LATCHKEY_SMTP_SENDER", "keys@example.org"),
        ];
        variables.extend(more);
        post_within(&variables, Duration::from_mins(1))
            .deliver(&parcel(Way::Mail(to.to_owned())))
            .await
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// The headers of a message, in order, and its body.
fn parts(message: &Value) -> (Vec<(String, String)>, String) {
    let data = message["data"].as_str().unwrap().replace("\r\n", "\n");
    let (head, body) = data.split_once("\n\n").unwrap();
    let head = head.replace("\n ", " ");
    let headers = head.lines().map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_owned(), value.to_owned())
    });
    (headers.collect(), body.to_owned())
}

/// The body with its encoding (RFC 2045, section 6.7) undone.
fn decoded(body: &str) -> String {
    let joined = body.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = byte.filter(|_| *first == b'=') {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// W2, W10: whatever people wrote, the message has our headers and one recipient, and is text.
#[tokio::test]
async fn a_message_has_our_headers_whatever_people_wrote() {
    let mut server = MailServer::start("none");
    let clear = [("LATCHKEY_SMTP_SECURITY", "none")];
    server.send("bob@example.org", &clear).await.unwrap();
    let message = server.taken();
    assert_eq!(message["from"], "keys@example.org");
    assert_eq!(message["to"], serde_json::json!(["bob@example.org"]));
    assert_eq!(
        (&message["user"], &message["tls"]),
        (&Value::Null, &false.into())
    );
    assert_eq!(message["hello"], "keys.example.org");
    let (headers, body) = parts(&message);
    let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "MIME-Version",
            "Content-Type",
        ]
    );
    for (name, value) in [
        ("From", "Latchkey <keys@example.org>"),
        ("To", "bob@example.org"),
        ("Subject", "[Latchkey] Your API key was deleted"),
        ("Date", "Sun, 22 Nov 2026 08:28:30 +0000"),
        ("Message-ID", "<7-1795335710294000@keys.example.org>"),
        ("Auto-Submitted", "auto-generated"),
    ] {
        assert!(
            headers.contains(&(name.to_owned(), value.to_owned())),
            "{name}: {headers:?}"
        );
    }
    let body = decoded(&body);
    let (text, html) = body.split_once("text/html").unwrap();
    assert!(
        text.contains("deleted your API key, lky_AAECAwQ=."),
        "{text}"
    );
    assert!(
        text.contains("\nhttps://keys.example.org/profile/key\n"),
        "{text}"
    );
    assert!(
        html.contains("<a href=\"https://keys.example.org/profile/key\">"),
        "{html}"
    );
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;"),
        "{html}"
    );
    assert!(!html.contains("<script"), "{html}");
}

/// Nothing is sent in clear where TLS is asked for, and no password but to who is trusted.
#[tokio::test]
async fn with_tls_from_the_start_or_later_the_password_is_sent_to_who_is_trusted_only() {
    for mode in ["starttls", "tls"] {
        let mut server = MailServer::start(mode);
        let (root, password) = (server.file("certificate.pem"), server.file("password"));
        let wrong = server.file("wrong");
        let security = ("LATCHKEY_SMTP_SECURITY", mode);
        let user = ("LATCHKEY_SMTP_USER", "keys");
        let root = ("LATCHKEY_SMTP_ROOT_CERTIFICATE_FILE", &*root);
        let right = ("LATCHKEY_SMTP_PASSWORD_FILE", &*password);
        let to = "bob@example.org";
        server
            .send(to, &[security, user, right, root])
            .await
            .unwrap();
        let message = server.taken();
        assert_eq!(
            (&message["user"], &message["tls"]),
            (&"keys".into(), &true.into())
        );
        let guessed = ("LATCHKEY_SMTP_PASSWORD_FILE", &*wrong);
        let told = server.send(to, &[security, user, guessed, root]).await;
        assert_eq!(told, Err(Trouble::Answered(535)), "{mode}");
        let told = server.send(to, &[security, user, right]).await;
        assert_eq!(told, Err(Trouble::Tls), "{mode}");
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing() {
    let server = MailServer::start("none");
    let (password, root) = (server.file("password"), server.file("certificate.pem"));
    let settings = [
        ("LATCHKEY_SMTP_USER", "keys"),
        ("LATCHKEY_SMTP_PASSWORD_FILE", &*password),
        ("LATCHKEY_SMTP_ROOT_CERTIFICATE_FILE", &*root),
    ];
    let told = server.send("bob@example.org", &settings).await;
    assert_eq!(told, Err(Trouble::Tls));
}

#[tokio::test]
async fn what_the_server_answers_is_told_by_its_number() {
    let server = MailServer::start("none");
    let clear = [("LATCHKEY_SMTP_SECURITY", "none")];
    let refused = server.send("refuse@example.org", &clear).await;
    assert_eq!(refused, Err(Trouble::Answered(550)));
    let later = server.send("later@example.org", &clear).await;
    assert_eq!(later, Err(Trouble::Answered(451)));
    let no_address = server.send("bob@example.org\r\nDATA", &clear).await;
    assert_eq!(no_address, Err(Trouble::Unwritable));
    let nobody = post(&[
        ("LATCHKEY_SMTP_ADDRESS", "127.0.0.1:1"),
        ("LATCHKEY_SMTP_SENDER", "keys@example.org"),
    ]);
    let told = nobody
        .deliver(&parcel(Way::Mail("bob@example.org".to_owned())))
        .await;
    assert_eq!(told, Err(Trouble::NoConnection));
}

/// It takes connections and says nothing.
#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let post = post(&[
        ("LATCHKEY_SMTP_ADDRESS", &address),
        ("LATCHKEY_SMTP_SENDER", "keys@example.org"),
    ]);
    let told = post
        .deliver(&parcel(Way::Mail("bob@example.org".to_owned())))
        .await;
    assert_eq!(told, Err(Trouble::TooSlow));
}
