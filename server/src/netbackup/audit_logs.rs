//! `/security/auditlogs`: the audit trail, for people and collectors.

use axum::{
    Router,
    extract::{RawQuery, State},
    routing::get,
};
use domain::audit::Change;
use serde_json::{Value, json};
use service::audit::{RECORD_FIELDS, Record};

use super::{
    BASE, date,
    document::{Document, NoBody},
    query::{ListQuery, NumberInPath},
};
use crate::{AppState, credentials::Caller, failure::Failure};

const PATH: &str = "/security/auditlogs";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(PATH, get(list))
        .route("/security/auditlogs/{id}", get(details))
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    RawQuery(query): RawQuery,
    _: NoBody,
) -> Result<Document, Failure> {
    let query = ListQuery::parse(query.as_deref(), RECORD_FIELDS)?;
    let page = state
        .services
        .audit_records(&actor, &query.wanted())
        .await?;
    let items = page.items.iter().map(item);
    Ok(Document(query.document(
        &format!("{BASE}{PATH}"),
        items,
        page.count,
    )))
}

async fn details(
    State(state): State<AppState>,
    Caller(actor): Caller,
    NumberInPath(number): NumberInPath,
    _: NoBody,
) -> Result<Document, Failure> {
    let record = state.services.audit_record(&actor, number).await?;
    Ok(Document(json!({ "data": item(&record) })))
}

fn item(record: &Record) -> Value {
    let id = record.number.to_string();
    let who = record.who.iter().map(|who| {
        json!({
            "userName": who.principal.name,
            "domainName": who.principal.domain,
            "domainType": who.principal.domain_type,
        })
    });
    json!({
        "links": { "self": { "href": format!("{BASE}{PATH}/{id}") } },
        "type": "audit",
        "id": id,
        "attributes": {
            "messageId": record.message_id,
            "category": record.category,
            "operation": record.operation,
            "message": record.message,
            "reason": record.reason,
            "auditDateTime": date(record.recorded_at),
            "auditKeyList": [record.object],
            "auditRecordAttributeList": record.changes.iter().map(change).collect::<Vec<_>>(),
            "auditUserIdentity": who.collect::<Vec<_>>(),
            "action": record.action,
            "outcome": record.outcome,
            "cause": record.cause,
            "via": record.via,
            "address": record.address,
            "clientId": record.client_id,
            "requestId": record.request_id,
        },
    })
}

fn change(change: &Change) -> Value {
    json!({
        "attributeName": change.name,
        "oldValue": change.old,
        "newValue": change.new,
    })
}
