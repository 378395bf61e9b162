//! `POST /login` and `POST /logout`.

use axum::{Extension, Router, extract::State, http::StatusCode, routing::post};
use domain::{error::Problem, principal::DomainType};
use secrecy::ExposeSecret;
use serde_json::json;
use service::{Origin, sessions::Credentials};

use super::document::{Body, Document, NoBody};
use crate::{AppState, credentials::Caller, failure::Failure};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/login", post(login))
        .route("/logout", post(logout))
}

/// A signed token for a user name and password.
async fn login(
    State(state): State<AppState>,
    Extension(origin): Extension<Origin>,
    body: Body,
) -> Result<(StatusCode, Document), Failure> {
    let credentials = credentials(&body)?;
    let issued = state.services.sessions.login(credentials, origin).await?;
    let document = json!({
        "token": issued.token.expose_secret(),
        "tokenType": "BEARER",
        "validity": issued.validity_seconds,
    });
    Ok((StatusCode::CREATED, Document(document)))
}

fn credentials(body: &Body) -> Result<Credentials, Failure> {
    let mut members = body.members()?;
    let user_name = members.required_text("userName");
    let password = members.required_text("password").into();
    // Scripts leave it empty to have all local ones looked in.
    let domain_type = members.text("domainType").filter(|text| !text.is_empty());
    let domain_type = match domain_type.map(|text| text.parse::<DomainType>()) {
        Some(Err(_)) => {
            members.wrong(
                "domainType",
                Problem::malformed("one of nt, unixpwd, vx, ldap, or empty"),
            );
            None
        }
        known => known.and_then(Result::ok),
    };
    let domain = members.text("domainName").unwrap_or_default();
    members.end()?;
    Ok(Credentials {
        domain_type,
        domain,
        user_name,
        password,
    })
}

/// Ends the token that asks; a key lives on.
async fn logout(
    State(state): State<AppState>,
    Caller(actor): Caller,
    _: NoBody,
) -> Result<StatusCode, Failure> {
    state.services.sessions.sign_out(&actor).await?;
    Ok(StatusCode::OK)
}
