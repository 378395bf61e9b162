//! A ticket on the wire.

use domain::{
    Instant,
    approval::KeyAction,
    audit::Change,
    ticket::{KeyAfter, KeyBefore, Proposal, Ticket, TicketEvent, TicketState},
};
use serde_json::{Map, Value, json};
use service::{Actor, Services};

use super::{HISTORY, href};
use crate::netbackup::{BASE, api_keys, audit_logs, date, mpa_configurations};

/// A ticket, and what is shown with it.
pub(super) struct Shown<'a> {
    ticket: &'a Ticket,
    is_own: bool,
    as_of: Instant,
    /// What has changed since it was made. `None`: not looked at.
    pub(super) live_diff: Option<Vec<Change>>,
    /// What happened to it. `None`: not asked for.
    pub(super) history: Option<Vec<TicketEvent>>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(services: &Services, actor: &Actor, ticket: &'a Ticket) -> Self {
        Self {
            ticket,
            is_own: actor.identity().id == ticket.requester.id,
            as_of: services.now(),
            live_diff: None,
            history: None,
        }
    }

    pub(super) fn item(self) -> Value {
        let ticket = self.ticket;
        let action = ticket.proposal.action();
        let requester = &ticket.requester.principal;
        let (method, uri) = request(&ticket.proposal);
        let (response, status) = response(ticket).unzip();
        let mut item = json!({
            "links": { "self": { "href": href(ticket.id) } },
            "type": "mpaTicketDetails",
            "id": ticket.id.to_string(),
            "attributes": {
                "operationId": action.family(),
                "operationName": action.words(),
                "requestAction": action.as_str(),
                "requestUri": uri,
                "requestMethod": method,
                "requestMetaData": self.proposed(),
                "liveDiff": self.live_diff.map(|changes| {
                    changes.iter().map(audit_logs::change).collect::<Vec<_>>()
                }),
                "requesterName": requester.name,
                "requesterDomainName": requester.domain,
                "requesterDomainType": requester.domain_type,
                "currentState": ticket.state,
                // One at a time waits about a thing, so none is in another's way.
                "conflictedBy": null,
                "isMyTicket": self.is_own,
                "response": response,
                "responseStatusCode": status,
                "expirationDateTime": date(ticket.expires_at),
                "createdDateTime": date(ticket.created_at),
                "lastUpdatedDateTime": date(ticket.updated_at),
            },
        });
        if let Some(history) = &self.history {
            item["attributes"][HISTORY] = history.iter().map(event).collect();
        }
        item
    }

    /// Exactly what would be done, dates in UTC.
    fn proposed(&self) -> Value {
        let ticket = self.ticket;
        // Fixed by the approval; until then as it would be if it were given now.
        let approval = match (&ticket.decision, ticket.state) {
            (Some(decision), TicketState::Approved | TicketState::Done) => decision.at,
            _ => self.as_of,
        };
        match &ticket.proposal {
            Proposal::Key(key) => json!({
                "digest": ticket.digest,
                "owner": key.owner.to_string(),
                "ownerRoles": key.owner_roles,
                "before": key.before.as_ref().map(before),
                "after": key.after.as_ref().map(|after| self::after(after, approval)),
            }),
            Proposal::Settings(change) => json!({
                "digest": ticket.digest,
                "before": mpa_configurations::attributes(&change.before),
                "after": mpa_configurations::attributes(&change.after),
            }),
        }
    }
}

fn before(key: &KeyBefore) -> Value {
    json!({
        "apiKeyTag": key.tag,
        "description": key.description,
        "expiryDateTime": date(key.expires_at),
        "state": key.state,
    })
}

fn after(key: &KeyAfter, approval: Instant) -> Value {
    json!({
        "description": key.description,
        "expireAfterDays": key.end.asked().map(|validity| format!("P{}D", validity.as_days())),
        "expiryDateTime": key.end.approved_at(approval).map(date),
        "overlapHours": key.overlap_hours,
    })
}

fn event(event: &TicketEvent) -> Value {
    json!({
        "dateTime": date(event.at),
        "user": event.by,
        "action": event.what.as_str(),
        "ticketComment": event.comment,
    })
}

/// How the operation itself is asked for.
fn request(proposal: &Proposal) -> (&'static str, String) {
    let Proposal::Key(key) = proposal else {
        return ("PUT", mpa_configurations::href());
    };
    let (method, below) = match key.action {
        KeyAction::Create => ("POST", ""),
        KeyAction::Update => ("PATCH", ""),
        KeyAction::Delete => ("DELETE", ""),
        KeyAction::Reissue => ("POST", "/reissue"),
        KeyAction::Revoke => ("PATCH", "/revoke"),
    };
    let path = match &key.before {
        Some(before) => api_keys::href(&before.tag),
        None => format!("{BASE}{}", api_keys::PATH),
    };
    (method, format!("{path}{below}"))
}

/// The operation's own answer as it is kept, without a key's value, and its status.
fn response(ticket: &Ticket) -> Option<(String, u16)> {
    let result = ticket.result.as_ref()?;
    let made = result.tag.as_ref().zip(result.expires_at);
    Some(match (&ticket.proposal, made) {
        (Proposal::Key(key), Some((tag, end))) => {
            let kind = api_keys::answer_kind(key.action);
            let owner = &key.owner.principal.name;
            let document =
                api_keys::answer_document(kind, tag, end, owner, &ticket.requester, Map::new());
            (document.to_string(), 201)
        }
        _ => (String::new(), 204),
    })
}
