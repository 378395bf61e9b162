//! `/security/api-keys`: create, list, get, edit, delete, reissue, revoke.

mod change;
mod described;
mod etag;
mod once;

use axum::{
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use domain::{
    Instant,
    approval::KeyAction,
    error::{Error, Problem},
    expiry::Validity,
    key::{ApiKey, Tag},
    principal::{DomainType, Identity, Principal},
};
use serde_json::{Map, Value, json};
use service::keys::{CreatedKey, KEY_FIELDS, NewKey};

pub(super) use self::described::api;
use self::{etag::IfMatch, once::IdempotencyKey};

use super::{
    BASE, date,
    document::{Body, Document, Members, NoBody, under_attributes},
    listing::Listing,
    waiting,
};
use crate::{AppState, credentials::Caller, failure::Failure};

pub(super) const PATH: &str = "/security/api-keys";

/// Call 1.
async fn create(
    State(state): State<AppState>,
    Caller(actor): Caller,
    key: IdempotencyKey,
    body: Body,
) -> Result<Response, Failure> {
    let wanted = wanted(&body)?;
    let once = key.with(&body);
    let outcome = once::once(&state, &actor, once.as_ref(), async {
        let keys = &state.services.keys;
        let outcome = keys.create_once(&actor, wanted, once.as_ref()).await;
        outcome.map_err(under_attributes)
    })
    .await?;
    let kind = answer_kind(KeyAction::Create);
    Ok(waiting::answer(outcome, |created| {
        answer_of(kind, &created)
    }))
}

/// The answer that shows a new key's value, this once.
fn answer_of(kind: &str, created: &CreatedKey) -> impl IntoResponse + use<> {
    let location = [(header::LOCATION, href(&created.key.tag))];
    let document = Document(revealing(kind, created));
    (StatusCode::CREATED, location, document)
}

/// The document that shows a new key's value, this once.
pub(super) fn revealing(kind: &str, created: &CreatedKey) -> Value {
    let key = &created.key;
    let value = Map::from_iter([("apiKey".to_owned(), json!(*created.value.reveal()))]);
    let owner = &key.owner.principal.name;
    answer_document(kind, &key.tag, key.expires_at, owner, &key.issuer, value)
}

/// A document about a key that was made, with these attributes besides.
pub(super) fn answer_document(
    kind: &str,
    tag: &Tag,
    expires_at: Instant,
    owner: &str,
    issued_by: &Identity,
    mut attributes: Map<String, Value>,
) -> Value {
    for (name, value) in [
        ("expiryDateTime", json!(date(expires_at))),
        ("userName", json!(owner)),
        ("issuer", issuer(issued_by)),
    ] {
        attributes.insert(name.to_owned(), value);
    }
    json!({ "data": {
        "links": { "self": { "href": href(tag) } },
        "type": kind,
        "id": tag,
        "attributes": attributes,
    }})
}

/// The type of the document that answers an action which makes a key.
pub(super) const fn answer_kind(action: KeyAction) -> &'static str {
    match action {
        KeyAction::Reissue => "apiKeyReissueResponse",
        _ => "apiKeyCreationResponse",
    }
}

fn wanted(body: &Body) -> Result<NewKey, Failure> {
    let mut attributes = body.attributes("apiKeyCreationRequest")?;
    let validity = validity(&mut attributes);
    let description = attributes.text("description").unwrap_or_default();
    let owner = owner(&mut attributes);
    attributes.end()?;
    Ok(NewKey {
        owner,
        description,
        validity,
    })
}

fn validity(attributes: &mut Members) -> Option<Validity> {
    match Validity::parse(&attributes.text("expireAfterDays")?) {
        Ok(validity) => Some(validity),
        Err(error) => {
            attributes.wrong("expireAfterDays", error.problem);
            None
        }
    }
}

/// All three names or none; none is oneself.
fn owner(attributes: &mut Members) -> Option<Principal> {
    let names =
        ["userName", "userDomain", "userDomainType"].map(|name| (name, attributes.text(name)));
    if names.iter().all(|(_, text)| text.is_none()) {
        return None;
    }
    let [name, domain, domain_type] = names.map(|(name, text)| {
        if text.is_none() {
            attributes.wrong(name, Problem::Required);
        }
        text
    });
    let domain_type = domain_type?.parse::<DomainType>();
    let domain_type = domain_type
        .map_err(|problem| attributes.wrong("userDomainType", problem))
        .ok()?;
    match Principal::new(domain_type, &domain?, &name?) {
        Ok(principal) => Some(principal),
        Err((field, problem)) => {
            let field = if field == "domain" {
                "userDomain"
            } else {
                "userName"
            };
            attributes.wrong(field, problem);
            None
        }
    }
}

/// Call 2.
async fn list(listing: Listing) -> Result<Document, Failure> {
    let part = listing.of(format!("{BASE}{PATH}"), KEY_FIELDS)?;
    let keys = &part.services.keys;
    let page = keys.list(&part.actor, part.wanted()).await?;
    Ok(part.document(&page, item))
}

/// Call 3.
async fn details(
    State(state): State<AppState>,
    Caller(actor): Caller,
    TagInPath(tag): TagInPath,
    _: NoBody,
) -> Result<impl IntoResponse, Failure> {
    let key = state.services.keys.get(&actor, &tag).await?;
    Ok((etag::of(&key), Document(json!({ "data": item(&key) }))))
}

/// Call 5.
async fn delete(
    State(state): State<AppState>,
    Caller(actor): Caller,
    TagInPath(tag): TagInPath,
    IfMatch(version): IfMatch,
    _: NoBody,
) -> Result<Response, Failure> {
    let keys = &state.services.keys;
    let outcome = keys.delete(&actor, &tag, version).await?;
    Ok(waiting::answer(outcome, |()| StatusCode::NO_CONTENT))
}

/// The tag in the path, `=` literal or percent-encoded. What cannot be a tag names nothing.
struct TagInPath(Tag);

impl FromRequestParts<AppState> for TagInPath {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let Ok(Path(text)) = Path::<String>::from_request_parts(parts, state).await else {
            return Err(Error::NotFound.into());
        };
        Tag::parse(&text)
            .map(Self)
            .map_err(|_| Error::NotFound.into())
    }
}

pub(super) fn href(tag: &Tag) -> String {
    format!("{BASE}{PATH}/{tag}")
}

fn issuer(issuer: &Identity) -> Value {
    json!({
        "principalName": issuer.principal.name,
        "principalDomain": issuer.principal.domain,
        "principalDomainType": issuer.principal.domain_type,
    })
}

fn item(key: &ApiKey) -> Value {
    let owner = &key.owner.principal;
    json!({
        "links": { "self": { "href": href(&key.tag) } },
        "type": "apiKeyDetails",
        "id": key.tag,
        "attributes": {
            "userName": owner.name,
            "userDomain": owner.domain,
            "userDomainType": owner.domain_type,
            "createdDateTime": date(key.created_at),
            "expiryDateTime": date(key.expires_at),
            "lastModifiedDateTime": date(key.modified_at),
            "description": key.description,
            "samlSessionValidated": key.saml_validated,
            "issuer": issuer(&key.issuer),
            "state": key.state,
            "lastUsedDateTime": key.last_used.as_ref().map(|used| date(used.at)),
            "lastUsedAddress": key.last_used.as_ref().map(|used| &used.address),
        },
    })
}
