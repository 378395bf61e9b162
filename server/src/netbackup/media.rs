//! Media types and versions: `application/vnd.netbackup+json;version=MAJOR.MINOR`.

use std::fmt;

use axum::{
    body::HttpBody,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::error::{Error, Problem};

use crate::failure::Failure;

/// The API's media type, without a version.
pub const MEDIA_TYPE: &str = "application/vnd.netbackup+json";

/// A version of the API: 1.0 to 14.0. All of them are answered alike so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(u8);

impl Version {
    /// The newest that is served.
    pub const NEWEST: Self = Self(14);

    /// Reads `MAJOR` or `MAJOR.0`.
    fn parse(text: &str) -> Option<Self> {
        let major = text.strip_suffix(".0").unwrap_or(text);
        let digits = !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit());
        let major: u8 = digits.then(|| major.parse().ok())??;
        (1..=Self::NEWEST.0).contains(&major).then_some(Self(major))
    }

    /// The version to answer in, whatever else is wrong with the request: the one asked for if it
    /// is served, else the newest.
    pub(super) fn of_answer(headers: &HeaderMap) -> Self {
        let asked = accepted(headers).ok().flatten();
        let sent = sent(headers).ok().flatten();
        asked.or(sent).unwrap_or(Self::NEWEST)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.0", self.0)
    }
}

/// Refuses what cannot be read (415) or answered (406), and headers that name two versions (400).
pub(super) async fn negotiate(request: Request, next: Next) -> Response {
    let empty = request.body().is_end_stream();
    match check(request.method(), request.headers(), empty) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

fn check(method: &Method, headers: &HeaderMap, empty: bool) -> Result<(), Failure> {
    let asked = accepted(headers).map_err(|NotServed| Failure::NotAcceptable)?;
    let sent = match sent(headers) {
        Ok(version) => version,
        // Clients set the header, and some set one of their own choice, where it describes nothing.
        Err(_) if empty || matches!(*method, Method::GET | Method::HEAD | Method::DELETE) => None,
        Err(NotServed) => return Err(Failure::UnsupportedMediaType),
    };
    match (asked, sent) {
        (Some(asked), Some(sent)) if asked != sent => Err(Error::field(
            "Content-Type",
            Problem::malformed("in the version that Accept names"),
        )
        .into()),
        _ => Ok(()),
    }
}

/// Writes the version into the media type of our documents, and keeps all answers out of caches.
pub(super) async fn stamp(request: Request, next: Next) -> Response {
    let version = Version::of_answer(request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|media_type| media_type == MEDIA_TYPE)
    {
        headers.insert(header::CONTENT_TYPE, media_type(version));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The media type of an answer in `version`.
pub(super) fn media_type(version: Version) -> HeaderValue {
    HeaderValue::from_str(&format!("{MEDIA_TYPE};version={version}"))
        .unwrap_or(HeaderValue::from_static(MEDIA_TYPE))
}

/// A type or version that is not served.
#[derive(Debug, PartialEq, Eq)]
struct NotServed;

/// The version that `Accept` asks for (RFC 9110, section 12.5.1): that of the best-liked type that
/// is served. `None`: any will do.
fn accepted(headers: &HeaderMap) -> Result<Option<Version>, NotServed> {
    let ranges = list(headers, &header::ACCEPT).map_err(|_| NotServed)?;
    if ranges.is_empty() {
        return Ok(None);
    }
    ranges
        .iter()
        .filter_map(|range| {
            let quality = quality(range);
            let version = match essence(range).as_str() {
                "*/*" | "application/*" | "application/json" => None,
                MEDIA_TYPE => version(range).ok()?,
                _ => return None,
            };
            (quality > 0).then_some((quality, version))
        })
        // The first of the equally liked.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, version)| version)
        .ok_or(NotServed)
}

/// The version that `Content-Type` names.
fn sent(headers: &HeaderMap) -> Result<Option<Version>, NotServed> {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (first, second) = (types.next(), types.next());
    let Some(first) = first else {
        return Ok(None);
    };
    let text = first.to_str().map_err(|_| NotServed)?;
    match essence(text).as_str() {
        _ if second.is_some() => Err(NotServed),
        "application/json" => Ok(None),
        MEDIA_TYPE => version(text),
        _ => Err(NotServed),
    }
}

fn list(headers: &HeaderMap, name: &HeaderName) -> Result<Vec<String>, header::ToStrError> {
    let mut all = Vec::new();
    for line in headers.get_all(name) {
        let parts = line.to_str()?.split(',').map(str::trim);
        all.extend(parts.filter(|part| !part.is_empty()).map(str::to_owned));
    }
    Ok(all)
}

/// Type and subtype, in lower case.
fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

fn parameter<'a>(media_type: &'a str, wanted: &str) -> Option<&'a str> {
    media_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let found = name.trim().eq_ignore_ascii_case(wanted);
        found.then(|| value.trim().trim_matches('"'))
    })
}

fn version(media_type: &str) -> Result<Option<Version>, NotServed> {
    match parameter(media_type, "version") {
        None => Ok(None),
        Some(text) => Version::parse(text).map(Some).ok_or(NotServed),
    }
}

/// In thousandths (RFC 9110, section 12.4.2). What is no number counts as liked.
fn quality(range: &str) -> u16 {
    let quality: Option<f32> = parameter(range, "q").and_then(|text| text.parse().ok());
    match quality {
        Some(quality) if (0.0..1.0).contains(&quality) => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and 1000"
            )]
            let thousandths = (quality * 1000.0) as u16;
            thousandths
        }
        _ => 1000,
    }
}

#[cfg(test)]
mod tests;
