//! `POST /login` and `POST /logout`.

use axum::{Extension, extract::State, http::StatusCode, routing::MethodFilter};
use domain::{error::Problem, principal::DomainType};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use service::{
    Origin,
    sessions::{Credentials, IssuedToken, TokenKind},
};

use super::{
    api::{Api, Operation, schema},
    document::{Body, Document, Members, NoBody},
};
use crate::{AppState, credentials::Caller, failure::Failure};

/// Under this domain of the type `vx` the password is an API key.
const KEY_DOMAIN: &str = "vrts.apikey";
/// Under this one the user name is the token of a first step, and the password a code.
const CODE_DOMAIN: &str = "vrts.mfa.totp";

pub(super) fn api() -> Api {
    let mut body = schema::wanted(
        2,
        &[
            ("userName", schema::name()),
            ("password", schema::name()),
            ("domainType", schema::login_domain_type()),
            ("domainName", schema::text()),
        ],
    );
    body["description"] = ABOUT.into();
    Api::new()
        .at(
            MethodFilter::POST,
            "/login",
            login,
            Operation::new(
                "login",
                "A token for a user name and password, or for an API key",
            )
            .says(ABOUT)
            .open()
            .takes(body)
            .answers(201, &token_schema())
            .fails(&[401]),
        )
        .at(
            MethodFilter::POST,
            "/logout",
            logout,
            Operation::new("logout", "End the token that asks; a key lives on")
                .answers_nothing(200),
        )
}

const ABOUT: &str = "domainType is nt, unixpwd, vx or ldap in any case, or empty: then all local \
    accounts are looked in. With domainType vx and domainName vrts.apikey the password is an API \
    key of the user. Where the account has a second factor, its code stands behind the password; or \
    the answer's tokenType is MFA, and the login goes on with domainType vx, domainName \
    vrts.mfa.totp, that token as the user name and the code as the password.";

/// A signed token for a user name and password.
async fn login(
    State(state): State<AppState>,
    Extension(origin): Extension<Origin>,
    body: Body,
) -> Result<(StatusCode, Document), Failure> {
    let sessions = &state.services.sessions;
    let members = body.members()?;
    let issued = match (members.peek("domainType"), members.peek("domainName")) {
        (Some(kind), Some(KEY_DOMAIN)) if kind.eq_ignore_ascii_case("vx") => {
            let (user_name, key) = name_and_secret(members)?;
            sessions.login_with_key(&user_name, &key, origin).await?
        }
        (Some(kind), Some(CODE_DOMAIN)) if kind.eq_ignore_ascii_case("vx") => {
            let (step, code) = name_and_secret(members)?;
            sessions.login_with_code(&step, &code, origin).await?
        }
        _ => sessions.login(credentials(members)?, origin).await?,
    };
    Ok((StatusCode::CREATED, answer(&issued)))
}

/// What [`answer`] looks like.
pub(super) fn token_schema() -> Value {
    schema::whole(&[
        ("token", schema::text()),
        ("tokenType", schema::one_of(&["BEARER", "MFA"])),
        ("validity", schema::number(0, i64::from(i32::MAX))),
    ])
}

pub(super) fn answer(issued: &IssuedToken) -> Document {
    Document(json!({
        "token": issued.token.expose_secret(),
        "tokenType": match issued.kind {
            TokenKind::Bearer => "BEARER",
            TokenKind::Step => "MFA",
        },
        "validity": issued.validity_seconds,
    }))
}

fn name_and_secret(mut members: Members) -> Result<(String, SecretString), Failure> {
    let user_name = members.required_text("userName");
    let key = members.required_text("password").into();
    members.text("domainType");
    members.text("domainName");
    members.end()?;
    Ok((user_name, key))
}

fn credentials(mut members: Members) -> Result<Credentials, Failure> {
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
