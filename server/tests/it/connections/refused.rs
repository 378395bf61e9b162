//! What is refused at the socket is told by an error document, too.

use std::time::Duration;

use serde_json::{Value, json};
use service::testing::Harness;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{exchange, get_with, start, start_router};
use crate::support::{App, KEYS, MEDIA_TYPE};

/// Status, header fields and body.
fn taken_apart(answer: &str) -> (u16, Vec<(String, String)>, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let (status, fields) = head.split_once("\r\n").unwrap();
    let fields = fields.lines().map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_lowercase(), value.to_owned())
    });
    let body = serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"));
    (
        status.split(' ').nth(1).unwrap().parse().unwrap(),
        fields.collect(),
        body,
    )
}

/// Checks the whole answer; its request's id is random.
fn assert_refused(answer: &str, status: u16, code: u32, message: &str) {
    let (found, fields, body) = taken_apart(answer);
    let field = |wanted: &str| {
        let mut values = fields.iter().filter(|(name, _)| name == wanted);
        let value = values.next().map_or("", |(_, value)| value);
        assert_eq!(values.next(), None, "{answer}");
        value.to_owned()
    };
    let id = field("x-request-id");
    assert_eq!(id.len(), 24, "{answer}");
    assert_eq!(found, status, "{answer}");
    assert_eq!(
        body,
        json!({
            "errorCode": code, "errorMessage": message, "attributeErrors": {},
            "errorDetails": [format!("Request: {id}")], "fileUploadErrors": [],
        })
    );
    assert_eq!(field("content-type"), MEDIA_TYPE);
    assert_eq!(field("content-length"), body.to_string().len().to_string());
    assert_eq!(field("connection"), "close");
    assert_eq!(field("cache-control"), "no-store");
    assert_eq!(field("x-content-type-options"), "nosniff");
    assert!(field("date").ends_with(" GMT"), "{answer}");
}

const TOO_LARGE: &str =
    "The request's head is larger than 32768 bytes, or has more than 100 fields.";
const UNREADABLE: &str = "This is not a request of HTTP/1.1.";

/// W7: heads that never reach the router.
#[tokio::test]
async fn a_head_that_cannot_be_read_is_told_by_a_document() {
    let server = start().await;
    let get = |address: &str| format!("GET {address} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes();
    let many = get_with(&"x: y\r\n".repeat(101));
    let large = get_with(&format!("x: {}\r\n", "y".repeat(1 << 20)));
    let (long, longest) = (format!("/{}", "a".repeat(20_000)), "a".repeat(70_000));
    for (request, status, code, message) in [
        (many, 431, 19_431, TOO_LARGE),
        (large, 431, 19_431, TOO_LARGE),
        (get(&format!("/{longest}")), 431, 19_431, TOO_LARGE),
        (b"nonsense\r\n\r\n".to_vec(), 400, 8961, UNREADABLE),
        (b"GET / HTTP/3.0\r\n\r\n".to_vec(), 400, 8961, UNREADABLE),
        (b"\x00\xff\xfe\r\n\r\n".to_vec(), 400, 8961, UNREADABLE),
        (
            b"GET / HTTP/1.1\r\na b: c\r\n\r\n".to_vec(),
            400,
            8961,
            UNREADABLE,
        ),
    ] {
        let answer = exchange(server.address, &request).await;
        assert_refused(&answer, status, code, message);
    }
    let fits = exchange(server.address, &get(&long)).await;
    assert!(fits.starts_with("HTTP/1.1 404 "), "{fits}");
}

/// What comes before such a head on the connection is answered as ever.
#[tokio::test]
async fn a_request_before_it_keeps_its_own_answer() {
    let server = start().await;
    for path in ["/", "/slow"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n");
        let answer = exchange(server.address, request.as_bytes()).await;
        let (first, second) = answer.split_at(answer.find("HTTP/1.1 400").unwrap());
        assert!(first.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(first.ends_with(if path == "/" { "hello" } else { "slow" }));
        assert_refused(second, 400, 8961, UNREADABLE);
    }
    // An answer of the router that looks like one of hyper's stays what it is.
    let request = b"HEAD /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = exchange(server.address, request).await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

/// K4: a key that breaks out of its header, or does not fit into one, never reaches the router;
/// what the router sees is not trimmed into a valid key but by the rules of HTTP (RFC 9110, 5.5).
#[tokio::test]
async fn a_key_that_breaks_its_header_is_refused() {
    let app = App::on(Harness::sqlite().await);
    let (key, _) = app.user("bob").await.make_key().await;
    let server = start_router(app.router(), None).await;
    let ask = async |value: &str| {
        let request = format!(
            "GET {KEYS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {value}\r\n\r\n"
        );
        exchange(server.address, request.as_bytes()).await
    };
    for value in [
        format!("{key}\0"),
        format!("\0{key}"),
        format!("{key}\rX: y"),
        format!("{}\n{}", &key[..32], &key[32..]),
    ] {
        assert_refused(&ask(&value).await, 400, 8961, UNREADABLE);
    }
    let large = format!("{key}{}", "A".repeat(1 << 20));
    assert_refused(&ask(&large).await, 431, 19_431, TOO_LARGE);
    for value in [
        format!("{key}\t{key}"),
        format!("{key}\u{e9}"),
        format!("{key}\r\nX-API-Key: {key}A"),
        format!("{key}\r\nAuthorization: {}", key.to_uppercase()),
    ] {
        let (status, _, body) = taken_apart(&ask(&value).await);
        assert_eq!(
            (status, &body["errorCode"]),
            (401, &json!(5930)),
            "{value:?}"
        );
    }
    for value in [
        key.clone(),
        format!("{key} "),
        format!("{key}\r\nX-API-Key: {key}"),
    ] {
        assert_eq!(taken_apart(&ask(&value).await).0, 200, "{value:?}");
    }
}

/// W7: a body that does not come to its end.
#[tokio::test]
async fn a_slow_body_is_told_by_a_document() {
    let app = App::impatient(Harness::sqlite().await, Duration::from_millis(300));
    let server = start_router(app.router(), None).await;
    let request = b"POST /netbackup/login HTTP/1.1\r\nHost: x\r\nX-Request-ID: slow\r\n\
                    Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"userName\":";
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    let closed = timeout(Duration::from_secs(5), stream.read_to_string(&mut answer)).await;
    closed.unwrap().unwrap();
    let (status, fields, body) = taken_apart(&answer);
    assert_eq!(status, 503);
    assert_eq!(
        body,
        json!({
            "errorCode": 19_503,
            "errorMessage": "The request took too long. Try again shortly.",
            "attributeErrors": {},
            "errorDetails": ["Request: slow"],
            "fileUploadErrors": [],
        })
    );
    let media_type = ("content-type".to_owned(), MEDIA_TYPE.to_owned());
    assert!(fields.contains(&media_type), "{answer}");
}

/// W7, and what a body can be beside slow.
#[tokio::test]
async fn bodies_that_are_not_read_are_told_by_a_document() {
    let app = App::on(Harness::sqlite().await);
    let server = start_router(app.router(), None).await;
    let post = |head: &str, body: &[u8]| {
        let head = format!(
            "POST /netbackup/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: application/json\r\n{head}\r\n"
        );
        [head.as_bytes(), body].concat()
    };
    for (request, status, code) in [
        (post("Content-Length: 2\r\n", b"\xff\xfe"), 400, 8961),
        (post("Content-Length: 1000000\r\n", b""), 413, 19_413),
        (post("Transfer-Encoding: chunked\r\n", b"zz\r\n"), 400, 8961),
        (
            post(
                "Transfer-Encoding: chunked\r\n",
                &[
                    &b"11170\r\n"[..],
                    &"x".repeat(0x11170).into_bytes(),
                    b"\r\n0\r\n\r\n",
                ]
                .concat(),
            ),
            413,
            19_413,
        ),
    ] {
        let answer = exchange(server.address, &request).await;
        let (found, _, body) = taken_apart(&answer);
        assert_eq!(
            (found, &body["errorCode"]),
            (status, &json!(code)),
            "{answer}"
        );
        assert_eq!(body.as_object().unwrap().len(), 5, "{answer}");
    }
}
