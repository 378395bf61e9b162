//! The site map of the server, and what happens around every request.

use std::time::Duration;

use axum::{
    RequestExt, Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderValue, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use domain::error::Error;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    AppState,
    failure::{self, Failure},
    health, log, netbackup, origin, verify,
};

/// The largest body that is read, in bytes (W7). The largest honest one has some 3 kB.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long a request may take until its answer begins.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// Everything that the server answers.
pub fn router(state: AppState) -> Router {
    Router::new()
        .merge(health::routes())
        .merge(verify::routes())
        .nest(netbackup::BASE, netbackup::routes())
        .with_state(state.clone())
        // From the inside out.
        .layer(from_fn(limit_body))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(limit_time))
        .layer(CatchPanicLayer::custom(|_| Failure::Domain(Error::Internal).into_response()))
        .layer(from_fn(no_sniffing))
        .layer(from_fn(failure::render))
        .layer(from_fn(log::line))
        .layer(from_fn_with_state(state, origin::attach))
}

/// Refuses a body that says it is too large, and stops reading one that turns out to be.
async fn limit_body(request: Request, next: Next) -> Response {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > MAX_BODY_BYTES) {
        return Failure::TooLarge.into_response();
    }
    next.run(request.with_limited_body()).await
}

async fn limit_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(TIMEOUT, next.run(request))
        .await
        .unwrap_or_else(|_| Failure::TimedOut.into_response())
}

/// What says what it is shall not be guessed to be something else.
async fn no_sniffing(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}
