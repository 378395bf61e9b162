//! Why a request ends without its answer, and how that is told.
//!
//! Whatever notices it returns a [`Failure`]; [`render`], the outermost layer, writes the body: an
//! error document under `/netbackup`, a sentence elsewhere. So a panic, a timeout and a refusal
//! look alike, name the request's id, and show nothing of the inside.

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::{
    error::{Conflict, Error, Refusal},
    key::Tag,
};
use service::Origin;

use crate::netbackup::{self, waiting};

/// Why a request ends without its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// A use case said so.
    Domain(Error),
    /// There is no such address.
    NoRoute,
    /// The address does not know the method.
    MethodNotAllowed,
    /// None of the media types in `Accept` is served.
    NotAcceptable,
    /// The body is of a type or version that is not read here.
    UnsupportedMediaType,
    /// The body is larger than [`crate::router::MAX_BODY_BYTES`].
    TooLarge,
    /// The request was carried out before, and made the key of that tag.
    Repeated(Tag),
    /// The request's `Idempotency-Key` names another one.
    AnotherRequest,
    /// The request took longer than [`crate::router::TIMEOUT`].
    TimedOut,
    /// The head is none of HTTP/1.1.
    Unreadable,
    /// The head exceeds [`crate::serve::MAX_HEAD_BYTES`] or [`crate::serve::MAX_HEADERS`].
    HeadTooLarge,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

impl Failure {
    /// The status (RFC 9110). 401 also for a missing permission: the habit of that API.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Domain(error) => match error {
                Error::Invalid(_) => StatusCode::BAD_REQUEST,
                Error::NotFound => StatusCode::NOT_FOUND,
                Error::Unauthenticated | Error::NotPermitted => StatusCode::UNAUTHORIZED,
                Error::Refused(refusal) if refusal.is_permission() => StatusCode::UNAUTHORIZED,
                // That may change.
                Error::Refused(Refusal::TooFewApprovers | Refusal::NeedsApproval) => {
                    StatusCode::CONFLICT
                }
                Error::Refused(_) => StatusCode::FORBIDDEN,
                Error::Conflict(Conflict::Stale) => StatusCode::PRECONDITION_FAILED,
                Error::Conflict(_) => StatusCode::CONFLICT,
                Error::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
                Error::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                Error::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Repeated(_) => StatusCode::CONFLICT,
            Self::AnotherRequest => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TimedOut => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        }
    }

    /// A sentence for whoever sent the request. Never repeats a credential.
    pub fn message(&self) -> String {
        match self {
            Self::Domain(Error::Unauthenticated) => {
                "Authentication failed. Send a valid API key or token.".to_owned()
            }
            Self::Domain(error) => error.to_string(),
            Self::NoRoute => "There is nothing at this address.".to_owned(),
            Self::MethodNotAllowed => {
                "This address does not know the method; the header Allow names those it knows."
                    .to_owned()
            }
            Self::NotAcceptable => format!(
                "Accept: Must allow {} in a version from 1.0 to {}.",
                netbackup::MEDIA_TYPE,
                netbackup::Version::NEWEST,
            ),
            Self::UnsupportedMediaType => format!(
                "Content-Type: Must be {} in a version from 1.0 to {}, or application/json.",
                netbackup::MEDIA_TYPE,
                netbackup::Version::NEWEST,
            ),
            Self::TooLarge => format!(
                "The body is larger than {} bytes.",
                crate::router::MAX_BODY_BYTES
            ),
            Self::Repeated(tag) => format!(
                "This request was carried out already and made the API key {tag}. Its value cannot be \
                 shown again; reissue the key if the value was lost."
            ),
            Self::AnotherRequest => {
                "Idempotency-Key: Another request had this key. Send a new one.".to_owned()
            }
            Self::TimedOut => "The request took too long. Try again shortly.".to_owned(),
            Self::Unreadable => "This is not a request of HTTP/1.1.".to_owned(),
            Self::HeadTooLarge => format!(
                "The request's head is larger than {} bytes, or has more than {} fields.",
                crate::serve::MAX_HEAD_BYTES,
                crate::serve::MAX_HEADERS
            ),
        }
    }
}

/// Status and headers; [`render`] adds the body.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let headers = response.headers_mut();
        match &self {
            // RFC 9110, section 11.6.1.
            Self::Domain(Error::Unauthenticated | Error::NotPermitted) => {
                headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
            }
            Self::Domain(Error::TooMany {
                retry_after_seconds,
            }) => {
                headers.insert(header::RETRY_AFTER, (*retry_after_seconds).into());
            }
            Self::Domain(Error::Conflict(Conflict::TicketWaits(ticket))) => {
                headers.insert(waiting::PENDING, waiting::pending(*ticket));
            }
            _ => {}
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// What a 401 asks for (RFC 6750, section 3).
pub const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"Latchkey\"");

/// Writes the body of a [`Failure`], in the form of the door it is told at.
pub async fn render(request: Request, next: Next) -> Response {
    let door = netbackup::Door::of(&request);
    let request_id = request
        .extensions()
        .get::<Origin>()
        .map(|origin| origin.request_id.clone())
        .unwrap_or_default();
    let mut response = next.run(request).await;
    let Some(failure) = response.extensions_mut().remove::<Failure>() else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = match door {
        Some(door) => door.error(&failure, &request_id),
        None => format!("{}\nRequest: {request_id}\n", failure.message()).into_response(),
    };
    (parts, body).into_response()
}
