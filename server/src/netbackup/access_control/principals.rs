//! Users: those who hold a role, and finding them.

use axum::{extract::State, http::StatusCode};
use domain::{
    error::{Error, FieldError, Problem},
    principal::{Identity, Principal},
};
use serde_json::{Value, json};
use service::{roles::Member, users::USER_FIELDS};

use super::href;
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

pub(super) const KIND: &str = "userPrincipal";
pub(super) const IDENTITY: &str = "identity";

/// Everybody, with their full identity as their id.
pub(super) async fn list(listing: Listing) -> Result<Document, Failure> {
    let part = listing.of(
        format!("{BASE}/access-control/user-principals"),
        USER_FIELDS,
    )?;
    let users = &part.services.users;
    let page = users.search(&part.actor, part.wanted()).await?;
    Ok(part.document(&page, |user| item(KIND, user)))
}

/// The same for the field *Username* of forms.
pub(super) async fn identities(listing: Listing) -> Result<Document, Failure> {
    let part = listing.of(format!("{BASE}/rbac/identities"), USER_FIELDS)?;
    let users = &part.services.users;
    let page = users.find(&part.actor, part.wanted()).await?;
    Ok(part.document(&page, |user| item(IDENTITY, user)))
}

/// Who holds a role.
pub(super) async fn holders(
    NumberInPath(id): NumberInPath,
    listing: Listing,
) -> Result<Document, Failure> {
    let path = format!("{}/relationships/user-principals", href(id));
    let part = listing.of(path, USER_FIELDS)?;
    let roles = &part.services.roles;
    let page = roles.holders(&part.actor, id, part.wanted()).await?;
    Ok(part.document(&page, |user| item(KIND, user)))
}

/// Gives a role to users, all of them or none.
pub(super) async fn give(
    State(state): State<AppState>,
    Caller(actor): Caller,
    NumberInPath(id): NumberInPath,
    body: Body,
) -> Result<StatusCode, Failure> {
    let users = named(&body)?;
    let done = state.services.roles.give(&actor, id, &users).await;
    done.map_err(under_data)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a role from users, from all of them or none.
pub(super) async fn take(
    State(state): State<AppState>,
    Caller(actor): Caller,
    NumberInPath(id): NumberInPath,
    body: Body,
) -> Result<StatusCode, Failure> {
    let users = named(&body)?;
    let done = state.services.roles.take(&actor, id, &users).await;
    done.map_err(under_data)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The users that a body names by full identity. The number may be missing.
fn named(body: &Body) -> Result<Vec<Member>, Failure> {
    let (mut users, mut wrong) = (Vec::new(), Vec::new());
    for (index, text) in body.ids(KIND)?.iter().enumerate() {
        match member(text) {
            Some(member) => users.push(member),
            None => wrong.push(FieldError::new(
                format!("data.[{index}].id"),
                Problem::malformed("domain:user:domainType:userId, or the same without the userId"),
            )),
        }
    }
    if wrong.is_empty() {
        Ok(users)
    } else {
        Err(Error::Invalid(wrong).into())
    }
}

fn member(text: &str) -> Option<Member> {
    let whole = text.parse::<Identity>();
    let id = whole.as_ref().ok().map(|identity| identity.id);
    let named = whole.or_else(|_| format!("{text}:0").parse::<Identity>());
    let Principal {
        domain_type,
        domain,
        name,
    } = named.ok()?.principal;
    // Scripts write their host's name where `unixpwd` has no domain.
    let principal = Principal::new(domain_type, &domain, &name).ok()?;
    Some(Member { principal, id })
}

/// A use case's error about the nth user, under its path.
fn under_data(error: Error) -> Failure {
    match error {
        Error::Invalid(fields) => {
            let fields = fields.into_iter().map(|field| {
                let path = format!("data.{}.id", field.field);
                field.named(path)
            });
            Error::Invalid(fields.collect())
        }
        other => other,
    }
    .into()
}

fn item(kind: &str, user: &Identity) -> Value {
    json!({
        "type": kind,
        "id": user.to_string(),
        "attributes": {
            "userName": user.principal.name,
            "userDomain": user.principal.domain,
            "userDomainType": user.principal.domain_type,
        },
    })
}
