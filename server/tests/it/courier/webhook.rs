//! Webhooks, to a receiver of the test's own.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::notice::Trouble;
use serde_json::Value;
use service::notices::{Courier, Parcel, Way};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{deleted, parcel, post};

const LOOPBACK: (&str, &str) = ("LATCHKEY_WEBHOOK_ALLOW_PRIVATE", "127.0.0.0/8");
const SECRET: &str = "lkwh_a-secret-of-the-test";

/// What a receiver does with a request.
#[derive(Clone)]
enum Answer {
    /// Says this.
    Say(String),
    /// Says nothing.
    Silence,
}

/// Takes requests, keeps them, and answers as it is told to.
struct Receiver {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?a=b", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = requests.clone();
        let mut answers: VecDeque<_> = answers.into_iter().collect();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let answer = answers.pop_front();
                let kept = kept.clone();
                tokio::spawn(async move {
                    let request = read(&mut stream).await;
                    kept.lock().unwrap().push(request);
                    if let Some(Answer::Say(text)) = answer {
                        // Whoever asked may have gone.
                        let _ = stream.write_all(text.as_bytes()).await;
                    } else {
                        tokio::time::sleep(Duration::from_hours(1)).await;
                    }
                });
            }
        });
        Self { url, requests }
    }

    async fn call(&self, settings: &[(&str, &str)]) -> Result<(), Trouble> {
        call(&self.url, settings).await
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

/// A request to its end, as its length says.
async fn read(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).await.unwrap();
        bytes.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            });
            if count == 0 || length.is_some_and(|length: usize| body.len() >= length) {
                return text;
            }
        }
    }
}

fn to(url: &str) -> Parcel {
    parcel(Way::Webhook {
        url: url.to_owned(),
        secret: SECRET.to_owned().into(),
    })
}

async fn call(url: &str, settings: &[(&str, &str)]) -> Result<(), Trouble> {
    post(settings).deliver(&to(url)).await
}

fn say(status: &str) -> Answer {
    Answer::Say(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n"))
}

/// W9: as the documentation says that a receiver checks it.
#[tokio::test]
async fn a_request_is_signed_with_its_time_and_names_its_delivery() {
    let receiver = Receiver::start([say("204 No Content")]).await;
    receiver.call(&[LOOPBACK]).await.unwrap();
    let request = receiver.taken().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{head}");
    let header = |name: &str| {
        let mut lines = head.lines();
        let found = lines.find_map(|line| {
            let (given, value) = line.split_once(": ")?;
            given.eq_ignore_ascii_case(name).then_some(value)
        });
        found.unwrap_or_default()
    };
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("latchkey-delivery"), "7-1795335710294000");
    let signature = header("latchkey-signature");
    let (time, signature) = signature.split_once(",v1=").unwrap();
    let time = time.strip_prefix("t=").unwrap();
    assert_eq!(time, "1795336110");
    assert_eq!(signature, hmac_by_python(SECRET, &format!("{time}.{body}")));
    let told: Value = serde_json::from_str(body).unwrap();
    let expected = deleted().payload("7-1795335710294000", "https://keys.example.org");
    assert_eq!(told, expected);
    assert!(!body.contains("lkwh_"));
    // None of what people wrote is in the head.
    assert!(!head.contains("eve@example.org"), "{head}");
}

/// The signature as another program makes it.
fn hmac_by_python(secret: &str, text: &str) -> String {
    let code = "import hashlib, hmac, sys; \
                print(hmac.new(sys.argv[1].encode(), sys.stdin.buffer.read(), hashlib.sha256).hexdigest())";
    let mut process = std::process::Command::new("python3")
        .args(["-c", code, secret])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, text.as_bytes()).unwrap();
    drop(input);
    let output = process.wait_with_output().unwrap().stdout;
    String::from_utf8(output).unwrap().trim().to_owned()
}

/// W9: looked at at the moment of connecting, whatever the name; also names that lead to both.
#[tokio::test]
async fn private_addresses_are_not_called_unless_they_are_allowed() {
    let receiver = Receiver::start([say("204 No Content"), say("204 No Content")]).await;
    let forbidden = Err(Trouble::ForbiddenAddress);
    assert_eq!(receiver.call(&[]).await, forbidden);
    let elsewhere = ("LATCHKEY_WEBHOOK_ALLOW_PRIVATE", "10.0.0.0/8,::1");
    assert_eq!(receiver.call(&[elsewhere]).await, forbidden);
    let port = receiver.url.split(':').next_back().unwrap().to_owned();
    for host in [
        "localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "10.0.0.1",
        "192.168.0.1",
        "[fd00:ec2::254]",
        "[fe80::1]",
    ] {
        let told = call(&format!("http://{host}:{port}"), &[]).await;
        assert_eq!(told, forbidden, "{host}");
    }
    assert_eq!(receiver.taken(), [""; 0]);
    receiver.call(&[LOOPBACK]).await.unwrap();
    assert_eq!(receiver.taken().len(), 1);
    // Of a name, every address has to be allowed.
    let local = call(&format!("http://localhost:{port}"), &[LOOPBACK]).await;
    let both = std::net::ToSocketAddrs::to_socket_addrs(&("localhost", 1));
    let only_v4 = both.unwrap().all(|address| address.is_ipv4());
    assert_eq!(local, if only_v4 { Ok(()) } else { forbidden });
}

/// W9: a redirection leads nowhere, and least of all to an address that was not looked at.
#[tokio::test]
async fn redirections_are_not_followed() {
    let target = Receiver::start([say("204 No Content")]).await;
    for status in ["301", "302", "303", "307", "308"] {
        let answer = format!(
            "HTTP/1.1 {status} Elsewhere\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
            target.url
        );
        let receiver = Receiver::start([Answer::Say(answer)]).await;
        let told = receiver.call(&[LOOPBACK]).await;
        assert_eq!(told, Err(Trouble::Answered(status.parse().unwrap())));
    }
    assert_eq!(target.taken(), [""; 0]);
}

#[tokio::test]
async fn what_a_receiver_answers_is_told_by_its_number() {
    for status in [400, 404, 410, 429, 500, 503] {
        let receiver = Receiver::start([say(&format!("{status} No"))]).await;
        assert_eq!(
            receiver.call(&[LOOPBACK]).await,
            Err(Trouble::Answered(status))
        );
    }
    for status in [200, 201, 202, 204] {
        let receiver = Receiver::start([say(&format!("{status} Yes"))]).await;
        assert_eq!(receiver.call(&[LOOPBACK]).await, Ok(()));
    }
}

/// Slow ones, huge ones, and those that are none.
#[tokio::test]
async fn a_receiver_holds_nobody_up() {
    let silent = Receiver::start([Answer::Silence]).await;
    assert_eq!(silent.call(&[LOOPBACK]).await, Err(Trouble::TooSlow));
    // A body is not read, so it may be as long as it likes.
    let huge = format!(
        "HTTP/1.1 200 Yes\r\ncontent-length: 1000000000\r\n\r\n{}",
        "x".repeat(100_000)
    );
    let huge = Receiver::start([Answer::Say(huge)]).await;
    assert_eq!(huge.call(&[LOOPBACK]).await, Ok(()));
    let long = format!("HTTP/1.1 200 Yes\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    let long = Receiver::start([Answer::Say(long)]).await;
    assert!(long.call(&[LOOPBACK]).await.is_err());
    let junk = Receiver::start([Answer::Say("220 mail.example.org ESMTP\r\n".to_owned())]).await;
    assert!(junk.call(&[LOOPBACK]).await.is_err());
    let nobody = call("http://127.0.0.1:1", &[LOOPBACK]).await;
    assert_eq!(nobody, Err(Trouble::NoConnection));
    let nowhere = call("http://no-such-host.invalid", &[LOOPBACK]).await;
    assert_eq!(nowhere, Err(Trouble::NoAddress));
    // TLS to one that has none.
    let plain = Receiver::start([say("204 No Content")]).await;
    let told = call(&plain.url.replace("http:", "https:"), &[LOOPBACK]).await;
    assert!(
        matches!(
            told,
            Err(Trouble::Tls | Trouble::NoConnection | Trouble::TooSlow)
        ),
        "{told:?}"
    );
}
