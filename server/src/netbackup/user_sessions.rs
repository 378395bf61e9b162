//! `/user-sessions`: one's sessions, and for administrators everybody's.

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    routing::MethodFilter,
};
use domain::error::{Error, Problem};
use serde_json::{Value, json};
use service::sessions::{
    SessionKind,
    search::{SESSION_FIELDS, UserSession, WhoseSessions},
};

use super::{
    BASE,
    api::{Api, Operation, schema},
    date,
    document::{Document, NoBody},
    listing::Listing,
};
use crate::{AppState, credentials::Caller, failure::Failure};

const PATH: &str = "/user-sessions";
const KIND: &str = "userSession";
const ALL: &str = "all";

pub(super) fn api() -> Api {
    let attributes = schema::whole(&[
        ("userName", schema::text()),
        ("userDomain", schema::text()),
        ("userDomainType", schema::domain_type()),
        ("sessionType", schema::one_of(&["BROWSER", "TOKEN"])),
        ("createdDateTime", schema::date()),
        ("expiryDateTime", schema::date()),
        ("lastUsedDateTime", schema::date()),
        ("address", schema::text()),
        ("userAgent", schema::or_null(schema::text())),
        ("apiKeyTag", schema::or_null(schema::text())),
        ("isCurrent", schema::boolean()),
    ]);
    let all = |operation: Operation| {
        let about = "Everybody's, for administrators, instead of one's own";
        operation.query(ALL, about, &schema::boolean())
    };
    Api::new()
        .at(
            MethodFilter::GET,
            PATH,
            list,
            all(Operation::new("listUserSessions", "One's sessions")
                .lists(SESSION_FIELDS, &schema::resource(KIND, attributes))),
        )
        .at(
            MethodFilter::DELETE,
            PATH,
            end,
            all(
                Operation::new("endUserSessions", "End them, also the one that asks")
                    .answers_nothing(204),
            ),
        )
}

async fn list(listing: Listing) -> Result<Document, Failure> {
    let whose = whose(listing.query());
    let part = listing.of_with(format!("{BASE}{PATH}"), SESSION_FIELDS, &[ALL])?;
    let sessions = &part.services.sessions;
    let page = sessions.search(&part.actor, whose?, part.wanted()).await?;
    Ok(part.document(&page, item))
}

async fn end(
    State(state): State<AppState>,
    Caller(actor): Caller,
    RawQuery(query): RawQuery,
    _: NoBody,
) -> Result<StatusCode, Failure> {
    let whose = whose(query.as_deref())?;
    state.services.sessions.end_all(&actor, whose).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn whose(query: Option<&str>) -> Result<WhoseSessions, Error> {
    let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut said = query
        .filter(|(name, _)| name == ALL)
        .map(|(_, value)| value);
    match (said.next().as_deref(), said.next()) {
        (None | Some("false"), None) => Ok(WhoseSessions::Own),
        (Some("true"), None) => Ok(WhoseSessions::All),
        _ => Err(Error::field(ALL, Problem::malformed("true or false"))),
    }
}

fn item(session: &UserSession) -> Value {
    let (view, owner) = (&session.view, &session.owner.principal);
    json!({
        "type": KIND,
        "id": view.id,
        "attributes": {
            "userName": owner.name,
            "userDomain": owner.domain,
            "userDomainType": owner.domain_type,
            "sessionType": match view.kind {
                SessionKind::Browser => "BROWSER",
                SessionKind::Token => "TOKEN",
            },
            "createdDateTime": date(view.created_at),
            "expiryDateTime": date(view.expires_at),
            "lastUsedDateTime": date(view.last_seen_at),
            "address": view.address,
            "userAgent": view.user_agent,
            "apiKeyTag": session.key,
            "isCurrent": view.current,
        },
    })
}
