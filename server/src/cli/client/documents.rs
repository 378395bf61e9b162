//! What the API says of keys, and what it wants to be told.

use domain::key::Tag;
use form_urlencoded::byte_serialize;
use http::Method;
use serde_json::{Value, json};

use super::{connection::Connection, failure::Failure, output::Fields};

pub(super) const KEYS: &str = "/security/api-keys";
/// The largest page that there is.
const PAGE: u64 = 100;

pub(super) fn path(tag: &Tag) -> String {
    format!("{KEYS}/{tag}")
}

pub(super) fn details(connection: &Connection, tag: &Tag) -> Result<Value, Failure> {
    let answer = connection.api(Method::GET, &path(tag), None)?;
    Ok(answer.body["data"].clone())
}

pub(super) fn attributes(days: Option<u32>, description: Option<String>) -> Value {
    let mut attributes = json!({});
    if let Some(days) = days {
        attributes["expireAfterDays"] = format!("P{days}D").into();
    }
    if let Some(description) = description {
        attributes["description"] = description.into();
    }
    attributes
}

pub(super) fn document(kind: &str, tag: Option<&Tag>, attributes: &Value) -> Value {
    let mut data = json!({ "type": kind, "attributes": attributes });
    if let Some(tag) = tag {
        data["id"] = tag.as_str().into();
    }
    json!({ "data": data })
}

/// For how many days a key was made, rounded. `None`: its expiry comes from a SAML session.
pub(super) fn same_days(key: &Value) -> Option<u32> {
    let attributes = &key["attributes"];
    let date = |name: &str| -> Option<domain::Instant> { attributes[name].as_str()?.parse().ok() };
    if attributes["userDomainType"]
        .as_str()?
        .eq_ignore_ascii_case("saml")
    {
        return None;
    }
    let span = date("expiryDateTime")? - date("lastModifiedDateTime")?;
    let days = (span.num_hours() + 12) / 24;
    u32::try_from(days.max(1)).ok()
}

/// All keys that fit, a page after the other.
pub(super) fn list(
    connection: &Connection,
    filter: Option<&str>,
    sort: Option<&str>,
    limit: Option<usize>,
) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    let mut offset = 0;
    loop {
        let mut path = format!("{KEYS}?page%5Blimit%5D={PAGE}&page%5Boffset%5D={offset}");
        for (name, value) in [("filter", filter), ("sort", sort)] {
            if let Some(value) = value {
                let value: String = byte_serialize(value.as_bytes()).collect();
                path.extend(["&", name, "=", &*value]);
            }
        }
        let mut page = connection.api(Method::GET, &path, None)?.body;
        if let Value::Array(items) = page["data"].take() {
            all.extend(items);
        }
        let next = page["meta"]["pagination"]["next"].as_u64();
        match next.filter(|_| limit.is_none_or(|limit| all.len() < limit)) {
            Some(next) if next > offset => offset = next,
            _ => break,
        }
    }
    all.truncate(limit.unwrap_or(usize::MAX));
    Ok(all)
}

/// What the API says of a key, in the order in which people read it.
pub(super) fn fields(key: &Value) -> Fields {
    let attributes = &key["attributes"];
    let issuer = &attributes["issuer"]["principalName"];
    let mut fields = vec![("apiKeyTag", key["id"].clone())];
    for name in [
        "userName",
        "userDomain",
        "userDomainType",
        "state",
        "description",
        "createdDateTime",
        "expiryDateTime",
        "lastModifiedDateTime",
        "lastUsedDateTime",
        "lastUsedAddress",
        "samlSessionValidated",
    ] {
        fields.push((name, attributes[name].clone()));
    }
    fields.push(("issuer", issuer.clone()));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reissue_keeps_the_validity_in_days() {
        let key = |kind: &str, from: &str, to: &str| {
            same_days(&json!({ "attributes": {
                "userDomainType": kind, "lastModifiedDateTime": from, "expiryDateTime": to,
            }}))
        };
        let from = "2026-11-26T10:00:00.000Z";
        assert_eq!(key("unixpwd", from, "2026-12-26T10:00:00.000Z"), Some(30));
        assert_eq!(key("unixpwd", from, "2026-12-26T09:59:59.999Z"), Some(30));
        assert_eq!(key("unixpwd", from, "2026-11-26T11:00:00.000Z"), Some(1));
        assert_eq!(key("SAML", from, "2026-12-26T10:00:00.000Z"), None);
    }
}
