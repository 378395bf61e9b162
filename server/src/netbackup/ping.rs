//! Is it there, which version is it, and what are its tokens signed with: for everyone, in plain
//! text, whatever `Accept` says.

use axum::{extract::State, http::HeaderName, response::IntoResponse, routing::MethodFilter};

use super::{
    api::{Api, Operation},
    media::Version,
};
use crate::AppState;

const API_VERSION: HeaderName = HeaderName::from_static("x-netbackup-api-version");

pub(super) fn api() -> Api {
    Api::new()
        .at(
            MethodFilter::GET,
            "/ping",
            ping,
            Operation::new("ping", "Milliseconds since the epoch")
                .open()
                .answers_text(),
        )
        .at(
            MethodFilter::GET,
            "/tokenkey",
            token_key,
            Operation::new(
                "getTokenKey",
                "The public key that tokens are signed with, as PEM",
            )
            .open()
            .answers_text(),
        )
        .at(
            MethodFilter::GET,
            "/security/ping",
            ping,
            Operation::new("pingSecurity", "Milliseconds since the epoch")
                .open()
                .answers_text(),
        )
}

/// Milliseconds since the epoch.
async fn ping(State(state): State<AppState>) -> impl IntoResponse {
    let now = state.services.now().timestamp_millis().to_string();
    ([(API_VERSION, Version::NEWEST.to_string())], now)
}

/// The public key that tokens are signed with, as PEM.
async fn token_key(State(state): State<AppState>) -> String {
    state.services.sessions.token_key_pem()
}
