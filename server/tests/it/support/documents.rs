//! What is sent, and what an error looks like.

use domain::principal::{DomainType, Principal};
use serde_json::{Value, json};

/// The API's media type in a version that clients of today send.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.netbackup+json;version=14.0";
/// Where the keys are.
pub(crate) const KEYS: &str = "/netbackup/security/api-keys";
/// The id of every test's request, unless the test sends another.
pub(crate) const REQUEST_ID: &str = "request-1";

/// A login's body.
pub(crate) fn login(name: &str, password: &str) -> Value {
    json!({"userName": name, "password": password, "domainType": "unixpwd", "domainName": "host.example"})
}

/// The body of a request for a key of one's own.
pub(crate) fn wanted() -> Value {
    wanted_with(json!({"expireAfterDays": "P30D", "description": "CI"}))
}

pub(crate) fn wanted_with(attributes: Value) -> Value {
    json!({"data": {"type": "apiKeyCreationRequest", "attributes": attributes}})
}

/// The document of a list that fits on one page; `query` is what its links repeat.
pub(crate) fn list_at(path: &str, items: &[Value], query: &str) -> Value {
    let link = json!({"href": format!("{path}?{query}page%5Blimit%5D=10&page%5Boffset%5D=0")});
    let pages = u8::from(!items.is_empty());
    json!({
        "data": items,
        "meta": {"pagination": {
            "count": items.len(), "pages": pages, "page": 0, "offset": 0, "limit": 10,
            "first": 0, "last": 0,
        }},
        "links": {"self": link, "first": link, "last": link},
    })
}

/// An error document.
pub(crate) fn error(code: u32, message: &str, attributes: Value) -> Value {
    json!({
        "errorCode": code,
        "errorMessage": message,
        "attributeErrors": attributes,
        "errorDetails": [format!("Request: {REQUEST_ID}")],
        "fileUploadErrors": [],
    })
}

/// The document of a failed authentication.
pub(crate) fn unauthenticated() -> Value {
    error(
        5930,
        "Authentication failed. Send a valid API key or token.",
        json!({}),
    )
}

pub(crate) fn not_found() -> Value {
    error(227, "Nothing was found under that name.", json!({}))
}

/// A principal of the kind that the harness makes.
pub(crate) fn local(name: &str) -> Principal {
    Principal::new(DomainType::Unixpwd, "", name).unwrap()
}
