//! Which credential a request presents in its headers.
//!
//! `Authorization: <credential>`, `Authorization: Bearer <credential>` or `X-API-Key: <key>`. A
//! cookie, the query and the body are not looked at (K6, A10).

use std::sync::{Arc, OnceLock};

use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
    middleware::Next,
    response::Response,
};
use domain::{Instant, error::Error, key};
use service::{Actor, Origin};

use crate::{AppState, failure::Failure, log, netbackup::date};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The one credential in the headers.
///
/// # Errors
/// [`Error::Unauthenticated`] when there is none, when two differ in a byte (K5), and when
/// `X-API-Key` holds something else than a key.
pub fn presented(headers: &HeaderMap) -> Result<&[u8], Error> {
    let keys = || headers.get_all(API_KEY).iter().map(HeaderValue::as_bytes);
    if keys().any(|key| !key.starts_with(key::PREFIX.as_bytes())) {
        return Err(Error::Unauthenticated);
    }
    let mut all = headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .map(|value| without_scheme(value.as_bytes()))
        .chain(keys());
    let first = all.next().ok_or(Error::Unauthenticated)?;
    if first.is_empty() || all.any(|other| other != first) {
        return Err(Error::Unauthenticated);
    }
    Ok(first)
}

/// Scheme names ignore case; one or more spaces follow (RFC 9110, section 11.4).
fn without_scheme(value: &[u8]) -> &[u8] {
    match value.split_at_checked(6) {
        Some((scheme, [b' ', rest @ ..])) if scheme.eq_ignore_ascii_case(b"bearer") => {
            let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
            &rest[spaces..]
        }
        _ => value,
    }
}

/// Whoever a request's header credential identifies. An extractor: a handler that asks for it
/// cannot run without.
#[derive(Debug)]
pub struct Caller(pub Actor);

impl FromRequestParts<AppState> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let credential = presented(&parts.headers)?;
        let origin = parts
            .extensions
            .get::<Origin>()
            .cloned()
            .unwrap_or_default();
        let actor = state
            .services
            .sessions
            .by_header(credential, origin)
            .await?;
        if let Some(caller) = parts.extensions.get::<log::Caller>() {
            caller.note(&actor);
        }
        if let Some(end) = parts.extensions.get::<KeyEnd>()
            && actor.via().means().is_key()
            && let Some(lifetime) = actor.lifetime()
        {
            // The first answer stands: a request has one caller.
            let _ = end.0.set(lifetime.ends_at);
        }
        state.services.admit_principal(&actor)?;
        Ok(Self(actor))
    }
}

/// When the key ends that a request was made with.
pub const KEY_EXPIRES: HeaderName = HeaderName::from_static("x-latchkey-key-expires");

/// Where whoever authenticates a request by a key leaves when that ends.
#[derive(Debug, Clone, Default)]
struct KeyEnd(Arc<OnceLock<Instant>>);

/// Says on every answer to a request made with a key when that key ends.
pub async fn tell_end(mut request: Request, next: Next) -> Response {
    let end = KeyEnd::default();
    request.extensions_mut().insert(end.clone());
    let mut response = next.run(request).await;
    let end = end.0.get().map(|end| HeaderValue::try_from(date(*end)));
    if let Some(Ok(end)) = end {
        response.headers_mut().insert(KEY_EXPIRES, end);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(HeaderName, &str)]) -> Option<String> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .fold(HeaderMap::new(), |mut all, (name, value)| {
                all.append(name, value);
                all
            });
        let credential = presented(&headers).ok()?;
        Some(String::from_utf8(credential.to_vec()).unwrap())
    }

    #[test]
    fn a_credential_stands_raw_or_after_bearer_or_in_its_own_header() {
        let authorization = |value| read(&[(header::AUTHORIZATION, value)]);
        for value in ["lky_x", "Bearer lky_x", "bearer lky_x", "BEARER   lky_x"] {
            assert_eq!(authorization(value).as_deref(), Some("lky_x"), "{value}");
        }
        assert_eq!(read(&[(API_KEY, "lky_x")]).as_deref(), Some("lky_x"));
        assert_eq!(authorization("Bearer"), Some("Bearer".to_owned()));
        assert_eq!(authorization("Bearerlky_x"), Some("Bearerlky_x".to_owned()));
        for nothing in ["", "Bearer "] {
            assert_eq!(authorization(nothing), None, "{nothing:?}");
        }
        assert_eq!(read(&[]), None);
    }

    /// K5.
    #[test]
    fn credentials_that_differ_are_refused_and_equal_ones_are_one() {
        let twice = |first, second| {
            [
                read(&[(header::AUTHORIZATION, first), (API_KEY, second)]),
                read(&[
                    (header::AUTHORIZATION, first),
                    (header::AUTHORIZATION, second),
                ]),
                read(&[(API_KEY, first), (API_KEY, second)]),
            ]
        };
        assert_eq!(twice("lky_x", "lky_y"), [None, None, None]);
        assert_eq!(twice("lky_x", ""), [None, None, None]);
        assert_eq!(
            twice("lky_x", "lky_x"),
            [const { Some("lky_x") }; 3].map(|x| x.map(str::to_owned))
        );
        assert_eq!(
            read(&[(header::AUTHORIZATION, "Bearer lky_x"), (API_KEY, "lky_x")]).as_deref(),
            Some("lky_x")
        );
    }

    #[test]
    fn a_token_is_no_key() {
        assert_eq!(read(&[(API_KEY, "eyJhbGciOi")]), None);
        assert_eq!(read(&[(API_KEY, "Bearer lky_x")]), None);
    }
}
