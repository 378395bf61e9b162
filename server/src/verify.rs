//! `/verify`: whom a key identifies, for gateways in front of other APIs (nginx `auth_request`,
//! Traefik and Caddy forward authentication).

use axum::{
    Extension, Router,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use domain::{
    error::{Error, Problem},
    permission::Whose,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use service::{Origin, verify::Verified};

use crate::{
    AppState,
    credentials::{self, KEY_EXPIRES},
    failure::{CHALLENGE, Failure},
    netbackup::{self, date},
};

const USER: HeaderName = HeaderName::from_static("x-latchkey-user");
const DOMAIN: HeaderName = HeaderName::from_static("x-latchkey-domain");
const DOMAIN_TYPE: HeaderName = HeaderName::from_static("x-latchkey-domain-type");
const KEY_TAG: HeaderName = HeaderName::from_static("x-latchkey-key-tag");
const ROLES: HeaderName = HeaderName::from_static("x-latchkey-roles");

/// What stays as it is in an identity header; all else is percent-encoded UTF-8, so that no name
/// can end a header or forge a list.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b'=');

/// `GET` and `POST /verify`; and what Envoy's HTTP `ext_authz` asks: it sends the request's own
/// method, appends the request's path, and wants 200.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/verify", get(verify).post(verify))
        .route("/verify/envoy", any(verify_for_envoy))
        .route("/verify/envoy/", any(verify_for_envoy))
        .route("/verify/envoy/{*path}", any(verify_for_envoy))
}

/// 204 with the identity in headers, or 401: the same for every reason. `Accept` is ignored, the
/// body is not read. 403 when the owner lacks what `permission=<operation>@<namespace>` asks for.
async fn verify(
    State(state): State<AppState>,
    Extension(origin): Extension<Origin>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    answer(&state, &origin, &headers, &query, StatusCode::NO_CONTENT).await
}

/// The query is the client's own here, so it asks for nothing.
async fn verify_for_envoy(
    State(state): State<AppState>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
) -> Response {
    answer(&state, &origin, &headers, "", StatusCode::OK).await
}

async fn answer(
    state: &AppState,
    origin: &Origin,
    headers: &HeaderMap,
    query: &str,
    done: StatusCode,
) -> Response {
    let verified = match credentials::presented(headers) {
        Ok(key) => state.services.verifier.verify(key, origin).await,
        Err(error) => Err(error),
    };
    let mut response = match verified {
        Ok(verified) => match permitted(&verified, query) {
            Ok(true) => (done, identity(&verified)).into_response(),
            Ok(false) => StatusCode::FORBIDDEN.into_response(),
            Err(error) => Failure::from(error).into_response(),
        },
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

/// Whether the owner holds every permission that the query asks for, on everybody's things.
fn permitted(verified: &Verified, query: &str) -> Result<bool, Error> {
    let asked = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == PERMISSION);
    for (_, text) in asked {
        let asked = text.split_once('@').and_then(|(operation, namespace)| {
            let on = netbackup::namespace_of(namespace)?;
            Some((on, netbackup::permission_of(on, operation)?))
        });
        let (on, permission) = asked.ok_or(Error::field(
            PERMISSION,
            Problem::malformed("an operation, @ and a namespace, as roles name them"),
        ))?;
        if !verified.rights.has(on, permission, Whose::Others) {
            return Ok(false);
        }
    }
    Ok(true)
}

const PERMISSION: &str = "permission";

/// What the OpenAPI document says of it.
pub(crate) fn described() -> Map<String, Value> {
    let headers: Map<_, _> = [USER, DOMAIN, DOMAIN_TYPE, KEY_TAG, ROLES, KEY_EXPIRES]
        .into_iter()
        .map(|name| {
            let name = name.as_str().to_owned();
            (name, json!({ "schema": { "type": "string" } }))
        })
        .collect();
    let text = json!({ "text/plain": { "schema": { "type": "string" } } });
    let answers = |done: &str| {
        json!({
            done: { "description": "The key's owner, in headers", "headers": headers },
            "400": { "description": "The permission is not one", "content": text },
            "401": { "description": "No valid key" },
            "403": { "description": "The owner lacks the permission" },
            "413": { "description": "Payload Too Large", "content": text },
            "429": { "description": "Too many wrong keys", "content": text },
            "500": { "description": "A fault of ours", "content": text },
            "503": { "description": "The database does not answer", "content": text },
        })
    };
    let operation = |id: &str, done: &str| {
        json!({
            "operationId": id,
            "summary": "Whom a key identifies, for gateways",
            "tags": ["Gateway"],
            "security": [{ "key": [] }],
            "responses": answers(done),
        })
    };
    let with_query = |id: &str| {
        let mut operation = operation(id, "204");
        operation["parameters"] = json!([{
            "name": PERMISSION, "in": "query", "schema": { "type": "string" },
            "description": "An operation, @ and a namespace: 403 when the owner lacks it",
        }]);
        operation
    };
    let mut envoy = operation("verifyForEnvoy", "200");
    envoy["parameters"] = json!([{
        "name": "path", "in": "path", "required": true, "schema": { "type": "string" },
    }]);
    Map::from_iter([
        (
            "/verify".to_owned(),
            json!({ "get": with_query("verify"), "post": with_query("verifyByPost") }),
        ),
        ("/verify/envoy/{path}".to_owned(), json!({ "get": envoy })),
    ])
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
