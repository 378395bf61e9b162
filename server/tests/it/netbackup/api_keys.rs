//! `/netbackup/security/api-keys`.

mod create;
mod list;

use serde_json::{Value, json};

use crate::support::{KEYS, list_at};

/// The document of a key that bob made for himself at the start of time.
fn item(tag: &str, name: &str, issuer: &str, description: &str) -> Value {
    json!({
        "links": {"self": {"href": format!("{KEYS}/{tag}")}},
        "type": "apiKeyDetails",
        "id": tag,
        "attributes": {
            "userName": name,
            "userDomain": "",
            "userDomainType": "unixpwd",
            "createdDateTime": "2026-11-22T08:28:30.294Z",
            "expiryDateTime": "2026-12-22T08:28:30.294Z",
            "lastModifiedDateTime": "2026-11-22T08:28:30.294Z",
            "description": description,
            "samlSessionValidated": false,
            "issuer": {
                "principalName": issuer,
                "principalDomain": "",
                "principalDomainType": "unixpwd",
            },
            "state": "ACTIVE",
            "lastUsedDateTime": null,
            "lastUsedAddress": null,
        },
    })
}

fn list(items: &[Value], query: &str) -> Value {
    list_at(KEYS, items, query)
}
