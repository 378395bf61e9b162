//! `/access-control/managed-objects/{objectId}/access-definitions`: for clients that grant on a
//! thing rather than to a role. The things are the namespaces.

use axum::{
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, header, request::Parts},
    response::IntoResponse,
};
use domain::{
    error::{Error, Problem},
    filter::Literal,
    permission::{Grants, Namespace},
};
use serde_json::json;

use super::{
    definitions::{self, FIELDS, change, check_propagation, definition_href, granted_by, item},
    names, roles,
};
use crate::{
    AppState,
    credentials::Caller,
    failure::Failure,
    netbackup::{
        BASE,
        document::{Body, Document},
        listing::Listing,
        query::NumberInPath,
    },
};

/// What roles grant on the thing.
pub(super) async fn list(
    ObjectInPath(on): ObjectInPath,
    listing: Listing,
) -> Result<Document, Failure> {
    let part = listing.of(href(on), FIELDS)?;
    let roles = part.services.roles.list(&part.actor).await?;
    let all = roles.into_iter().filter_map(|role| {
        let operations = granted_by(role.grants, on)?;
        Some((role.id, operations))
    });
    let page = part.wanted().page_of(all.collect(), |_, ()| {
        Literal::Text(names::namespace(on).to_owned())
    });
    Ok(part.document(&page, |(id, operations)| item(*id, on, operations)))
}

/// Grants a role more on the thing.
pub(super) async fn add(
    State(state): State<AppState>,
    Caller(actor): Caller,
    ObjectInPath(on): ObjectInPath,
    body: Body,
) -> Result<impl IntoResponse, Failure> {
    let (role, grants) = read(&body, on)?;
    let role = change(&state, &Caller(actor), role, |present| present.and(grants)).await?;
    let document = Document(json!({ "data": definitions::one(&role, on)? }));
    let location = [(header::LOCATION, definition_href(role.id, on))];
    Ok((StatusCode::CREATED, location, document))
}

fn read(body: &Body, on: Namespace) -> Result<(i64, Grants), Failure> {
    let mut members = body.members()?;
    let mut data = members.object("data");
    data.kind(definitions::KIND);
    if data.has("attributes") {
        let mut attributes = data.object("attributes");
        check_propagation(&mut attributes);
        data.absorb(attributes);
    }
    let mut relationships = data.object("relationships");
    let mut role = relationships.object("role");
    let mut named = role.object("data");
    named.kind(roles::KIND);
    let id = NumberInPath::read(&named.required_text("id"));
    if id.is_none() {
        named.wrong("id", Problem::malformed("the number of a role"));
    }
    role.absorb(named);
    relationships.absorb(role);
    let mut operations = relationships.object("operations");
    let mut grants = Grants::NONE;
    for mut operation in operations.objects("data") {
        operation.kind(definitions::OPERATION);
        let name = operation.required_text("id");
        match names::permission_of(on, &name) {
            Some(permission) => grants |= Grants::one(on, permission),
            None => operation.wrong("id", definitions::operations_on(on)),
        }
        operations.absorb(operation);
    }
    relationships.absorb(operations);
    data.absorb(relationships);
    members.absorb(data);
    members.end()?;
    Ok((id.ok_or(Error::Internal)?, grants))
}

/// A namespace in a path.
pub(super) struct ObjectInPath(Namespace);

impl<S: Send + Sync> FromRequestParts<S> for ObjectInPath {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(name) = path.map_err(|_| Error::NotFound)?;
        Ok(Self(names::namespace_of(&name).ok_or(Error::NotFound)?))
    }
}

fn href(on: Namespace) -> String {
    let namespace = names::namespace(on).replace('|', "%7C");
    format!("{BASE}/access-control/managed-objects/{namespace}/access-definitions")
}
