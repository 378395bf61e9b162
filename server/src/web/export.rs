//! `GET /security/audit/export`: the audit trail as a file.

use std::io;

use app::{
    query::Query,
    rpc::{
        audit::trail_filter,
        context::{Caller, status},
    },
};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use domain::error::{Error, Problem};
use futures_util::stream;
use service::{
    Services,
    audit::{ExportedRecord, TrailExport},
};

use crate::{
    export::{Format, RECORD_COLUMNS},
    failure::Failure,
};

/// Sends the records that the address asks for, the newest first, as they are read. That they are
/// exported is recorded before.
pub(super) async fn download(services: Services, request: Request) -> Response {
    let (request, _) = request.into_parts();
    match begin(&services, &request).await {
        Ok(wanted) => answer(wanted, services),
        Err(error) => {
            // As the pages tell it, not as the REST API does.
            let status = status(&error);
            let mut response = (status, Failure::Domain(error)).into_response();
            response.headers_mut().remove(header::WWW_AUTHENTICATE);
            response
        }
    }
}

/// What is sent.
struct Wanted {
    format: Format,
    /// Whether a signature ends it.
    signed: bool,
    export: TrailExport,
}

async fn begin(services: &Services, request: &Parts) -> Result<Wanted, Error> {
    let caller = request.extensions.get::<Caller>();
    let actor = caller.and_then(|caller| caller.actor.as_ref());
    let actor = actor.ok_or(Error::Unauthenticated)?;
    let query = request.uri.query().unwrap_or_default();
    let query = Query::parse(query);
    let given = |name: &str| query.get(name);
    let format = format_named(given("format").as_deref())?;
    let signed = match (given("signed").as_deref(), format) {
        (None, _) => false,
        (Some("true"), Format::Jsonl) => true,
        (Some(_), _) => {
            let allowed = Problem::malformed("true, with format=jsonl");
            return Err(Error::field("signed", allowed));
        }
    };
    let filter = trail_filter(given)?;
    Ok(Wanted {
        format,
        signed,
        export: services.export_trail(actor, filter).await?,
    })
}

/// The form that an address asks for.
pub(super) fn format_named(name: Option<&str>) -> Result<Format, Error> {
    match name {
        Some("csv") => Ok(Format::Csv),
        Some("jsonl") => Ok(Format::Jsonl),
        _ => Err(Error::field("format", Problem::malformed("csv or jsonl"))),
    }
}

/// Says what a file is, and that it is one.
pub(super) fn headers(
    format: Format,
    csv: &'static str,
    jsonl: &'static str,
) -> [(HeaderName, HeaderValue); 2] {
    let (media_type, disposition) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", csv),
        Format::Jsonl => ("application/x-ndjson", jsonl),
    };
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static(disposition),
        ),
    ]
}

fn answer(wanted: Wanted, services: Services) -> Response {
    let headers = headers(
        wanted.format,
        "attachment; filename=\"latchkey-audit.csv\"",
        if wanted.signed {
            "attachment; filename=\"latchkey-audit-signed.jsonl\""
        } else {
            "attachment; filename=\"latchkey-audit.jsonl\""
        },
    );
    let sum = wanted.signed.then(|| wanted.export.sum());
    let start = (wanted.export, true, sum);
    let format = wanted.format;
    let batches = stream::try_unfold(start, move |(mut export, first, mut sum)| {
        let services = services.clone();
        async move {
            if let Some(records) = export.next().await.map_err(io::Error::other)? {
                let text = text(format, first, &records)?;
                if let Some(sum) = &mut sum {
                    sum.take(&text, records.len());
                }
                return Ok::<_, io::Error>(Some((text, (export, false, sum))));
            }
            // An export that fails on its way has no signature.
            let Some(sum) = sum else { return Ok(None) };
            let last = services.sign_export(sum).map_err(io::Error::other)?;
            Ok(Some((last.into_bytes(), (export, false, None))))
        }
    });
    (headers, Body::from_stream(batches)).into_response()
}

fn text(format: Format, first: bool, records: &[ExportedRecord]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    if first {
        format.begin(&mut text, &RECORD_COLUMNS)?;
    }
    for record in records {
        format.write(&mut text, &RECORD_COLUMNS, record)?;
    }
    Ok(text)
}
