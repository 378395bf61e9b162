//! What hyper refuses by itself, told as an error document.
//!
//! A head that cannot be read reaches no router: hyper writes a bare status and ends the
//! connection. [`Told`] stands between hyper and the socket, and sends the whole answer in the place
//! of such a status: it is what hyper writes while no answer of the router is under way.
//!
//! A head that does not end in time is not answered: hyper writes nothing then.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use domain::audit::hex;
use hyper::body::{Bytes, Frame, SizeHint};
use service::entropy::{self, OsEntropy};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use crate::{failure::Failure, netbackup::Door, origin::REQUEST_ID};

/// How long the rest of what was refused is read after the answer. Closing with something unread
/// would take the answer back.
const LINGER: Duration = Duration::from_secs(1);

/// Whose turn it is to write.
#[derive(Debug, Clone, Default)]
pub(super) struct Turn(Arc<AtomicU8>);

const HYPER: u8 = 0;
const ROUTER: u8 = 1;
/// The router's answer is complete, but not yet written.
const ENDED: u8 = 2;

impl Turn {
    /// The router has a request; until the answer is dropped.
    pub(super) fn of_router(&self) -> Answering {
        self.0.store(ROUTER, Ordering::Relaxed);
        Answering(self.clone())
    }

    fn is_hypers(&self) -> bool {
        self.0.load(Ordering::Relaxed) == HYPER
    }

    /// Everything that was to be written is.
    fn written(&self) {
        let (ended, hyper) = (ENDED, HYPER);
        let order = Ordering::Relaxed;
        // Otherwise the router's answer goes on.
        let _ = self.0.compare_exchange(ended, hyper, order, order);
    }
}

/// As long as this is there the router answers.
#[derive(Debug)]
pub(super) struct Answering(Turn);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.0.store(ENDED, Ordering::Relaxed);
    }
}

/// The body of an answer of the router.
pub(super) struct Answer {
    body: Body,
    _answering: Answering,
}

impl Answer {
    pub(super) const fn new(body: Body, answering: Answering) -> Self {
        Self {
            body,
            _answering: answering,
        }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection on which nothing is refused without a document.
pub(super) struct Told<S> {
    stream: S,
    turn: Turn,
    /// What is still to be sent in the place of hyper's status.
    refusal: Option<Vec<u8>>,
    lingering: Option<Pin<Box<Sleep>>>,
}

impl<S> Told<S> {
    pub(super) const fn new(stream: S, turn: Turn) -> Self {
        Self {
            stream,
            turn,
            refusal: None,
            lingering: None,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Told<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Told<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.turn.is_hypers() && this.refusal.is_none() {
            this.refusal = refusal(bytes);
        }
        let Some(left) = &mut this.refusal else {
            return Pin::new(&mut this.stream).poll_write(cx, bytes);
        };
        while !left.is_empty() {
            let sent = ready!(Pin::new(&mut this.stream).poll_write(cx, left))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            left.drain(..sent);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.turn.is_hypers() {
            let first = parts.iter().find(|part| !part.is_empty());
            return self.poll_write(cx, first.map_or(&[], |part| part));
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.turn.written();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let lingering = match &mut this.lingering {
            Some(lingering) => lingering,
            none => {
                ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
                if this.refusal.is_none() {
                    return Poll::Ready(Ok(()));
                }
                none.insert(Box::pin(sleep(LINGER)))
            }
        };
        let mut rest = [0; 4096];
        while lingering.as_mut().poll(cx).is_pending() {
            let mut rest = ReadBuf::new(&mut rest);
            let read = ready!(Pin::new(&mut this.stream).poll_read(cx, &mut rest));
            if read.is_err() || rest.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The whole answer in the place of a status without a body. `None`: it is not hyper's.
fn refusal(bare: &[u8]) -> Option<Vec<u8>> {
    let (status, fields) = str::from_utf8(bare).ok()?.split_once("\r\n")?;
    let failure = match status.split(' ').nth(1)? {
        "400" => Failure::Unreadable,
        "431" => Failure::HeadTooLarge,
        _ => return None,
    };
    let random: [u8; 12] = entropy::random(&OsEntropy).unwrap_or_default();
    let request = hex(&random);
    tracing::debug!(request, status, "a request's head was refused");
    let (media_type, body) = Door::UNKNOWN.document(&failure, &request);
    let media_type = media_type.to_str().ok()?;
    let length = body.len();
    let kept = fields
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("content-length"));
    let kept: String = kept.flat_map(|line| [line, "\r\n"]).collect();
    Some(
        format!(
            "{status}\r\n{kept}content-type: {media_type}\r\ncontent-length: {length}\r\n\
             cache-control: no-store\r\nx-content-type-options: nosniff\r\n\
             {REQUEST_ID}: {request}\r\n\r\n{body}"
        )
        .into_bytes(),
    )
}
