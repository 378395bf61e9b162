//! W7: what reaches the router through a socket, and what does not.

mod flood;
mod refused;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use rustls::{ServerConfig, crypto::ring};
use server::serve::{Listener, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
}

async fn start() -> Running {
    start_with(None).await
}

/// The same with TLS, for nobody in particular.
async fn start_with_tls() -> Running {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = made.signing_key.serialize_der().try_into().unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    start_with(Some(TlsAcceptor::from(Arc::new(config)))).await
}

async fn start_with(tls: Option<TlsAcceptor>) -> Running {
    start_router(hello(), tls).await
}

fn hello() -> Router {
    Router::new().route("/", get(async || "hello")).route(
        "/slow",
        get(async || {
            sleep(Duration::from_millis(300)).await;
            "slow"
        }),
    )
}

pub(crate) async fn start_router(router: Router, tls: Option<TlsAcceptor>) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let listener = Listener { tcp: listener, tls };
    let done = tokio::spawn(serve(listener, router, Duration::from_secs(1), async {
        let _ = stopped.await;
    }));
    Running {
        address,
        stop,
        done,
    }
}

/// Sends bytes and reads until the server closes the connection or falls silent.
async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may close before it has read all.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(2), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn get_with(headers: &str) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n").into_bytes()
}

#[tokio::test]
async fn an_ordinary_request_is_answered() {
    let server = start().await;
    let answer = exchange(server.address, &get_with("")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("hello"));
}

/// W7.
#[tokio::test]
async fn too_many_and_too_large_headers_are_refused() {
    let server = start().await;
    let many = "x: y\r\n".repeat(100_000);
    let large = format!("x: {}\r\n", "y".repeat(1 << 20));
    for headers in [many, large] {
        let answer = exchange(server.address, &get_with(&headers)).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
        assert!(!answer.contains("hello"));
    }
    let some = "x: y\r\n".repeat(50);
    assert!(
        exchange(server.address, &get_with(&some))
            .await
            .contains("hello")
    );
}

/// W7: what two readers could take apart differently is not taken at all.
#[tokio::test]
async fn a_smuggled_request_is_not_answered() {
    let server = start().await;
    for head in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 0x5\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Header : x\r\n",
        "Header\0: x\r\n",
        " folded\r\n",
    ] {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: x\r\n{head}\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"
        );
        let answer = exchange(server.address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{head:?}: {answer}");
        assert!(!answer.contains("hello"), "{head:?}: {answer}");
    }
}

/// W7: the encoding counts where both are given, and the connection ends (RFC 9112, 6.1).
#[tokio::test]
async fn a_length_beside_an_encoding_cannot_hide_a_request() {
    let server = start().await;
    let request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 48\r\nTransfer-Encoding: chunked\r\n\r\n\
                   0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = exchange(server.address, request.as_bytes()).await;
    // Whatever follows is a request of its own, seen as such by every reader in between.
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test]
async fn stopping_lets_requests_that_have_begun_end() {
    let server = start().await;
    let address = server.address;
    let request =
        tokio::spawn(
            async move { exchange(address, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await },
        );
    let idle = TcpStream::connect(address).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    server.stop.send(()).unwrap();
    let answer = request.await.unwrap();
    assert!(answer.ends_with("slow"), "{answer}");
    // An idle connection does not hold the server up.
    timeout(Duration::from_secs(2), server.done)
        .await
        .unwrap()
        .unwrap();
    drop(idle);
    assert!(TcpStream::connect(address).await.is_err());
}

/// W7: a head that never ends, sent bit by bit, ends the connection.
#[tokio::test]
async fn a_slow_head_ends_the_connection() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n")
        .await
        .unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let drip = tokio::spawn(async move {
        while writer.write_all(b"x: y\r\n").await.is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
    });
    let mut answer = Vec::new();
    let closed = timeout(Duration::from_secs(5), reader.read_to_end(&mut answer)).await;
    assert!(closed.is_ok(), "the connection is still open");
    assert!(!String::from_utf8_lossy(&answer).contains("hello"));
    drip.abort();
}

/// W7: neither silence nor a handshake that never ends holds a connection, or anybody else up.
#[tokio::test]
async fn a_slow_handshake_ends_the_connection() {
    let server = start_with_tls().await;
    for beginning in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(beginning).await.unwrap();
        let mut answer = Vec::new();
        let closed = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
        assert!(closed.is_ok(), "the connection is still open");
    }
    let told = exchange(server.address, b"GET / HTTP/1.1\r\n\r\n").await;
    assert!(told.starts_with("HTTP/1.1 400 "), "{told}");
}

/// A handshake that has not ended does not hold the stop up.
#[tokio::test]
async fn stopping_waits_for_no_handshake() {
    let server = start_with_tls().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"\x16").await.unwrap();
    sleep(Duration::from_millis(100)).await;
    server.stop.send(()).unwrap();
    let ended = timeout(Duration::from_millis(500), server.done).await;
    ended.unwrap().unwrap();
}
