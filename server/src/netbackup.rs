//! The REST API under `/netbackup`: one file a resource.
//!
//! To add a resource, write its file with an `api()` and name that in `documents`. Media types,
//! versions, error documents and a place in the OpenAPI document come with it; credentials, bodies,
//! paging and filters are extractors and helpers that the resource names.

mod access_control;
mod api;
mod api_keys;
mod audit_logs;
mod context;
mod document;
mod door;
mod jobs;
mod json;
mod listing;
mod login;
mod media;
mod mfa;
mod mpa_configurations;
mod mpa_tickets;
mod paging;
mod ping;
mod query;
mod server_info;
mod service_principals;
mod sso;
mod user_sessions;
pub(crate) mod waiting;

use axum::{Router, middleware::from_fn};
use chrono::SecondsFormat;
use domain::Instant;
use serde_json::Value;

pub(crate) use self::access_control::{namespace_of, permission_of};
use self::api::Api;
pub use self::{
    door::Door,
    media::{MEDIA_TYPE, Version},
};
use crate::{AppState, credentials, failure::Failure};

/// Where the API lies.
pub const BASE: &str = "/netbackup";

/// The API, to be nested at [`BASE`].
pub fn routes() -> Router<AppState> {
    let (documents, _) = documents().into_parts();
    let (texts, _) = ping::api().into_parts();
    Router::new()
        .merge(documents.route_layer(from_fn(media::negotiate)))
        .merge(texts)
        .method_not_allowed_fallback(async || Failure::MethodNotAllowed)
        .fallback(async || Failure::NoRoute)
        .layer(from_fn(media::stamp))
        .layer(from_fn(credentials::tell_end))
}

/// The addresses that answer documents.
fn documents() -> Api {
    access_control::api()
        .and(api_keys::api())
        .and(audit_logs::api())
        .and(context::api())
        .and(jobs::api())
        .and(login::api())
        .and(mfa::api())
        .and(mpa_configurations::api())
        .and(mpa_tickets::api())
        .and(server_info::api())
        .and(service_principals::api())
        .and(sso::api())
        .and(user_sessions::api())
}

/// The OpenAPI document of everything that is served to programs.
pub fn openapi() -> Value {
    let (_, mut described) = documents().into_parts();
    described.extend(ping::api().into_parts().1);
    api::document(&described, crate::verify::described())
}

/// A date on the wire: ISO 8601, UTC, milliseconds, `Z`.
pub fn date(instant: Instant) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}
