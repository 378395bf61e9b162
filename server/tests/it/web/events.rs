//! `/events`: what is told to whom, and when it ends.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::{ConnectInfo, Request};
use futures_util::StreamExt;
use http::header;
use tower::ServiceExt;

use super::*;

/// A stream that is listened to.
struct Events(BodyDataStream);

impl Events {
    async fn open(app: &App, cookie: &str) -> Result<Self, u16> {
        let peer: std::net::SocketAddr = "192.0.2.7:4711".parse().unwrap();
        let request = Request::builder()
            .uri("/events")
            .header(header::COOKIE, cookie)
            .extension(ConnectInfo(peer))
            .body(Body::empty())
            .unwrap();
        let response = app.router().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        if status != 200 {
            return Err(status);
        }
        let header = |name| response.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!(header("content-type"), "text/event-stream");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-accel-buffering"), "no");
        Ok(Self(response.into_body().into_data_stream()))
    }

    /// What is told next; heartbeats say nothing. `None`: the stream has ended.
    async fn next(&mut self) -> Option<String> {
        loop {
            let wait = tokio::time::timeout(Duration::from_mins(1), self.0.next());
            let part = wait.await.unwrap()?.unwrap();
            let part = str::from_utf8(&part).unwrap();
            if let Some(data) = part.strip_prefix("data: ") {
                let (waiting, _) = data.split_once(' ').unwrap();
                return Some(waiting.to_owned());
            }
            if part == "event: end\ndata: session\n\n" {
                return Some("end".to_owned());
            }
            assert!(part.starts_with(':'), "{part:?}");
        }
    }

    /// Waits until it ends; the last word.
    async fn ends(mut self) -> String {
        let mut last = String::new();
        while let Some(told) = self.next().await {
            last = told;
        }
        last
    }
}

async fn cookie(app: &App, name: &str) -> String {
    format!("latchkey={}", app.session_cookie(name).await)
}

/// The number of those who wait follows what happens, for whom it concerns.
#[tokio::test]
async fn whoever_decides_is_told_how_many_wait() {
    let (browser, tag) = Browser::with_approval().await;
    let app = &browser.app;
    let mut eve = Events::open(app, &cookie(app, "eve").await).await.unwrap();
    let mut bob = Events::open(app, &browser.cookie).await.unwrap();
    assert_eq!(eve.next().await.as_deref(), Some("0"));
    assert_eq!(bob.next().await.as_deref(), Some("-"));
    let about = format!("place=own&tag={}", tag.replace('=', "%3D"));
    browser.post("/api/delete_key", &about, &[HERE]).await;
    while eve.next().await.as_deref() != Some("1") {}
    // Nothing about others, but that one's own has changed.
    assert_eq!(bob.next().await.as_deref(), Some("-"));
    browser
        .post("/api/move_ticket", "id=1&step=cancel", &[HERE])
        .await;
    while eve.next().await.as_deref() != Some("0") {}
}

/// A stranger and a key hear nothing (A10).
#[tokio::test]
async fn only_a_session_is_told() {
    let mut browser = Browser::start().await;
    for cookie in ["latchkey=x", ""] {
        let stranger = Events::open(&browser.app, cookie).await.unwrap();
        assert_eq!(stranger.ends().await, "end");
    }
    let value = browser.add_key().await;
    let told = browser.app.key(&value).get("/events").await;
    assert_eq!(
        (told.status, told.text()),
        (200, "event: end\ndata: session\n\n")
    );
}

/// A stream ends with its session, also when somebody else ends that, and with the server.
#[tokio::test]
async fn a_stream_ends_with_the_session_and_with_the_server() {
    let browser = Browser::start().await;
    let app = &browser.app;
    let mut events = Events::open(app, &browser.cookie).await.unwrap();
    events.next().await.unwrap();
    browser.post("/api/sign_out", "", &[HERE]).await;
    assert_eq!(events.ends().await, "end");

    let mut events = Events::open(app, &cookie(app, "bob").await).await.unwrap();
    events.next().await.unwrap();
    // Nobody does anything: a stream is no use of the session.
    app.harness.clock.advance(chrono::TimeDelta::minutes(31));
    assert_eq!(events.ends().await, "end");

    let mut events = Events::open(app, &cookie(app, "bob").await).await.unwrap();
    events.next().await.unwrap();
    app.streams.stop();
    // The browser shall come again.
    assert_eq!(events.ends().await, "");
    let late = Events::open(app, &cookie(app, "bob").await).await.unwrap();
    assert_eq!(late.ends().await, "");
}

/// W7: a session has a few streams, and gets the place of one back that has ended.
#[tokio::test]
async fn a_session_has_four_streams_at_most() {
    let browser = Browser::start().await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(Events::open(&browser.app, &browser.cookie).await.unwrap());
    }
    let fifth = Events::open(&browser.app, &browser.cookie).await;
    assert_eq!(fifth.err(), Some(429));
    assert!(
        Events::open(&browser.app, &cookie(&browser.app, "bob").await)
            .await
            .is_ok()
    );
    open.pop();
    assert!(Events::open(&browser.app, &browser.cookie).await.is_ok());
}
