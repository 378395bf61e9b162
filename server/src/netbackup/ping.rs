//! Is it there, which version is it, and what are its tokens signed with: for everyone, in plain
//! text, whatever `Accept` says.

use axum::{Router, extract::State, http::HeaderName, response::IntoResponse, routing::get};

use super::media::Version;
use crate::AppState;

const API_VERSION: HeaderName = HeaderName::from_static("x-netbackup-api-version");

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/ping", get(ping))
        .route("/tokenkey", get(token_key))
}

/// Milliseconds since the epoch.
async fn ping(State(state): State<AppState>) -> impl IntoResponse {
    let now = state.services.now().timestamp_millis().to_string();
    ([(API_VERSION, Version::NEWEST.to_string())], now)
}

/// The public key that tokens are signed with, as PEM.
async fn token_key(State(state): State<AppState>) -> String {
    state.services.sessions.token_key_pem().to_owned()
}
