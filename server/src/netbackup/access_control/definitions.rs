//! What a role grants: one definition a namespace, with the operations it allows there.

use axum::{
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, header, request::Parts},
    response::IntoResponse,
};
use domain::{
    error::{Error, Problem},
    filter::{Field, Kind, Literal},
    permission::{Grants, Namespace, Permission},
    role::Role,
};
use serde_json::{Value, json};
use service::roles::RoleChange;

use super::{href, names, roles};
use crate::{
    AppState,
    credentials::Caller,
    failure::Failure,
    netbackup::{
        BASE,
        document::{Body, Document, Members, NoBody},
        listing::Listing,
        query::NumberInPath,
    },
};

pub(super) const KIND: &str = "accessDefinition";
pub(super) const OPERATION: &str = "accessControlOperation";

/// Here a namespace has nothing below it, so all of it is always meant.
pub(super) const PROPAGATION: &str = "OBJECT_AND_CHILDREN";

pub(super) const FIELDS: &[Field<()>] = &[Field::new("namespace", (), Kind::Text)];
pub(super) const OPERATION_FIELDS: &[Field<()>] = &[Field::new("id", (), Kind::Text)];

pub(super) async fn list(
    NumberInPath(id): NumberInPath,
    listing: Listing,
) -> Result<Document, Failure> {
    let part = listing.of(format!("{}/access-definitions", href(id)), FIELDS)?;
    let role = part.services.roles.get(&part.actor, id).await?;
    let all = by_namespace(role.grants).collect();
    let page = part
        .wanted()
        .page_of(all, |(on, _), ()| text(names::namespace(*on)));
    Ok(part.document(&page, |(on, operations)| item(id, *on, operations)))
}

/// Grants more on one namespace, besides what the role grants already.
pub(super) async fn add(
    State(state): State<AppState>,
    Caller(actor): Caller,
    NumberInPath(id): NumberInPath,
    body: Body,
) -> Result<impl IntoResponse, Failure> {
    let mut attributes = body.attributes(KIND)?;
    let definition = read(&mut attributes);
    check_propagation(&mut attributes);
    attributes.end()?;
    // What is wrong was told by `end`.
    let (on, grants) = definition.ok_or(Error::Internal)?;
    let role = change(&state, &Caller(actor), id, |present| present.and(grants)).await?;
    let document = Document(json!({ "data": one(&role, on)? }));
    let location = [(header::LOCATION, definition_href(id, on))];
    Ok((StatusCode::CREATED, location, document))
}

pub(super) async fn details(
    State(state): State<AppState>,
    Caller(actor): Caller,
    DefinitionInPath(id, on): DefinitionInPath,
    _: NoBody,
) -> Result<Document, Failure> {
    let role = state.services.roles.get(&actor, id).await?;
    Ok(Document(json!({ "data": one(&role, on)? })))
}

/// Replaces what the role grants on one namespace.
pub(super) async fn replace(
    State(state): State<AppState>,
    Caller(actor): Caller,
    DefinitionInPath(id, on): DefinitionInPath,
    body: Body,
) -> Result<Document, Failure> {
    let mut attributes = body.attributes_of(KIND, &definition_id(id, on))?;
    let named = attributes.text("namespace");
    if named.is_some_and(|name| name != names::namespace(on)) {
        attributes.wrong("namespace", Problem::malformed("what the path names"));
    }
    let grants = operations_of(&mut attributes, on);
    check_propagation(&mut attributes);
    attributes.end()?;
    let role = change(&state, &Caller(actor), id, |present| {
        without(present, on).and(grants)
    })
    .await?;
    Ok(Document(json!({ "data": one(&role, on)? })))
}

/// Grants nothing more on one namespace.
pub(super) async fn remove(
    State(state): State<AppState>,
    Caller(actor): Caller,
    DefinitionInPath(id, on): DefinitionInPath,
    _: NoBody,
) -> Result<StatusCode, Failure> {
    change(&state, &Caller(actor), id, |present| without(present, on)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What can be granted, and where.
pub(super) async fn operations(listing: Listing) -> Result<Document, Failure> {
    let part = listing.of(
        format!("{BASE}/access-control/operations"),
        OPERATION_FIELDS,
    )?;
    // Whoever may see roles may see what they are made of.
    part.services.roles.list(&part.actor).await?;
    let all = Permission::ALL.to_vec();
    let page = part
        .wanted()
        .page_of(all, |permission, ()| text(names::operation(*permission)));
    let item = |permission: &Permission| {
        let on = Namespace::ALL.into_iter();
        let on = on.filter(|on| names::on_namespace(*on).any(|one| one == *permission));
        json!({
            "type": OPERATION,
            "id": names::operation(*permission),
            "attributes": { "namespaces": on.map(names::namespace).collect::<Vec<_>>() },
        })
    };
    Ok(part.document(&page, item))
}

/// A role's number and one of its definitions, by the namespace.
pub(super) struct DefinitionInPath(i64, Namespace);

impl<S: Send + Sync> FromRequestParts<S> for DefinitionInPath {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((id, namespace)) = path.map_err(|_| Error::NotFound)?;
        let id = NumberInPath::read(&id).ok_or(Error::NotFound)?;
        let on = names::namespace_of(&namespace).ok_or(Error::NotFound)?;
        Ok(Self(id, on))
    }
}

pub(super) async fn change(
    state: &AppState,
    Caller(actor): &Caller,
    id: i64,
    grants: impl FnOnce(Grants) -> Grants,
) -> Result<Role, Failure> {
    let change = |before: &Role| {
        Ok(RoleChange {
            name: before.name.clone(),
            description: before.description.clone(),
            grants: grants(before.grants),
        })
    };
    Ok(state.services.roles.edit(actor, id, change).await?)
}

/// The definitions in a role's attributes. `None`: there are none, so nothing is said about them.
pub(in crate::netbackup) fn all(attributes: &mut Members) -> Option<Grants> {
    const NAME: &str = "accessDefinitions";
    if !attributes.has(NAME) {
        return None;
    }
    let mut all = Grants::NONE;
    for mut definition in attributes.objects(NAME) {
        if let Some((_, grants)) = read(&mut definition) {
            all |= grants;
        }
        attributes.absorb(definition);
    }
    Some(all)
}

/// One definition. `None`: its namespace is wrong.
fn read(members: &mut Members) -> Option<(Namespace, Grants)> {
    let name = members.required_text("namespace");
    let on = names::namespace_of(&name);
    if let Some(on) = on {
        return Some((on, operations_of(members, on)));
    }
    if !name.is_empty() {
        members.wrong("namespace", one_of(Namespace::ALL.map(names::namespace)));
    }
    members.texts("operations");
    None
}

fn operations_of(members: &mut Members, on: Namespace) -> Grants {
    let mut all = Grants::NONE;
    for (path, name) in members.texts("operations") {
        match names::permission_of(on, &name) {
            Some(permission) => all |= Grants::one(on, permission),
            None => members.wrong(&path, operations_on(on)),
        }
    }
    all
}

fn one_of(names: impl IntoIterator<Item = &'static str>) -> Problem {
    let names: Vec<_> = names.into_iter().collect();
    Problem::Malformed {
        expected: format!("one of {}", names.join(" ")).into(),
    }
}

fn without(grants: Grants, on: Namespace) -> Grants {
    let others = grants.iter().filter(|(namespace, _)| *namespace != on);
    others.fold(Grants::NONE, |all, (namespace, permission)| {
        all | Grants::one(namespace, permission)
    })
}

/// What is granted, namespace by namespace, as far as it means something there.
fn by_namespace(grants: Grants) -> impl Iterator<Item = (Namespace, Vec<&'static str>)> {
    let on = move |namespace| Some((namespace, granted_by(grants, namespace)?));
    Namespace::ALL.into_iter().filter_map(on)
}

/// What is granted on a namespace. `None`: nothing.
pub(super) fn granted_by(grants: Grants, on: Namespace) -> Option<Vec<&'static str>> {
    let held = names::on_namespace(on);
    let held = held.filter(|permission| grants.has(on, *permission));
    Some(held.map(names::operation).collect::<Vec<_>>()).filter(|held| !held.is_empty())
}

/// What is granted as definitions, given which permissions are.
pub(in crate::netbackup) fn granted(has: impl Fn(Namespace, Permission) -> bool) -> Vec<Value> {
    let pairs = Namespace::ALL
        .into_iter()
        .flat_map(|on| names::on_namespace(on).map(move |permission| (on, permission)));
    let grants = pairs
        .filter(|(on, permission)| has(*on, *permission))
        .fold(Grants::NONE, |all, (on, permission)| {
            all | Grants::one(on, permission)
        });
    plain(grants)
}

/// What an operation's name on a namespace must be.
pub(super) fn operations_on(on: Namespace) -> Problem {
    one_of(names::on_namespace(on).map(names::operation))
}

/// The definitions as a role's attribute.
pub(in crate::netbackup) fn plain(grants: Grants) -> Vec<Value> {
    by_namespace(grants)
        .map(|(on, operations)| {
            json!({ "namespace": names::namespace(on), "operations": operations })
        })
        .collect()
}

pub(super) fn one(role: &Role, on: Namespace) -> Result<Value, Error> {
    let operations = granted_by(role.grants, on).ok_or(Error::NotFound)?;
    Ok(item(role.id, on, &operations))
}

pub(super) fn definition_href(id: i64, on: Namespace) -> String {
    let namespace = names::namespace(on).replace('|', "%7C");
    format!("{}/access-definitions/{namespace}", href(id))
}

fn definition_id(id: i64, on: Namespace) -> String {
    format!("{id}{}", names::namespace(on))
}

/// Clients of that API say how far down a definition reaches.
pub(super) fn check_propagation(attributes: &mut Members) {
    let said = attributes.text("propagation");
    if said.is_some_and(|said| said != PROPAGATION) {
        attributes.wrong("propagation", Problem::malformed(PROPAGATION));
    }
}

pub(super) fn item(id: i64, on: Namespace, operations: &[&'static str]) -> Value {
    let namespace = names::namespace(on);
    let related: Vec<_> = operations
        .iter()
        .map(|operation| json!({ "type": OPERATION, "id": operation }))
        .collect();
    json!({
        "links": { "self": { "href": definition_href(id, on) } },
        "type": KIND,
        "id": definition_id(id, on),
        "attributes": {
            "namespace": namespace,
            "operations": operations,
            "propagation": PROPAGATION,
        },
        "relationships": {
            "role": { "data": { "type": roles::KIND, "id": id.to_string() } },
            "operations": { "data": related },
            "managedObject": { "data": { "type": "managedObject", "id": namespace } },
        },
    })
}

fn text(text: &str) -> Literal {
    Literal::Text(text.to_owned())
}
