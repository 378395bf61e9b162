//! The REST API under `/netbackup`: one file a resource.
//!
//! To add a resource, write its file with a `routes()` and merge that in [`routes`]. Media types,
//! versions and error documents come with it; credentials, bodies, paging and filters are
//! extractors and helpers that the resource names.

mod access_control;
mod api_keys;
mod audit_logs;
mod cacert;
mod document;
mod door;
mod json;
mod login;
mod media;
mod paging;
mod ping;
mod query;

use axum::{Router, middleware::from_fn};
use chrono::SecondsFormat;
use domain::Instant;

pub use self::{
    door::Door,
    media::{MEDIA_TYPE, Version},
};
use crate::{AppState, failure::Failure};

/// Where the API lies.
pub const BASE: &str = "/netbackup";

/// The API, to be nested at [`BASE`].
pub fn routes() -> Router<AppState> {
    let documents = Router::new()
        .merge(access_control::routes())
        .merge(api_keys::routes())
        .merge(audit_logs::routes())
        .merge(cacert::routes())
        .merge(login::routes())
        .route_layer(from_fn(media::negotiate));
    Router::new()
        .merge(documents)
        .merge(ping::routes())
        .method_not_allowed_fallback(async || Failure::MethodNotAllowed)
        .fallback(async || Failure::NoRoute)
        .layer(from_fn(media::stamp))
}

/// A date on the wire: ISO 8601, UTC, milliseconds, `Z`.
pub fn date(instant: Instant) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}
