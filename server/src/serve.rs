//! Connections: accepting, limiting and ending them.

mod refused;

use std::{convert::Infallible, io, net::SocketAddr, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tower::ServiceExt;

use self::refused::{Answer, Told, Turn};

/// How long a client may take for a request's head, and a connection may idle. A client that sends
/// a byte now and then ("slowloris", W7) holds a connection no longer.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest head of a request, in bytes. Larger ones are 431.
pub const MAX_HEAD_BYTES: usize = 32 * 1024;
/// The most header fields of a request. More are 431.
pub const MAX_HEADERS: usize = 100;
/// How long requests that have begun may take to end once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long to wait when no connection can be accepted, e.g. for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The first byte of TLS: a handshake record (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 0x16;
/// For those who open an address with TLS as `http://…`.
const SPEAK_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\
    Connection: close\r\n\r\nThis port speaks TLS: open it with https://\n";

/// An address that is listened at.
pub struct Listener {
    /// Where connections come in.
    pub tcp: TcpListener,
    /// `None`: they are plain.
    pub tls: Option<TlsAcceptor>,
}

/// Answers connections until `stop`, then lets those that have begun end, for ten seconds at most.
///
/// HTTP/1.1 only: proxies speak it to their upstreams, and one protocol has one set of limits.
/// `head_timeout` is for the handshake of TLS, and for each request's head.
pub async fn serve(
    listener: Listener,
    router: Router,
    head_timeout: Duration,
    stop: impl Future<Output = ()>,
) {
    let server = Server {
        router,
        head_timeout,
        connections: GracefulShutdown::new(),
    };
    let mut stop = std::pin::pin!(stop);
    // Apart, so that a slow handshake keeps nobody waiting. Those that have not ended at the stop
    // are dropped: no request has begun there.
    let mut handshakes = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.tcp.accept() => match accepted {
                Ok((stream, peer)) => {
                    without_delay(&stream);
                    match &listener.tls {
                        None => server.begin(stream, peer),
                        Some(tls) => {
                            let shaken = shake_hands(tls.clone(), stream);
                            let shaken = tokio::time::timeout(head_timeout, shaken);
                            handshakes.spawn(async move { (shaken.await, peer) });
                        }
                    }
                }
                Err(error) => recover(&error).await,
            },
            Some(ended) = handshakes.join_next() => match ended {
                Ok((Ok(Ok(stream)), peer)) => server.begin(stream, peer),
                Ok((Ok(Err(error)), _)) => tracing::debug!(%error, "a handshake failed"),
                _ => tracing::debug!("a handshake did not end in time"),
            },
        }
    }
    drop((listener, handshakes));
    let drained = tokio::time::timeout(DRAIN, server.connections.shutdown()).await;
    if drained.is_err() {
        tracing::warn!("some requests did not end in time and were dropped");
    }
}

/// A connection that broke before it was accepted is its client's business; anything else, such as
/// a lack of file descriptors, takes a moment to pass.
async fn recover(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    let its_own = [ConnectionAborted, ConnectionRefused, ConnectionReset];
    if !its_own.contains(&error.kind()) {
        tracing::warn!(%error, "no connection can be accepted");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

/// A streamed page waits for nothing: 4 ms instead of 44 to its end.
fn without_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
}

async fn shake_hands(tls: TlsAcceptor, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let mut first = [HANDSHAKE];
    stream.peek(&mut first).await?;
    if first != [HANDSHAKE] {
        // A courtesy: whether it arrives does not matter. Closing with something unread would
        // take it back.
        let _ = stream.try_read(&mut [0; 4096]);
        let _ = stream.try_write(SPEAK_TLS);
        return Err(io::ErrorKind::InvalidData.into());
    }
    tls.accept(stream).await
}

struct Server {
    router: Router,
    head_timeout: Duration,
    connections: GracefulShutdown,
}

impl Server {
    fn begin(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
    ) {
        let router = self.router.clone();
        let turn = Turn::default();
        let stream = Told::new(stream, turn.clone());
        let answer = service_fn(move |request: Request<Incoming>| {
            let answering = turn.of_router();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let response = router.clone().oneshot(request);
            async move {
                let response = response.await?;
                Ok::<_, Infallible>(response.map(|body| Answer::new(body, answering)))
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_timeout)
            .max_headers(MAX_HEADERS)
            .max_header_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), answer);
        let connection = self.connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}
