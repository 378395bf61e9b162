//! `/authorization-context`: who am I, by what, and what may I do.

use axum::{extract::State, routing::MethodFilter};
use domain::{operation::Means, permission::Whose, principal::DomainType};
use serde_json::{Value, json};
use service::Actor;

use super::{
    access_control::{access_definition, granted, plain},
    api::{Api, Operation, schema},
    date,
    document::{Document, NoBody},
};
use crate::{AppState, credentials::Caller, failure::Failure};

const KIND: &str = "authorizationContext";

pub(super) fn api() -> Api {
    let definitions = schema::list(&access_definition());
    let attributes = schema::whole(&[
        ("subject", schema::text()),
        ("issuer", schema::text()),
        ("issuedAt", schema::date()),
        ("expireDate", schema::date()),
        ("isAdmin", schema::boolean()),
        ("isMachine", schema::boolean()),
        ("permissions", definitions.clone()),
        ("ownPermissions", definitions),
        ("via", schema::one_of(&["token", "key", "keyToken"])),
    ]);
    Api::new().at(
        MethodFilter::GET,
        "/authorization-context",
        context,
        Operation::new("getAuthorizationContext", "Who am I, and what may I do")
            .answers(200, &schema::one(&schema::resource(KIND, attributes))),
    )
}

async fn context(
    State(state): State<AppState>,
    Caller(actor): Caller,
    _: NoBody,
) -> Result<Document, Failure> {
    Ok(Document(json!({ "data": item(&actor, &state) })))
}

fn item(actor: &Actor, state: &AppState) -> Value {
    let (who, rights) = (actor.identity(), actor.rights());
    let now = state.services.now();
    let (issued_at, ends_at) = actor
        .lifetime()
        .map_or((now, now), |life| (life.issued_at, life.ends_at));
    json!({
        "type": KIND,
        "id": who.to_string(),
        "attributes": {
            "subject": who.to_string(),
            "issuer": service::sessions::ISSUER,
            "issuedAt": date(issued_at),
            "expireDate": date(ends_at),
            "isAdmin": actor.is_administrator(),
            "isMachine": who.principal.domain_type == DomainType::Nbsp,
            "permissions": plain(rights.on_others()),
            "ownPermissions": granted(|on, permission| rights.has(on, permission, Whose::Own)),
            "via": match actor.via().means() {
                Means::Key => "key",
                Means::KeyToken => "keyToken",
                _ => "token",
            },
        },
    })
}
