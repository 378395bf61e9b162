//! A flood of wrong keys over one connection (K9, K10); `cargo xtask bench flood` has the times.

use serde_json::{Value, json};
use service::{Limits, testing::Harness};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::start_router;
use crate::support::{App, KEYS, REQUEST_ID, error, unauthenticated};

const FLOODER: &str = "203.0.113.9";
const OTHER: &str = "203.0.113.10";

/// A connection that stays open, as a proxy in front holds it.
struct Connection(BufReader<TcpStream>);

#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    retry_after: Option<String>,
    challenge: Option<String>,
    body: Value,
}

impl Connection {
    async fn ask(&mut self, from: &str, path: &str, key: &str) -> Answer {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {from}\r\n\
             X-Request-ID: {REQUEST_ID}\r\nAuthorization: {key}\r\n\r\n"
        );
        self.0.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.0.read_line(&mut line).await.unwrap(), 0);
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let field = |name: &str| {
            let mut fields = head.iter().filter_map(|line| line.split_once(": "));
            let found = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_owned())
        };
        let length = field("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        Answer {
            status: head[0].split(' ').nth(1).unwrap().parse().unwrap(),
            retry_after: field("retry-after"),
            challenge: field("www-authenticate"),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }
}

fn wrong(number: u32) -> String {
    let mut random = [3; domain::key::RANDOM_BYTES];
    random[..4].copy_from_slice(&number.to_be_bytes());
    domain::key::write(&domain::key::assemble(&random))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_keys_are_401_then_429_and_nobody_else_notices() {
    let harness = Harness::sqlite_with(Limits::default()).await;
    let app = App::with(harness, &[("LATCHKEY_TRUSTED_PROXIES", "127.0.0.1")]);
    let (key, tag) = app.user("bob").await.make_key().await;
    let server = start_router(app.router(), None).await;
    let open = || TcpStream::connect(server.address);
    let mut flood = Connection(BufReader::new(open().await.unwrap()));
    let mut other = Connection(BufReader::new(open().await.unwrap()));

    let refused = Answer {
        status: 401,
        retry_after: None,
        challenge: Some("Bearer realm=\"Latchkey\"".to_owned()),
        body: unauthenticated(),
    };
    let limited = Answer {
        status: 429,
        retry_after: Some("1".to_owned()),
        challenge: None,
        body: error(
            19_429,
            "Too many attempts. Try again in a minute.",
            json!({}),
        ),
    };
    let path = format!("{KEYS}/{tag}");
    for number in 0..200 {
        let answer = flood.ask(FLOODER, &path, &wrong(number)).await;
        let expected = if number < 60 { &refused } else { &limited };
        assert_eq!(&answer, expected, "{number}");
        if number % 20 == 0 {
            // Another address; and a valid key from the flooding one.
            for from in [OTHER, FLOODER] {
                let seen = other.ask(from, &path, &key).await;
                assert_eq!((seen.status, &seen.body["data"]["id"]), (200, &json!(tag)));
                assert_eq!(other.ask(from, "/verify", &key).await.status, 204);
            }
            // A mistake from elsewhere is still told as one.
            assert_eq!(other.ask(OTHER, &path, "junk").await, refused);
        }
    }
    server.stop.send(()).unwrap();
}
