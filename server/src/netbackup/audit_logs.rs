//! `/security/auditlogs`: the audit trail, for people and collectors.

use axum::{extract::State, routing::MethodFilter};
use domain::audit::Change;
use serde_json::{Value, json};
use service::audit::{RECORD_FIELDS, Record};

use super::{
    BASE,
    api::{Api, Operation, schema},
    date,
    document::{Document, NoBody},
    listing::Listing,
    query::NumberInPath,
};
use crate::{AppState, credentials::Caller, failure::Failure};

const PATH: &str = "/security/auditlogs";

pub(super) fn api() -> Api {
    let (text, or_null) = (schema::text, || schema::or_null(schema::text()));
    let change = described_change();
    let who = schema::whole(&[
        ("userName", text()),
        ("domainName", text()),
        ("domainType", schema::domain_type()),
    ]);
    let attributes = schema::whole(&[
        ("messageId", schema::number(0, i64::from(i32::MAX))),
        ("category", text()),
        ("operation", text()),
        ("message", text()),
        ("reason", or_null()),
        ("auditDateTime", schema::date()),
        ("auditKeyList", schema::list(&text())),
        ("auditRecordAttributeList", schema::list(&change)),
        ("auditUserIdentity", schema::list(&who)),
        ("action", text()),
        ("outcome", schema::one_of(&["done", "refused"])),
        ("cause", or_null()),
        ("via", or_null()),
        ("address", or_null()),
        ("clientId", or_null()),
        ("requestId", or_null()),
    ]);
    let item = schema::resource("audit", attributes);
    Api::new()
        .at(
            MethodFilter::GET,
            PATH,
            list,
            Operation::new("listAuditLogs", "The audit trail")
                .says(
                    "Reading it is recorded as well. Collectors ask for filter=id gt LAST&sort=id.",
                )
                .lists(RECORD_FIELDS, &item),
        )
        .at(
            MethodFilter::GET,
            "/security/auditlogs/{id}",
            details,
            Operation::new("getAuditLog", "One record of it")
                .path("id", &schema::id())
                .answers(200, &schema::one(&item)),
        )
}

async fn list(listing: Listing) -> Result<Document, Failure> {
    let part = listing.of(format!("{BASE}{PATH}"), RECORD_FIELDS)?;
    let services = &part.services;
    let page = services.audit_records(&part.actor, part.wanted()).await?;
    Ok(part.document(&page, item))
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

/// The schema of a member that differs.
pub(super) fn described_change() -> Value {
    let or_null = || schema::or_null(schema::text());
    schema::whole(&[
        ("attributeName", schema::text()),
        ("oldValue", or_null()),
        ("newValue", or_null()),
    ])
}

/// A member of something's state that differs before and after.
pub(super) fn change(change: &Change) -> Value {
    json!({
        "attributeName": change.name,
        "oldValue": change.old,
        "newValue": change.new,
    })
}
