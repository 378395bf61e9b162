//! `GET /security/api-keys/export`: the list of keys as a file.

use std::io;

use app::{
    query::Query,
    rpc::{context::Caller, directory::asked_at},
};
use axum::{
    body::Body,
    extract::Request,
    http::request::Parts,
    response::{IntoResponse, Response},
};
use chrono::SecondsFormat;
use domain::{Instant, error::Error, key::ApiKey};
use futures_util::stream;
use serde::Serialize;
use service::{Services, keys::KeyExport};

use super::export::{format_named, headers};
use crate::{export::Format, failure::Failure};

/// Sends the keys of the list that the address asks for, as they are read.
pub(super) async fn download(services: Services, request: Request) -> Response {
    let (request, _) = request.into_parts();
    match begin(&services, &request).await {
        Ok((format, export)) => answer(format, export),
        Err(error) => Failure::Domain(error).into_response(),
    }
}

async fn begin(services: &Services, request: &Parts) -> Result<(Format, KeyExport), Error> {
    let caller = request.extensions.get::<Caller>();
    let actor = caller.and_then(|caller| caller.actor.as_ref());
    let actor = actor.ok_or(Error::Unauthenticated)?;
    let query = request.uri.query().unwrap_or_default();
    let format = format_named(Query::parse(query).get_str("format"))?;
    let wanted = asked_at(&format!("/?{query}"))?;
    Ok((format, services.keys.export(actor, wanted).await?))
}

/// The columns of [`ExportedKey`].
const COLUMNS: [&str; 14] = [
    "tag",
    "userName",
    "userDomain",
    "userDomainType",
    "description",
    "state",
    "createdDateTime",
    "expiryDateTime",
    "lastModifiedDateTime",
    "issuer",
    "samlSessionValidated",
    "lastUsedDateTime",
    "lastUsedAddress",
    "deletedDateTime",
];

/// A key as it is exported, with the names of the REST API.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportedKey {
    tag: String,
    user_name: String,
    user_domain: String,
    user_domain_type: String,
    description: String,
    state: &'static str,
    created_date_time: String,
    expiry_date_time: String,
    last_modified_date_time: String,
    issuer: String,
    saml_session_validated: bool,
    last_used_date_time: Option<String>,
    last_used_address: Option<String>,
    deleted_date_time: Option<String>,
}

impl From<ApiKey> for ExportedKey {
    fn from(key: ApiKey) -> Self {
        let time = |at: Instant| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let (used_at, used_from) = key.last_used.map(|usage| (usage.at, usage.address)).unzip();
        Self {
            tag: key.tag.to_string(),
            user_name: key.owner.principal.name,
            user_domain: key.owner.principal.domain,
            user_domain_type: key.owner.principal.domain_type.to_string(),
            description: key.description,
            state: key.state.as_str(),
            created_date_time: time(key.created_at),
            expiry_date_time: time(key.expires_at),
            last_modified_date_time: time(key.modified_at),
            issuer: key.issuer.to_string(),
            saml_session_validated: key.saml_validated,
            last_used_date_time: used_at.map(time),
            last_used_address: used_from,
            deleted_date_time: key.deleted.map(|deletion| time(deletion.at)),
        }
    }
}

fn answer(format: Format, export: KeyExport) -> Response {
    let headers = headers(
        format,
        "attachment; filename=\"latchkey-api-keys.csv\"",
        "attachment; filename=\"latchkey-api-keys.jsonl\"",
    );
    let batches = stream::try_unfold((export, true), move |(mut export, first)| async move {
        let Some(keys) = export.next().await.map_err(io::Error::other)? else {
            return Ok::<_, io::Error>(None);
        };
        Ok(Some((text(format, first, keys)?, (export, false))))
    });
    (headers, Body::from_stream(batches)).into_response()
}

fn text(format: Format, first: bool, keys: Vec<ApiKey>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    if first {
        format.begin(&mut text, &COLUMNS)?;
    }
    for key in keys {
        format.write(&mut text, &COLUMNS, &ExportedKey::from(key))?;
    }
    Ok(text)
}
