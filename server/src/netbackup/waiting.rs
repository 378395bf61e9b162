//! 202: what waits for the approval of a second person.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::ticket::TicketId;
use serde_json::{Value, json};
use service::{Outcome, Waiting};

use super::{api::schema, mpa_tickets};

/// The ticket that was made.
const TICKET: HeaderName = HeaderName::from_static("x-netbackup-mpa-ticket");
/// What about it: see [`BY_HAND`].
const FLAGS: HeaderName = HeaderName::from_static("x-netbackup-ticket-flags");
/// The ticket that waits already, on a 409.
pub(crate) const PENDING: HeaderName = HeaderName::from_static("x-netbackup-pending-mpa-ticket");

/// Bit 0 of the flags: the requester has to execute the ticket.
const BY_HAND: u32 = 1;

/// Tells of a ticket that was made: no body, its address and number in headers.
pub(super) fn accepted(waiting: Waiting) -> Response {
    let flags = if waiting.by_hand { BY_HAND } else { 0 };
    let headers = [
        (TICKET, HeaderValue::from(waiting.ticket.0)),
        (FLAGS, HeaderValue::from(flags)),
    ];
    let location = [(header::LOCATION, mpa_tickets::href(waiting.ticket))];
    (StatusCode::ACCEPTED, headers, location).into_response()
}

/// What the OpenAPI document says of those headers.
pub(super) fn described() -> Value {
    let number = |about: &str| json!({ "description": about, "schema": schema::id() });
    json!({
        "X-NetBackup-MPA-Ticket": number("The ticket that was made"),
        "X-NetBackup-Ticket-Flags": number("Bit 0: the requester has to execute it"),
        "Location": { "description": "The ticket", "schema": schema::text() },
    })
}

/// The answer to an operation that is done, or waits.
pub(super) fn answer<T, R: IntoResponse>(
    outcome: Outcome<T>,
    done: impl FnOnce(T) -> R,
) -> Response {
    match outcome {
        Outcome::Done(result) => done(result).into_response(),
        Outcome::Waits(waiting) => accepted(waiting),
    }
}

/// The header that names a waiting ticket.
pub(crate) fn pending(ticket: TicketId) -> HeaderValue {
    ticket.0.into()
}
