//! `/security/mpa-tickets`: requests that wait for a second person.

mod described;
mod execute;
mod item;

use axum::extract::{RawQuery, State};
use domain::{
    error::{Conflict, Error, Problem},
    ticket::{Ticket, TicketId, TicketState},
};
use serde_json::json;
use service::{Actor, Services, tickets::TICKET_FIELDS};

pub(super) use self::described::api;
use self::item::Shown;

use super::{
    BASE,
    document::{Body, Document, NoBody},
    listing::Listing,
    query::NumberInPath,
};
use crate::{AppState, credentials::Caller, failure::Failure};

const PATH: &str = "/security/mpa-tickets";
/// What an answer can include besides.
const INCLUDE: &str = "include";
const HISTORY: &str = "ticketHistory";
const STATE: &str = "state";
const COMMENT: &str = "ticketComment";

/// A ticket's address.
pub(super) fn href(id: TicketId) -> String {
    format!("{BASE}{PATH}/{id}")
}

async fn list(listing: Listing) -> Result<Document, Failure> {
    let included = included(listing.query())?;
    let path = format!("{BASE}{PATH}");
    let part = listing.of_with(path, TICKET_FIELDS, &[INCLUDE])?;
    let tickets = &part.services.tickets;
    let page = tickets.list(&part.actor, part.wanted()).await?;
    let mut histories = Vec::new();
    for ticket in page.items.iter().filter(|_| included) {
        histories.push(tickets.history(&part.actor, ticket.id).await?);
    }
    let mut histories = histories.into_iter();
    Ok(part.document(&page, |ticket| {
        let mut shown = Shown::of(&part.services, &part.actor, ticket);
        shown.history = histories.next();
        shown.item()
    }))
}

async fn details(
    State(state): State<AppState>,
    Caller(actor): Caller,
    NumberInPath(id): NumberInPath,
    RawQuery(query): RawQuery,
    _: NoBody,
) -> Result<Document, Failure> {
    let included = included(query.as_deref())?;
    let ticket = state.services.tickets.get(&actor, TicketId(id)).await?;
    one(&state.services, &actor, &ticket, included).await
}

/// A document about one ticket, with what has changed since it was made.
async fn one(
    services: &Services,
    actor: &Actor,
    ticket: &Ticket,
    with_history: bool,
) -> Result<Document, Failure> {
    let tickets = &services.tickets;
    let mut shown = Shown::of(services, actor, ticket);
    shown.live_diff = Some(tickets.live_diff(actor, ticket).await?);
    if with_history {
        shown.history = Some(tickets.history(actor, ticket.id).await?);
    }
    Ok(Document(json!({ "data": shown.item() })))
}

/// Whether the history is asked for.
fn included(query: Option<&str>) -> Result<bool, Failure> {
    let mut asked = false;
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if name == INCLUDE {
            if value != HISTORY {
                return Err(Error::field(INCLUDE, Problem::malformed(HISTORY)).into());
            }
            asked = true;
        }
    }
    Ok(asked)
}

async fn change(
    State(state): State<AppState>,
    Caller(actor): Caller,
    NumberInPath(id): NumberInPath,
    body: Body,
) -> Result<Document, Failure> {
    let mut attributes = body.attributes_of("mpaTicketUpdateRequest", &id.to_string())?;
    let wanted = match attributes.text(STATE) {
        None => None,
        Some(name) => {
            let wanted = TicketState::from_name(&name);
            if wanted.is_none() {
                let expected = "one of APPROVED, REJECTED, CANCELED, PENDING";
                attributes.wrong(STATE, Problem::malformed(expected));
            }
            wanted
        }
    };
    let comment = attributes.text(COMMENT);
    if wanted.is_none() && comment.is_none() && !attributes.is_wrong() {
        attributes.wrong(STATE, Problem::Required);
    }
    attributes.end()?;
    let (id, comment) = (TicketId(id), comment.unwrap_or_default());
    let tickets = &state.services.tickets;
    let moved = match wanted {
        Some(TicketState::Approved) => tickets.approve(&actor, id, &comment).await,
        Some(TicketState::Rejected) => tickets.reject(&actor, id, &comment).await,
        Some(TicketState::Canceled) => tickets.cancel(&actor, id, &comment).await,
        Some(TicketState::Pending) => tickets.renew(&actor, id, &comment).await,
        None => tickets.comment(&actor, id, &comment).await,
        // Executing is another call, and nothing is let expire by hand.
        Some(TicketState::Done | TicketState::Expired) => {
            let ticket = tickets.get(&actor, id).await;
            ticket.and_then(|ticket| Err(Error::Conflict(Conflict::TicketIs(ticket.state))))
        }
    };
    let ticket = moved.map_err(named_here)?;
    one(&state.services, &actor, &ticket, false).await
}

/// A use case's error under the name that the field has here.
fn named_here(error: Error) -> Failure {
    match error {
        Error::Invalid(fields) => {
            let fields = fields.into_iter();
            let named = fields.map(|field| field.named(format!("data.attributes.{COMMENT}")));
            Error::Invalid(named.collect())
        }
        other => other,
    }
    .into()
}
