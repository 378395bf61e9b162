//! `/security/mpa-tickets/execute`: the requester carries out what was approved.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use domain::ticket::TicketId;
use serde_json::{Map, Value, json};
use service::tickets::{Carried, Executed};

use crate::{
    AppState,
    credentials::Caller,
    failure::Failure,
    netbackup::{
        api_keys,
        document::{Body, Document, under_attributes},
    },
};

pub(super) const IDS: &str = "ticketIds";

pub(super) async fn execute(
    State(state): State<AppState>,
    Caller(actor): Caller,
    body: Body,
) -> Result<impl IntoResponse, Failure> {
    let mut attributes = body.attributes("executeTicketsRequest")?;
    let ids = attributes.numbers(IDS);
    attributes.end()?;
    let ids: Vec<_> = ids.into_iter().map(TicketId).collect();
    let executed = state.services.tickets.execute(&actor, &ids).await;
    let executed = executed.map_err(under_attributes)?;
    let names: Vec<_> = executed.iter().map(|one| one.ticket.to_string()).collect();
    let document = json!({ "data": {
        "id": names.join("-"),
        "type": "executeTicketsResponse",
        "attributes": { "responses": executed.iter().map(answered).collect::<Vec<_>>() },
    }});
    Ok((StatusCode::CREATED, Document(document)))
}

/// What the operation itself would have answered. A new key's value stands in it, this once.
fn answered(executed: &Executed) -> Value {
    let (response, headers) = match &executed.carried {
        Carried::Created(created) => made("apiKeyCreationResponse", created),
        Carried::Reissued(created) => made("apiKeyReissueResponse", created),
        Carried::Updated(_)
        | Carried::Deleted(_)
        | Carried::Revoked(_)
        | Carried::SettingsChanged => (String::new(), Map::new()),
    };
    json!({
        "ticketId": executed.ticket,
        "response": response,
        "responseHeaders": Value::Object(headers).to_string(),
    })
}

fn made(kind: &str, created: &service::keys::CreatedKey) -> (String, Map<String, Value>) {
    let location = api_keys::href(&created.key.tag);
    let headers = Map::from_iter([(header::LOCATION.to_string(), location.into())]);
    (api_keys::revealing(kind, created).to_string(), headers)
}
