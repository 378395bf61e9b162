//! The roles themselves.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use domain::{
    filter::{Field, Kind, Literal},
    permission::Grants,
    role::Role,
};
use serde_json::{Value, json};
use service::roles::RoleChange;

use super::{ROLES, definitions, href};
use crate::{
    AppState,
    credentials::Caller,
    failure::Failure,
    netbackup::{
        BASE,
        document::{Body, Document, Members, NoBody, under_attributes},
        listing::Listing,
        query::NumberInPath,
    },
};

/// What a role's document and a request for one are called.
pub(super) const KIND: &str = "accessControlRole";

#[derive(Debug, Clone, Copy)]
pub(super) enum RoleField {
    Id,
    Name,
    Description,
    BuiltIn,
}

pub(super) const FIELDS: &[Field<RoleField>] = &[
    Field::new("id", RoleField::Id, Kind::Number),
    Field::new("name", RoleField::Name, Kind::Text),
    Field::new("description", RoleField::Description, Kind::Text),
    Field::new("isSystemDefined", RoleField::BuiltIn, Kind::Bool),
];

pub(super) async fn list(listing: Listing) -> Result<Document, Failure> {
    let part = listing.of(format!("{BASE}{ROLES}"), FIELDS)?;
    let roles = part.services.roles.list(&part.actor).await?;
    let page = part.wanted().page_of(roles, |role, field| match field {
        RoleField::Id => Literal::Number(role.id),
        RoleField::Name => Literal::Text(role.name.clone()),
        RoleField::Description => Literal::Text(role.description.clone()),
        RoleField::BuiltIn => Literal::Bool(role.built_in),
    });
    Ok(part.document(&page, item))
}

pub(super) async fn details(
    State(state): State<AppState>,
    Caller(actor): Caller,
    NumberInPath(id): NumberInPath,
    _: NoBody,
) -> Result<Document, Failure> {
    let role = state.services.roles.get(&actor, id).await?;
    Ok(Document(json!({ "data": item(&role) })))
}

pub(super) async fn create(
    State(state): State<AppState>,
    Caller(actor): Caller,
    body: Body,
) -> Result<impl IntoResponse, Failure> {
    let wanted = wanted(body.attributes(KIND)?)?;
    let wanted = RoleChange {
        name: wanted.name,
        description: wanted.description,
        grants: wanted.grants.unwrap_or(Grants::NONE),
    };
    let role = state.services.roles.add(&actor, wanted).await;
    let role = role.map_err(under_attributes)?;
    let location = [(header::LOCATION, href(role.id))];
    let document = Document(json!({ "data": item(&role) }));
    Ok((StatusCode::CREATED, location, document))
}

/// Replaces the texts; what the role grants as well, where the body says.
pub(super) async fn update(
    State(state): State<AppState>,
    Caller(actor): Caller,
    NumberInPath(id): NumberInPath,
    body: Body,
) -> Result<Document, Failure> {
    let wanted = wanted(body.attributes_of(KIND, &id.to_string())?)?;
    let change = |before: &Role| {
        Ok(RoleChange {
            name: wanted.name,
            description: wanted.description,
            grants: wanted.grants.unwrap_or(before.grants),
        })
    };
    let role = state.services.roles.edit(&actor, id, change).await;
    let role = role.map_err(under_attributes)?;
    Ok(Document(json!({ "data": item(&role) })))
}

pub(super) async fn delete(
    State(state): State<AppState>,
    Caller(actor): Caller,
    NumberInPath(id): NumberInPath,
    _: NoBody,
) -> Result<StatusCode, Failure> {
    state.services.roles.delete(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

struct Wanted {
    name: String,
    description: String,
    /// `None`: the body does not say.
    grants: Option<Grants>,
}

fn wanted(mut attributes: Members) -> Result<Wanted, Failure> {
    let wanted = Wanted {
        name: attributes.required_text("name"),
        description: attributes.text("description").unwrap_or_default(),
        grants: definitions::all(&mut attributes),
    };
    attributes.end()?;
    Ok(wanted)
}

fn item(role: &Role) -> Value {
    let href = href(role.id);
    let related =
        |what: &str| json!({ "links": { "related": { "href": format!("{href}/{what}") } } });
    json!({
        "links": { "self": { "href": href } },
        "type": KIND,
        "id": role.id.to_string(),
        "attributes": {
            "name": role.name,
            "description": role.description,
            "isSystemDefined": role.built_in,
            "accessDefinitions": definitions::plain(role.grants),
        },
        "relationships": {
            "accessDefinitions": related("access-definitions"),
            "userPrincipals": related("relationships/user-principals"),
        },
    })
}
