//! The log: one line a request, and nothing in it that a client could not be shown.
//!
//! Never a header, a query or a body; the path only as the route's template, because people paste
//! keys into addresses (K6, K14).

use std::{
    io::IsTerminal,
    sync::{Arc, OnceLock},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use service::{Actor, Origin, Via};
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Settings};

/// Starts writing log lines, to standard error. The first call counts.
pub fn start(settings: &Settings) {
    // The filter was checked when the settings were read.
    let filter = EnvFilter::try_new(&settings.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let _ = match settings.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    // A panic's message may hold anything; its place is enough to find it.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a fault in the program");
    }));
}

/// Where whoever authenticates a request leaves the caller's name for the log.
#[derive(Debug, Clone, Default)]
pub struct Caller(Arc<OnceLock<String>>);

impl Caller {
    /// Notes who asks: the full identity, and the tag if a key is behind the request.
    pub fn note(&self, actor: &Actor) {
        let identity = actor.identity();
        // The first answer stands: a request has one caller.
        let _ = self.0.set(match actor.via() {
            Via::Key(tag) | Via::KeyToken(tag, _) => format!("{identity} {tag}"),
            _ => identity.to_string(),
        });
    }
}

/// What an answer is called in the log when no route of the router was taken.
#[derive(Debug, Clone, Copy)]
pub struct Route(pub &'static str);

/// Writes a line about each request when its answer begins.
pub async fn line(mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let caller = Caller::default();
    request.extensions_mut().insert(caller.clone());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let origin = request
        .extensions()
        .get::<Origin>()
        .cloned()
        .unwrap_or_default();
    let response = next.run(request).await;
    let route = match &route {
        Some(route) => route.as_str(),
        None => response
            .extensions()
            .get()
            .map_or("none", |Route(name)| name),
    };
    tracing::info!(
        method = method.as_str(),
        route,
        status = response.status().as_u16(),
        ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        request = origin.request_id,
        address = origin.address,
        caller = caller.0.get(),
        "answered"
    );
    response
}
