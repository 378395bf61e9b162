//! `POST /sso/loginwithtoken`: a token for whoever signed in by SAML.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::MethodFilter,
};
use service::Origin;

use super::{
    api::{Api, Operation, schema},
    document::{Body, Document},
    login,
};
use crate::{AppState, failure::Failure, saml};

const ABOUT: &str = "For a client that went through GET /sso/login and the identity provider \
    itself, and kept the cookie: the handle that the assertion consumer's redirect names is good \
    once, within two minutes, together with that cookie. The token ends no later than the \
    provider's session.";

pub(super) fn api() -> Api {
    let mut body = schema::object(1, &[("token", schema::text())]);
    body["description"] = ABOUT.into();
    Api::new().at(
        MethodFilter::POST,
        "/sso/loginwithtoken",
        login_with_token,
        Operation::new(
            "loginWithToken",
            "A token for the handle of a sign-in by SAML",
        )
        .says(ABOUT)
        .open()
        .takes(body)
        .answers(201, &login::token_schema())
        .fails(&[401]),
    )
}

/// The same document as `POST /login`.
async fn login_with_token(
    State(state): State<AppState>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Document), Failure> {
    let mut members = body.members()?;
    let handle = members.required_text("token");
    members.end()?;
    let browser = saml::browser(&state, &headers);
    let saml = &state.services.saml;
    let issued = saml.exchange(&handle, browser.as_deref(), &origin).await?;
    Ok((StatusCode::CREATED, login::answer(&issued)))
}
