//! How a failure is told here: the error document.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::error::Error;
use serde_json::{Value, json};

use super::{
    BASE,
    media::{self, Version},
};
use crate::failure::Failure;

/// Codes that clients of that API know.
mod code {
    pub(super) const INVALID: u32 = 8961;
    pub(super) const NOT_FOUND: u32 = 227;
    pub(super) const NOT_PERMITTED: u32 = 8000;
    pub(super) const UNAUTHENTICATED: u32 = 5930;
    /// Ours: the status is added, so 19409 is a conflict.
    pub(super) const OURS: u32 = 19_000;
}

/// A request to the REST API: remembers what is needed to tell a failure.
#[derive(Debug, Clone, Copy)]
pub struct Door {
    version: Version,
}

impl Door {
    /// Of a request that cannot be read.
    pub(crate) const UNKNOWN: Self = Self {
        version: Version::NEWEST,
    };

    /// `None`: the request is not for the REST API.
    pub fn of(request: &Request) -> Option<Self> {
        let path = request.uri().path();
        let inside = path
            .strip_prefix(BASE)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        inside.then(|| Self {
            version: Version::of_answer(request.headers()),
        })
    }

    /// The error document; status and headers are the failure's own.
    pub fn error(&self, failure: &Failure, request_id: &str) -> Response {
        let (media_type, document) = self.document(failure, request_id);
        let no_store = HeaderValue::from_static("no-store");
        let headers = [
            (header::CONTENT_TYPE, media_type),
            (header::CACHE_CONTROL, no_store),
        ];
        (headers, Body::from(document)).into_response()
    }

    /// The same as text, and its media type.
    pub(crate) fn document(self, failure: &Failure, request_id: &str) -> (HeaderValue, String) {
        let document = document(failure, request_id).to_string();
        (media::media_type(self.version), document)
    }
}

fn document(failure: &Failure, request_id: &str) -> Value {
    let mut attributes = BTreeMap::<&str, String>::new();
    if let Failure::Domain(Error::Invalid(fields)) = failure {
        for error in fields {
            let told = attributes.entry(&error.field).or_default();
            if !told.is_empty() {
                told.push(' ');
            }
            told.push_str(&error.problem.to_string());
        }
    }
    json!({
        "errorCode": error_code(failure),
        "errorMessage": failure.message(),
        "attributeErrors": attributes,
        "errorDetails": [format!("Request: {request_id}")],
        "fileUploadErrors": [],
    })
}

fn error_code(failure: &Failure) -> u32 {
    match failure {
        Failure::Domain(Error::Invalid(_)) | Failure::Unreadable => code::INVALID,
        Failure::Domain(Error::NotFound) | Failure::NoRoute => code::NOT_FOUND,
        Failure::Domain(Error::NotPermitted) => code::NOT_PERMITTED,
        Failure::Domain(Error::Refused(refusal)) if refusal.is_permission() => code::NOT_PERMITTED,
        Failure::Domain(Error::Unauthenticated) => code::UNAUTHENTICATED,
        _ => code::OURS + u32::from(failure.status().as_u16()),
    }
}

#[cfg(test)]
mod tests {
    use domain::error::{Conflict, FieldError, Problem, Refusal};

    use super::*;

    #[test]
    fn every_failure_has_its_status_and_code() {
        let domain = |error| Failure::Domain(error);
        for (failure, status, code) in [
            (domain(Error::Invalid(vec![])), 400, 8961),
            (domain(Error::NotFound), 404, 227),
            (domain(Error::Unauthenticated), 401, 5930),
            (domain(Error::NotPermitted), 401, 8000),
            (domain(Error::Refused(Refusal::NotWithAKey)), 403, 19_403),
            (domain(Error::Refused(Refusal::OwnerMayDoMore)), 401, 8000),
            (domain(Error::Conflict(Conflict::HasKey)), 409, 19_409),
            (domain(Error::Conflict(Conflict::Stale)), 412, 19_412),
            (
                domain(Error::TooMany {
                    retry_after_seconds: 61,
                }),
                429,
                19_429,
            ),
            (domain(Error::Unavailable), 503, 19_503),
            (domain(Error::Internal), 500, 19_500),
            (Failure::NoRoute, 404, 227),
            (Failure::MethodNotAllowed, 405, 19_405),
            (Failure::NotAcceptable, 406, 19_406),
            (Failure::TooLarge, 413, 19_413),
            (Failure::UnsupportedMediaType, 415, 19_415),
            (Failure::TimedOut, 503, 19_503),
            (Failure::Unreadable, 400, 8961),
            (Failure::HeadTooLarge, 431, 19_431),
        ] {
            assert_eq!(
                (failure.status().as_u16(), error_code(&failure)),
                (status, code),
                "{failure:?}"
            );
        }
    }

    #[test]
    fn the_document_names_each_field_and_the_request() {
        let failure = Failure::Domain(Error::Invalid(vec![
            FieldError::new("data.attributes.description", Problem::TooLong { max: 256 }),
            FieldError::new("data.attributes.expireAfterDays", Problem::Required),
        ]));
        assert_eq!(
            document(&failure, "r-1"),
            json!({
                "errorCode": 8961,
                "errorMessage": "data.attributes.description: At most 256 characters are allowed. data.attributes.expireAfterDays: A value is needed.",
                "attributeErrors": {
                    "data.attributes.description": "At most 256 characters are allowed.",
                    "data.attributes.expireAfterDays": "A value is needed.",
                },
                "errorDetails": ["Request: r-1"],
                "fileUploadErrors": [],
            })
        );
    }

    #[test]
    fn a_limit_says_when_to_come_back() {
        let response = Failure::Domain(Error::TooMany {
            retry_after_seconds: 61,
        })
        .into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "61");
    }
}
