//! `/verify`: whom a key identifies, for gateways in front of other APIs (nginx `auth_request`,
//! Traefik and Caddy forward authentication).

use axum::{
    Extension, Router,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use domain::error::Error;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use service::{Origin, verify::Verified};

use crate::{
    AppState, credentials,
    failure::{CHALLENGE, Failure},
    netbackup::date,
};

const USER: HeaderName = HeaderName::from_static("x-latchkey-user");
const DOMAIN: HeaderName = HeaderName::from_static("x-latchkey-domain");
const DOMAIN_TYPE: HeaderName = HeaderName::from_static("x-latchkey-domain-type");
const KEY_TAG: HeaderName = HeaderName::from_static("x-latchkey-key-tag");
const ROLES: HeaderName = HeaderName::from_static("x-latchkey-roles");
const KEY_EXPIRES: HeaderName = HeaderName::from_static("x-latchkey-key-expires");

/// What stays as it is in an identity header; all else is percent-encoded UTF-8, so that no name
/// can end a header or forge a list.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b'=');

/// `GET` and `POST /verify`.
pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/verify", get(verify).post(verify))
}

/// 204 with the identity in headers, or 401: the same for every reason. `Accept` is ignored, the
/// query and the body are not read.
async fn verify(
    State(state): State<AppState>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
) -> Response {
    let verified = match credentials::presented(&headers) {
        Ok(key) => state.services.verifier.verify(key, &origin).await,
        Err(error) => Err(error),
    };
    let mut response = match verified {
        Ok(verified) => (StatusCode::NO_CONTENT, identity(&verified)).into_response(),
        Err(Error::Unauthenticated) => (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, CHALLENGE)],
        )
            .into_response(),
        Err(error) => Failure::from(error).into_response(),
    };
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

fn identity(verified: &Verified) -> HeaderMap {
    let owner = &verified.owner.principal;
    let roles: Vec<_> = verified.roles.iter().map(|role| encoded(role)).collect();
    [
        (USER, encoded(&owner.name)),
        (DOMAIN, encoded(&owner.domain)),
        (DOMAIN_TYPE, encoded(owner.domain_type.as_str())),
        (KEY_TAG, encoded(verified.tag.as_str())),
        (ROLES, roles.join(",")),
        (KEY_EXPIRES, date(verified.expires_at)),
    ]
    .into_iter()
    // All of it is ASCII without control characters by now.
    .filter_map(|(name, value)| Some((name, HeaderValue::from_str(&value).ok()?)))
    .collect()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R2: neither a line break nor the list's comma gets through.
    #[test]
    fn names_are_encoded_so_that_no_header_can_be_forged() {
        assert_eq!(encoded("bob"), "bob");
        assert_eq!(encoded("lky_AAECAwQ="), "lky_AAECAwQ=");
        assert_eq!(encoded("a\r\nb, c%é"), "a%0D%0Ab%2C%20c%25%C3%A9");
    }
}
