//! Tickets at their addresses, and what is said of them.

use axum::routing::MethodFilter;
use domain::ticket::{Happening, MAX_COMMENT_CHARS, TicketAction, TicketState};
use serde_json::{Value, json};
use service::tickets::TICKET_FIELDS;

use super::{COMMENT, HISTORY, INCLUDE, PATH, STATE, change, details, execute, list};
use crate::netbackup::{
    api::{Api, Operation, schema},
    audit_logs,
};

pub(in crate::netbackup) fn api() -> Api {
    let item = schema::resource("mpaTicketDetails", attributes());
    let one = schema::one(&item);
    let including = |operation: Operation| {
        let about = "ticketHistory: what happened to each ticket, as well";
        operation.query(INCLUDE, about, &schema::one_of(&[HISTORY]))
    };
    let path = "/security/mpa-tickets/{id}";
    Api::new()
        .at(
            MethodFilter::GET,
            PATH,
            list,
            including(
                Operation::new("listTickets", "The tickets that one may see")
                    .says("One's own; everybody's for whoever may see them.")
                    .lists(TICKET_FIELDS, &item),
            ),
        )
        .at(
            MethodFilter::GET,
            path,
            details,
            including(
                Operation::new("getTicket", "One of them")
                    .says(
                        "requestMetaData is exactly what would be done; liveDiff is what has \
                         changed since the ticket was made.",
                    )
                    .path("id", &schema::id())
                    .answers(200, &one),
            ),
        )
        .at(
            MethodFilter::PATCH,
            path,
            change,
            Operation::new(
                "updateTicket",
                "Decide about a ticket, withdraw or renew it",
            )
            .says(
                "APPROVED and REJECTED are for somebody else than the requester, and \
                     REJECTED takes a comment. CANCELED and PENDING (again, after EXPIRED) are \
                     for the requester. Without a state only the comment is added. Never with a \
                     key or a token that was got with one.",
            )
            .path("id", &schema::id())
            .takes(updating())
            .answers(200, &one)
            .fails(&[409]),
        )
        .at(
            MethodFilter::POST,
            "/security/mpa-tickets/execute",
            execute::execute,
            Operation::new("executeTickets", "Carry out what was approved")
                .says(
                    "For the requester, once, all or none. response is the operation's own answer: \
                     a new key's value stands in it, this once. 409 when the tickets are not \
                     approved, or when it would not be what was approved any more.",
                )
                .takes(executing())
                .answers(201, &executed())
                .fails(&[404, 409]),
        )
}

fn updating() -> Value {
    let mut attributes = schema::wanted(
        0,
        &[
            (
                STATE,
                schema::one_of(&["APPROVED", "REJECTED", "CANCELED", "PENDING"]),
            ),
            (COMMENT, schema::text_to(MAX_COMMENT_CHARS)),
        ],
    );
    attributes["minProperties"] = 1.into();
    let mut body = schema::request_about("mpaTicketUpdateRequest", &attributes);
    body["properties"]["data"]["properties"]["id"] = json!({
        "type": ["integer", "string"], "description": "What the path names",
    });
    body
}

fn executing() -> Value {
    let mut ids = schema::list(&schema::id());
    ids["minItems"] = 1.into();
    ids["maxItems"] = 20.into();
    ids["uniqueItems"] = true.into();
    let attributes = schema::whole(&[(execute::IDS, ids)]);
    schema::request("executeTicketsRequest", &attributes)
}

fn executed() -> Value {
    let response = schema::whole(&[
        ("ticketId", schema::id()),
        ("response", schema::text()),
        ("responseHeaders", schema::text()),
    ]);
    let attributes = schema::whole(&[("responses", schema::list(&response))]);
    schema::one(&schema::resource("executeTicketsResponse", attributes))
}

fn attributes() -> Value {
    let (text, or_null) = (schema::text, schema::or_null);
    let object = || json!({ "type": "object" });
    let event = schema::whole(&[
        ("dateTime", schema::date()),
        ("user", text()),
        (
            "action",
            schema::one_of(&Happening::ALL.map(Happening::as_str)),
        ),
        (COMMENT, text()),
    ]);
    let change = audit_logs::described_change();
    schema::object(
        18,
        &[
            (
                "operationId",
                schema::one_of(&["API_KEYS", "MPA_CONFIGURATION"]),
            ),
            ("operationName", text()),
            (
                "requestAction",
                schema::one_of(&TicketAction::ALL.map(TicketAction::as_str)),
            ),
            ("requestUri", text()),
            ("requestMethod", text()),
            ("requestMetaData", object()),
            ("liveDiff", or_null(schema::list(&change))),
            ("requesterName", text()),
            ("requesterDomainName", text()),
            ("requesterDomainType", schema::domain_type()),
            (
                "currentState",
                schema::one_of(&TicketState::ALL.map(TicketState::as_str)),
            ),
            ("conflictedBy", or_null(text())),
            ("isMyTicket", schema::boolean()),
            ("response", or_null(text())),
            ("responseStatusCode", or_null(schema::number(200, 204))),
            ("expirationDateTime", schema::date()),
            ("createdDateTime", schema::date()),
            ("lastUpdatedDateTime", schema::date()),
            (HISTORY, schema::list(&event)),
        ],
    )
}
