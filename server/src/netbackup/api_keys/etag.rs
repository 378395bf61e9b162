//! `ETag` and `If-Match` (RFC 9110, sections 8.8.3 and 13.1.1): nobody overwrites what they have
//! not seen.

use axum::{
    extract::FromRequestParts,
    http::{HeaderName, header, request::Parts},
};
use domain::key::ApiKey;

/// The tag of a key's present version, as a header.
pub(super) fn of(key: &ApiKey) -> [(HeaderName, String); 1] {
    [(header::ETAG, format!("\"v{}\"", key.version))]
}

/// The version that the caller saw. `None`: it does not say, or any will do (`*`).
pub(super) struct IfMatch(pub(super) Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(Self(None));
        };
        let text = value.to_str().unwrap_or_default().trim();
        Ok(Self((text != "*").then(|| version(text))))
    }
}

/// The version in a strong entity tag of ours; what is none matches no version.
fn version(text: &str) -> i64 {
    text.strip_prefix("\"v")
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_strong_tags_name_a_version() {
        assert_eq!(version("\"v7\""), 7);
        for other in ["", "v7", "\"7\"", "W/\"v7\"", "\"v7\", \"v8\"", "\"vx\""] {
            assert_eq!(version(other), -1, "{other}");
        }
    }
}
