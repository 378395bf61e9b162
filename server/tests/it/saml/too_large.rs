//! S15: what is too large is refused before it costs anything.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    Stage,
    alone::{alone, assert_alone, count_from_here, peak, present},
    stage::CONSUMER,
};
use crate::connections::start_router;

/// The most that a message may cost beyond itself, in bytes.
const MOST: u64 = 16 * 1024 * 1024;
/// How long it may take, also as it is built for tests. The best of three counts: the machine has
/// other things to do.
const LONGEST: Duration = Duration::from_millis(100);
/// The same for what is small enough to be read, which takes a build for tests ten times as long as
/// a release.
const LONGEST_READ: Duration = Duration::from_secs(1);
const LARGE: usize = 10 * 1024 * 1024;

/// Runs it three times, says how long that took, and sees that memory did not grow on the way.
#[expect(clippy::print_stdout, reason = "figures for whoever wants to see them")]
async fn cheap<T>(what: &str, longest: Duration, work: impl AsyncFn() -> T) -> T {
    let once = async || {
        count_from_here();
        let before = present();
        let started = Instant::now();
        let done = work().await;
        let (took, cost) = (started.elapsed(), peak().saturating_sub(before));
        println!("{what}: {} ms, {} kB", took.as_millis(), cost / 1024);
        assert!(cost < MOST, "{what}: {cost} bytes");
        (took, done)
    };
    let (first, second, (third, done)) = (once().await.0, once().await.0, once().await);
    let best = first.min(second).min(third);
    assert!(best < longest, "{what}: {best:?}");
    done
}

#[test]
fn s15_what_is_too_large_is_refused_at_once() {
    alone("saml::too_large::child");
}

/// Sends a request and gathers what is answered, however early.
async fn send(address: SocketAddr, request: &[u8]) -> String {
    let (mut read, mut write) = TcpStream::connect(address).await.unwrap().into_split();
    let mut answer = Vec::new();
    // Whoever refuses does not read to the end.
    let (_, _) = tokio::join!(write.write_all(request), read.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
#[ignore = "runs in a process of its own, by the test above"]
async fn child() {
    assert_alone();
    let stage = Stage::sqlite().await;
    let browser = stage.begin().await;
    let relay = browser.asked.relay_state.as_deref();
    // What is made at the first message is no message's cost.
    stage.post("<a/>", relay).await;

    // Through a socket, which is where a length is announced, or is not.
    let server = start_router(stage.app.router(), None).await;
    let head = format!(
        "POST {CONSUMER} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nSec-Fetch-Site: cross-site\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n"
    );
    let body = format!("SAMLResponse={}", "A".repeat(LARGE));
    let announced = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    let mut chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    for piece in body.as_bytes().chunks(64 * 1024) {
        let piece = str::from_utf8(piece).unwrap();
        let _ = write!(chunked, "{:x}\r\n{piece}\r\n", piece.len());
    }
    chunked.push_str("0\r\n\r\n");
    drop(body);
    for (what, request) in [
        ("10 MB, announced", announced),
        ("10 MB, not announced", chunked),
    ] {
        let answer = cheap(what, LONGEST, async || {
            send(server.address, request.as_bytes()).await
        })
        .await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{what}: {answer:.200}");
    }
    // Deep, wide, and long within the limit of the form.
    for (what, xml) in [
        ("a deep one", "<a>".repeat(50_000)),
        ("a wide one", format!("<a>{}</a>", "<b/>".repeat(60_000))),
        (
            "a long attribute",
            format!("<a x=\"{}\"/>", "y".repeat(300_000)),
        ),
    ] {
        let answer = cheap(what, LONGEST_READ, async || stage.post(&xml, relay).await).await;
        assert_eq!(answer.status, 403);
    }
    // Some 10 MB in some 10 kB, for the only address that inflates.
    let bomb = deflated(&vec![b' '; LARGE]);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLRequest", &bomb)
        .finish();
    assert!(query.len() < 32 * 1024, "{}", query.len());
    let address = format!("/netbackup/sso/saml2/slo?{query}");
    let client = stage.app.anonymous();
    let answer = cheap("a deflate bomb", LONGEST, async || {
        client.get(&address).await
    })
    .await;
    assert_eq!(answer.status, 403);
    let told = stage.app.latest_record("cause").await.unwrap();
    assert_eq!(told, domain::saml::Cause::TooLarge.sentence());
    assert_eq!(stage.app.rows("session").await, 0);
}

fn deflated(bytes: &[u8]) -> String {
    use std::io::Write as _;

    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    base64::Engine::encode(&base64::prelude::BASE64_STANDARD, encoder.finish().unwrap())
}
