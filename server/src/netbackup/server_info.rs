//! What the server says of itself, under `/security`.

use axum::{extract::State, routing::MethodFilter};
use domain::error::Error;
use serde_json::json;

use super::{
    api::{Api, Operation, schema},
    date,
    document::{Document, NoBody},
};
use crate::{AppState, credentials::Caller, failure::Failure};

pub(super) fn api() -> Api {
    let info = schema::whole(&[
        ("serverName", schema::text()),
        ("nbuVersion", schema::text()),
        ("masterHostId", schema::text()),
        ("ssoEnabled", schema::boolean()),
        ("domainType", schema::text()),
    ]);
    let certificates = schema::whole(&[
        ("webRootCert", schema::text()),
        ("cacert", schema::list(&schema::text())),
    ]);
    let whole = || schema::number(0, i64::from(i32::MAX));
    let properties = schema::whole(&[
        ("maxApiKeyLifetimeDays", whole()),
        ("defaultApiKeyLifetimeDays", whole()),
        ("overlapHours", whole()),
        ("deletedApiKeysKeptDays", whole()),
        ("selfService", schema::boolean()),
        ("samlMaxLifetimeHours", whole()),
    ]);
    let properties = schema::one(&schema::resource(PROPERTIES, properties));
    let time = schema::whole(&[("serverTime", schema::date())]);
    Api::new()
        .at(
            MethodFilter::GET,
            "/security/serverinfo",
            info_of_server,
            Operation::new("getServerInfo", "Which server is it")
                .open()
                .answers(200, &info),
        )
        .at(
            MethodFilter::GET,
            "/security/cacert",
            certificate,
            Operation::new(
                "getCaCertificate",
                "The certificate to trust this server by",
            )
            .says("404 where the server has no certificate of its own: it runs behind a proxy.")
            .open()
            .answers(200, &certificates)
            .fails(&[404]),
        )
        .at(
            MethodFilter::GET,
            "/security/servertime",
            server_time,
            Operation::new("getServerTime", "The server's time")
                .open()
                .answers(200, &time),
        )
        .at(
            MethodFilter::GET,
            "/security/properties",
            security_properties,
            Operation::new("getSecurityProperties", "The limits of keys").answers(200, &properties),
        )
}

const PROPERTIES: &str = "securityProperties";

async fn info_of_server(State(state): State<AppState>, _: NoBody) -> Result<Document, Failure> {
    let url = state.settings.public_url();
    let name = url.split_once("://").map_or(&*url, |(_, rest)| rest);
    let sso = !state.services.saml.offered().await?.is_empty();
    Ok(Document(json!({
        "serverName": host(name),
        "nbuVersion": env!("CARGO_PKG_VERSION"),
        "masterHostId": state.services.server_id(),
        "ssoEnabled": sso,
        "domainType": "unixpwd",
    })))
}

/// The host of `host:port`, an IPv6 address without its brackets.
fn host(authority: &str) -> &str {
    match authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((address, _)) => address,
        None => authority.split(':').next().unwrap_or(authority),
    }
}

async fn certificate(State(state): State<AppState>, _: NoBody) -> Result<Document, Failure> {
    let root = state.root_certificate.ok_or(Error::NotFound)?();
    Ok(Document(
        json!({ "webRootCert": &*root, "cacert": [&*root] }),
    ))
}

async fn server_time(State(state): State<AppState>, _: NoBody) -> Document {
    Document(json!({ "serverTime": date(state.services.now()) }))
}

async fn security_properties(
    State(state): State<AppState>,
    Caller(_): Caller,
    _: NoBody,
) -> Result<Document, Failure> {
    let policy = state.services.policy().await?;
    Ok(Document(json!({ "data": {
        "type": PROPERTIES,
        "id": "1",
        "attributes": {
            "maxApiKeyLifetimeDays": policy.max_lifetime_days,
            "defaultApiKeyLifetimeDays": policy.default_lifetime_days,
            "overlapHours": policy.overlap_hours,
            "deletedApiKeysKeptDays": policy.tombstone_days,
            "selfService": policy.self_service,
            "samlMaxLifetimeHours": policy.saml_max_lifetime_hours,
        },
    }})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_s_name_is_its_host() {
        for (authority, name) in [
            ("keys.example:8443", "keys.example"),
            ("keys.example", "keys.example"),
            ("[::1]:8080", "::1"),
        ] {
            assert_eq!(host(authority), name);
        }
    }
}
